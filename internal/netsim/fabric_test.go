package netsim

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

func addr(s string) netip.Addr         { return netip.MustParseAddr(s) }
func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// got lists what arrives until the fabric is at rest.
func got(f *Fabric) []string {
	var arrived []string
	for at := f.Deadline(); !at.IsZero(); at = f.Deadline() {
		f.Advance(at, func(at media.Time, host *Node, p Packet) {
			arrived = append(arrived, fmt.Sprintf("%v %s: %s from %v", at.Sub(start), host.name, p.Data, p.From))
		})
	}
	return arrived
}

func TestFabricCarriesBetweenHosts(t *testing.T) {
	f := NewFabric(1)
	a := f.AddHost(f.Internet(), "a", addr("192.0.2.1"))
	b := f.AddHost(f.Internet(), "b", addr("192.0.2.2"))
	a.Up().SetOptions(LinkOptions{Delay: 10 * time.Millisecond})
	b.Down().SetOptions(LinkOptions{Delay: 5 * time.Millisecond})
	f.Send(start, a, 1000, addrPort("192.0.2.2:2000"), []byte("one"))
	f.Send(start, a, 1000, addrPort("192.0.2.9:2000"), []byte("to nobody"))
	if want := []string{"15ms b: one from 192.0.2.1:1000"}; !slices.Equal(got(f), want) || f.Unroutable() != 1 {
		t.Errorf("want %q and one without a place to go, not %d", want, f.Unroutable())
	}
}

func TestNATKinds(t *testing.T) {
	for _, c := range []struct {
		kind NATKind
		// Who gets in after the inside host has sent to server:1 only.
		server1, server2, stranger bool
		samePort                   bool // the mapping for a second destination
	}{
		{FullCone, true, true, true, true},
		{AddressRestricted, true, true, false, true},
		{PortRestricted, true, false, false, true},
		{Symmetric, true, false, false, false},
	} {
		n := NewNAT(NATOptions{Kind: c.kind}, addr("198.51.100.1"))
		inside, server1, server2 := addrPort("10.0.0.2:5000"), addrPort("192.0.2.1:1"), addrPort("192.0.2.1:2")
		public := n.Outbound(start, inside, server1)
		for _, probe := range []struct {
			from netip.AddrPort
			want bool
		}{{server1, c.server1}, {server2, c.server2}, {addrPort("203.0.113.7:1"), c.stranger}} {
			if to, ok := n.Inbound(start, probe.from, public); ok != probe.want || ok && to != inside {
				t.Errorf("kind %d: from %v let in: %t, to %v", c.kind, probe.from, ok, to)
			}
		}
		if again := n.Outbound(start, inside, server2); (again == public) != c.samePort {
			t.Errorf("kind %d: %v for the first destination, %v for the second", c.kind, public, again)
		}
	}
}

func TestNATForgets(t *testing.T) {
	n := NewNAT(NATOptions{Kind: FullCone, Timeout: 30 * time.Second}, addr("198.51.100.1"))
	inside, server := addrPort("10.0.0.2:5000"), addrPort("192.0.2.1:1")
	public := n.Outbound(start, inside, server)
	// Use keeps the mapping, silence does not.
	if n.Outbound(start.Add(25*time.Second), inside, server) != public {
		t.Error("the mapping changed while in use")
	}
	if _, ok := n.Inbound(start.Add(50*time.Second), server, public); !ok {
		t.Error("the mapping is gone 25 s after its last use")
	}
	if _, ok := n.Inbound(start.Add(56*time.Second), server, public); ok {
		t.Error("the mapping has outlived its timeout")
	}
	if n.Outbound(start.Add(60*time.Second), inside, server) == public {
		t.Error("a new mapping has the old port")
	}
	// A restart forgets at once.
	public = n.Outbound(start.Add(61*time.Second), inside, server)
	n.Reset()
	if _, ok := n.Inbound(start.Add(61*time.Second), server, public); ok {
		t.Error("the mapping has outlived a restart")
	}
}

// TestHolePunching is the classic table: two hosts behind NATs know each
// other's public endpoint as a server saw it and send to it, again and again.
func TestHolePunching(t *testing.T) {
	names := map[NATKind]string{FullCone: "full", AddressRestricted: "address", PortRestricted: "port", Symmetric: "symmetric"}
	for left := FullCone; left <= Symmetric; left++ {
		for right := FullCone; right <= Symmetric; right++ {
			want := left+right < PortRestricted+Symmetric
			if punches(left, right) != want {
				t.Errorf("%s with %s: meeting should be possible: %t", names[left], names[right], want)
			}
		}
	}
}

