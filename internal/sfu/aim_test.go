package sfu

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

// onLoop runs f on a loop of a media server, with a slot there that shows a
// camera of three streams; then, elsewhere, what is to wait for the loop.
func onLoop(t *testing.T, f func(now media.Time, s *Slot), then ...func()) {
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
	for _, f := range then {
		f()
	}
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

func TestAFloodOfWishesIsOneWish(t *testing.T) {
	onLoop(t, func(now media.Time, s *Slot) {
		s.aim(now, 2)
		first := now.Add(time.Second)
		for i := range 50 { // one RTCP packet may hold more than a hundred
			s.KeyFrameWanted(first.Add(time.Duration(i) * time.Millisecond))
		}
		if s.asked != first {
			t.Errorf("the publisher is asked again after %v", s.asked.Sub(first))
		}
		later := first.Add(sameWish)
		if s.KeyFrameWanted(later); s.asked != later {
			t.Error("a wish that comes later is not passed on")
		}
	})
}

func TestAConnectionThatWasReplacedIsSilent(t *testing.T) {
	onLoop(t, func(now media.Time, s *Slot) {
		told := 0
		s.conn.endpoint.notify = func(Notice) { told++ }
		s.conn.timer = s.conn.loop.NewTimer(s.conn.review)
		s.conn.slots = []*Slot{s}
		s.conn.endpoint.conn = &connection{} // whose slots have the same names
		s.conn.detach(now)
		if told != 0 || s.track != nil {
			t.Errorf("%d notices, track %v", told, s.track)
		}
	})
}

func TestTheTracksThatFlowedLastCanBeSentAgain(t *testing.T) {
	onLoop(t, func(_ media.Time, s *Slot) {
		first := s.track
		for range len(s.recent) - 1 {
			s.remember(newTrack(first.router, first.endpoint, media.TrackInfo{Kind: media.Video}))
		}
		s.remember(first) // it flows again, so it is not the oldest any more
		s.remember(newTrack(first.router, first.endpoint, media.TrackInfo{Kind: media.Video}))
		if s.recentTrack(first.source(0)) != first {
			t.Error("the track before this one was forgotten before older ones")
		}
	})
}

func TestTheLineIsLookedAtAgainThoughItIsNotKnownYet(t *testing.T) {
	reviewed := make(chan struct{}, 1)
	onLoop(t, func(now media.Time, s *Slot) {
		// A track of one stream, just shown: nobody has said yet what the line
		// to the viewer carries.
		info := s.track.Info()
		info.Layers = info.Layers[:1]
		s.track.info.Store(&info)
		p, err := s.track.router.server.NewPeer(s.conn)
		if err != nil {
			t.Fatal(err)
		}
		s.conn.peer, s.conn.slots = p, []*Slot{s}
		s.conn.timer = s.conn.loop.NewTimer(func(media.Time) { reviewed <- struct{}{} })
		s.conn.review(now)
	}, func() { <-reviewed })
}
