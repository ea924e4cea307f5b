package relay

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

var (
	bothFamilies = raw(attrAdditionalFamily, byte(ipv6), 0, 0, 0)
	onlyIPv4     = raw(stun.AttrRequestedAddressFamily, byte(ipv4), 0, 0, 0)
	onlyIPv6     = raw(stun.AttrRequestedAddressFamily, byte(ipv6), 0, 0, 0)
)

// A client of both families gives up IPv6, and its call by IPv4 goes on (RFC 8656
// §8.1).
func TestOneFamilyOfTwoEnds(t *testing.T) {
	for name, shared := range map[string]bool{"ports of its own": false, "a shared port": true} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, func(_ *Options, p *ports) { p.shared = shared })
			c := s.allocated(home, bothFamilies)
			c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
			c.wants(0, stun.MethodChannelBind, number(0x4001), to(bobV6))
			six := s.byTuple[c.tuple].relays[1]

			c.wants(0, stun.MethodRefresh, onlyIPv6, lifetime(0))
			if got := lifetimeOf(t, c.last); got != 0 {
				t.Errorf("what has ended lives for %d s", got)
			}
			if len(s.out.Ended) != 0 || len(s.byID) != 1 {
				t.Fatal("the allocation has ended with its IPv6 address")
			}
			if !shared && s.ports.open[six.ID] != 0 {
				t.Error("the IPv6 port was not given back")
			}
			if c.send(channelMessage(0x4000, "hello")); len(s.out.Peers) != 1 {
				t.Error("IPv4 has ended, too")
			}
			if got := s.fromPeer(c, bob, "hi"); len(got) != 1 {
				t.Error("IPv4 hears nothing any more")
			}
			if c.send(channelMessage(0x4001, "hello")); len(s.out.Peers) != 0 {
				t.Error("a channel has outlived its address")
			}
			c.sends(bobV6, "hello")
			s.FromPeer(s.now, six.ID, bobV6, []byte("hi"), &s.out)
			if !s.out.Empty() {
				t.Errorf("by IPv6 still passes %+v", s.out)
			}
			c.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodCreatePermission, to(bobV6))
			c.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodRefresh, onlyIPv6, lifetime(0)) // again
			c.wants(0, stun.MethodChannelBind, number(0x4001), to(carol))                       // the number is free

			c.wants(0, stun.MethodRefresh, onlyIPv4)
			c.wants(0, stun.MethodRefresh, onlyIPv4, lifetime(0)) // the last one
			if len(s.out.Ended) != 1 {
				t.Error("an allocation without an address lives on")
			}
			s.empty()
		})
	}
}

// Who names a family that the allocation does not have loses nothing by it.
func TestRefreshOfAnotherFamily(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	for _, f := range []stun.Setter{onlyIPv6, raw(stun.AttrRequestedAddressFamily, 9, 0, 0, 0), raw(stun.AttrRequestedAddressFamily, 1)} {
		for _, seconds := range []uint32{0, 600} {
			c.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodRefresh, f, lifetime(seconds))
		}
	}
	if len(s.byID) != 1 {
		t.Error("the allocation has ended")
	}
}

// TCP connections of the family that ends are closed, the others are not.
func TestOneFamilyOfTwoEndsWithItsConnections(t *testing.T) {
	s := newStory(t, nil)
	c := s.client(home)
	c.tuple.Transport, c.tuple.Conn = TCP, 1
	c.wants(0, stun.MethodAllocate, overTCP, bothFamilies)
	c.send(c.request(stun.MethodConnect, to(bob)).Raw)
	four := s.out.Streams[0]
	c.send(c.request(stun.MethodConnect, to(bobV6)).Raw)
	six := s.out.Streams[0]
	if four.Relay == six.Relay {
		t.Fatal("both families are dialed from one socket")
	}
	c.wants(0, stun.MethodRefresh, onlyIPv6, lifetime(0))
	if got := s.out.Streams; len(got) != 1 || got[0] != (StreamAction{Kind: StreamDrop, Stream: six.Stream}) {
		t.Errorf("asks for %+v", got)
	}
	s.out.Reset()
	if s.Dialed(s.now, six.Stream, true, &s.out) {
		t.Error("an answer by IPv6 is wanted")
	}
	if !s.Dialed(s.now, four.Stream, true, &s.out) {
		t.Error("an answer by IPv4 is not wanted")
	}
	c.wants(0, stun.MethodRefresh, lifetime(0))
	s.empty()
}

