package peer_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// events is a handler that writes down what happens.
type events struct {
	connected, lost chan struct{}
	data            chan string
}

func newEvents() *events {
	return &events{connected: make(chan struct{}, 10), lost: make(chan struct{}, 10), data: make(chan string, 100)}
}

func (e *events) Connected(media.Time)          { e.connected <- struct{}{} }
func (e *events) Lost(media.Time)               { e.lost <- struct{}{} }
func (e *events) Data(label string, msg []byte) { e.data <- label + ": " + string(msg) }

func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

func serve(t *testing.T, o peer.Options) *peer.Server {
	t.Helper()
	s, err := peer.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// browser is a Pion PeerConnection that talks to the server on loopback.
func browser(t *testing.T, networks ...webrtc.NetworkType) *webrtc.PeerConnection {
	t.Helper()
	var se webrtc.SettingEngine
	se.SetIncludeLoopbackCandidate(true)
	se.SetNetworkTypes(networks)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.GracefulClose() })
	return pc
}

// negotiate sends an offer to the server and takes its answer.
func negotiate(t *testing.T, pc *webrtc.PeerConnection, p *peer.Peer, opts *webrtc.OfferOptions, edit func(string) string) *answer.Session {
	t.Helper()
	offer, err := pc.CreateOffer(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	sdp := offer.SDP
	if edit != nil {
		sdp = edit(sdp)
	}
	session, err := p.Negotiate(sdp)
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: session.SDP}); err != nil {
		t.Fatalf("%v in\n%s", err, session.SDP)
	}
	return session
}

func TestDataChannelsGoBothWays(t *testing.T) {
	s, seen := serve(t, peer.Options{}), newEvents()
	p, err := s.NewPeer(seen)
	if err != nil {
		t.Fatal(err)
	}
	pc := browser(t, webrtc.NetworkTypeUDP4)
	dc, err := pc.CreateDataChannel("tutti-reliable", nil)
	if err != nil {
		t.Fatal(err)
	}
	opened, echoed := make(chan struct{}), make(chan string, 1)
	dc.OnOpen(func() { close(opened) })
	dc.OnMessage(func(m webrtc.DataChannelMessage) { echoed <- string(m.Data) })
	negotiate(t, pc, p, nil, nil)
	await(t, "the connection", seen.connected)
	await(t, "the channel", opened)

	if err := dc.SendText("hello"); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "the message", seen.data); got != "tutti-reliable: hello" {
		t.Errorf("the server got %q", got)
	}
	if !p.SendData("tutti-reliable", []byte("welcome")) {
		t.Error("the answer was not taken")
	}
	if got := await(t, "the answer", echoed); got != "welcome" {
		t.Errorf("the client got %q", got)
	}
	// A channel that nobody opened takes nothing, and says so.
	if p.SendData("other", []byte("lost")) {
		t.Error("a message on no channel was taken")
	}

	// The client hangs up: the server learns of it without waiting 30 s.
	if err := pc.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "the end", seen.lost)
}

func TestAClientBehindAFirewallComesByTCP(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(ln.Addr().String())
	s, seen := serve(t, peer.Options{Listen: addr, TCP: true}), newEvents()
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go s.ServeTCP(conn)
		}
	}()
	t.Cleanup(func() { ln.Close(); <-accepted })
	p, err := s.NewPeer(seen)
	if err != nil {
		t.Fatal(err)
	}
	pc := browser(t, webrtc.NetworkTypeTCP4)
	dc, err := pc.CreateDataChannel("tutti-reliable", nil)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	dc.OnOpen(func() { close(opened) })
	negotiate(t, pc, p, nil, nil)
	await(t, "the connection", seen.connected)
	await(t, "the channel", opened)
	big := strings.Repeat("x", 20000) // many frames
	if err := dc.SendText(big); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "the message", seen.data); got != "tutti-reliable: "+big {
		t.Errorf("the server got %d bytes", len(got))
	}
}

func TestICERestartKeepsTheSession(t *testing.T) {
	s, seen := serve(t, peer.Options{}), newEvents()
	p, err := s.NewPeer(seen)
	if err != nil {
		t.Fatal(err)
	}
	pc := browser(t, webrtc.NetworkTypeUDP4)
	dc, err := pc.CreateDataChannel("tutti-reliable", nil)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	dc.OnOpen(func() { close(opened) })
	first := negotiate(t, pc, p, nil, nil)
	await(t, "the connection", seen.connected)
	await(t, "the channel", opened)

	second := negotiate(t, pc, p, &webrtc.OfferOptions{ICERestart: true}, nil)
	if !second.ICERestart || second.RemoteUfrag == first.RemoteUfrag {
		t.Fatal("the second offer was not taken as a restart")
	}
	// DTLS and SCTP go on where they were, over whatever pair comes up.
	if err := dc.SendText("still here"); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "the message", seen.data); got != "tutti-reliable: still here" {
		t.Errorf("the server got %q", got)
	}
}

func TestAClientWithAnotherCertificateIsRefused(t *testing.T) {
	s, seen := serve(t, peer.Options{}), newEvents()
	p, err := s.NewPeer(seen)
	if err != nil {
		t.Fatal(err)
	}
	pc := browser(t, webrtc.NetworkTypeUDP4)
	if _, err := pc.CreateDataChannel("tutti-reliable", nil); err != nil {
		t.Fatal(err)
	}
	// Somebody between has put another fingerprint into the offer.
	negotiate(t, pc, p, nil, func(sdp string) string {
		i := strings.Index(sdp, "a=fingerprint:sha-256 ") + len("a=fingerprint:sha-256 ")
		digit := "0"
		if sdp[i] == '0' {
			digit = "1"
		}
		return sdp[:i] + digit + sdp[i+1:]
	})
	await(t, "the end", seen.lost)
	select {
	case <-seen.connected:
		t.Error("the session came up all the same")
	default:
	}
}

func TestTheClientLearnsThatTheServerHangsUp(t *testing.T) {
	s, seen := serve(t, peer.Options{}), newEvents()
	p, err := s.NewPeer(seen)
	if err != nil {
		t.Fatal(err)
	}
	pc := browser(t, webrtc.NetworkTypeUDP4)
	if _, err := pc.CreateDataChannel("tutti-reliable", nil); err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{}, 10) // Pion may tell it more than once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateClosed {
			closed <- struct{}{}
		}
	})
	negotiate(t, pc, p, nil, nil)
	await(t, "the connection", seen.connected)
	p.Close()
	await(t, "the good-bye", closed)
	select {
	case <-seen.lost:
		t.Error("the server told itself that it had lost the client")
	default:
	}
}

func TestAServerHasAsManyPeersAsItMay(t *testing.T) {
	s := serve(t, peer.Options{MaxPeers: 2})
	for range 2 {
		if _, err := s.NewPeer(newEvents()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.NewPeer(newEvents()); !errors.Is(err, peer.ErrFull) {
		t.Errorf("the third peer got %v", err)
	}
	s.Close()
	if _, err := s.NewPeer(newEvents()); !errors.Is(err, peer.ErrClosed) {
		t.Errorf("after the end a peer got %v", err)
	}
}
