package relay

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func TestBindings(t *testing.T) {
	s := newStory(t, nil)
	c := s.client(home)
	reply := c.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.Fingerprint).Raw)
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(reply); err != nil || mapped.Port != int(home.Port()) || !mapped.IP.Equal(home.Addr().AsSlice()) {
		t.Errorf("mapped to %v (%v)", mapped, err)
	}
	if stun.Fingerprint.Check(reply) != nil {
		t.Error("who sends a fingerprint gets one")
	}
	if reply.Contains(stun.AttrOtherAddress) || reply.Contains(stun.AttrSoftware) {
		t.Error("it tells more than was asked for")
	}
	broken := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.Fingerprint).Raw
	broken[len(broken)-1] ^= 1
	for name, b := range map[string][]byte{
		"a check of a peer":    stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername("a:b"), stun.NewShortTermIntegrity("x")).Raw,
		"a broken fingerprint": broken,
		"an answer":            stun.MustBuild(stun.TransactionID, stun.BindingSuccess).Raw,
		"an indication":        stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodBinding, stun.ClassIndication)).Raw,
		"a method of nobody":   stun.MustBuild(stun.TransactionID, stun.NewType(0x0ab, stun.ClassRequest)).Raw,
		"noise":                []byte("noise"),
	} {
		if got := c.send(b); got != nil {
			t.Errorf("%s is answered with %v", name, got)
		}
	}
	if code := c.code(stun.MustBuild(stun.TransactionID, stun.BindingRequest, raw(stun.AttrChangeRequest, 0, 0, 0, 6))); code != stun.CodeUnknownAttribute {
		t.Errorf("CHANGE-REQUEST without an alternate: %d, want 420", code)
	}
	// A client of the first STUN.
	old := []byte{0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	s.out.Reset()
	s.Handle(s.now, c.tuple, old, &s.out)
	if len(s.out.Clients) != 1 {
		t.Fatal("the first STUN is not answered")
	}
	got := s.out.Clients[0].Data
	want := append([]byte{1, 1, 0, 24, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 0, 8, 0, 1, 0x13, 0x88, 192, 0, 2, 7},
		0, 4, 0, 8, 0, 1, 0x0d, 0x96, 198, 51, 100, 1)
	if string(got) != string(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// With a second address a client finds out how its NAT behaves (RFC 5780).
func TestDiscovery(t *testing.T) {
	other := netip.MustParseAddrPort("198.51.100.2:3479")
	s := newStory(t, func(o *Options, _ *ports) { o.Alternate = other })
	c := s.client(home)
	for flags, from := range map[byte]netip.AddrPort{
		0: here, changeIP: netip.AddrPortFrom(other.Addr(), here.Port()),
		changePort: netip.AddrPortFrom(here.Addr(), other.Port()), changeIP | changePort: other,
	} {
		c.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest, raw(stun.AttrChangeRequest, 0, 0, 0, flags)).Raw)
		m := s.out.Clients[0]
		if m.To.Local != from {
			t.Errorf("change %b: answered from %v, want %v", flags, m.To.Local, from)
		}
		reply := &stun.Message{Raw: m.Data}
		var origin, alternate stun.OtherAddress
		if err := reply.Decode(); err != nil {
			t.Fatal(err)
		}
		if err := alternate.GetFrom(reply); err != nil || alternate.Port != 3479 {
			t.Errorf("the other address is %v (%v)", alternate, err)
		}
		v, _ := reply.Get(stun.AttrResponseOrigin)
		if origin.Port = int(binary.BigEndian.Uint16(v[2:])); origin.Port != int(from.Port()) {
			t.Errorf("it says that it comes from port %d", origin.Port)
		}
	}
	c.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest, raw(stun.AttrResponsePort, 0x12, 0x34, 0, 0), raw(stun.AttrPadding, make([]byte, 40)...)).Raw)
	if at := s.out.Clients[0].To.Remote; at.Port() != 0x1234 {
		t.Errorf("the answer goes to %v", at)
	}
	if code := c.code(stun.MustBuild(stun.TransactionID, stun.BindingRequest, raw(stun.AttrResponsePort, 0, 0, 0, 0))); code != stun.CodeBadRequest {
		t.Errorf("RESPONSE-PORT 0: %d", code)
	}
	// Of another family there is no second address.
	six := &client{s: s, tuple: Tuple{Remote: bobV6, Local: netip.MustParseAddrPort("[2001:db8::1]:3478")}}
	if reply := six.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); reply.Contains(stun.AttrOtherAddress) {
		t.Error("an IPv6 client is told an IPv4 address")
	}
	// The first STUN asks for the same.
	old := append([]byte{0, 1, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0, 3, 0, 4, 0, 0, 0, 6)
	s.out.Reset()
	s.Handle(s.now, c.tuple, old, &s.out)
	if len(s.out.Clients) != 1 || s.out.Clients[0].To.Local != other {
		t.Errorf("the first STUN: %v", s.out.Clients)
	}
}

// tcpClient has a TCP allocation.
func (s *story) tcpClient() *client {
	s.t.Helper()
	c := s.client(home)
	c.tuple.Transport, c.tuple.Conn = TCP, 1
	c.wants(0, stun.MethodAllocate, overTCP)
	return c
}

