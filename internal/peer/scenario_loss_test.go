package peer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

// lines sets the client's lines.
func (c *call) lines(w *peertest.World, up, down netsim.LinkOptions) {
	w.Net.Change(func(*netsim.Fabric) {
		c.Host.Up().SetOptions(up)
		c.Host.Down().SetOptions(down)
	})
}

// camera's counters.
func (c *call) received() peer.ReceiverStats {
	c.t.Helper()
	var s peer.ReceiverStats
	c.onLoop(func(media.Time) { s, _ = c.peer.Receiver("0").Stats(0) })
	return s
}

func TestWhatIsLostOnTheWayUpIsSentAgain(t *testing.T) {
	story(t, 1, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{NACK: true, Reports: true, Arrivals: true})
		anna.connect()
		line := netsim.LinkOptions{Delay: 30 * time.Millisecond, Loss: 0.05}
		anna.lines(w, line, netsim.LinkOptions{Delay: 30 * time.Millisecond})
		anna.talk(20 * time.Second)
		anna.lines(w, netsim.LinkOptions{}, netsim.LinkOptions{})
		anna.talk(time.Second) // for what is still being asked for

		n, _ := anna.up.count()
		if want := int(anna.next.Load()) - 2; n < want { // a first packet that is lost is not missed
			t.Errorf("%d packets of %d came", n, want)
		}
		s := anna.received()
		if s.Retransmissions < 20 || s.Retransmissions > 100 {
			t.Errorf("%d packets came again by RTX; 5 %% of 1000 were lost", s.Retransmissions)
		}
		if s.KeyFrames != 0 {
			t.Errorf("%d key frames were asked for, though nothing was missing in the end", s.KeyFrames)
		}
		nacks, _ := said[*rtcp.TransportLayerNack](anna)
		if len(nacks) < 20 {
			t.Errorf("the server asked %d times", len(nacks))
		}

		// The client learns from the reports how its line is: what was lost,
		// though it was made good, and how long the way is.
		reports, at := said[*rtcp.ReceiverReport](anna)
		var worst uint8
		for i, r := range reports {
			worst = max(worst, r.Reports[0].FractionLost)
			if i > 0 && at[i].Sub(at[i-1]) < 900*time.Millisecond {
				t.Errorf("reports %v apart", at[i].Sub(at[i-1]))
			}
		}
		if len(reports) < 15 || worst < 5 || worst > 100 {
			t.Errorf("%d reports came, the worst of %d/256", len(reports), worst)
		}
		if r := reports[len(reports)-1].Reports[0]; r.LastSenderReport == 0 {
			t.Error("the reports don't answer the client's, so it can't tell the round trip")
		}
	})
}

func TestEachArrivalIsReportedToAPublisherThatCounts(t *testing.T) {
	story(t, 2, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{Arrivals: true})
		anna.connect()
		anna.lines(w, netsim.LinkOptions{Loss: 0.1}, netsim.LinkOptions{})
		anna.talk(5 * time.Second)
		received, lost := 0, 0
		list, _ := said[*rtcp.TransportLayerCC](anna)
		for _, f := range list {
			for _, d := range f.RecvDeltas {
				if d.Type != rtcp.TypeTCCPacketNotReceived {
					received++
				}
			}
			lost += int(f.PacketStatusCount) - len(f.RecvDeltas)
		}
		n, _ := anna.up.count()
		if received < n-5 || received > n+5 || lost < 10 {
			t.Errorf("%d arrivals were reported and %d losses, %d packets came of %d", received, lost, n, anna.next.Load())
		}
		if len(list) < 80 || len(list) > 120 {
			t.Errorf("%d reports in 5 s, want one in 50 ms", len(list))
		}
	})
}

