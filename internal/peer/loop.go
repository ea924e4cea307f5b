package peer

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
	"github.com/tutti-rtc/tutti/internal/udp"
)

// The bounds of a loop's queues. What does not fit is dropped and counted.
const (
	maxInbound = 8192 // datagrams waiting for one turn
	maxOfOne   = 1024 // of them of one peer: a flood is its own misfortune
	maxPending = 2048 // packets waiting at one inlet for one turn
)

// A Loop is one shard of the server: a goroutine that owns a set of peers and
// all of their sending state.
type Loop struct {
	// Constant.
	index  int
	clock  media.Clock
	server *Server
	wake   chan struct{} // capacity 1
	done   chan struct{} // closed when the goroutine has ended

	// Owned by the loop.
	out    outbox
	timers timerHeap
	now    media.Time
	own    []*Inlet // scratch of drainOwn

	peers   atomic.Int64
	dropped atomic.Uint64 // datagrams and packets that met a full queue

	mu     sync.Mutex
	closed bool // guarded by mu, as all that follows
	queued work
}

// work is what queues up between two turns.
type work struct {
	calls  []func(now media.Time)
	in     []*datagram
	inlets []*Inlet
}

// datagram is one received datagram or ICE-TCP frame on its way to a peer.
type datagram struct {
	peer *Peer
	from ice.Address
	n    int
	buf  [media.MaxPacketSize]byte
}

// Index returns the loop's place among Server.Loops, from zero.
func (l *Loop) Index() int { return l.index }

// Call runs f on the loop in its next turn. It never blocks and may be called
// from any goroutine; after the server was closed f is not run.
func (l *Loop) Call(f func(now media.Time)) {
	l.mu.Lock()
	if !l.closed {
		l.queued.calls = append(l.queued.calls, f)
	}
	l.mu.Unlock()
	l.poke()
}

// Do runs f on the loop and waits for its end. It reports whether f ran; it
// does not after the server was closed. It must not be called on a loop.
func (l *Loop) Do(f func(now media.Time)) bool {
	ran := make(chan struct{})
	l.Call(func(now media.Time) { f(now); close(ran) })
	select {
	case <-ran:
		return true
	case <-l.done:
		return false
	}
}

// poke wakes the loop; a poke while one is pending is free.
func (l *Loop) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// receive queues datagrams for the next turn. It may reorder ds.
func (l *Loop) receive(ds []*datagram) {
	refused := ds[:0]
	l.mu.Lock()
	for _, d := range ds {
		if l.closed || len(l.queued.in) >= maxInbound || d.peer.waiting >= maxOfOne {
			refused = append(refused, d)
			continue
		}
		d.peer.waiting++
		l.queued.in = append(l.queued.in, d)
	}
	l.mu.Unlock()
	for _, d := range refused {
		l.dropped.Add(1)
		l.server.freeDatagram(d)
	}
	l.poke()
}

// run is the loop's goroutine.
func (l *Loop) run() {
	defer close(l.done)
	var taken work
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-l.wake:
		case <-timer.C:
		}
		l.mu.Lock()
		taken, l.queued = l.queued, taken
		closed := l.closed
		for _, d := range taken.in {
			d.peer.waiting = 0
		}
		for _, in := range taken.inlets {
			in.taken, in.pending = in.pending, in.taken[:0]
		}
		l.mu.Unlock()

		l.turn(&taken)
		if closed {
			l.out.flush()
			return
		}
		if len(l.timers) > 0 {
			timer.Reset(max(0, l.timers[0].at.Sub(l.clock.Now())))
		} else {
			timer.Reset(time.Hour)
		}
	}
}

// turn does one turn's work and leaves w empty for the next.
func (l *Loop) turn(w *work) {
	l.now = l.clock.Now()
	for i, f := range w.calls {
		f(l.now)
		w.calls[i] = nil
	}
	for i, d := range w.in {
		d.peer.handle(l.now, d)
		l.server.freeDatagram(d)
		w.in[i] = nil
	}
	for i, in := range w.inlets {
		in.drain(l.now)
		w.inlets[i] = nil
	}
	l.drainOwn()
	// No more than there are: one that is set anew to a time gone by must not
	// keep the loop from all else.
	for n := len(l.timers); n > 0 && len(l.timers) > 0 && !l.timers[0].at.After(l.now); n-- {
		t := l.timers[0]
		t.Stop()
		t.f(l.now)
	}
	l.out.flush()
	w.calls, w.in, w.inlets = w.calls[:0], w.in[:0], w.inlets[:0]
}

// drainOwn fans out at once what this very turn has put in the loop's own
// inlets, so that a packet whose publisher and viewer share a loop crosses the
// server in one turn. What other loops bring meanwhile is the next turn's: there
// may be no end to it, and the clients' checks and the timers must have theirs.
func (l *Loop) drainOwn() {
	l.mu.Lock()
	l.own, l.queued.inlets = l.queued.inlets, l.own[:0]
	for _, in := range l.own {
		in.taken, in.pending = in.pending, in.taken[:0]
	}
	l.mu.Unlock()
	for i, in := range l.own {
		in.drain(l.now)
		l.own[i] = nil
	}
}

