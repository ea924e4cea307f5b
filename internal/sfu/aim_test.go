package sfu

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
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
	if _, err := e.Negotiate(oneSlot(t)); err != nil {
		t.Fatal(err)
	}
	camera := newTrack(r, e, media.TrackInfo{ID: "camera", Kind: media.Video, Origin: media.Camera, Layers: []media.LayerInfo{
		{RID: "q", Size: media.Dimensions{Width: 320, Height: 180}},
		{RID: "h", Size: media.Dimensions{Width: 640, Height: 360}},
		{RID: "f", Size: media.Dimensions{Width: 1280, Height: 720}},
	}})
	e.conn.loop.Do(func(now media.Time) {
		s := e.conn.slots[0]
		s.show(now, camera, camera.id, media.Dimensions{Width: 1280, Height: 720})
		f(now, s)
	})
	for _, f := range then {
		f()
	}
}

// oneSlot is an offer of a receiving slot for video.
func oneSlot(t *testing.T) string {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	return offer.SDP
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
		if s.stopgap != 1 || s.streams(s.track)&(1<<1) == 0 {
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
		if s.wished != first {
			t.Errorf("the publisher is asked again after %v", s.wished.Sub(first))
		}
		later := first.Add(sameWish)
		if s.KeyFrameWanted(later); s.wished != later {
			t.Error("a wish that comes later is not passed on")
		}
	})
}

func TestAConnectionThatWasReplacedIsSilent(t *testing.T) {
	onLoop(t, func(now media.Time, s *Slot) {
		told := 0
		s.conn.endpoint.notify = func(Notice) { told++ }
		present := s.conn.endpoint.conn
		s.conn.endpoint.conn = &connection{} // whose slots have the same names
		s.conn.detach(now)
		s.conn.endpoint.conn = present
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
		s.conn.timer.Stop()
		s.conn.timer = s.conn.loop.NewTimer(func(media.Time) { reviewed <- struct{}{} })
		s.conn.review(now)
	}, func() { <-reviewed })
}

func TestAKeyFrameMayBeFasterThanTheNewsOfTheUnmute(t *testing.T) {
	onLoop(t, func(now media.Time, s *Slot) {
		s.aim(now, 2)
		s.current = 2
		s.mute(now, true)
		if s.current != -1 || s.status != api.SlotMuted {
			t.Fatalf("muted, stream %d flows and the slot is %q", s.current, s.status)
		}
		s.mute(now, false)
		if s.status != api.SlotWaiting {
			t.Errorf("unmuted, the slot is %q", s.status)
		}
		// Here the publisher's packets overtake the news: another key frame
		// would be a second lost.
		s.current, s.status = 2, api.SlotLive
		if s.mute(now, false); s.current != 2 || s.status != api.SlotLive {
			t.Error("the key frame that came was thrown away")
		}
	})
}

func TestAMutedCameraTakesNothingOfTheLine(t *testing.T) {
	onLoop(t, func(now media.Time, s *Slot) {
		for at := now; at < now.Add(2*time.Second); at = at.Add(20 * time.Millisecond) {
			s.track.comes(at, 0, 1, 2)
		}
		taken := func() (sum media.Bitrate) {
			for _, c := range s.track.choices(nil) {
				sum += c.Bitrate
			}
			return sum
		}
		if taken() == 0 {
			t.Fatal("what flows takes nothing")
		}
		if s.track.muted.Store(true); taken() != 0 {
			t.Errorf("%d bit/s are kept for a camera that is off", taken())
		}
	})
}
