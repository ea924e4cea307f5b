package relay

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func lifetimeOf(t *testing.T, m *stun.Message) uint32 {
	t.Helper()
	v, err := m.Get(stun.AttrLifetime)
	if err != nil || len(v) != 4 {
		t.Fatalf("no lifetime: %v", err)
	}
	return uint32(v[0])<<24 | uint32(v[1])<<16 | uint32(v[2])<<8 | uint32(v[3])
}

// An allocation lives as long as it is refreshed, and leaves nothing.
func TestLifeOfAnAllocation(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	if got := lifetimeOf(t, c.last); got != 600 {
		t.Errorf("it lives for %d s, want 600", got)
	}
	if at := s.Deadline(); at != start.Add(10*time.Minute) {
		t.Errorf("the deadline is %v away", at.Sub(start))
	}
	s.after(9 * time.Minute)
	c.wants(0, stun.MethodRefresh, lifetime(1)) // less than 10 min is not given
	if got := lifetimeOf(t, c.last); got != 600 {
		t.Errorf("a refresh gives %d s", got)
	}
	c.wants(0, stun.MethodRefresh, lifetime(1<<31))
	if got := lifetimeOf(t, c.last); got != 3600 {
		t.Errorf("a greedy refresh gives %d s, want 3600", got)
	}
	c.wants(0, stun.MethodCreatePermission, to(bob))
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(carol))
	s.after(time.Hour)
	if len(s.out.Ended) != 1 || s.Stats().Expired != 1 {
		t.Errorf("ended %v, %+v", s.out.Ended, s.Stats())
	}
	s.empty()
	if !s.Deadline().IsZero() {
		t.Error("an idle server has a deadline")
	}
	c.nonce = nil
	c.wants(stun.CodeAllocMismatch, stun.MethodRefresh)

	c = s.allocated(home)
	c.wants(0, stun.MethodRefresh, lifetime(0))
	s.empty()
}

func TestRepeatedAllocateIsAnsweredAlike(t *testing.T) {
	s := newStory(t, func(_ *Options, p *ports) { p.noIPv6 = true })
	c := s.client(home)
	c.code(c.request(stun.MethodAllocate, overUDP))
	c.learn()
	m := c.request(stun.MethodAllocate, overUDP, raw(attrAdditionalFamily, 2, 0, 0, 0))
	for range 2 { // the first answer is lost
		if code := c.code(m); code != 0 {
			t.Fatalf("%d", code)
		}
		if e, err := c.last.Get(attrAddressError); err != nil || string(e) != "\x02\x00\x04\x28" {
			t.Errorf("ADDRESS-ERROR-CODE is %v, want 440 for IPv6", e)
		}
	}
	if len(s.byID) != 1 || len(s.ports.asked) != 2 {
		t.Errorf("%d allocations, asked for %d relays", len(s.byID), len(s.ports.asked))
	}
	c.wants(stun.CodeAllocMismatch, stun.MethodAllocate, overUDP) // another request
	m2 := s.client(home)
	m2.name, m2.password = "mallory", "malice"
	m2.wants(stun.CodeAllocMismatch, stun.MethodAllocate, overUDP)
	m2.wants(stun.CodeWrongCredentials, stun.MethodRefresh)
	m2.wants(stun.CodeWrongCredentials, stun.MethodCreatePermission, to(bob))
	m2.wants(stun.CodeWrongCredentials, stun.MethodChannelBind, number(0x4000), to(bob))
}