func punches(left, right NATKind) bool {
	f := NewFabric(1)
	server := f.AddHost(f.Internet(), "server", addr("192.0.2.1"))
	hosts := []*Node{}
	for i, kind := range []NATKind{left, right} {
		nat := f.AddNAT(f.Internet(), fmt.Sprintf("nat%d", i), addr(fmt.Sprintf("198.51.100.%d", i+1)), NATOptions{Kind: kind})
		hosts = append(hosts, f.AddHost(nat, fmt.Sprintf("host%d", i), addr("10.0.0.2")))
	}
	// Each host learns from the server, and then from the other's packets,
	// where the other is.
	known := map[*Node]netip.AddrPort{}
	now, met := start, map[*Node]bool{}
	for _, h := range hosts {
		f.Send(now, h, 5000, addrPort("192.0.2.1:3478"), []byte("who am I?"))
	}
	other := map[*Node]*Node{hosts[0]: hosts[1], hosts[1]: hosts[0]}
	for range 10 {
		now = now.Add(time.Second)
		f.Advance(now, func(_ media.Time, host *Node, p Packet) {
			if host != server {
				known[host], met[host] = p.From, true
				return
			}
			for _, h := range hosts {
				if h.parent.addr == p.From.Addr() {
					known[other[h]] = p.From
				}
			}
		})
		for _, h := range hosts {
			if to := known[h]; to.IsValid() {
				f.Send(now, h, 5000, to, []byte("hello"))
			}
		}
	}
	return met[hosts[0]] && met[hosts[1]]
}

func TestHairpin(t *testing.T) {
	for _, hairpin := range []bool{true, false} {
		f := NewFabric(1)
		nat := f.AddNAT(f.Internet(), "nat", addr("198.51.100.1"), NATOptions{Kind: FullCone, Hairpin: hairpin})
		a := f.AddHost(nat, "a", addr("10.0.0.2"))
		b := f.AddHost(nat, "b", addr("10.0.0.3"))
		f.AddHost(f.Internet(), "server", addr("192.0.2.1"))
		f.Send(start, b, 2, addrPort("192.0.2.1:9"), []byte("open")) // b's public endpoint is port 40000
		f.Send(start, a, 1, addrPort("10.0.0.3:2"), []byte("inside"))
		got(f)
		f.Send(start, a, 1, addrPort("198.51.100.1:40000"), []byte("around"))
		if arrived := got(f); (len(arrived) == 1) != hairpin {
			t.Errorf("hairpinning %t: %q arrived", hairpin, arrived)
		}
	}
}

func TestCarrierNAT(t *testing.T) {
	// A home router behind a carrier's NAT: both translate.
	f := NewFabric(1)
	carrier := f.AddNAT(f.Internet(), "carrier", addr("198.51.100.1"), NATOptions{Kind: Symmetric})
	home := f.AddNAT(carrier, "home", addr("100.64.0.2"), NATOptions{Kind: PortRestricted})
	a := f.AddHost(home, "a", addr("192.168.1.2"))
	s := f.AddHost(f.Internet(), "s", addr("192.0.2.1"))
	f.Send(start, a, 1, addrPort("192.0.2.1:9"), []byte("up"))
	if want := []string{"0s s: up from 198.51.100.1:40000"}; !slices.Equal(got(f), want) {
		t.Errorf("want %q", want)
	}
	f.Send(start, s, 9, addrPort("198.51.100.1:40000"), []byte("down"))
	if want := []string{"0s a: down from 192.0.2.1:9"}; !slices.Equal(got(f), want) {
		t.Errorf("want %q", want)
	}
}

func TestMovedHostIsReachedByItsNewAddressOnly(t *testing.T) {
	f := NewFabric(1)
	a := f.AddHost(f.Internet(), "a", addr("192.0.2.1"))
	b := f.AddHost(f.Internet(), "b", addr("192.0.2.2"))
	b.Down().SetOptions(LinkOptions{Delay: 10 * time.Millisecond})
	f.Send(start, a, 1, addrPort("192.0.2.2:2"), []byte("on its way"))
	f.Advance(start, func(media.Time, *Node, Packet) {})
	f.Move(b, f.Internet(), addr("192.0.2.3"))
	f.Send(start, a, 1, addrPort("192.0.2.3:2"), []byte("after"))
	f.Send(start, b, 2, addrPort("192.0.2.1:1"), []byte("hello"))
	want := []string{"0s a: hello from 192.0.2.3:2", "10ms b: after from 192.0.2.1:1"}
	if arrived := got(f); !slices.Equal(arrived, want) {
		t.Errorf("%q arrived, want %q", arrived, want)
	}
}

func TestFabricReplaysBySeed(t *testing.T) {
	bad := LinkOptions{Loss: 0.2, Jitter: 20 * time.Millisecond, Reorder: 0.1, ReorderBy: 5 * time.Millisecond}
	play := func(seed uint64) []string {
		f := NewFabric(seed)
		a := f.AddHost(f.Internet(), "a", addr("192.0.2.1"))
		b := f.AddHost(f.Internet(), "b", addr("192.0.2.2"))
		a.Up().SetOptions(bad)
		b.Down().SetOptions(bad)
		for i := range 500 {
			f.Send(start.Add(time.Duration(i)*time.Millisecond), a, 1, addrPort("192.0.2.2:2"), fmt.Appendf(nil, "%d", i))
		}
		return got(f)
	}
	if !slices.Equal(play(1), play(1)) {
		t.Error("the same seed made another run")
	}
	if slices.Equal(play(1), play(2)) {
		t.Error("another seed made the same run")
	}
}
