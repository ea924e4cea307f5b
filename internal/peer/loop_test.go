package peer

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestTimersRunInTheOrderOfTheirTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := bareLoop(Options{})
		go l.run()
		defer l.close()
		var ran []string
		var begin media.Time
		note := func(name string) func(media.Time) {
			return func(now media.Time) { ran = append(ran, name+" at "+now.Sub(begin).String()) }
		}
		late, early, stopped, moved := l.NewTimer(note("late")), l.NewTimer(note("early")), l.NewTimer(note("stopped")), l.NewTimer(note("moved"))
		var again *Timer
		again = l.NewTimer(func(now media.Time) {
			note("again")(now)
			if len(ran) < 4 {
				again.Set(now.Add(25 * time.Millisecond)) // a timer may set itself
			}
			stopped.Stop() // and stop another
		})
		l.Do(func(now media.Time) {
			begin = now
			late.Set(now.Add(80 * time.Millisecond))
			early.Set(now.Add(10 * time.Millisecond))
			stopped.Set(now.Add(30 * time.Millisecond))
			again.Set(now.Add(20 * time.Millisecond))
			moved.Set(now.Add(time.Hour))
			moved.Set(now.Add(50 * time.Millisecond)) // forward,
			moved.Set(now.Add(60 * time.Millisecond)) // and back
			early.Set(now.Add(10 * time.Millisecond))
			never := l.NewTimer(note("never"))
			never.Set(now.Add(time.Millisecond))
			never.Set(0)
			never.Stop()
		})
		time.Sleep(time.Second)
		l.Do(func(media.Time) {})
		want := []string{"early at 10ms", "again at 20ms", "again at 45ms", "moved at 60ms", "again at 70ms", "late at 80ms"}
		if !slices.Equal(ran, want) {
			t.Errorf("%q ran, want %q", ran, want)
		}
	})
}

func TestCallsRunInOrderAndNotAfterTheEnd(t *testing.T) {
	s, _ := listen(t)
	l := s.Loops()[0]
	var ran []int
	for i := range 100 {
		l.Call(func(media.Time) { ran = append(ran, i) })
	}
	if !l.Do(func(media.Time) {}) {
		t.Fatal("an open loop does not run what it is given")
	}
	if len(ran) != 100 || !slices.IsSorted(ran) {
		t.Errorf("calls ran as %v", ran)
	}
	s.Close()
	if l.Do(func(media.Time) { t.Error("a call ran after the end") }) {
		t.Error("a closed loop claims to have run a call")
	}
}

// arrivals is a Fan that writes the sequence numbers down.
type arrivals struct{ seqs []media.Seq }

func (a *arrivals) WritePackets(_ media.Time, ps []*media.Packet) {
	for _, p := range ps {
		a.seqs = append(a.seqs, p.Seq)
	}
}

func TestAnInletKeepsTheOrderAndDropsWhatIsTooMuch(t *testing.T) {
	l, _ := bareLoop(Options{})
	var pool media.PacketPool
	got, other := &arrivals{}, &arrivals{}
	in, second := l.NewInlet(got), l.NewInlet(other)
	push := func(to *Inlet, seq media.Seq) {
		p := pool.Get()
		p.Seq = seq
		to.Push(p)
		p.Release()
	}
	for i := range media.Seq(maxPending + 3) {
		push(in, i)
	}
	push(second, 1) // another track is not held up by the full one
	if n := l.dropped.Load(); n != 3 {
		t.Errorf("%d packets were counted as dropped, want 3", n)
	}
	l.drainOwn()
	if len(got.seqs) != maxPending || !slices.IsSorted(got.seqs) {
		t.Errorf("%d packets came, from %d on", len(got.seqs), got.seqs[0])
	}
	if len(other.seqs) != 1 {
		t.Error("the second inlet was not drained")
	}
	if n := pool.Lent(); n != 0 {
		t.Errorf("%d packets were not given back", n)
	}
	// It takes packets again once it was emptied.
	push(in, 5000)
	l.drainOwn()
	if last := got.seqs[len(got.seqs)-1]; last != 5000 {
		t.Errorf("after the flood came %d", last)
	}
	l.closed = true
	push(in, 5001)
	if n := pool.Lent(); n != 0 {
		t.Error("a closed loop has kept a packet")
	}
}

func TestAFloodOfDatagramsIsBounded(t *testing.T) {
	l, _ := bareLoop(Options{})
	come := func(p *Peer, n int) {
		flood := make([]*datagram, n)
		for i := range flood {
			flood[i] = l.server.newDatagram(p, clientAddr, []byte{0})
		}
		l.receive(flood)
	}
	// One client floods its loop: what is too much is its own.
	flooder, last := barePeer(t, l, offerAll), barePeer(t, l, offerAll)
	var others []*Peer
	for range maxInbound/maxOfOne - 1 {
		others = append(others, barePeer(t, l, offerAll))
	}
	come(flooder, maxOfOne-1)
	come(flooder, 1+5)
	if n := l.dropped.Load(); n != 5 {
		t.Errorf("%d datagrams were counted as dropped, want 5", n)
	}
	// The others still have their place, up to what a turn may hold.
	for _, p := range others {
		come(p, maxOfOne)
	}
	if n := l.dropped.Load(); n != 5 {
		t.Errorf("the others have lost %d datagrams", n-5)
	}
	come(last, 2)
	if n := l.dropped.Load(); n != 7 {
		t.Errorf("%d datagrams were counted as dropped, want 7", n)
	}
	l.turn(&l.queued)
	if n := l.server.strays.Load(); n != maxInbound {
		t.Errorf("%d datagrams from an address without a check were counted as strays, want %d", n, maxInbound)
	}
}

func TestAFullTurnServesAllInOneGo(t *testing.T) {
	// What a turn puts into the loop's own inlets is fanned out in the same
	// turn: publisher and viewer of one loop are one step apart.
	l, _ := bareLoop(Options{})
	got := &arrivals{}
	in := l.NewInlet(got)
	var pool media.PacketPool
	l.turn(&work{calls: []func(media.Time){func(media.Time) {
		p := pool.Get()
		in.Push(p)
		p.Release()
	}}})
	if len(got.seqs) != 1 {
		t.Error("the packet waits for another turn")
	}
}
