package peer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
)

// check is a connectivity check of the client "anna" for a bare peer.
func check(t testing.TB, p *Peer, nominate bool) []byte {
	t.Helper()
	attrs := []stun.Setter{
		stun.BindingRequest, stun.TransactionID, stun.NewUsername(p.creds.Ufrag + ":anna"),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{1, 0, 0, 0}},
	}
	if nominate {
		attrs = append(attrs, stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	m, err := stun.Build(append(attrs, stun.NewShortTermIntegrity(p.creds.Pwd), stun.Fingerprint)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// comes hands a datagram to a bare server as the reader of the socket does, and
// reports whether it had an owner.
func comes(now media.Time, s *Server, from ice.Address, b []byte) bool {
	p := s.peerOf(from, b, s.byAddr[from.Remote])
	if p != nil {
		d := s.newDatagram(p, from, b)
		p.handle(now, d)
		s.freeDatagram(d)
	}
	return p != nil
}

func TestAClientOfAServerWithTwoAddressesKeepsItsMedia(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	// The client checks both of the server's addresses from one port, and
	// settles on the second.
	lan, vpn := clientAddr, clientAddr
	vpn.Local = netip.MustParseAddr("10.8.0.1")
	if !comes(epoch, l.server, lan, check(t, p, false)) || !comes(epoch, l.server, vpn, check(t, p, true)) {
		t.Fatal("a check was not recognised")
	}
	packet := []byte{0x80, 96, 0, 1}
	now := epoch
	for range 10 {
		now = after(t, p, now, 5*time.Second)
		comes(now, l.server, vpn, check(t, p, true))
		if !comes(now, l.server, vpn, packet) {
			t.Fatalf("after %v its packets belong to nobody", now.Sub(epoch))
		}
	}
	if p.agent.Valid(lan) || len(p.addrs) != 1 {
		t.Error("the way that is not used was not forgotten")
	}
	// When the last way is gone, so is the route.
	p.end(now, false)
	if len(l.server.byAddr) != 0 || len(l.server.byUfrag) != 0 {
		t.Errorf("%d addresses and %d username fragments are left", len(l.server.byAddr), len(l.server.byUfrag))
	}
}

func TestAReloadedPageTakesItsPortOver(t *testing.T) {
	l, _ := bareLoop(Options{})
	before, after := barePeer(t, l, offerAll), barePeer(t, l, offerAll)
	comes(epoch, l.server, clientAddr, check(t, before, true))
	comes(epoch, l.server, clientAddr, check(t, after, true))
	if l.server.byAddr[clientAddr.Remote] != after {
		t.Fatal("the newest check does not decide whose a port is")
	}
	before.end(epoch, false) // must not take the route with it
	if l.server.byAddr[clientAddr.Remote] != after {
		t.Error("the end of the former peer took the port away from the new one")
	}
}

func TestAnICERestartForgetsTheOldFragment(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	comes(epoch, l.server, clientAddr, check(t, p, true))
	old := p.creds.Ufrag
	fresh := ice.Credentials{Ufrag: "fresh", Pwd: "0123456789012345678901"}
	p.adopt(epoch, p.session, fresh, true)
	if l.server.byUfrag[old] != p || l.server.byUfrag["fresh"] != p {
		t.Error("until the first new check both fragments have to work")
	}
	now := after(t, p, epoch, time.Second)
	comes(now, l.server, clientAddr, check(t, p, true))
	// Nobody can come back by the old one once the new one is in use.
	for range 8 {
		now = after(t, p, now, 5*time.Second)
		comes(now, l.server, clientAddr, check(t, p, true))
	}
	if l.server.byUfrag[old] != nil || len(p.ufrags) != 1 {
		t.Error("the old fragment still leads to the peer")
	}
}