func TestWhatCannotBeAllocated(t *testing.T) {
	even, reserve, token := raw(stun.AttrEvenPort, 0), raw(stun.AttrEvenPort, 0x80), raw(stun.AttrReservationToken, 1, 2, 3, 4, 5, 6, 7, 8)
	v4, v6, both := raw(stun.AttrRequestedAddressFamily, 1, 0, 0, 0), raw(stun.AttrRequestedAddressFamily, 2, 0, 0, 0), raw(attrAdditionalFamily, 2, 0, 0, 0)
	for name, c := range map[string]struct {
		code  stun.ErrorCode
		attrs []stun.Setter
	}{
		"no transport":                      {stun.CodeBadRequest, nil},
		"TCP by UDP":                        {stun.CodeBadRequest, []stun.Setter{overTCP}},
		"SCTP":                              {stun.CodeUnsupportedTransProto, []stun.Setter{raw(stun.AttrRequestedTransport, 132, 0, 0, 0)}},
		"a family that is none":             {stun.CodeAddrFamilyNotSupported, []stun.Setter{overUDP, raw(stun.AttrRequestedAddressFamily, 3, 0, 0, 0)}},
		"IPv6, which is not there":          {stun.CodeAddrFamilyNotSupported, []stun.Setter{overUDP, v6}},
		"both and one":                      {stun.CodeBadRequest, []stun.Setter{overUDP, v4, both}},
		"additional IPv4":                   {stun.CodeBadRequest, []stun.Setter{overUDP, raw(attrAdditionalFamily, 1, 0, 0, 0)}},
		"both with a reservation":           {stun.CodeBadRequest, []stun.Setter{overUDP, both, reserve}},
		"both by a token":                   {stun.CodeBadRequest, []stun.Setter{overUDP, both, token}},
		"a family by a token":               {stun.CodeBadRequest, []stun.Setter{overUDP, v4, token}},
		"even by a token":                   {stun.CodeBadRequest, []stun.Setter{overUDP, even, token}},
		"a short token":                     {stun.CodeBadRequest, []stun.Setter{overUDP, raw(stun.AttrReservationToken, 1)}},
		"a token of zeros":                  {stun.CodeInsufficientCapacity, []stun.Setter{overUDP, raw(stun.AttrReservationToken, make([]byte, 8)...)}},
		"a token of nobody":                 {stun.CodeInsufficientCapacity, []stun.Setter{overUDP, token}},
		"a ticket for a new one":            {stun.CodeBadRequest, []stun.Setter{overUDP, raw(attrMobilityTicket, 1)}},
		"DONT-FRAGMENT":                     {stun.CodeUnknownAttribute, []stun.Setter{overUDP, raw(stun.AttrDontFragment)}},
		"something that must be understood": {stun.CodeUnknownAttribute, []stun.Setter{overUDP, raw(0x7abc, 1, 2, 3, 4)}},
	} {
		s := newStory(t, func(_ *Options, p *ports) { p.noIPv6 = true })
		if got := s.client(home).ask(stun.MethodAllocate, c.attrs...); got != c.code {
			t.Errorf("%s: %d, want %d", name, got, c.code)
		}
		s.empty()
	}
}

func TestFamilies(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home) // the listener's
	if a := c.relayed(); !a.Addr().Is4() {
		t.Errorf("relayed at %v", a)
	}
	c.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodCreatePermission, to(bobV6))
	c.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodRefresh, raw(stun.AttrRequestedAddressFamily, 2, 0, 0, 0))
	both := s.allocated(mobile, raw(attrAdditionalFamily, 2, 0, 0, 0))
	if n := len(s.byTuple[both.tuple].relays); n != 2 {
		t.Fatalf("%d relayed addresses, want 2", n)
	}
	both.wants(0, stun.MethodCreatePermission, to(bob), to(bobV6))
	both.sends(bobV6, "hi")
	if len(s.out.Peers) != 1 || s.out.Peers[0].Peer != bobV6 || s.out.Peers[0].From != s.byTuple[both.tuple].relays[1].ID {
		t.Errorf("to the peer %v", s.out.Peers)
	}
}

func TestReservations(t *testing.T) {
	s := newStory(t, nil)
	first := s.allocated(home, raw(stun.AttrEvenPort, 0x80))
	if o := s.ports.asked[0]; !o.Even || !o.Reserve {
		t.Errorf("asked for %+v", o)
	}
	token, err := first.last.Get(stun.AttrReservationToken)
	if err != nil {
		t.Fatal(err)
	}
	s.allocated(mobile, raw(stun.AttrReservationToken, token...))
	if o := s.ports.asked[1]; string(o.Token[:]) != string(token) {
		t.Errorf("asked for %+v", o)
	}
}

