package peer

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
	"github.com/tutti-rtc/tutti/internal/udp"
)

var relayed = netip.MustParseAddrPort("198.51.100.1:50000")

// A client comes by the relay in this process, gets media by it, and is looked
// for elsewhere when the relay lets go of it.
func TestARelayedClientNeedsNoSocket(t *testing.T) {
	tcpStory(t, func(t *testing.T, s *Server, p *Peer) {
		replies := make(chan []byte, 10)
		tunnel, err := s.Attach(relayed, ice.RelayTLS, func(b []byte) { replies <- append([]byte(nil), b...) })
		if err != nil {
			t.Fatal(err)
		}
		tunnel.Receive(check(t, p, true))
		m := &stun.Message{Raw: <-replies}
		var mapped stun.XORMappedAddress
		if err := m.Decode(); err != nil || m.Type != stun.BindingSuccess || mapped.GetFrom(m) != nil {
			t.Fatalf("the check was answered with %v (%v)", m, err)
		}
		if mapped.Port != int(relayed.Port()) {
			t.Errorf("the client is seen at %v, want its relayed address %v", mapped, relayed)
		}
		p.loop.Do(func(now media.Time) { p.Sender("3").Write(now, frame(1, 1000)) })
		if b := <-replies; len(b) < 1000 {
			t.Errorf("%d bytes came, want a media packet", len(b))
		}
		if n := s.Stats().Selected[Way{ice.UDP, ice.RelayTLS}]; n != 1 {
			t.Errorf("%d peers are counted as relayed over TLS: %v", n, s.Stats().Selected)
		}

		tunnel.Close()
		tunnel.Close()
		p.loop.Do(func(media.Time) {
			if p.selected.Load() != nil {
				t.Error("the server still sends into the closed tunnel")
			}
		})
		if len(s.conns) != 0 || s.tunnels != 0 {
			t.Errorf("%d ways are left, %d tunnels counted", len(s.conns), s.tunnels)
		}
		s.tunnels = maxTunnels
		if _, err := s.Attach(relayed, ice.RelayUDP, nil); !errors.Is(err, errTooManyTunnels) {
			t.Errorf("one tunnel too many: %v", err)
		}
	})
}

func TestNoiseInATunnelIsNobodys(t *testing.T) {
	tcpStory(t, func(t *testing.T, s *Server, _ *Peer) {
		tunnel, err := s.Attach(relayed, ice.RelayUDP, func([]byte) { t.Error("an answer to noise") })
		if err != nil {
			t.Fatal(err)
		}
		defer tunnel.Close()
		for _, b := range [][]byte{nil, {0x80, 96, 0, 1}, make([]byte, 2000), {22, 254, 253}} {
			tunnel.Receive(b)
		}
		if n := s.strays.Load(); n != 4 {
			t.Errorf("%d strays counted, want 4", n)
		}
	})
}

// What is no peer's goes to the STUN and TURN server, and nothing else does: one
// socket of a client may be both its own way here and its way to the relay.
func TestStrangers(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	allocate := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.NewUsername("1800000000:anna")).Raw
	binding := stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw
	for name, c := range map[string]struct {
		data  []byte
		known *Peer
		want  bool
	}{
		"a check":                              {check(t, p, true), nil, false},
		"a check from a peer's address":        {check(t, p, true), p, false},
		"STUN":                                 {binding, nil, true},
		"STUN from a peer's address":           {binding, p, true},
		"TURN whose user name has a colon":     {allocate, p, true},
		"channel data":                         {[]byte{0x40, 0, 0, 0}, nil, true},
		"channel data from a peer's address":   {[]byte{0x40, 0, 0, 0}, p, true},
		"an old client's channel data":         {[]byte{0x7f, 0, 0, 0}, p, true},
		"QUIC":                                 {[]byte{0xc0, 0, 0, 0}, nil, false},
		"DTLS":                                 {[]byte{22, 254, 253}, nil, true},
		"DTLS from a peer's address":           {[]byte{22, 254, 253}, p, false},
		"RTP from an address that is nobody's": {[]byte{0x80, 96, 0, 1}, nil, false},
		"nothing":                              {nil, nil, false},
	} {
		if got := strange(c.data, c.known); got != c.want {
			t.Errorf("%s: for STUN and TURN %v, want %v", name, got, c.want)
		}
	}
}

func TestStrangersAreHandedOn(t *testing.T) {
	got := make(chan string, 1)
	s, err := Listen(Options{Strangers: func(batch []udp.Datagram) { got <- batch[0].Addr.String() }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"), udp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	binding := stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw
	if _, err := client.NewWriter().Write([]udp.Burst{{Addr: s.LocalAddr(), Data: binding}}); err != nil {
		t.Fatal(err)
	}
	select {
	case from := <-got:
		if from != client.LocalAddr().String() {
			t.Errorf("from %s, want %v", from, client.LocalAddr())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the datagram was not handed on")
	}
}

func TestTheServerKnowsItsOwnAddresses(t *testing.T) {
	l, _ := bareLoop(Options{Advertise: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.80:0")}})
	for addr, want := range map[string]bool{
		"192.0.2.80:443": true, "198.51.100.1:443": true,
		"192.0.2.80:80": false, "192.0.2.81:443": false, "127.0.0.1:443": false,
	} {
		if got := l.server.Owns(netip.MustParseAddrPort(addr)); got != want {
			t.Errorf("%s is the server's: %v, want %v", addr, got, want)
		}
	}
	// Where the client has reached it is told to that client, once.
	reached := netip.MustParseAddrPort("203.0.113.9:8080")
	list := l.server.candidates(reached, reached, netip.MustParseAddrPort("192.0.2.80:443"))
	if len(list) != 3 || list[2].Addr != reached {
		t.Errorf("candidates %v", list)
	}
}