// The client is told whether a family is missing for good or for now (RFC 8656
// §18.12).
func TestWhyAFamilyIsMissing(t *testing.T) {
	for want, edit := range map[string]func(*ports){
		"\x02\x00\x04\x28": func(p *ports) { p.noIPv6 = true }, // 440
		"\x02\x00\x05\x08": func(p *ports) { p.fullIPv6 = true },
	} {
		s := newStory(t, func(_ *Options, p *ports) { edit(p) })
		c := s.allocated(home, bothFamilies)
		if got, err := c.last.Get(attrAddressError); err != nil || string(got) != want {
			t.Errorf("ADDRESS-ERROR-CODE is %x (%v), want %x", got, err, want)
		}
		c.wants(0, stun.MethodRefresh, onlyIPv4, lifetime(0)) // it was the only one
		s.empty()
	}
}

func TestNoPortIsLeft(t *testing.T) {
	s := newStory(t, func(_ *Options, p *ports) { p.full = true })
	s.client(home).wants(stun.CodeInsufficientCapacity, stun.MethodAllocate, overUDP)
	s.client(mobile).wants(stun.CodeInsufficientCapacity, stun.MethodAllocate, overUDP, bothFamilies)
	if st := s.Stats(); st.Refused != 2 || st.Opened != 0 {
		t.Errorf("%+v", st)
	}
	s.empty()
}

// An IPv6 client gets an IPv6 address unless it asks otherwise, and is sent to
// another server of its family.
func TestIPv6Clients(t *testing.T) {
	s := newStory(t, nil)
	at := func(port uint16) *client {
		c := s.client(netip.AddrPortFrom(netip.MustParseAddr("2001:db8::7"), port))
		c.tuple.Local = netip.MustParseAddrPort("[2001:db8::1]:3478")
		return c
	}
	c := at(1)
	c.wants(0, stun.MethodAllocate, overUDP)
	if a := c.relayed(); !a.Addr().Is6() {
		t.Errorf("relayed at %v", a)
	}
	c.wants(0, stun.MethodCreatePermission, to(bobV6))
	if got := s.fromPeer(c, bobV6, "hi"); len(got) != 1 {
		t.Error("an IPv6 peer is not heard")
	}
	c.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodCreatePermission, asIPv6(bob))
	four := at(2)
	four.wants(0, stun.MethodAllocate, overUDP, onlyIPv4)
	if a := four.relayed(); !a.Addr().Is4() {
		t.Errorf("relayed at %v", a)
	}
	s.Drain(netip.MustParseAddrPort("[2001:db8::2]:3478"))
	at(3).wants(stun.CodeTryAlternate, stun.MethodAllocate, overUDP)
	s.client(home).wants(stun.CodeInsufficientCapacity, stun.MethodAllocate, overUDP)
	s.after(time.Hour)
	s.empty()
}

// asIPv6 is an XOR-PEER-ADDRESS with an IPv4 address in IPv6's clothes.
type asIPv6 netip.AddrPort

// AddTo implements stun.Setter.
func (a asIPv6) AddTo(m *stun.Message) error {
	peer := netip.AddrPort(a)
	ip := peer.Addr().As16()
	mask := append(binary.BigEndian.AppendUint32(nil, magicCookie), m.TransactionID[:]...)
	for i := range ip {
		ip[i] ^= mask[i]
	}
	value := binary.BigEndian.AppendUint16([]byte{0, byte(ipv6)}, peer.Port()^magicCookie>>16)
	m.Add(stun.AttrXORPeerAddress, append(value, ip[:]...))
	return nil
}