func TestQuotas(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.UserQuota, o.Quota = 2, 3 })
	at := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(home.Addr(), port) }
	a := s.allocated(at(1))
	s.allocated(at(2))
	s.client(at(3)).wants(stun.CodeAllocQuotaReached, stun.MethodAllocate, overUDP)
	m := s.client(at(4))
	m.name, m.password = "mallory", "malice"
	m.wants(0, stun.MethodAllocate, overUDP)
	m.tuple.Remote, m.nonce = at(5), nil
	m.wants(stun.CodeAllocQuotaReached, stun.MethodAllocate, overUDP) // in all
	a.wants(0, stun.MethodRefresh, lifetime(0))
	s.allocated(at(6)) // it was given back
	if st := s.Stats(); st.Refused != 2 || st.Allocations != 3 {
		t.Errorf("%+v", st)
	}
}

func TestExpiredCredentialsEndNoCall(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	s.users.expired = true
	c.wants(0, stun.MethodRefresh)
	c.wants(0, stun.MethodCreatePermission, to(bob))
	c.wants(0, stun.MethodChannelBind, number(0x4001), to(bob))
	s.client(mobile).wants(stun.CodeUnauthorized, stun.MethodAllocate, overUDP)
	if len(s.byID) != 1 {
		t.Errorf("%d allocations", len(s.byID))
	}
}

func TestDraining(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	other := netip.MustParseAddrPort("198.51.100.2:3478")
	s.Drain(other)
	n := s.client(mobile)
	n.wants(stun.CodeTryAlternate, stun.MethodAllocate, overUDP)
	var a stun.AlternateServer
	if err := a.GetFrom(n.last); err != nil || a.Port != 3478 || !a.IP.Equal(other.Addr().AsSlice()) {
		t.Errorf("sent to %v (%v)", a, err)
	}
	c.wants(0, stun.MethodRefresh) // what is open goes on
	s.Drain(netip.MustParseAddrPort("[2001:db8::2]:3478"))
	s.client(mobile).wants(stun.CodeInsufficientCapacity, stun.MethodAllocate, overUDP) // of another family
	s.Drain(netip.AddrPort{})
	s.client(mobile).wants(stun.CodeInsufficientCapacity, stun.MethodAllocate, overUDP)
}

// A client that has changed its network takes its allocation along (RFC 8016).
func TestMobility(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home, raw(attrMobilityTicket))
	first, err := c.last.Get(attrMobilityTicket)
	if err != nil || len(first) != 16 {
		t.Fatalf("ticket %v, %v", first, err)
	}
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	moved := s.client(mobile)
	moved.code(moved.request(stun.MethodAllocate, overUDP))
	moved.learn()
	// What is refused does not move: the client would not know the next ticket.
	moved.wants(stun.CodePeerAddrFamilyMismatch, stun.MethodRefresh, raw(attrMobilityTicket, first...), raw(stun.AttrRequestedAddressFamily, 2, 0, 0, 0))
	c.wants(0, stun.MethodRefresh)
	m := moved.request(stun.MethodRefresh, raw(attrMobilityTicket, first...))
	for range 2 { // the first answer is lost
		if code := moved.code(m); code != 0 {
			t.Fatalf("the move is answered with %d", code)
		}
	}
	second, err := moved.last.Get(attrMobilityTicket)
	if err != nil || string(second) == string(first) {
		t.Errorf("the new ticket is %v (%v)", second, err)
	}
	moved.send(channelMessage(0x4000, "on the way"))
	if len(s.out.Peers) != 1 || string(s.out.Peers[0].Data) != "on the way" {
		t.Errorf("to the peer %v", s.out.Peers)
	}
	c.wants(stun.CodeAllocMismatch, stun.MethodRefresh) // nothing is left there
	thief := s.client(netip.MustParseAddrPort("203.0.113.66:1"))
	thief.name, thief.password = "mallory", "malice"
	thief.wants(stun.CodeWrongCredentials, stun.MethodRefresh, raw(attrMobilityTicket, second...))
	thief.wants(stun.CodeAllocMismatch, stun.MethodRefresh, raw(attrMobilityTicket, make([]byte, 16)...))
	thief.wants(stun.CodeBadRequest, stun.MethodRefresh, raw(attrMobilityTicket, 1))
	plain := s.allocated(netip.AddrPortFrom(home.Addr(), 77))
	plain.wants(stun.CodeAllocMismatch, stun.MethodRefresh, raw(attrMobilityTicket, second...)) // it has one of its own
	if s.Stats().Moved != 1 {
		t.Errorf("%d moves", s.Stats().Moved)
	}
	moved.wants(0, stun.MethodRefresh, lifetime(0))
	plain.wants(0, stun.MethodRefresh, lifetime(0))
	s.empty()
}

