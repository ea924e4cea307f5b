package relay

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// ticketOf returns the ticket that the last answer gave.
func (c *client) ticketOf() []byte {
	c.s.t.Helper()
	t, err := c.last.Get(attrMobilityTicket)
	if err != nil {
		c.s.t.Fatal("no ticket is given")
	}
	return bytes.Clone(t)
}

// moves has a client with a ticket ask from a port of its new network.
func (s *story) moves(port uint16, ticket []byte, want stun.ErrorCode, attributes ...stun.Setter) *client {
	s.t.Helper()
	c := s.client(netip.AddrPortFrom(mobile.Addr(), port))
	c.wants(want, stun.MethodRefresh, append(attributes, raw(attrMobilityTicket, ticket...))...)
	return c
}

// A client that moves and moves: each move has a ticket of its own, and one that
// is two moves old is worth nothing (RFC 8016 §3.2).
func TestTicketsGrowOld(t *testing.T) {
	s := newStory(t, nil)
	first := s.allocated(home, raw(attrMobilityTicket)).ticketOf()
	second := s.moves(1, first, 0).ticketOf()
	third := s.moves(2, second, 0).ticketOf()
	s.moves(3, first, stun.CodeAllocMismatch)
	s.moves(4, second, 0) // the answer with the third may have been lost
	s.moves(4, second, 0) // and so may that with the fourth
	s.moves(5, third, stun.CodeAllocMismatch)
	if n := len(s.byTicket); n != 2 {
		t.Errorf("%d tickets are good, want the last and the one before", n)
	}
	s.after(time.Hour)
	s.empty()
}

// A move may end the allocation, and is not needed to keep it.
func TestEndByTicket(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home, raw(attrMobilityTicket))
	c.wants(0, stun.MethodRefresh, raw(attrMobilityTicket, c.ticketOf()...)) // from where it is
	if s.Stats().Moved != 0 {
		t.Error("who stays has moved")
	}
	s.moves(1, c.ticketOf(), 0, lifetime(0))
	if len(s.out.Ended) != 1 {
		t.Errorf("ended %v", s.out.Ended)
	}
	s.empty()
}

// A client may move and give up a family in one request.
func TestMoveOfOneFamily(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home, bothFamilies, raw(attrMobilityTicket))
	next := s.moves(1, c.ticketOf(), 0, onlyIPv6, lifetime(0))
	if next.ticketOf(); s.byTuple[c.tuple] != nil || s.byTuple[next.tuple] == nil {
		t.Error("the allocation has stayed behind")
	}
	next.wants(0, stun.MethodCreatePermission, to(bob))
	next.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodCreatePermission, to(bobV6))
}

// Without a ticket an allocation stays where it is, and no ticket is made.
func TestNobodyMovesWithoutATicket(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	if c.last.Contains(attrMobilityTicket) {
		t.Error("a ticket is given unasked")
	}
	s.moves(1, nil, stun.CodeAllocMismatch)
	s.moves(2, make([]byte, 16), stun.CodeAllocMismatch)
	if s.byTuple[c.tuple] == nil || len(s.byTicket) != 0 {
		t.Error("it has moved")
	}
	t2 := s.client(netip.AddrPortFrom(home.Addr(), 4000))
	t2.tuple.Transport, t2.tuple.Conn = TCP, 4
	t2.wants(codeMobilityForbidden, stun.MethodAllocate, overTCP, raw(attrMobilityTicket))
}

// From UDP to a stream and on: permissions, channels and peers come along, and
// what peers send goes to the new place only.
func TestMoveToAStream(t *testing.T) {
	s := newStory(t, func(_ *Options, p *ports) { p.shared = true })
	c := s.allocated(home, raw(attrMobilityTicket))
	ticket := c.ticketOf()
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	next := s.client(mobile)
	next.tuple.Transport, next.tuple.Conn = TLS, 7
	next.wants(0, stun.MethodRefresh, raw(attrMobilityTicket, ticket...))
	got := s.fromPeer(next, bob, "hello")
	if len(got) != 1 || got[0].To != next.tuple || len(got[0].Data) != 12 {
		t.Errorf("to the client %v", got)
	}
	if c.send(channelMessage(0x4000, "from before")); len(s.out.Peers) != 0 {
		t.Error("the former address still sends")
	}
	if n := s.perUser["alice"]; n != 1 {
		t.Errorf("%d allocations count", n)
	}
	s.Gone(7, next.tuple, &s.out) // it may come back
	s.moves(9, next.ticketOf(), 0).wants(0, stun.MethodRefresh, lifetime(0))
	s.empty()
}
