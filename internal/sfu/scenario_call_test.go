package sfu_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

func TestMoreSlotsDisturbNothing(t *testing.T) {
	play(t, 1, func(t *testing.T, s *stage) {
		red, blue := newSimulcast(t, "red"), newFilm(t, "blue")
		s.enter("anna", 0, peertest.ClientOptions{}, red)
		s.enter("bela", 0, peertest.ClientOptions{}, blue)
		s.data = true
		carl := s.enter("carl", 1, peertest.ClientOptions{})
		carl.shows(small, "red")
		after(2 * time.Second)

		// The grid grows: Carl's client offers two more slots of each kind. What
		// flows in the first goes on as if nothing was.
		carl.addSlots(2)
		carl.negotiate()
		carl.shows(small, "red", "blue", "red")
		after(2 * time.Second)
		first := carl.video(0).cut()
		unbroken(t, "the first slot", first)
		if d := gap(first); d > 50*time.Millisecond {
			t.Errorf("while more slots were agreed on, nothing came for %v", d)
		}
		second, third := carl.video(1).cut(), carl.video(2).cut()
		unbroken(t, "the second slot", second)
		unbroken(t, "the third slot", third)
		if got := slices.Concat(streams(second), streams(third)); !slices.Equal(got, []string{"b0", "r0"}) {
			t.Errorf("%q came in the new slots", got)
		}
		if first[0].ssrc == third[0].ssrc {
			t.Error("two slots share an SSRC")
		}
		// Data goes on, too, both ways.
		s.must(carl.data.SendText("hello"))
		carl.awaits("is heard", func(n sfu.Notice) bool {
			return n.Data != nil && n.Data.Label == "tutti-reliable" && string(n.Data.Message) == "hello"
		})
		if !carl.endpoint.SendData("tutti-reliable", []byte("hello")) {
			t.Error("the data channel was lost")
		}
	})
}

func TestWhatTheServerCannotForwardIsRefusedInWords(t *testing.T) {
	play(t, 2, func(t *testing.T, s *stage) {
		offer := func(edit *strings.Replacer) string {
			c := s.NewClient("old phone", peertest.ClientOptions{})
			for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
				_, err := c.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
				s.must(err)
			}
			o, err := c.CreateOffer(nil)
			s.must(err)
			return edit.Replace(o.SDP)
		}
		endpoint, err := s.router.Attach("anna", func(sfu.Notice) {})
		s.must(err)
		// One section has nothing in common with the server: it is turned down
		// alone, and the client is told which and why.
		noVideo := strings.NewReplacer("VP8/", "H261/", "VP9/", "H261/", "H264/", "H261/", "AV1/", "H261/", "H265/", "H261/")
		a, err := endpoint.Negotiate(offer(noVideo))
		s.must(err)
		if len(a.Refused) != 1 || a.Refused[0].MID != "1" || a.Refused[0].Code != api.CodeNoCodec || !strings.Contains(a.Refused[0].Text, "VP8") {
			t.Errorf("refused: %+v", a.Refused)
		}
		if !strings.Contains(a.SDP, "m=video 0 ") {
			t.Error("the answer does not close the section")
		}
		// None has: that is an error, not a connection without media.
		nothing := strings.NewReplacer("VP8/", "H261/", "VP9/", "H261/", "H264/", "H261/", "AV1/", "H261/", "H265/", "H261/", "opus/", "L16/")
		second, err := s.router.Attach("bela", func(sfu.Notice) {})
		s.must(err)
		var refused *api.Error
		if _, err := second.Negotiate(offer(nothing)); !errors.As(err, &refused) || refused.Code != api.CodeNoCodec {
			t.Errorf("an offer with nothing in common got %v", err)
		}
		if _, err = second.Negotiate("this is no SDP"); !errors.As(err, &refused) || refused.Code != api.CodeBadSDP {
			t.Errorf("no SDP at all got %v", err)
		}
	})
}

