package sfu

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

// onLoop runs f on a loop of a media server, with a slot there that shows a
// camera of three streams.
func onLoop(t *testing.T, f func(now media.Time, s *Slot)) {
	t.Helper()
	server, err := peer.Listen(peer.Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	r := NewRouter(server)
	defer r.Close()
	e, err := r.Attach("viewer", func(Notice) {})
	if err != nil {
		t.Fatal(err)
	}
	camera := newTrack(r, e, media.TrackInfo{ID: "camera", Kind: media.Video, Origin: media.Camera, Layers: []media.LayerInfo{
		{RID: "q", Size: media.Dimensions{Width: 320, Height: 180}},
		{RID: "h", Size: media.Dimensions{Width: 640, Height: 360}},
		{RID: "f", Size: media.Dimensions{Width: 1280, Height: 720}},
	}})
	c := &connection{endpoint: e, loop: server.Loops()[0]}
	e.conn = c
	c.loop.Do(func(now media.Time) {
		s := newSlot(c, &peer.Sender{})
		s.show(now, camera, media.Dimensions{Width: 1280, Height: 720})
		f(now, s)
	})
	e.conn = nil // it has no peer to close
}

// comes lets packets of streams come at a time.
func (t *Track) comes(now media.Time, streams ...int) {
	for _, i := range streams {
		t.meters[i].count(now, 1000)
	}
}

func TestAStreamThatEndsIsReplacedByTheNearest(t *testing.T) {
	onLoop(t, func(now media.Time, s *Slot) {
		s.track.comes(now, 0, 1, 2)
		s.aim(now, 2)
		s.current = 2 // its key frame came
		if s.stopgap != -1 {
			t.Fatalf("stream %d stands in for one that comes", s.stopgap)
		}
		// The publisher's line gets thin, and its browser stops the largest
		// stream. The slot must not stay with it.
		for range 6 {
			now = now.Add(500 * time.Millisecond)
			s.track.comes(now, 0, 1)
			s.aim(now, 2)
		}
		if s.stopgap != 1 || s.streams()&(1<<1) == 0 {
			t.Fatalf("stream %d stands in for the one that ended, want 1", s.stopgap)
		}
		// Later it comes again, and is what the slot waits for.
		s.current = 1
		s.track.comes(now, 2)
		s.aim(now, 2)
		if s.stopgap != -1 || s.target != 2 {
			t.Errorf("target %d, stopgap %d", s.target, s.stopgap)
		}
	})
}
