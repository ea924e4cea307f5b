package relay

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func (s *story) fromPeer(c *client, peer netip.AddrPort, data string) []ToClient {
	s.out.Reset()
	relay := s.byTuple[c.tuple].relays[0]
	s.FromPeer(s.now, relay.ID, peer, []byte(data), &s.out)
	return s.out.Clients
}

func TestPermissionsLetThroughAndExpire(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	if got := s.fromPeer(c, bob, "unasked"); len(got) != 0 {
		t.Error("a packet passes without a permission")
	}
	c.wants(0, stun.MethodCreatePermission, to(bob), to(carol))
	got := s.fromPeer(c, netip.AddrPortFrom(bob.Addr(), 1), "from any port") // RFC 8656 §9
	if len(got) != 1 {
		t.Fatal("a permitted packet does not pass")
	}
	m := &stun.Message{Raw: bytes.Clone(got[0].Data)}
	if err := m.Decode(); err != nil || m.Type != stun.NewType(stun.MethodData, stun.ClassIndication) {
		t.Fatalf("%v, %v", m, err)
	}
	if data, err := m.Get(stun.AttrData); err != nil || string(data) != "from any port" {
		t.Errorf("%q, %v", data, err)
	}
	s.after(5 * time.Minute)
	if len(s.fromPeer(c, bob, "late")) != 0 {
		t.Error("the permission has not expired")
	}
	c.sends(bob, "late, too")
	if len(s.out.Peers) != 0 {
		t.Error("the client still sends")
	}
	c.wants(stun.CodeBadRequest, stun.MethodCreatePermission)
	c.wants(stun.CodeForbidden, stun.MethodCreatePermission, to(bob), to(private)) // all or none
	if len(s.fromPeer(c, bob, "half")) != 0 {
		t.Error("half of a request was granted")
	}
}

func TestChannels(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob)) // again
	c.wants(stun.CodeBadRequest, stun.MethodChannelBind, number(0x4000), to(carol))
	c.wants(stun.CodeBadRequest, stun.MethodChannelBind, number(0x4001), to(bob))
	c.wants(stun.CodeBadRequest, stun.MethodChannelBind, number(0x3fff), to(carol))
	c.wants(stun.CodeBadRequest, stun.MethodChannelBind, number(0x8000), to(carol))
	c.wants(stun.CodeBadRequest, stun.MethodChannelBind, to(carol))
	c.wants(0, stun.MethodChannelBind, number(0x7ffe), to(carol)) // of RFC 5766
	c.wants(stun.CodeForbidden, stun.MethodChannelBind, number(0x4002), to(private))

	c.send(append(channelMessage(0x4000, "hello"), 0, 0, 0)) // padded by UDP, which may be
	if len(s.out.Peers) != 1 || s.out.Peers[0].Peer != bob || string(s.out.Peers[0].Data) != "hello" {
		t.Errorf("to the peer %v", s.out.Peers)
	}
	if got := s.fromPeer(c, bob, "hi"); len(got) != 1 || string(got[0].Data) != string(channelMessage(0x4000, "hi")) {
		t.Errorf("to the client %q", got)
	}
	for name, b := range map[string][]byte{
		"an unknown channel": channelMessage(0x4abc, "x"),
		"truncated":          channelMessage(0x4000, "hello")[:6],
		"a header":           {0x40, 0},
		"nothing":            nil,
	} {
		if c.send(b); len(s.out.Peers) != 0 {
			t.Errorf("%s: relayed", name)
		}
	}
	// The permission is older than the channel; a bind renews both.
	s.after(6 * time.Minute)
	if c.send(channelMessage(0x4000, "x")); len(s.out.Peers) != 0 {
		t.Error("a channel outlives its permission")
	}
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	if c.send(channelMessage(0x4000, "x")); len(s.out.Peers) != 1 {
		t.Error("a renewed channel is dead")
	}
	for range 2 {
		c.wants(0, stun.MethodRefresh)
		s.after(5 * time.Minute)
	}
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(carol)) // both are free again
}

// A channel expires although its peer is still permitted.
func TestChannelsExpire(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	for range 3 {
		s.after(3 * time.Minute)
		c.wants(0, stun.MethodCreatePermission, to(bob))
		c.wants(0, stun.MethodRefresh)
	}
	if c.send(channelMessage(0x4000, "x")); len(s.out.Peers) != 1 {
		t.Error("it has expired too early")
	}
	s.after(time.Minute)
	if c.send(channelMessage(0x4000, "x")); len(s.out.Peers) != 0 {
		t.Error("the client still sends by it")
	}
	if got := s.fromPeer(c, bob, "x"); len(got) != 1 || got[0].Data[0]>>6 != 0 {
		t.Errorf("the peer's packet comes as %x, want a Data indication", got)
	}
}

func TestStreamsPadChannelData(t *testing.T) {
	s := newStory(t, nil)
	c := s.client(home)
	c.tuple.Transport, c.tuple.Conn = TLS, 1
	c.wants(0, stun.MethodAllocate, overUDP)
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	if got := s.fromPeer(c, bob, "hello"); len(got) != 1 || len(got[0].Data) != 12 {
		t.Errorf("%q, want 4 + 5 + 3 bytes", got)
	}
}

