package peer_test

import (
	"fmt"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/peer"
)

func TestDataChannelsMayComeAndGo(t *testing.T) {
	s, seen := serve(t, peer.Options{}), newEvents()
	p, err := s.NewPeer(seen)
	if err != nil {
		t.Fatal(err)
	}
	pc := browser(t, webrtc.NetworkTypeUDP4)
	open := func(label string) *webrtc.DataChannel {
		dc, err := pc.CreateDataChannel(label, nil)
		if err != nil {
			t.Fatal(err)
		}
		opened := make(chan struct{})
		dc.OnOpen(func() { close(opened) })
		if pc.SignalingState() == webrtc.SignalingStateStable && pc.RemoteDescription() == nil {
			negotiate(t, pc, p, nil, nil)
		}
		await(t, label, opened)
		return dc
	}
	first := open("first")
	// A client that opens a channel for each file it sends opens many in a day.
	for i := range 20 {
		label := fmt.Sprint("file ", i)
		dc := open(label)
		if err := dc.SendText("all of it"); err != nil {
			t.Fatal(err)
		}
		if got := await(t, label, seen.data); got != label+": all of it" {
			t.Fatalf("the server got %q", got)
		}
		closed := make(chan struct{})
		dc.OnClose(func() { close(closed) })
		if err := dc.Close(); err != nil {
			t.Fatal(err)
		}
		await(t, "the end of "+label, closed)
	}
	// One that opens too many at a time loses those, not the connection.
	for i := range 10 {
		if _, err := pc.CreateDataChannel(fmt.Sprint("greedy ", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.SendText("still here"); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "the first channel", seen.data); got != "first: still here" {
		t.Errorf("the server got %q", got)
	}
	select {
	case <-seen.lost:
		t.Error("the connection was lost")
	default:
	}
}
