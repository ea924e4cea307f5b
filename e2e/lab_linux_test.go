package e2e

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestLab finds out from inside of each kind what it does.
func TestLab(t *testing.T) {
	l := newLab(t)
	four, six := newMirror(t, l, false), newMirror(t, l, true)
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			m := four
			if k.only6 {
				m = six
			}
			found, err := l.site(t, k).probe(m)
			if want := (finding{k.mapping, k.filtering, k.udp, k.tcp, k.plain}); err != nil || found != want {
				t.Errorf("%v, %v\nwant %v", found, err, want)
			}
		})
	}
}

// TestLabMeetings lets sockets behind all pairs of kinds do what ICE does, and
// finds that they meet when those who know NATs say so.
func TestLabMeetings(t *testing.T) {
	l := newLab(t)
	m := newMirror(t, l, false)
	var left, right []*site
	for _, k := range kinds() {
		if k.udp == pass && !k.only6 {
			left, right = append(left, l.site(t, k)), append(right, l.site(t, k))
		}
	}
	for i, a := range left {
		for _, b := range right[i:] {
			t.Run(a.kind.name+" and "+b.kind.name, func(t *testing.T) {
				if met, err := meet(m, a, b); err != nil || met != a.kind.meets(b.kind) {
					t.Errorf("they meet: %v, %v", met, err)
				}
			})
		}
	}
	a, b := l.carrierHomes(t)
	if met, err := meet(m, a, b); err != nil || !met {
		t.Errorf("two homes of one carrier meet: %v, %v", met, err)
	}
}

// TestLabForgets finds that a router forgets whom a port belongs to, by command
// and when it is silent for long.
func TestLabForgets(t *testing.T) {
	l := newLab(t)
	m := newMirror(t, l, false)
	s := l.site(t, kindNamed(t, "symmetric"))
	e, err := newEnd(m, s)
	if err != nil {
		t.Fatal(err)
	}
	defer e.conn.Close()
	other := func(what string) {
		t.Helper()
		before := e.mapped
		if err := e.learn(m); err != nil || e.mapped == before {
			t.Errorf("%s: seen as %v, %v", what, e.mapped, err)
		}
	}
	if err := s.rebind(); err != nil {
		t.Fatal(err)
	}
	other("after it was told to forget")
	s.forgetAfter(t, 1)
	if err := e.learn(m); err != nil { // which takes the new time
		t.Fatal(err)
	}
	await(t, "the mapping is forgotten", func() bool {
		out, err := s.router.output("conntrack", "-L", "-p", "udp")
		return err == nil && out == ""
	})
	other("after a second of silence")
}

// end is a socket behind a NAT.
type end struct {
	conn   *net.UDPConn
	mapped netip.AddrPort // as the world sees it
}

func newEnd(m *mirror, s *site) (*end, error) {
	e := &end{}
	err := s.client.enter(func() (err error) {
		if e.conn, err = net.ListenUDP("udp", nil); err == nil {
			err = e.learn(m)
		}
		return err
	})
	return e, err
}

// learn asks the mirror how the world sees the socket.
func (e *end) learn(m *mirror) error {
	answers, err := m.ask(e.conn, [2]int{0, 0}, [2]int{0, 0})
	if err == nil {
		e.mapped = answers[[2]int{0, 0}]
	}
	return err
}

// hears reports whether a packet that the other end sends to this address comes
// through, and from where it seems to come.
func (e *end) hears(other *end, at netip.AddrPort) (netip.AddrPort, bool, error) {
	if _, err := other.conn.WriteToUDPAddrPort([]byte("check"), at); err != nil {
		return netip.AddrPort{}, false, err
	}
	if err := e.conn.SetReadDeadline(time.Now().Add(probeTime / 10)); err != nil {
		return netip.AddrPort{}, false, err
	}
	_, source, err := e.conn.ReadFromUDPAddrPort(make([]byte, 16))
	f, err := fateOf(err)
	return source, f == pass, err
}

// meet reports whether packets of two sites come through in both directions,
// when each is told how the world sees the other, and answers where a packet
// came from (RFC 8445 §7.3.1.3).
func meet(m *mirror, left, right *site) (bool, error) {
	a, err := newEnd(m, left)
	if err != nil {
		return false, err
	}
	defer a.conn.Close()
	b, err := newEnd(m, right)
	if err != nil {
		return false, err
	}
	defer b.conn.Close()
	toA, toB := a.mapped, b.mapped
	heardA, heardB := false, false
	// Nothing new can happen after the third round, but for what gets lost.
	for range 3 + lossTries {
		source, heard, err := b.hears(a, toB)
		if err != nil {
			return false, err
		}
		if heard {
			heardB, toA = true, source
		}
		if source, heard, err = a.hears(b, toA); err != nil {
			return false, err
		}
		if heard {
			heardA, toB = true, source
		}
		if heardA && heardB {
			return true, nil
		}
	}
	return false, nil
}