func TestAStreamThatClosesTakesItsAllocationAlong(t *testing.T) {
	s := newStory(t, nil)
	plain, mobileOne := s.client(home), s.client(mobile)
	plain.tuple.Transport, plain.tuple.Conn = TLS, 1
	mobileOne.tuple.Transport, mobileOne.tuple.Conn = TCP, 2
	plain.wants(0, stun.MethodAllocate, overUDP)
	mobileOne.wants(0, stun.MethodAllocate, overUDP, raw(attrMobilityTicket))
	s.out.Reset()
	s.Gone(1, plain.tuple, &s.out)
	s.Gone(2, mobileOne.tuple, &s.out)
	if len(s.out.Ended) != 1 || len(s.byID) != 1 || !s.Has(mobileOne.tuple) {
		t.Errorf("ended %v, %d are left", s.out.Ended, len(s.byID))
	}
}

// Without relay sockets an allocation reaches this server's media, and needs none.
func TestOwnMediaOnly(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.Relays, o.UserQuota, o.Challenges = nil, 1000, 10_000 })
	seen := map[netip.AddrPort]bool{}
	for i := range 500 {
		c := s.client(netip.AddrPortFrom(home.Addr(), uint16(1000+i)))
		c.wants(0, stun.MethodAllocate, overUDP)
		a := c.relayed()
		if a.Addr() != here.Addr() || seen[a] || a.Port()%2 != 0 {
			t.Fatalf("relayed at %v", a)
		}
		seen[a] = true
	}
	c := s.client(mobile)
	c.wants(0, stun.MethodAllocate, overUDP)
	c.wants(0, stun.MethodCreatePermission, to(own))
	c.wants(stun.CodeForbidden, stun.MethodCreatePermission, to(bob))
	c.wants(stun.CodeForbidden, stun.MethodChannelBind, number(0x4000), to(netip.AddrPortFrom(own.Addr(), 22)))
	c.sends(own, "a check")
	if len(s.out.Own) != 1 || s.out.Own[0].Peer != own || string(s.out.Own[0].Data) != "a check" {
		t.Errorf("to our media %v", s.out.Own)
	}
	c.sends(netip.AddrPortFrom(own.Addr(), 22), "a knock")
	if len(s.out.Own)+len(s.out.Peers) != 0 {
		t.Error("another port of ours is reached")
	}
	id := s.byTuple[c.tuple].id
	s.out.Reset()
	s.FromOwn(s.now, id, own, []byte("an answer"), &s.out)
	if len(s.out.Clients) != 1 {
		t.Error("the answer does not come")
	}
	s.out.Reset()
	s.FromOwn(s.now, id+1000, own, []byte("for nobody"), &s.out)
	if !s.out.Empty() {
		t.Error("an answer for nobody")
	}
	tcp := s.client(netip.AddrPortFrom(home.Addr(), 9))
	tcp.tuple.Transport, tcp.tuple.Conn = TCP, 9
	tcp.wants(stun.CodeUnsupportedTransProto, stun.MethodAllocate, overTCP)
	tcp.wants(stun.CodeInsufficientCapacity, stun.MethodAllocate, overUDP, raw(stun.AttrEvenPort, 0x80))
	tcp.wants(stun.CodeAddrFamilyNotSupported, stun.MethodAllocate, overUDP, raw(stun.AttrRequestedAddressFamily, 2, 0, 0, 0))
}

// A relayed address without a socket stays taken when an allocation ends whose
// socket has the same.
func TestAddressesWithoutASocketStayTaken(t *testing.T) {
	s := newStory(t, nil)
	socket := s.allocated(home)
	at := socket.relayed()
	s.users.ownOnly, s.virtual = true, at.Port()-2
	virtual := s.allocated(mobile)
	if got := virtual.relayed(); got != at {
		t.Fatalf("relayed at %v, want %v as the other", got, at)
	}
	socket.wants(0, stun.MethodRefresh, lifetime(0))
	s.virtual = at.Port() - 2
	if got := s.allocated(home).relayed(); got == at {
		t.Errorf("%v is given to two", at)
	}
}
