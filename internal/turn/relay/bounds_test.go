package relay

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/turn/policy"
)

// peerNumber returns one of many peers.
func peerNumber(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{9, 9, byte(i >> 8), byte(i)}), 7000)
}

// A request for more than an allocation may have gets nothing, not a part.
func TestTooManyPeersAtOnce(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	var peers []stun.Setter
	for i := range maxPermissions + 1 {
		peers = append(peers, to(peerNumber(i)))
	}
	c.wants(stun.CodeBadRequest, stun.MethodCreatePermission, peers...)
	c.wants(stun.CodeBadRequest, stun.MethodCreatePermission, to(bob), raw(stun.AttrXORPeerAddress, 0, 3, 1, 2))
	if n := len(s.byTuple[c.tuple].permissions); n != 0 {
		t.Errorf("%d peers are permitted", n)
	}
	c.wants(0, stun.MethodCreatePermission, peers[:maxPermissions]...)
	c.wants(stun.CodeInsufficientCapacity, stun.MethodChannelBind, number(0x4000), peers[maxPermissions])
	c.wants(0, stun.MethodChannelBind, number(0x4000), peers[0]) // which is permitted already
}

// Connections that a client asks for have an end, too.
func TestTooManyConnections(t *testing.T) {
	s := newStory(t, nil)
	c := s.tcpClient()
	for i := range maxStreams {
		c.send(c.request(stun.MethodConnect, to(peerNumber(i))).Raw)
	}
	c.wants(stun.CodeInsufficientCapacity, stun.MethodConnect, to(bob))
	c.wants(stun.CodeConnAlreadyExists, stun.MethodConnect, to(peerNumber(0)))
	c.wants(stun.CodeBadRequest, stun.MethodConnect)
	if n := len(s.pending); n != maxStreams {
		t.Errorf("%d are waited for", n)
	}
	udp := s.allocated(mobile)
	udp.wants(stun.CodeBadRequest, stun.MethodConnect, to(bob))
	s.client(peerNumber(1)).wants(stun.CodeAllocMismatch, stun.MethodConnect, to(bob))
	s.after(2 * time.Hour)
	s.empty()
}

// Only the user who asked for a connection may take it, by a stream that is free.
func TestConnectionsAreNotTakenByOthers(t *testing.T) {
	s := newStory(t, nil)
	c := s.tcpClient()
	c.wants(0, stun.MethodCreatePermission, to(bob))
	id, ok := s.Accepted(s.now, s.byTuple[c.tuple].relays[0].ID, bob, &s.out)
	if !ok {
		t.Fatal("a permitted peer is refused")
	}
	second := func(conn uint64) *client {
		d := s.client(netip.AddrPortFrom(home.Addr(), uint16(5000+conn)))
		d.tuple.Transport, d.tuple.Conn = TCP, conn
		return d
	}
	connection := number32{stun.AttrConnectionID, id}
	thief := second(2)
	thief.name, thief.password = "mallory", "malice"
	thief.wants(stun.CodeBadRequest, stun.MethodConnectionBind, connection)
	second(3).wants(stun.CodeBadRequest, stun.MethodConnectionBind, number32{stun.AttrConnectionID, id + 1})
	second(4).wants(stun.CodeBadRequest, stun.MethodConnectionBind)
	s.client(mobile).wants(stun.CodeBadRequest, stun.MethodConnectionBind, connection) // by UDP
	c.wants(stun.CodeBadRequest, stun.MethodConnectionBind, connection)                // by its own control stream
	second(5).wants(0, stun.MethodConnectionBind, connection)
	s.after(streamPatience) // it is bound, so nothing ends
	if len(s.Server.streams) != 1 || len(s.pending) != 0 {
		t.Errorf("%d connections, %d waited for", len(s.Server.streams), len(s.pending))
	}
	s.out.Reset()
	s.Gone(1, c.tuple, &s.out)
	if len(s.out.Streams) != 1 || s.out.Streams[0] != (StreamAction{Kind: StreamDrop, Stream: id}) {
		t.Errorf("asks for %v", s.out.Streams)
	}
	s.empty()
}

