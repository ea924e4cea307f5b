package peer

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/algo/bwe"
	"github.com/tutti-rtc/tutti/internal/media"
)

func TestResendsDoNotFillTheLine(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	slot := p.Sender("3")
	slot.Write(epoch, frame(1, 1000))
	p.down.estimate.estimator = bwe.New(epoch, bwe.Options{Min: 800_000, Max: 800_000})
	// A client misses all that was sent in the last second and asks for it, ten
	// times a second, whether it comes or not. Half of the line is for that.
	before, now := p.DownStats(), epoch
	for range 50 {
		again := frame(20, 1000)
		for i := range again {
			again[i].Retransmission = true
		}
		slot.Write(now, again)
		l.out.flush()
		now = after(t, p, now, 100*time.Millisecond)
	}
	s := p.DownStats()
	rate := media.Bitrate(8 * (s.Bytes - before.Bytes) / 5)
	if rate < 300_000 || rate > 500_000 {
		t.Errorf("%d bit/s were sent again on a line of 800 kbit/s", rate)
	}
	if s.Refused < 500 {
		t.Errorf("%d packets were refused to be sent again", s.Refused)
	}
	// Pictures are not held up by it.
	slot.Write(now, frame(1, 1000))
	if after := p.DownStats(); after.Packets != s.Packets+1 {
		t.Error("a picture had to wait")
	}
}

func TestResendsAreNotBoundedWhereTheLineIsNotKnown(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	p.Sender("3").media.Extensions.TransportCC = 0
	p.Sender("3").Write(epoch, frame(1, 1000))
	again := frame(200, 1000)
	for i := range again {
		again[i].Retransmission = true
	}
	p.Sender("3").Write(epoch, again)
	if s := p.DownStats(); s.Packets != 201 || s.Refused != 0 {
		t.Errorf("%d of 200 packets were sent again", s.Packets-1)
	}
}
