package peer

import (
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// tide is a Fan that takes so long for a packet that the publisher's loop has
// brought another one by then.
type tide struct {
	in   *Inlet
	pool media.PacketPool
	came int
}

func (f *tide) bring() {
	p := f.pool.Get()
	f.in.Push(p)
	p.Release()
}

func (f *tide) WritePackets(_ media.Time, ps []*media.Packet) {
	if f.came += len(ps); f.came < 1000 {
		f.bring()
	}
}

func TestALoopThatCannotKeepUpStillServesItsPeers(t *testing.T) {
	l, _ := bareLoop(Options{})
	f := &tide{}
	f.in = l.NewInlet(f)
	f.bring()
	timed := false
	l.NewTimer(func(media.Time) { timed = true }).Set(l.clock.Now())
	var w work
	w, l.queued = l.queued, w
	for _, in := range w.inlets {
		in.taken, in.pending = in.pending, in.taken[:0]
	}
	l.turn(&w)
	if !timed || f.came > 2 {
		t.Errorf("the turn lasted for %d packets; the timer ran: %v", f.came, timed)
	}
	if len(l.queued.inlets) != 1 {
		t.Error("what came meanwhile is not there for the next turn")
	}
}

func TestATimerThatIsAlwaysDueDoesNotHoldUpTheTurn(t *testing.T) {
	l, _ := bareLoop(Options{})
	ran := 0
	var eager *Timer
	eager = l.NewTimer(func(now media.Time) {
		ran++
		eager.Set(now)
	})
	eager.Set(l.clock.Now())
	l.turn(&work{})
	l.turn(&work{})
	if ran != 2 {
		t.Errorf("it ran %d times in two turns", ran)
	}
}
