package netsim

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// TestPionOverNetsim shows what the package is for: a whole WebRTC connection,
// handshakes, losses and all, on virtual time.
func TestPionOverNetsim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		defer n.Close()
		here, a := listen(t, n, "192.0.2.1:1")
		_, b := listen(t, n, "192.0.2.2:2")
		n.Change(func(*Fabric) {
			here.Up().SetOptions(LinkOptions{Delay: 60 * time.Millisecond, Loss: 0.05})
			here.Down().SetOptions(LinkOptions{Delay: 60 * time.Millisecond, Loss: 0.05})
		})

		sender, receiver := peer(t, a), peer(t, b)
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "test")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sender.AddTrack(track); err != nil {
			t.Fatal(err)
		}
		arrived := make(chan *rtp.Packet, 100)
		receiver.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			for {
				p, _, err := t.ReadRTP()
				if err != nil {
					return
				}
				arrived <- p
			}
		})
		begin := time.Now()
		negotiate(t, sender, receiver)
		for sender.ConnectionState() != webrtc.PeerConnectionStateConnected {
			if time.Sleep(10 * time.Millisecond); time.Since(begin) > time.Minute {
				t.Fatal("the two have not connected within a minute")
			}
		}
		t.Logf("connected after %v at 120 ms of round trip and 5 %% of loss", time.Since(begin))
		for i := range 50 {
			if err := track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i)}, Payload: []byte{0x10, 0}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if got := len(arrived); got < 35 {
			t.Errorf("%d of 50 packets arrived", got)
		}
		for _, pc := range []*webrtc.PeerConnection{sender, receiver} {
			if err := pc.GracefulClose(); err != nil {
				t.Error(err)
			}
		}
	})
}

func peer(t *testing.T, c *Conn) *webrtc.PeerConnection {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	var s webrtc.SettingEngine
	s.LoggerFactory = &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled) // its sockets are real
	s.SetICEUDPMux(webrtc.NewICEUDPMux(s.LoggerFactory.NewLogger("mux"), c))
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

func negotiate(t *testing.T, sender, receiver *webrtc.PeerConnection) {
	t.Helper()
	describe := func(pc *webrtc.PeerConnection, make func() (webrtc.SessionDescription, error), other *webrtc.PeerConnection) {
		t.Helper()
		gathered := webrtc.GatheringCompletePromise(pc)
		d, err := make()
		if err == nil {
			err = pc.SetLocalDescription(d)
		}
		if err != nil {
			t.Fatal(err)
		}
		<-gathered
		if err := other.SetRemoteDescription(*pc.LocalDescription()); err != nil {
			t.Fatal(err)
		}
	}
	describe(sender, func() (webrtc.SessionDescription, error) { return sender.CreateOffer(nil) }, receiver)
	describe(receiver, func() (webrtc.SessionDescription, error) { return receiver.CreateAnswer(nil) }, sender)
}