// Several clients of one port: each gets what its own peers send.
func TestSharedPorts(t *testing.T) {
	s := newStory(t, func(_ *Options, p *ports) { p.shared = true })
	a, b := s.allocated(home), s.allocated(mobile)
	a.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	b.wants(stun.CodeInsufficientCapacity, stun.MethodChannelBind, number(0x4000), to(bob)) // it is a's
	b.wants(0, stun.MethodCreatePermission, to(bob))
	b.sends(bob, "me too")
	if len(s.out.Peers) != 0 {
		t.Error("two clients send to one address from one port")
	}
	neighbour := netip.AddrPortFrom(bob.Addr(), 8000)
	b.sends(neighbour, "hello")
	if got := s.fromPeer(a, bob, "x"); len(got) != 1 || got[0].To != a.tuple {
		t.Errorf("bob's packet goes to %v", got)
	}
	if got := s.fromPeer(a, neighbour, "x"); len(got) != 1 || got[0].To != b.tuple {
		t.Errorf("his neighbour's goes to %v", got)
	}
	// Both permit the address and neither has sent there: it can't be told.
	if got := s.fromPeer(a, netip.AddrPortFrom(bob.Addr(), 9), "x"); len(got) != 0 || s.Stats().Ambiguous != 2 {
		t.Errorf("a packet for either goes to %v; %+v", got, s.Stats())
	}
	b.wants(0, stun.MethodCreatePermission, to(carol))
	if got := s.fromPeer(a, carol, "x"); len(got) != 1 || got[0].To != b.tuple {
		t.Errorf("carol's goes to %v", got)
	}
	a.wants(0, stun.MethodRefresh, lifetime(0))
	b.wants(0, stun.MethodChannelBind, number(0x4000), to(bob)) // it is free
	for port := range uint16(2 * maxClaims) {
		b.sends(netip.AddrPortFrom(carol.Addr(), 10000+port), "a flood")
	}
	if n := len(s.byTuple[b.tuple].claims); n > maxClaims {
		t.Errorf("%d peers are claimed", n)
	}
	s.after(6 * time.Minute) // what is not permitted any more makes room
	b.wants(0, stun.MethodCreatePermission, to(bob))
	if b.sends(netip.AddrPortFrom(bob.Addr(), 77), "hello"); len(s.out.Peers) != 1 {
		t.Error("old peers keep new ones out")
	}
	b.wants(0, stun.MethodRefresh, lifetime(0))
	s.empty()
}

func TestFloodsOfPermissionsAndChannels(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	granted, bound := 0, 0
	for i := range uint16(300) {
		peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{9, 9, byte(i >> 8), byte(i)}), 1)
		if c.ask(stun.MethodCreatePermission, to(peer)) == 0 {
			granted++
		}
		if c.ask(stun.MethodChannelBind, number(0x4000+i), to(peer)) == 0 {
			bound++
		}
	}
	if granted != maxPermissions || bound != maxChannels {
		t.Errorf("%d permissions and %d channels", granted, bound)
	}
	s.after(6 * time.Minute) // what has expired makes room
	c.wants(0, stun.MethodCreatePermission, to(bob))
}

func TestBandwidth(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.Bandwidth = 80_000 }) // 10 000 bytes a second
	c := s.allocated(home)
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	up, down := 0, 0
	for range 20 {
		c.send(channelMessage(0x4000, string(make([]byte, 1000))))
		up += len(s.out.Peers)
		down += len(s.fromPeer(c, bob, string(make([]byte, 1000))))
	}
	if up != 10 || down != 10 {
		t.Errorf("%d up and %d down in a second, want 10", up, down)
	}
	if s.Stats().Limited != 20 {
		t.Errorf("%d counted", s.Stats().Limited)
	}
	s.after(time.Second)
	if c.send(channelMessage(0x4000, "again")); len(s.out.Peers) != 1 {
		t.Error("a second later nothing passes")
	}
}

// A relayed packet allocates nothing.
func TestRelayingAllocatesNothing(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	c.wants(0, stun.MethodCreatePermission, to(carol), to(own))
	channel := channelMessage(0x4000, string(make([]byte, 1000)))
	send := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), to(carol), raw(stun.AttrData, make([]byte, 1000)...)).Raw
	data, relay, id := make([]byte, 1000), s.byTuple[c.tuple].relays[0].ID, s.byTuple[c.tuple].id
	for name, f := range map[string]func(){
		"ChannelData up":   func() { s.Handle(s.now, c.tuple, channel, &s.out) },
		"Send":             func() { s.Handle(s.now, c.tuple, send, &s.out) },
		"ChannelData down": func() { s.FromPeer(s.now, relay, bob, data, &s.out) },
		"Data":             func() { s.FromPeer(s.now, relay, carol, data, &s.out) },
		"from our media":   func() { s.FromOwn(s.now, id, own, data, &s.out) },
	} {
		before := s.Stats().Up + s.Stats().Down
		n := testing.AllocsPerRun(100, func() {
			f()
			s.out.Reset()
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if s.Stats().Up+s.Stats().Down < before+100 {
			t.Errorf("%s: nothing was relayed", name)
		}
	}
}

func BenchmarkChannelData(b *testing.B) {
	s := newStory(&testing.T{}, nil)
	c := s.allocated(home)
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(bob))
	message := channelMessage(0x4000, string(make([]byte, 1200)))
	b.ReportAllocs()
	for b.Loop() {
		s.Handle(s.now, c.tuple, message, &s.out)
		s.out.Reset()
	}
}
