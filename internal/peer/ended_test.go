package peer_test

import (
	"errors"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

func TestASessionThatEndedIsNotRestarted(t *testing.T) {
	s, seen := serve(t, peer.Options{}), newEvents()
	p, err := s.NewPeer(seen)
	if err != nil {
		t.Fatal(err)
	}
	pc := browser(t, webrtc.NetworkTypeUDP4)
	if _, err := pc.CreateDataChannel("tutti-reliable", nil); err != nil {
		t.Fatal(err)
	}
	negotiate(t, pc, p, nil, nil)
	await(t, "the connection", seen.connected)
	// The server gives the session up, say because the client's machine slept.
	// Awake again, it restarts ICE: that would come up, but its DTLS would wait
	// for ever for a server that knows the keys.
	offer, err := pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	p.Loop().Do(func(media.Time) {})
	if _, err := p.Negotiate(offer.SDP); !errors.Is(err, peer.ErrEnded) {
		t.Errorf("the restart got %v", err)
	}
}
