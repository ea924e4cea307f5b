package peer

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestALargeKeyFrameLeavesInSteps(t *testing.T) {
	s, sink := listen(t)
	slot := keyedSender(t, s, sink.LocalAddr().(*net.UDPAddr).AddrPort())
	slot.media.Extensions.TransportCC = 1 // the client reports arrivals: there is an estimate
	d := &slot.peer.down
	slot.peer.Loop().Do(func(now media.Time) {
		// A usual picture leaves at once.
		slot.Write(now, numbered(frame(4, 1100), 0))
		if len(d.pace.queue) != 0 {
			t.Errorf("%d packets of a small frame had to wait", len(d.pace.queue))
		}
		// A key frame of 110 kB would stand in the line's queue for a third of a
		// second; so it stands here, and sound can pass it.
		slot.Write(now, numbered(frame(100, 1100), 4))
		waiting := len(d.pace.queue)
		if waiting == 0 || waiting == 100 {
			t.Errorf("%d of 100 packets wait", waiting)
		}
		for waited := time.Duration(0); len(d.pace.queue) > 0; waited += time.Millisecond {
			if waited > time.Second {
				t.Fatalf("after a second %d packets wait still", len(d.pace.queue))
			}
			d.release(now.Add(waited))
		}
		slot.peer.loop.out.flush()
	})
	// Nothing was lost, and nothing overtook.
	buf := make([]byte, 1500)
	for want := range uint16(104) {
		if err := sink.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := sink.Read(buf); err != nil {
			t.Fatalf("packet %d did not come: %v", want, err)
		}
		if got := binary.BigEndian.Uint16(buf[2:]); got != want {
			t.Fatalf("packet %d came, %d was next", got, want)
		}
	}
}

// wishes counts what a client asks for.
type wishes struct{ keyFrames int }

func (w *wishes) Nack(media.Time, []uint16) {}
func (w *wishes) KeyFrameWanted(media.Time) { w.keyFrames++ }

func TestWhatWaitsForTheLineIsBounded(t *testing.T) {
	s, sink := listen(t)
	slot := keyedSender(t, s, sink.LocalAddr().(*net.UDPAddr).AddrPort())
	slot.media.Extensions.TransportCC = 1
	asked := &wishes{}
	slot.SetFeedback(asked)
	d := &slot.peer.down
	slot.peer.Loop().Do(func(now media.Time) {
		// Far more comes at once than may wait: it is given up as a whole, since
		// half a picture is none, and the viewer gets a new one.
		slot.Write(now, numbered(frame(700, 1100), 0))
		if n := len(d.pace.queue); n > maxHeld {
			t.Errorf("%d packets wait, %d may", n, maxHeld)
		}
		if asked.keyFrames != 1 || slot.peer.DownStats().Overflowed == 0 || s.Stats().Overflowed == 0 {
			t.Errorf("%d key frames were asked for, %d packets counted", asked.keyFrames, slot.peer.DownStats().Overflowed)
		}
		slot.Write(now, numbered(frame(200, 1100), 701))
		slot.peer.end(now, false)
		if n := len(d.pace.queue); n != 0 {
			t.Errorf("%d packets are kept for a peer that is over", n)
		}
	})
}

// numbered numbers a frame's packets from first.
func numbered(batch []Outgoing, first uint16) []Outgoing {
	for i := range batch {
		batch[i].Seq = first + uint16(i)
	}
	return batch
}
