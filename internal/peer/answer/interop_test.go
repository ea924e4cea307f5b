package answer

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestPionTakesTheAnswer makes a call's offer with another stack and lets it
// apply the answer, then again with more slots.
func TestPionTakesTheAnswer(t *testing.T) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	must(t, err)
	defer func() { must(t, pc.GracefulClose()) }()

	for _, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeOpus} {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, "sound", "screen")
		must(t, err)
		add(t, pc, track, webrtc.RTPTransceiverDirectionSendonly)
	}
	for range 2 {
		sender := add(t, pc, layer(t, "q"), webrtc.RTPTransceiverDirectionSendonly).Sender()
		must(t, sender.AddEncoding(layer(t, "h")))
		must(t, sender.AddEncoding(layer(t, "f")))
	}
	for range 3 {
		slot(t, pc, webrtc.RTPCodecTypeAudio)
	}
	for range 9 {
		slot(t, pc, webrtc.RTPCodecTypeVideo)
	}
	_, err = pc.CreateDataChannel("chat", nil)
	must(t, err)

	first := negotiate(t, pc, nil)
	if len(first.Media) != 17 || first.Refused != nil {
		t.Fatalf("%d sections, refused %v", len(first.Media), first.Refused)
	}
	for _, m := range first.Media {
		if m.Kind == 0 {
			continue
		}
		if m.Role == Receive && m.Codecs[0].Codec.Kind() != m.Kind || len(m.SSRCs)+len(m.RIDs) == 0 && m.Role == Receive {
			t.Errorf("section %q: %+v", m.MID, m)
		}
	}
	if camera := byMID(t, first, "2"); len(camera.RIDs) != 3 {
		t.Errorf("camera sends %v", camera.RIDs)
	}

	for range 4 {
		slot(t, pc, webrtc.RTPCodecTypeVideo)
	}
	second := negotiate(t, pc, first)
	for i, was := range first.Media {
		if is := second.Media[i]; is.MID != was.MID || is.SSRC != was.SSRC || is.RTXSSRC != was.RTXSSRC {
			t.Errorf("section %d was %+v and is %+v", i, was, is)
		}
	}
}

// negotiate runs one round of offer and answer.
func negotiate(t *testing.T, pc *webrtc.PeerConnection, previous *Session) *Session {
	t.Helper()
	offer, err := pc.CreateOffer(nil)
	must(t, err)
	must(t, pc.SetLocalDescription(offer))
	l := local()
	if l.Previous = previous; previous != nil {
		l.NewSSRC = func() uint32 { return 5000 }
	}
	l.Candidates = nil // nothing to connect to
	s := answerTo(t, offer.SDP, l)
	must(t, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: s.SDP}))
	return s
}

func add(t *testing.T, pc *webrtc.PeerConnection, track webrtc.TrackLocal, d webrtc.RTPTransceiverDirection) *webrtc.RTPTransceiver {
	t.Helper()
	tr, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: d})
	must(t, err)
	return tr
}

func slot(t *testing.T, pc *webrtc.PeerConnection, kind webrtc.RTPCodecType) {
	t.Helper()
	_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	must(t, err)
}

func layer(t *testing.T, rid string) webrtc.TrackLocal {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8},
		"camera", "me", webrtc.WithRTPStreamID(rid))
	must(t, err)
	return track
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