func TestTCPAllocations(t *testing.T) {
	s := newStory(t, nil)
	c := s.tcpClient()
	second := &client{s: s, tuple: c.tuple, name: c.name, password: c.password, realm: c.realm, nonce: c.nonce}
	second.tuple.Conn, second.tuple.Remote = 2, netip.AddrPortFrom(home.Addr(), 5001)
	if !s.ports.asked[0].TCP {
		t.Error("a UDP port was asked for")
	}
	c.wants(stun.CodeBadRequest, stun.MethodChannelBind, number(0x4000), to(bob))
	c.wants(stun.CodeForbidden, stun.MethodConnect, to(private))
	c.wants(stun.CodeForbidden, stun.MethodConnect, to(own))

	// It dials: the answer waits for the peer's.
	m := c.request(stun.MethodConnect, to(bob))
	if reply := c.send(m.Raw); reply != nil || len(s.out.Streams) != 1 || s.out.Streams[0].Kind != StreamDial || s.out.Streams[0].Peer != bob {
		t.Fatalf("answered %v, asks for %v", reply, s.out.Streams)
	}
	id := s.out.Streams[0].Stream
	c.wants(stun.CodeConnAlreadyExists, stun.MethodConnect, to(bob))
	second.wants(stun.CodeBadRequest, stun.MethodConnectionBind, number32{stun.AttrConnectionID, id}) // not yet
	s.out.Reset()
	if !s.Dialed(s.now, id, true, &s.out) || len(s.out.Clients) != 1 {
		t.Fatal("the client is not told")
	}
	reply := &stun.Message{Raw: s.out.Clients[0].Data}
	if err := reply.Decode(); err != nil || reply.TransactionID != m.TransactionID || reply.Type.Class != stun.ClassSuccessResponse {
		t.Fatalf("%v, %v", reply, err)
	}
	second.wants(0, stun.MethodConnectionBind, number32{stun.AttrConnectionID, id})
	if len(s.out.Streams) != 1 || s.out.Streams[0].Kind != StreamJoin || s.out.Streams[0].Client != second.tuple {
		t.Errorf("asks for %v", s.out.Streams)
	}
	second.wants(stun.CodeBadRequest, stun.MethodConnectionBind, number32{stun.AttrConnectionID, id}) // again
	s.Closed(id)

	// A peer does not answer.
	c.send(c.request(stun.MethodConnect, to(carol)).Raw)
	id = s.out.Streams[0].Stream
	s.out.Reset()
	if s.Dialed(s.now, id, false, &s.out) {
		t.Error("a failed connection is wanted")
	}
	failed := &stun.Message{Raw: s.out.Clients[0].Data}
	var code stun.ErrorCodeAttribute
	if failed.Decode() != nil || code.GetFrom(failed) != nil || code.Code != stun.CodeConnTimeoutOrFailure {
		t.Errorf("answered with %v, want 447", failed)
	}

	// A peer dials: only one with a permission, and the client is told.
	relay := s.byTuple[c.tuple].relays[0].ID
	s.out.Reset()
	stranger := netip.MustParseAddrPort("8.8.8.8:1")
	if _, ok := s.Accepted(s.now, relay, stranger, &s.out); ok {
		t.Error("a stranger is let in")
	}
	id, ok := s.Accepted(s.now, relay, bob, &s.out)
	attempt := &stun.Message{}
	if ok {
		attempt.Raw = s.out.Clients[0].Data
	}
	if !ok || attempt.Decode() != nil || attempt.Type != stun.NewType(stun.MethodConnectionAttempt, stun.ClassIndication) {
		t.Fatalf("%v, %v", ok, attempt)
	}
	// Nobody binds it in time.
	if at := s.Deadline(); at != s.now.Add(streamPatience) {
		t.Errorf("the deadline is in %v", at.Sub(s.now))
	}
	s.out.Reset()
	s.after(streamPatience)
	if len(s.out.Streams) != 1 || s.out.Streams[0] != (StreamAction{Kind: StreamDrop, Stream: id}) {
		t.Errorf("asks for %v", s.out.Streams)
	}

	// There is an end to them, and they end with the allocation.
	n := 0
	for range 2 * maxStreams {
		if _, ok := s.Accepted(s.now, relay, bob, &s.out); ok {
			n++
		}
	}
	if n != maxStreams {
		t.Errorf("%d connections", n)
	}
	s.after(time.Second)
	c.wants(0, stun.MethodRefresh, lifetime(0))
	drops := 0
	for _, a := range s.out.Streams {
		if a.Kind == StreamDrop {
			drops++
		}
	}
	if drops != maxStreams {
		t.Errorf("%d connections are closed", drops)
	}
	s.empty()
}

func TestDialThatNobodyWaitsFor(t *testing.T) {
	s := newStory(t, nil)
	c := s.tcpClient()
	c.send(c.request(stun.MethodConnect, to(bob)).Raw)
	id := s.out.Streams[0].Stream
	s.out.Reset()
	s.after(streamPatience) // the client is told that it failed
	if len(s.out.Clients) != 1 || len(s.out.Streams) != 1 {
		t.Errorf("%d messages, %v", len(s.out.Clients), s.out.Streams)
	}
	if s.Dialed(s.now, id, true, &s.out) {
		t.Error("a late answer is wanted")
	}
}