func TestAMutedCameraGoesOnAtOnce(t *testing.T) {
	play(t, 3, func(t *testing.T, s *stage) {
		cam := newSimulcast(t, "cam")
		anna := s.enter("anna", 0, peertest.ClientOptions{}, cam)
		bela := s.enter("bela", 1, peertest.ClientOptions{})
		bela.shows(middle, "cam")
		after(2 * time.Second)
		slot := bela.slot(webrtc.RTPCodecTypeVideo, 0)
		status := func(when string, want api.SlotStatus) {
			t.Helper()
			if st := bela.state(slot); st.Status != want || st.Track != "cam" {
				t.Errorf("%s: the slot is told to be %+v, want %q", when, st, want)
			}
		}
		status("at first", api.SlotLive)
		cam.muted.Store(true)
		anna.publish()
		after(3 * time.Second)
		status("muted", api.SlotMuted)
		shots := bela.video(0).cut()
		bela.shows(large, "cam") // the page may change meanwhile
		after(time.Second)
		status("muted, and shown larger", api.SlotMuted)
		if n := len(bela.video(0).cut()); n != 0 {
			t.Errorf("%d packets of a muted camera came", n)
		}
		cam.muted.Store(false)
		unmuted := time.Now()
		anna.publish()
		after(3 * time.Second)
		status("unmuted", api.SlotLive)
		again := bela.video(0).cut()
		if len(again) == 0 || again[0].at.Sub(unmuted) > 200*time.Millisecond || !again[0].key {
			t.Fatal("there is no picture at once")
		}
		unbroken(t, "bela", append(shots, again...))
		if got := streams(again); got[len(got)-1] != "c2" {
			t.Errorf("after the unmute %q came", got)
		}
	})
}

func TestATrackThatEndsLeavesItsSlots(t *testing.T) {
	play(t, 4, func(t *testing.T, s *stage) {
		red, blue := newFilm(t, "red"), newFilm(t, "blue")
		anna := s.enter("anna", 0, peertest.ClientOptions{}, red)
		bela := s.enter("bela", 0, peertest.ClientOptions{}, blue)
		carl := s.enter("carl", 2, peertest.ClientOptions{})
		carl.shows(small, "red", "blue")
		after(time.Second)
		// Anna stops her camera, but her browser sends on for a moment.
		anna.endpoint.Publish(nil)
		after(time.Second)
		if st := carl.state(carl.slot(webrtc.RTPCodecTypeVideo, 0)); st.Status != api.SlotGone {
			t.Errorf("the slot of a track that ended is %+v", st)
		}
		carl.video(0).cut()
		shots := carl.video(1).cut()
		// Bela leaves the room altogether, in the middle of a picture.
		bela.endpoint.Close()
		bela.endpoint.Close()
		after(time.Second)
		if st := carl.state(carl.slot(webrtc.RTPCodecTypeVideo, 1)); st.Status != api.SlotGone {
			t.Errorf("the slot of a member who left is %+v", st)
		}
		unbroken(t, "the second slot", append(shots, carl.video(1).cut()...))
		if n := len(carl.video(0).cut()); n != 0 {
			t.Errorf("%d packets came of a track that ended", n)
		}
		if n := s.Server.Stats().Peers; n != 2 {
			t.Errorf("%d peers are left, want Anna and Carl", n)
		}
		// Anna's camera comes back as another track: the slot takes it up where
		// the old one ended.
		again := newFilm(t, "redder")
		again.sender, again.streams = red.sender, red.streams
		anna.films = []*film{again}
		anna.publish()
		carl.shows(small, "redder")
		after(time.Second)
		if got := streams(carl.video(0).cut()); !slices.Equal(got, []string{"r0"}) {
			t.Errorf("%q came in the slot", got)
		}
		// Carl's window is closed while pictures come: nobody sends any more.
		carl.endpoint.Close()
		after(time.Second)
		before := s.Server.Stats().UDP.SentBytes
		after(5 * time.Second)
		if n := s.Server.Stats().UDP.SentBytes - before; n > 5000 {
			t.Errorf("%d bytes were sent in 5 s with nobody there to watch", n)
		}
	})
}

