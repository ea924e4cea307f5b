// Package peertest puts a media server and Pion clients on a network in memory,
// for tests: in a testing/synctest bubble a call of minutes, with its losses,
// NATs and handshakes, takes milliseconds.
//
// It is not a room: tests bring their own handlers and routers. What it starts
// ends with the test.
package peertest

import (
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/udp"
)

// World is a network with one media server on it.
type World struct {
	Net    *netsim.Network
	Server *peer.Server
	// Host is the server's place in the network.
	Host *netsim.Node
	// Addr is where the server listens.
	Addr netip.AddrPort

	t     testing.TB
	hosts byte
}

// New starts a server at 198.51.100.1:443 of a network with the given seed. Both
// end with the test. It is to be called in a synctest bubble.
func New(t testing.TB, seed uint64, o peer.Options) *World {
	t.Helper()
	w := &World{t: t, Net: netsim.New(seed), Addr: netip.MustParseAddrPort("198.51.100.1:443")}
	t.Cleanup(w.Net.Close)
	w.Host = w.Net.AddHost(nil, "server", w.Addr.Addr())
	conn, err := w.Net.Listen(w.Host, w.Addr.Port())
	if err != nil {
		t.Fatal(err)
	}
	o.Conn = udp.Wrap(conn)
	if w.Server, err = peer.Listen(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Server.Close() })
	return w
}

// NextAddr returns an address of the internet that nobody has.
func (w *World) NextAddr() netip.Addr {
	w.hosts++
	return netip.AddrFrom4([4]byte{203, 0, 113, w.hosts})
}

// NewNAT joins a NAT to the internet.
func (w *World) NewNAT(name string, kind netsim.NATKind) *netsim.Node {
	return w.Net.AddNAT(nil, name, w.NextAddr(), netsim.NATOptions{Kind: kind})
}

// Client is a Pion PeerConnection on a host of its own.
type Client struct {
	*webrtc.PeerConnection
	Host *netsim.Node
	// Conn is the socket of its ICE agent: what a test writes to it comes to
	// the server from where the client's media comes from.
	Conn *Socket

	world *World
}

// ClientOptions configure a Client. The zero value is a client on the internet
// that sends no RTCP but what the test writes.
type ClientOptions struct {
	// Behind is the NAT that the client's host is joined to; nil is none.
	Behind *netsim.Node
	// NACK lets the client ask for lost packets and send again what the
	// server asks for. Reports lets it send sender and receiver reports.
	// Arrivals lets it report the arrival of each packet (transport-wide
	// congestion control).
	NACK, Reports, Arrivals bool
}

// NewClient makes a client that knows a browser's codecs and header extensions
// and checks its connection every 2 s. It ends with the test.
func (w *World) NewClient(name string, o ClientOptions) *Client {
	w.t.Helper()
	c := &Client{world: w}
	addr := w.NextAddr()
	if o.Behind != nil {
		addr = netip.AddrFrom4([4]byte{10, 0, 0, w.hosts})
	}
	c.Host = w.Net.AddHost(o.Behind, name, addr)
	conn, err := w.Net.Listen(c.Host, 0)
	w.must(err)
	c.Conn = &Socket{Conn: conn}

	quiet := &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
	media, chain := &webrtc.MediaEngine{}, &interceptor.Registry{}
	w.must(media.RegisterDefaultCodecs())
	w.must(webrtc.ConfigureSimulcastExtensionHeaders(media))
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		w.must(media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: midURI}, kind))
	}
	w.must(media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: audioLevelURI}, webrtc.RTPCodecTypeAudio))
	if o.NACK {
		w.must(webrtc.ConfigureNack(media, chain))
	}
	if o.Reports {
		w.must(webrtc.ConfigureRTCPReports(chain))
	}
	if o.Arrivals {
		w.must(webrtc.ConfigureTWCCHeaderExtensionSender(media, chain))
		w.must(webrtc.ConfigureTWCCSenderWithOptions(media, chain, twcc.WithLoggerFactory(quiet)))
	}

	var s webrtc.SettingEngine
	s.LoggerFactory = quiet
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled) // its sockets are real
	s.SetICEUDPMux(webrtc.NewICEUDPMux(s.LoggerFactory.NewLogger("mux"), c.Conn))
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICETimeouts(time.Minute, 2*time.Minute, 2*time.Second)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(s))
	c.PeerConnection, err = api.NewPeerConnection(webrtc.Configuration{})
	w.must(err)
	w.t.Cleanup(func() { c.GracefulClose() })
	return c
}

// The header extensions that browsers send beside those that Pion knows.
const (
	midURI        = "urn:ietf:params:rtp-hdrext:sdes:mid"
	audioLevelURI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
)

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// Negotiate makes an offer, lets the server answer it, and takes the answer.
func (c *Client) Negotiate(o *webrtc.OfferOptions, answer func(offer string) (string, error)) error {
	offer, err := c.CreateOffer(o)
	if err != nil {
		return err
	}
	if err := c.SetLocalDescription(offer); err != nil {
		return err
	}
	sdp, err := answer(offer.SDP)
	if err != nil {
		return err
	}
	return c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp})
}

// Send sends a datagram to the server from the client's socket.
func (c *Client) Send(b []byte) {
	c.world.t.Helper()
	_, err := c.Conn.WriteTo(b, net.UDPAddrFromAddrPort(c.world.Addr))
	c.world.must(err)
}

// Socket is a client's UDP socket, at which a test may listen.
type Socket struct {
	*netsim.Conn

	mu        sync.Mutex
	recording bool     // guarded by mu
	sent      [][]byte // guarded by mu
}

// WriteTo sends a packet (net.PacketConn).
func (s *Socket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.mu.Lock()
	if s.recording {
		s.sent = append(s.sent, slices.Clone(b))
	}
	s.mu.Unlock()
	return s.Conn.WriteTo(b, to)
}

// Record begins to copy what the client sends; stop ends it and returns the
// copies.
func (s *Socket) Record() (stop func() [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recording, s.sent = true, nil
	return func() [][]byte {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.recording = false
		return s.sent
	}
}
