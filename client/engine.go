package client

import (
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// Engine holds the WebRTC settings that rooms share. It owns no goroutine.
type Engine struct {
	// Constant.
	api    *webrtc.API
	lean   bool
	shared bool // all goes by EngineOptions.Conn: nothing may open a socket
}

// EngineOptions say how rooms reach the network. The zero value is for bots on
// any machine.
type EngineOptions struct {
	// Loopback uses the loopback interface and no other: for servers on this
	// machine.
	Loopback bool
	// TCP connects by ICE-TCP (RFC 6544) only, and not when UDP has not come
	// through for half a second.
	TCP bool
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

// NewEngine checks and prepares settings.
func NewEngine(o EngineOptions) (*Engine, error) {
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
	types := []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6}
	if !o.TCP {
		types = append(types, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	s.SetNetworkTypes(types)
	if o.Conn != nil {
		s.SetICEUDPMux(webrtc.NewICEUDPMux(s.LoggerFactory.NewLogger("mux"), o.Conn))
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		s.SetIncludeLoopbackCandidate(true)
	}
	return s
}