func TestAPublisherWhoComesBackIsSeenInTheSameSlots(t *testing.T) {
	play(t, 5, func(t *testing.T, s *stage) {
		cam := newSimulcast(t, "cam")
		anna := s.enter("anna", 1, peertest.ClientOptions{}, cam)
		bela := s.enter("bela", 1, peertest.ClientOptions{}, newFilm(t, "bela"))
		bela.shows(middle, "cam")
		anna.shows(middle, "bela")
		after(2 * time.Second)
		shots := bela.video(0).cut()
		// Anna's browser tab is reloaded: a new connection with a new
		// certificate, whose streams begin anew, and the same track.
		cam.cut()
		old := anna.Client
		fresh := newSimulcast(t, "cam")
		for _, st := range fresh.streams {
			st.seq, st.first, st.picture = st.seq+60000, st.first+60000, 1
		}
		anna.connect(1, fresh)
		if err := old.GracefulClose(); err != nil {
			t.Error(err)
		}
		anna.shows(middle, "bela")
		after(3 * time.Second)
		more := bela.video(0).cut()
		unbroken(t, "bela", append(shots, more...))
		if len(more) < 100 {
			t.Errorf("%d packets came after Anna was back", len(more))
		}
		if n := len(anna.video(0).cut()); n < 50 {
			t.Errorf("Anna herself got %d packets", n)
		}
		if n := s.Server.Stats().Peers; n != 2 {
			t.Errorf("%d peers, want 2", n)
		}
	})
}

func TestWishesThatMakeNoSenseShowNothing(t *testing.T) {
	play(t, 6, func(t *testing.T, s *stage) {
		cam := newFilm(t, "cam")
		anna := s.enter("anna", 1, peertest.ClientOptions{}, cam)
		audio, video := anna.slot(webrtc.RTPCodecTypeAudio, 0), anna.slot(webrtc.RTPCodecTypeVideo, 0)
		anna.endpoint.View([]sfu.SlotWish{
			{Slot: audio, Track: "cam", Size: small}, {Slot: video, Track: "nobody's"}, {Slot: "77", Track: "cam"},
		}, sfu.FillNothing)
		after(time.Second)
		if n := len(anna.video(0).cut()) + len(anna.reel(audio).cut()); n != 0 {
			t.Errorf("%d packets came", n)
		}
		// Whoever wants to see himself as the server does may.
		anna.shows(media.Dimensions{Width: -1, Height: 1 << 30}, "cam")
		after(time.Second)
		if len(anna.video(0).cut()) == 0 {
			t.Error("one's own picture does not come")
		}
	})
}

func TestATrackIsASourceForWhoeverTakesIt(t *testing.T) {
	play(t, 7, func(t *testing.T, s *stage) {
		cam := newSimulcast(t, "cam")
		cam.obeys = false // it sends though nobody watches
		anna := s.enter("anna", 0, peertest.ClientOptions{}, cam)
		after(time.Second)
		source, ok := s.router.Source("cam")
		if _, other := s.router.Source("nobody's"); !ok || other {
			t.Fatal("the published track is a source, and no other")
		}
		if info := source.Info(); info.Codec != media.VP8 || len(info.Layers) != 3 {
			t.Errorf("the source is %+v", info)
		}
		anna.awaits("is told that its camera came", func(n sfu.Notice) bool { return n.Arrived != nil && n.Arrived.Codec == media.VP8 })
		source.RequestKeyFrame(0, media.Layer{Stream: 1})
		after(100 * time.Millisecond)
		if n := len(cam.streams[1].keyFrames()); n != 1 {
			t.Errorf("%d key frames were asked for", n)
		}
		// What it has sent can be had again for a while.
		kept := 0
		for seq := media.Seq(1 << 16); seq < 1<<17; seq++ {
			if p, ok := source.Resend(0, 0, seq); ok {
				kept++
				p.Release()
			}
		}
		if _, ok := source.Resend(0, 7, 1); ok || kept == 0 {
			t.Errorf("%d packets of the first stream are kept", kept)
		}
	})
}
