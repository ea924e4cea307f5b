package client

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// Engine holds the WebRTC settings that rooms share. It owns no goroutine.
type Engine struct {
	// Constant.
	api    *webrtc.API
	lean   bool
	shared bool                  // all goes by EngineOptions.Conn: nothing may open a socket
	only   api.CandidateProtocol // empty for both
	tls    bool                  // relays are not reached by TCP without TLS
}

// EngineOptions say how rooms reach the network. The zero value is for bots on
// any machine.
type EngineOptions struct {
	// Loopback uses the loopback interface and no other: for servers on this
	// machine.
	Loopback bool
	// Only leaves out the other one of UDP and TCP. With TCP that is ICE-TCP
	// (RFC 6544), and no relay; with UDP relays are reached by UDP. If it is
	// empty both are tried, UDP first.
	Only api.CandidateProtocol
	// TLS verifies relays that are reached by TLS (RFC 8656 §3.1), in the place
	// of the system's roots. With it none is reached by TCP without TLS.
	TLS *tls.Config
	// Lean leaves out resends, reports and transport feedback, to load a
	// server from one machine. A lean publisher does not resend.
	Lean bool
	// Conn carries the media of the one room that may use this Engine, in the
	// place of sockets that the room opens itself: a simulated network. Its
	// LocalAddr must be a *net.UDPAddr; the caller closes it.
	Conn net.PacketConn
	// Log takes the log of the WebRTC library; nil is silent.
	Log logging.LoggerFactory
}

// relayWait is for how long a way by a relay is not taken, for there may be a
// better one.
const relayWait = 500 * time.Millisecond

// relayDial bounds the way to a relay by TLS.
const relayDial = 5 * time.Second

// NewEngine checks and prepares settings.
func NewEngine(o EngineOptions) (*Engine, error) {
	switch o.Only {
	case "", api.CandidateUDP, api.CandidateTCP:
	default:
		return nil, fmt.Errorf("media go by %q or %q, not by %q", api.CandidateUDP, api.CandidateTCP, o.Only)
	}
	m := &webrtc.MediaEngine{}
	if err := registerCodecs(m); err != nil {
		return nil, fmt.Errorf("register codecs: %w", err)
	}
	if err := registerExtensions(m); err != nil {
		return nil, fmt.Errorf("register header extensions: %w", err)
	}
	interceptors := &interceptor.Registry{}
	if !o.Lean {
		if err := registerInterceptors(m, interceptors); err != nil {
			return nil, fmt.Errorf("register interceptors: %w", err)
		}
	}
	return &Engine{
		api: webrtc.NewAPI(
			webrtc.WithMediaEngine(m),
			webrtc.WithInterceptorRegistry(interceptors),
			webrtc.WithSettingEngine(settings(o)),
		),
		lean:   o.Lean,
		shared: o.Conn != nil,
		only:   o.Only,
		tls:    o.TLS != nil,
	}, nil
}

// registerInterceptors adds resends, reports and transport-wide feedback in
// both directions.
func registerInterceptors(m *webrtc.MediaEngine, r *interceptor.Registry) error {
	if err := webrtc.ConfigureNack(m, r); err != nil {
		return err
	}
	if err := webrtc.ConfigureRTCPReports(r); err != nil {
		return err
	}
	if err := webrtc.ConfigureTWCCSender(m, r); err != nil {
		return err
	}
	return webrtc.ConfigureTWCCHeaderExtensionSender(m, r)
}

func settings(o EngineOptions) webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.LoggerFactory = o.Log
	if o.Log == nil {
		s.LoggerFactory = &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
	}
	// AES-GCM is several times cheaper than AES-CM with SHA-1.
	s.SetSRTPProtectionProfiles(
		dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if o.Loopback {
		s.SetIncludeLoopbackCandidate(true)
		s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	}
	s.SetRelayAcceptanceMinWait(relayWait)
	var types []webrtc.NetworkType
	if o.Only != api.CandidateTCP {
		types = append(types, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	if o.Only != api.CandidateUDP {
		types = append(types, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	s.SetNetworkTypes(types)
	// Pion connects to a server's TCP candidate whatever the types are.
	s.DisableActiveTCP(o.Only == api.CandidateUDP || o.Conn != nil)
	if o.TLS != nil {
		// Pion verifies by the system's roots, unless it is given connections.
		// It does not say which of them are to have TLS: all have.
		s.SetICEProxyDialer(&tls.Dialer{NetDialer: &net.Dialer{Timeout: relayDial}, Config: o.TLS})
	}
	if o.Conn != nil {
		s.SetICEUDPMux(webrtc.NewICEUDPMux(s.LoggerFactory.NewLogger("mux"), o.Conn))
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		s.SetIncludeLoopbackCandidate(true)
	}
	return s
}