func TestWhatCannotBeMadeGoodCostsAKeyFrameASecond(t *testing.T) {
	story(t, 3, func(t *testing.T, w *peertest.World) {
		// This client keeps nothing to send again nor makes a key frame by
		// itself, and its line loses a third, ten packets in a row.
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		anna.keyEvery = 10000
		anna.connect()
		anna.lines(w, netsim.LinkOptions{Loss: 0.3, Burst: 10}, netsim.LinkOptions{})
		anna.talk(20 * time.Second)
		_, at := said[*rtcp.PictureLossIndication](anna)
		if len(at) < 10 {
			t.Errorf("%d key frames were asked for", len(at))
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < time.Second {
				t.Errorf("two were asked for within %v", gap)
			}
		}
		// Viewers who ask too get no more than that.
		before := len(at)
		for range 50 {
			anna.onLoop(func(now media.Time) { anna.peer.Receiver("0").RequestKeyFrame(now, 0) })
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if _, at = said[*rtcp.PictureLossIndication](anna); len(at)-before < 4 || len(at)-before > 6 {
			t.Errorf("fifty viewers in 5 s cost %d key frames", len(at)-before)
		}
	})
}

func TestADisorderlyLineLosesNothing(t *testing.T) {
	story(t, 4, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{NACK: true})
		anna.connect()
		messy := netsim.LinkOptions{
			Delay: 20 * time.Millisecond, Jitter: 15 * time.Millisecond,
			Reorder: 0.2, ReorderBy: 25 * time.Millisecond, Duplicate: 0.2,
		}
		anna.lines(w, messy, messy)
		anna.talk(10 * time.Second)
		anna.lines(w, netsim.LinkOptions{}, netsim.LinkOptions{})
		anna.talk(time.Second)
		anna.up.mu.Lock()
		defer anna.up.mu.Unlock()
		if n := len(anna.up.numbers); n != int(anna.next.Load()) {
			t.Errorf("%d packets of %d came", n, anna.next.Load())
		}
		for number, times := range anna.up.numbers {
			if times != 1 {
				t.Fatalf("packet %d was taken %d times", number, times)
			}
		}
		if s := anna.received(); s.KeyFrames != 0 {
			t.Errorf("%d key frames were asked for", s.KeyFrames)
		}
	})
}

// library answers a viewer's NACKs with what was sent before.
type library struct {
	call   *call
	asked  int
	pleas  int
	unsent int
}

func (l *library) Nack(now media.Time, seqs []uint16) {
	s := l.call.peer.Sender("1")
	pt, _ := s.PayloadType(media.VP8, "")
	for _, seq := range seqs {
		l.asked++
		if uint32(seq) >= l.call.next.Load() {
			l.unsent++
			continue
		}
		o := l.call.outgoing(pt, seq)
		o.Retransmission = true
		s.Write(now, []peer.Outgoing{o})
	}
}

func (l *library) KeyFrameWanted(media.Time) { l.pleas++ }

func TestWhatIsLostOnTheWayDownIsSentAgain(t *testing.T) {
	story(t, 5, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{NACK: true, Reports: true})
		anna.connect()
		shelf := &library{call: anna}
		anna.onLoop(func(media.Time) { anna.peer.Sender("1").SetFeedback(shelf) })
		anna.talk(100 * time.Millisecond)
		anna.lines(w, netsim.LinkOptions{Delay: 40 * time.Millisecond}, netsim.LinkOptions{Delay: 40 * time.Millisecond, Loss: 0.05})
		anna.talk(20 * time.Second)
		anna.lines(w, netsim.LinkOptions{}, netsim.LinkOptions{})
		anna.talk(time.Second)

		// A retransmission names the number that it had and carries what it
		// carried (RFC 4588 §4): to the client it is as if nothing was lost.
		anna.down.mu.Lock()
		defer anna.down.mu.Unlock()
		missing := 0
		for seq := range uint16(anna.next.Load()) {
			payload, ok := anna.down.payloads[int64(seq)]
			if !ok {
				missing++
			} else if payload != string(vp8(byte(seq>>8), byte(seq))) {
				t.Fatalf("packet %d has another one's payload", seq)
			}
		}
		if missing > 1 {
			t.Errorf("%d packets of %d are missing", missing, anna.next.Load())
		}
		if anna.down.resent < 20 || shelf.asked < 20 || shelf.unsent > 0 {
			t.Errorf("%d packets came by RTX, %d were asked for, %d of them never sent", anna.down.resent, shelf.asked, shelf.unsent)
		}
		// The server has measured the line by the client's reports.
		var s peer.DownStats
		anna.onLoop(func(media.Time) { s = anna.peer.DownStats() })
		if s.RTT < 40*time.Millisecond || s.RTT > 100*time.Millisecond || s.Packets < 1000 || s.Failed != 0 {
			t.Errorf("%+v is what the server knows of a line with 80 ms of round trip", s)
		}
	})
}
