package peer

import (
	"net/netip"
	"testing"

	"github.com/tutti-rtc/tutti/internal/peer/answer"
	"github.com/tutti-rtc/tutti/internal/udp"
)

func TestAServerBehindANATIsFoundByItsPublicAddress(t *testing.T) {
	l, _ := bareLoop(Options{
		Advertise: []netip.AddrPort{
			netip.MustParseAddrPort("192.0.2.80:0"), // the port is the same outside
			netip.MustParseAddrPort("192.0.2.81:8443"),
			netip.MustParseAddrPort("[2001:db8::80]:0"),
		},
		TCP: true,
	})
	got := l.server.candidates()
	var want []answer.Candidate
	for _, proto := range []answer.Proto{answer.UDP, answer.TCP} {
		for _, a := range []string{"192.0.2.80:443", "192.0.2.81:8443", "[2001:db8::80]:443", "198.51.100.1:443"} {
			want = append(want, answer.Candidate{Proto: proto, Addr: netip.MustParseAddrPort(a)})
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d candidates, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("candidate %d is %v, want %v", i, got[i], want[i])
		}
	}
	// Nobody accepts TCP: then it is not advertised.
	l.server.opts.TCP = false
	if n := len(l.server.candidates()); n != 4 {
		t.Errorf("%d candidates without TCP, want 4", n)
	}
}

func TestAWildcardListenerNamesAllItsAddresses(t *testing.T) {
	conn, err := udp.Listen(netip.MustParseAddrPort("[::]:0"), udp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	l, _ := bareLoop(Options{Advertise: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.80:0")}})
	l.server.conn = conn
	list := l.server.Addresses()
	port := conn.LocalAddr().Port()
	for i, a := range list {
		ip := a.Addr()
		if a.Port() != port || ip.IsUnspecified() || ip.IsLinkLocalUnicast() || ip.Is4In6() || i > 0 && ip.IsLoopback() {
			t.Errorf("%v is of no use to a client", a)
		}
	}
	if list[0].Addr() != netip.MustParseAddr("192.0.2.80") {
		t.Errorf("%v comes before what the operator says", list[0])
	}
	// Without an address of the operator there is always one: a machine
	// without a network still serves itself.
	l.server.opts.Advertise = nil
	if len(l.server.Addresses()) == 0 {
		t.Error("nobody can reach the server, not even from the same machine")
	}
}
