package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// stunPair is a STUN server with two addresses and two ports (RFC 5780), and the
// NAT before it: it tells each client the address that the NAT would give.
type stunPair struct {
	sockets [2][2]*net.UDPConn // by address and port
	mapping Behaviour
	filter  Behaviour
}

// start serves at 127.0.0.1 and 127.0.0.2 until the test ends.
func (p *stunPair) start(t *testing.T) (primary string) {
	t.Helper()
	ports := [2]int{}
	for a, ip := range []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2)} {
		for port := range ports {
			conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: ip, Port: ports[port]})
			if err != nil {
				t.Fatal(err)
			}
			ports[port] = conn.LocalAddr().(*net.UDPAddr).Port
			p.sockets[a][port] = conn
		}
	}
	for a := range p.sockets {
		for port := range p.sockets[a] {
			done := make(chan struct{})
			go func() { defer close(done); p.serve(a, port) }()
			t.Cleanup(func() { p.sockets[a][port].Close(); <-done })
		}
	}
	return p.sockets[0][0].LocalAddr().String()
}

func (p *stunPair) serve(a, port int) {
	buf := make([]byte, 1500)
	for {
		n, from, err := p.sockets[a][port].ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		m := &stun.Message{Raw: buf[:n]}
		if m.Decode() != nil {
			continue
		}
		toA, toPort := a, port
		if change, err := m.Get(stun.AttrChangeRequest); err == nil {
			if change[3]&changeIP != 0 {
				toA = 1 - a
			}
			if change[3]&changePort != 0 {
				toPort = 1 - port
			}
		}
		if p.filtered(toA != a, toPort != port) {
			continue
		}
		// What a NAT adds to the port, by what it tells destinations apart.
		mapped := int(from.Port())
		switch p.mapping {
		case EndpointIndependent:
			mapped++
		case AddressDependent:
			mapped += 1 + a
		case AddressAndPortDependent:
			mapped += 1 + 2*a + port
		}
		answer := stun.MustBuild(m, stun.BindingSuccess,
			&stun.XORMappedAddress{IP: net.IPv4(203, 0, 113, 5), Port: mapped},
			&stun.OtherAddress{IP: p.sockets[1-a][1-port].LocalAddr().(*net.UDPAddr).IP, Port: p.sockets[1-a][1-port].LocalAddr().(*net.UDPAddr).Port})
		_, _ = p.sockets[toA][toPort].WriteToUDPAddrPort(answer.Raw, from) // a lost one is asked for again
	}
}

// filtered tells whether the NAT keeps out what comes from another address or port.
func (p *stunPair) filtered(otherIP, otherPort bool) bool {
	switch p.filter {
	case AddressDependent:
		return otherIP
	case AddressAndPortDependent:
		return otherIP || otherPort
	}
	return false
}

func TestNATsAreToldApart(t *testing.T) {
	ask := asker{300 * time.Millisecond}
	for _, kind := range []Behaviour{EndpointIndependent, AddressDependent, AddressAndPortDependent} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := &stunPair{mapping: kind, filter: kind}
			b, nat := ask.discover(context.Background(), p.start(t))
			if b.err != nil {
				t.Fatal(b.err)
			}
			if nat.Mapping != kind || nat.Filtering != kind || netip.MustParseAddrPort(nat.Mapped).Addr() != netip.MustParseAddr("203.0.113.5") {
				t.Errorf("it is taken for %+v", nat)
			}
		})
	}
}

// A port where nothing listens says so on this machine; one behind a firewall says
// nothing, and both are told apart.
func TestClosedAndSilentPortsAreToldApart(t *testing.T) {
	ask := asker{300 * time.Millisecond}
	silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address := silent.LocalAddr().String()
	if b := ask.bindTo(context.Background(), address); !errors.Is(b.err, errSilent) || b.rejected() {
		t.Errorf("of a silent port it says %v", b.err)
	}
	silent.Close()
	if b := ask.bindTo(context.Background(), address); !b.rejected() {
		t.Errorf("of a closed port it says %v", b.err)
	}
}
