package client

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/netsim"
)

// simNet is the network of a host of a simulated one, as far as Pion's ICE uses
// it for UDP.
type simNet struct {
	transport.Net // nil: what is not below is not used

	network *netsim.Network
	host    *netsim.Node
	addr    netip.Addr
}

func (s *simNet) Interfaces() ([]*transport.Interface, error) {
	eth := transport.NewInterface(net.Interface{Index: 1, MTU: 1500, Name: "eth0", Flags: net.FlagUp})
	eth.AddAddress(&net.IPNet{IP: s.addr.AsSlice(), Mask: net.CIDRMask(24, 32)})
	return []*transport.Interface{eth}, nil
}

func (s *simNet) ListenUDP(_ string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := s.network.Listen(s.host, uint16(local.Port))
	if err != nil {
		return nil, err
	}
	return &simConn{Conn: c}, nil
}

func (s *simNet) ResolveUDPAddr(network, address string) (*net.UDPAddr, error) {
	return net.ResolveUDPAddr(network, address)
}

// simConn is a socket that was not connected.
type simConn struct{ *netsim.Conn }

func (c *simConn) RemoteAddr() net.Addr      { return nil }
func (c *simConn) SetReadBuffer(int) error   { return nil }
func (c *simConn) SetWriteBuffer(int) error  { return nil }
func (c *simConn) Write([]byte) (int, error) { return 0, net.ErrClosed }
func (c *simConn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFrom(b)
	return n, err
}
func (c *simConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	n, from, err := c.ReadFrom(b)
	udp, _ := from.(*net.UDPAddr)
	return n, udp, err
}
func (c *simConn) ReadMsgUDP(b, _ []byte) (n, oobn, flags int, from *net.UDPAddr, err error) {
	n, from, err = c.ReadFromUDP(b)
	return n, 0, 0, from, err
}
func (c *simConn) WriteToUDP(b []byte, to *net.UDPAddr) (int, error) { return c.WriteTo(b, to) }
func (c *simConn) WriteMsgUDP(b, _ []byte, to *net.UDPAddr) (n, oobn int, err error) {
	n, err = c.WriteTo(b, to)
	return n, 0, err
}

// engineAt is an Engine on a host of a simulated network.
func engineAt(t *testing.T, network *netsim.Network, host *netsim.Node, addr netip.Addr) *Engine {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := registerCodecs(m); err != nil {
		t.Fatal(err)
	}
	if err := registerExtensions(m); err != nil {
		t.Fatal(err)
	}
	s := settings(EngineOptions{Log: &logging.DefaultLoggerFactory{Writer: io.Discard}})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetNet(&simNet{network: network, host: host, addr: addr})
	return &Engine{api: webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s)), lean: true}
}

// serveSTUN answers at a public address from where a question came (RFC 8489
// §2), until the network is closed.
func serveSTUN(t *testing.T, network *netsim.Network, address string) {
	t.Helper()
	ap := netip.MustParseAddrPort(address)
	c, err := network.Listen(network.AddHost(nil, "stun", ap.Addr()), ap.Port())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			question := &stun.Message{Raw: append([]byte(nil), b[:n]...)}
			udp, ok := from.(*net.UDPAddr)
			if question.Decode() != nil || !ok {
				continue
			}
			answer, err := stun.Build(question, stun.BindingSuccess, &stun.XORMappedAddress{IP: udp.IP, Port: udp.Port})
			if err == nil {
				_, _ = c.WriteTo(answer.Raw, from)
			}
		}
	}()
}