// Somebody who may reach our media only does not get to other ports of its
// address, though the policy would let others.
func TestOwnMediaIsNotTheWholeAddress(t *testing.T) {
	media := netip.MustParseAddrPort("9.9.9.9:443")
	s := newStory(t, func(o *Options, _ *ports) {
		o.Policy = policy.Policy{Relay: true, Own: func(a netip.AddrPort) bool { return a == media }}
		o.OwnAddr = func(a netip.Addr) bool { return a == media.Addr() }
	})
	s.users.ownOnly = true
	c := s.allocated(home)
	c.wants(0, stun.MethodCreatePermission, to(media))
	c.wants(stun.CodeForbidden, stun.MethodChannelBind, number(0x4000), to(bob)) // the same address
	c.wants(0, stun.MethodChannelBind, number(0x4000), to(media))
	before := s.Stats().Forbidden
	c.sends(bob, "a knock")
	if !s.out.Empty() || s.Stats().Forbidden != before+1 {
		t.Errorf("%+v, %+v", s.out, s.Stats())
	}
	c.send(channelMessage(0x4000, "a check"))
	if len(s.out.Own) != 1 || s.out.Own[0].Peer != media || string(s.out.Own[0].Data) != "a check" {
		t.Errorf("to our media %v", s.out.Own)
	}
	s.out.Reset()
	s.FromOwn(s.now, s.byTuple[c.tuple].id, media, []byte("an answer"), &s.out)
	if len(s.out.Clients) != 1 || string(s.out.Clients[0].Data) != string(channelMessage(0x4000, "an answer")) {
		t.Errorf("to the client %q", s.out.Clients)
	}
	if len(s.ports.asked) != 0 {
		t.Error("a socket was opened for it")
	}
}

// Relayed addresses without a socket are given anew when the last one is reached,
// but for those that are in use.
func TestAddressesWithoutASocketComeAround(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.Relays = nil })
	first := s.allocated(home)
	at := first.relayed()
	s.virtual = lastVirtual - 4
	seen := map[netip.AddrPort]bool{at: true}
	for i := range 4 {
		c := s.allocated(netip.AddrPortFrom(mobile.Addr(), uint16(1000+i)))
		if a := c.relayed(); seen[a] || a.Port() < firstVirtual || a.Port()%2 != 0 {
			t.Errorf("relayed at %v", a)
		}
		seen[c.relayed()] = true
	}
	s.after(time.Hour)
	s.empty()
}

// From the second address a client is told of the first.
func TestDiscoveryFromTheOtherSide(t *testing.T) {
	other := netip.MustParseAddrPort("198.51.100.2:3479")
	s := newStory(t, func(o *Options, _ *ports) { o.Alternate = other })
	c := s.client(home)
	c.tuple.Local = other
	c.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest, raw(stun.AttrChangeRequest, 0, 0, 0, changeIP|changePort)).Raw)
	if len(s.out.Clients) != 1 || s.out.Clients[0].To.Local != here {
		t.Errorf("answered by %v, want from %v", s.out.Clients, here)
	}
	reply := c.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	var told stun.OtherAddress
	if err := told.GetFrom(reply); err != nil || told.Port != int(here.Port()) || !told.IP.Equal(here.Addr().AsSlice()) {
		t.Errorf("the other address is %v (%v), want %v", told, err, here)
	}
	if code := c.code(stun.MustBuild(stun.TransactionID, stun.BindingRequest, raw(stun.AttrChangeRequest, 6))); code != stun.CodeBadRequest {
		t.Errorf("a short CHANGE-REQUEST: %d, want 400", code)
	}
}

// Clients of the first STUN that can't be answered from where they want hear
// nothing, which is an answer, too (RFC 3489 §10.1); odd ones do no harm.
func TestOddClientsOfTheFirstSTUN(t *testing.T) {
	s := newStory(t, nil)
	ask := func(transport Transport, attributes ...byte) int {
		b := append([]byte{0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, attributes...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(attributes)))
		s.out.Reset()
		s.Handle(s.now, Tuple{Transport: transport, Remote: home, Local: here}, b, &s.out)
		return len(s.out.Clients)
	}
	for name, v := range map[string]struct {
		answers int
		got     int
	}{
		"change of nothing":           {1, ask(UDP, 0, 3, 0, 4, 0, 0, 0, 0)},
		"change of the address":       {0, ask(UDP, 0, 3, 0, 4, 0, 0, 0, changeIP)},
		"an attribute that is longer": {1, ask(UDP, 0, 3, 0, 200, 0, 0, 0, 6)},
		"half an attribute":           {1, ask(UDP, 0, 3)},
		"by TCP":                      {0, ask(TCP)},
	} {
		if v.got != v.answers {
			t.Errorf("%s: %d answers, want %d", name, v.got, v.answers)
		}
	}
}

// W3C's names of transports are told to clients and in the log.
func TestTransportsHaveNames(t *testing.T) {
	want := map[Transport]string{UDP: "udp", TCP: "tcp", TLS: "tls", DTLS: "dtls", 9: "unknown"}
	for transport, name := range want {
		if got := transport.String(); got != name {
			t.Errorf("%d is %q, want %q", transport, got, name)
		}
	}
	if got := (Tuple{Transport: TLS, Remote: home}).String(); got != "tls 192.0.2.7:5000" {
		t.Errorf("a tuple is %q", got)
	}
}
