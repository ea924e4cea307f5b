package httpd

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
)

// numbered is a source by its last byte; 0 is this machine.
func numbered(last byte) source {
	if last == 0 {
		return source{}
	}
	return sourceOf(netip.AddrFrom4([4]byte{192, 0, 2, last}))
}

func TestWaitingMakesRoomForTheNew(t *testing.T) {
	w := newWaiting(2)
	var conns []net.Conn
	for range 3 {
		client, server := net.Pipe()
		defer client.Close()
		conns = append(conns, server)
		w.add(server, source{})
		w.add(server, source{}) // once is enough
	}
	if _, err := conns[0].Write([]byte{0}); err == nil {
		t.Error("the one that waited longest is still open")
	}
	if w.remove(conns[0]) {
		t.Error("the one that was closed is said to wait")
	}
	if now, evicted := w.counts(); now != 2 || evicted != 1 {
		t.Errorf("%d waiting, %d evicted; want 2 and 1", now, evicted)
	}
	w.close()
	for _, conn := range conns {
		if _, err := conn.Write([]byte{0}); err == nil {
			t.Error("still open after close")
		}
	}
	late, _ := net.Pipe()
	w.add(late, source{})
	if _, err := late.Write([]byte{0}); err == nil {
		t.Error("a latecomer is let in")
	}
}

// parked is a connection that only notes that it was closed.
type parked struct {
	net.Conn
	from   source
	closed bool
}

func (p *parked) Close() error {
	p.closed = true
	return nil
}

// A source that opens more than its share loses its own connections, never
// those of others.
func TestAFloodOfOneSourceOnlyHurtsItself(t *testing.T) {
	w := newWaiting(100)
	honest := &parked{}
	w.add(honest, numbered(1))
	var flood []*parked
	for range 1000 {
		c := &parked{}
		flood = append(flood, c)
		w.add(c, numbered(2))
	}
	if honest.closed {
		t.Error("the honest one had to go")
	}
	if now, evicted := w.counts(); now != 1+25 || evicted != 1000-25 {
		t.Errorf("%d wait and %d were evicted, want the honest one and a quarter of the room", now, evicted)
	}
	if flood[0].closed == flood[len(flood)-1].closed {
		t.Error("its newest one had to go, not its oldest")
	}
}

// The set does what a plain list does.
func TestWaitingDoesWhatAListDoes(t *testing.T) {
	const size, share = 8, 2
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	w := newWaiting(size)
	var model, all []*parked
	evict := func(match func(*parked) bool) {
		i := slices.IndexFunc(model, match)
		model = slices.Delete(model, i, i+1)
	}
	for step := range 5000 {
		if r.IntN(3) == 0 && len(all) > 0 {
			c := all[r.IntN(len(all))]
			i := slices.Index(model, c)
			if i >= 0 {
				model = slices.Delete(model, i, i+1)
			}
			if w.remove(c) != (i >= 0) {
				t.Fatalf("seed %d, step %d: remove reports otherwise than the list", seed, step)
			}
		} else {
			c := &parked{from: numbered(byte(r.IntN(7)))}
			all, model = append(all, c), append(model, c)
			ofSame := func(o *parked) bool { return o.from == c.from }
			same := 0
			for _, o := range model {
				if ofSame(o) {
					same++
				}
			}
			switch {
			case c.from.IsValid() && same > share:
				evict(ofSame)
			case len(model) > size:
				evict(func(*parked) bool { return true })
			}
			w.add(c, c.from)
		}
		if now, _ := w.counts(); now != len(model) {
			t.Fatalf("seed %d, step %d: %d wait, the list has %d", seed, step, now, len(model))
		}
		for _, c := range model {
			if c.closed {
				t.Fatalf("seed %d, step %d: another one was closed than by the list", seed, step)
			}
		}
	}
	if len(w.queues) > len(model) {
		t.Errorf("%d sources are remembered for %d connections", len(w.queues), len(model))
	}
}

func TestSources(t *testing.T) {
	for _, test := range []struct {
		name, a, b string
		same       bool
	}{
		{"two IPv4 addresses", "203.0.113.1", "203.0.113.2", false},
		{"one IPv4 address in two forms", "203.0.113.1", "::ffff:203.0.113.1", true},
		{"two addresses of one IPv6 network", "2001:db8::1", "2001:db8:0:0:ffff::2", true},
		{"two IPv6 networks", "2001:db8::1", "2001:db8:0:1::1", false},
	} {
		a, b := netip.MustParseAddr(test.a).Unmap(), netip.MustParseAddr(test.b).Unmap()
		if got := sourceOf(a) == sourceOf(b); got != test.same {
			t.Errorf("%s: the same source: %v", test.name, got)
		}
	}
	s := newSources(2)
	for n := range 3 {
		if s.enter(numbered(1)) != (n < 2) {
			t.Errorf("number %d of one source: let in %v", n+1, n >= 2)
		}
	}
	if !s.enter(numbered(2)) {
		t.Error("another source is kept out")
	}
	s.leave(numbered(1))
	if !s.enter(numbered(1)) {
		t.Error("there is no room after one has left")
	}
	for range 5 {
		if !s.enter(numbered(0)) {
			t.Error("this machine is held to a bound")
		}
		s.leave(numbered(0))
	}
	s.leave(numbered(1))
	s.leave(numbered(1))
	s.leave(numbered(2))
	if len(s.open) != 0 {
		t.Errorf("remembers %v when all have left", s.open)
	}
}