// An Inlet brings one track's packets from its publisher's loop to another
// loop, where a Fan takes them. A packet crosses once for all viewers there.
type Inlet struct {
	// Constant.
	loop *Loop
	fan  Fan

	taken []*media.Packet // owned by the loop

	pending []*media.Packet // guarded by loop.mu
}

// Fan takes the packets that came through an Inlet, on the inlet's loop, in
// order. It borrows them for the call.
type Fan interface {
	WritePackets(now media.Time, ps []*media.Packet)
}

// NewInlet returns an inlet into the loop. It needs no closing.
func (l *Loop) NewInlet(f Fan) *Inlet { return &Inlet{loop: l, fan: f} }

// Push queues a packet and takes a reference of its own. It never blocks: when
// the inlet is full the packet is dropped and counted, which the viewers see
// as loss and ask for again.
func (in *Inlet) Push(p *media.Packet) {
	l := in.loop
	l.mu.Lock()
	if l.closed || len(in.pending) >= maxPending {
		l.mu.Unlock()
		l.dropped.Add(1)
		return
	}
	if len(in.pending) == 0 {
		l.queued.inlets = append(l.queued.inlets, in)
	}
	in.pending = append(in.pending, p.Retain())
	l.mu.Unlock()
	l.poke()
}

func (in *Inlet) drain(now media.Time) {
	in.fan.WritePackets(now, in.taken)
	for i, p := range in.taken {
		p.Release()
		in.taken[i] = nil
	}
	in.taken = in.taken[:0]
}

// A Timer runs a function on its loop. It is owned by the loop and reused.
type Timer struct {
	loop  *Loop
	f     func(now media.Time)
	at    media.Time
	index int // in the heap; −1 when not set
}

// NewTimer returns a timer that is not set.
func (l *Loop) NewTimer(f func(now media.Time)) *Timer {
	return &Timer{loop: l, f: f, index: -1}
}

// Set makes the timer run at t, and no more at the time set before. A zero t
// stops it. It must be called on the loop.
func (t *Timer) Set(at media.Time) {
	switch {
	case at.IsZero():
		t.Stop()
	case t.index < 0:
		t.at = at
		heap.Push(&t.loop.timers, t)
	case at != t.at:
		t.at = at
		heap.Fix(&t.loop.timers, t.index)
	}
}

// Stop unsets the timer. It must be called on the loop.
func (t *Timer) Stop() {
	if t.index >= 0 {
		heap.Remove(&t.loop.timers, t.index)
	}
}

// timerHeap orders timers by their time (container/heap).
type timerHeap []*Timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push appends a timer.
func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop takes the last timer off.
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}

// close ends the loop after one last turn.
func (l *Loop) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.poke()
	<-l.done
}

// outbox gathers what a turn sends. Consecutive datagrams of one size to one
// destination become one burst, which the kernel segments (UDP_SEGMENT): that
// is what makes a viewer cheap.
type outbox struct {
	server *Server
	writer *udp.Writer
	arena  []byte // what the open bursts point into
	bursts []udp.Burst
	to     ice.Address // of the last burst
	open   bool        // the last burst may grow
}

// The outbox is flushed when it holds this much: enough for many bursts in a
// system call, and little enough to stay in a core's cache.
const (
	arenaSize = 256 << 10
	maxBursts = 128
	// The kernel takes at most 64 segments, and 65507 bytes, in one send.
	maxSegments  = 60
	maxBurstSize = 65000
)

// space returns n bytes to build a datagram in; commit sends them.
func (o *outbox) space(n int) []byte {
	if len(o.arena)+n > cap(o.arena) || len(o.bursts) >= maxBursts {
		o.flush()
	}
	return o.arena[len(o.arena) : len(o.arena)+n]
}

// commit sends the first n bytes of what space returned.
func (o *outbox) commit(to ice.Address, n int) {
	start := len(o.arena)
	o.arena = o.arena[:start+n]
	if o.open && o.to == to {
		b := &o.bursts[len(o.bursts)-1]
		size := len(b.Data)
		if n <= b.SegmentSize && size+n <= maxBurstSize && size/b.SegmentSize < maxSegments {
			b.Data = b.Data[:size+n]
			o.open = n == b.SegmentSize // a shorter one must be the last
			return
		}
	}
	o.to, o.open = to, true
	o.bursts = append(o.bursts, udp.Burst{
		Addr: to.Remote, Local: to.Local, SegmentSize: n,
		Data: o.arena[start : start+n : cap(o.arena)],
	})
	if to.Conn != 0 { // bursts to carriers are few: they go out at once, in order
		b := o.bursts[len(o.bursts)-1]
		o.bursts = o.bursts[:len(o.bursts)-1]
		o.open = false
		o.server.sendByCarrier(to, b.Data)
	}
}

// flush hands all bursts to the kernel. What it can't take is lost and counted
// by the socket.
func (o *outbox) flush() {
	if len(o.bursts) > 0 {
		o.writer.Write(o.bursts)
		clear(o.bursts)
	}
	o.bursts, o.arena, o.open = o.bursts[:0], o.arena[:0], false
}
