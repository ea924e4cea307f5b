package sfu_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// studio makes a track in the server's process: 25 pictures a second, or 50
// packets of sound.
type studio struct {
	sfu.LocalTrack
	name    byte
	kind    media.Kind
	pool    *media.PacketPool
	seq     media.Seq
	picture uint16
	wanted  atomic.Bool // a key frame is
	streams atomic.Uint32
}

// opens a studio whose track runs until the test ends.
func (s *stage) opens(id string, c media.Codec, only string) *studio {
	st := &studio{name: id[0], kind: c.Kind(), pool: &media.PacketPool{}}
	st.LocalTrack = s.router.Publish(media.TrackInfo{
		ID: media.TrackID(id), Kind: c.Kind(), Codec: c, Layers: []media.LayerInfo{{Size: small}},
	}, sfu.LocalOptions{
		For:      only,
		KeyFrame: func(uint8) { st.wanted.Store(true) },
		Wanted:   func(streams uint32) { st.streams.Store(streams) },
	})
	ended := make(chan struct{})
	stop := sync.OnceFunc(func() { close(ended) })
	s.t.Cleanup(stop)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-tick.C:
				if st.kind == media.Audio || n%2 == 0 {
					st.shoot(c)
				}
			case <-ended:
				return
			}
		}
	}()
	return st
}

func (s *studio) shoot(c media.Codec) {
	now := media.Time(time.Now().UnixNano())
	p := s.pool.Get()
	defer p.Release()
	s.seq++
	s.picture = (s.picture + 1) & 0x7fff
	key := s.wanted.Swap(false) || s.kind == media.Audio
	film := stream{bytes: 100, parts: 1, picture: s.picture}
	p.Payload = film.paint(scene{film: s.name, number: s.picture, part: 1, parts: 1}, key)
	p.Arrival, p.Captured, p.Seq, p.Codec = now, now, s.seq, c
	p.Timestamp = media.Ticks(int64(now) / int64(time.Millisecond) * int64(c.ClockRate()/1000))
	p.KeyFrame, p.FrameStart, p.FrameEnd, p.Marker, p.LayerSync = key, true, true, true, key
	s.WritePacket(now, p)
}

func TestWhatANameStandsForChangesWithoutAGap(t *testing.T) {
	play(t, 1, func(t *testing.T, s *stage) {
		anna := s.enter("anna", 1, peertest.ClientOptions{}, newFilm(t, "anna's"))
		bela := s.enter("bela", 1, peertest.ClientOptions{})
		s.router.Offer("program", "anna's")
		bela.shows(small, "program")
		anna.shows(small, "program")
		after(2 * time.Second)
		slot := bela.slot(webrtc.RTPCodecTypeVideo, 0)
		if st := bela.state(slot); st.Track != "program" || st.Status != api.SlotLive {
			t.Errorf("the slot says %+v", st)
		}
		if n := len(anna.video(0).cut()); n != 0 {
			t.Errorf("%d packets of her own picture came to Anna under the program's name", n)
		}
		// The mix takes over: not before it has a picture to begin with.
		mix := s.opens("mixed", media.VP8, "")
		s.router.Offer("program", "mixed")
		after(3 * time.Second)
		shots := bela.video(0).cut()
		if got := streams(shots); !slices.Equal(got, []string{"a0", "m0"}) {
			t.Errorf("%q were seen", got)
		}
		if d := gap(shots); d > 100*time.Millisecond {
			t.Errorf("there was no picture for %v", d)
		}
		for i := 1; i < len(shots); i++ {
			if shots[i].seq != shots[i-1].seq+1 || shots[i].ssrc != shots[0].ssrc {
				t.Fatalf("number %d follows %d", shots[i].seq, shots[i-1].seq)
			}
		}
		if st := bela.state(slot); st.Track != "program" || st.Status != api.SlotLive {
			t.Errorf("the slot says %+v", st)
		}
		if mix.streams.Load() != 1 {
			t.Errorf("streams %b of the mix are wanted", mix.streams.Load())
		}
		if len(anna.video(0).cut()) == 0 {
			t.Error("Anna does not see the mix")
		}
		// It begins anew, as after a crash: the slot goes on with its key frame.
		mix.Begin()
		after(time.Second)
		if len(bela.video(0).cut()) == 0 {
			t.Error("nothing came after the mix had begun anew")
		}
		// And it ends.
		s.router.Offer("program")
		mix.Close()
		after(time.Second)
		bela.video(0).cut()
		after(time.Second)
		if n := len(bela.video(0).cut()); n != 0 {
			t.Errorf("%d packets came of what is over", n)
		}
	})
}

func TestANameThatStandsAgainForWhatFlowsGoesOnWithIt(t *testing.T) {
	play(t, 5, func(t *testing.T, s *stage) {
		s.enter("anna", 1, peertest.ClientOptions{}, newSimulcast(t, "anna's"))
		bela := s.enter("bela", 1, peertest.ClientOptions{})
		s.router.Offer("program", "anna's")
		bela.shows(small, "program")
		after(3 * time.Second)
		silent := s.router.Publish(media.TrackInfo{ID: "silent", Kind: media.Video, Codec: media.VP8}, sfu.LocalOptions{})
		s.router.Offer("program", "silent")
		after(time.Second)
		s.router.Offer("program", "anna's")
		silent.Close()
		after(time.Second)
		shots := bela.video(0).cut()
		if d := gap(shots); d > 100*time.Millisecond {
			t.Errorf("there was no picture for %v", d)
		}
		if st := bela.state(bela.slot(webrtc.RTPCodecTypeVideo, 0)); st.Status != api.SlotLive || st.RID != "q" {
			t.Errorf("the slot says %+v", st)
		}
		bela.shows(middle, "program")
		after(3 * time.Second)
		if got := streams(bela.video(0).cut()); got[len(got)-1] != "a1" {
			t.Errorf("for a larger size %q came", got)
		}
	})
}

func TestEachMemberHearsTheMixThatIsMeantForIt(t *testing.T) {
	play(t, 2, func(t *testing.T, s *stage) {
		anna := s.enter("anna", 2, peertest.ClientOptions{}, newMicrophone(t, "x", loud))
		bela := s.enter("bela", 2, peertest.ClientOptions{})
		s.opens("shared", media.Opus, "")
		s.opens("own", media.Opus, "anna")
		s.router.Offer(api.ProgramAudio, "own", "shared")
		for _, g := range []*guest{anna, bela} {
			g.endpoint.View(nil, sfu.FillProgram)
		}
		after(2 * time.Second)
		for g, want := range map[*guest]string{anna: "o0", bela: "s0"} {
			first, second := g.slot(webrtc.RTPCodecTypeAudio, 0), g.slot(webrtc.RTPCodecTypeAudio, 1)
			if got := streams(g.reel(first).cut()); !slices.Equal(got, []string{want}) {
				t.Errorf("%s hears %q", g.name, got)
			}
			if n := len(g.reel(second).cut()); n != 0 {
				t.Errorf("%s hears %d packets beside the program", g.name, n)
			}
			if st := g.state(first); st.Track != api.ProgramAudio {
				t.Errorf("%s is told %+v", g.name, st)
			}
		}
		// The mix is no talker: nobody is given it who did not ask.
		bela.endpoint.View(nil, sfu.FillTalkers)
		after(time.Second)
		bela.reel(bela.slot(webrtc.RTPCodecTypeAudio, 0)).cut()
		after(time.Second)
		if got := streams(bela.reel(bela.slot(webrtc.RTPCodecTypeAudio, 0)).cut()); !slices.Equal(got, []string{"x0"}) {
			t.Errorf("Bela hears %q", got)
		}
	})
}

func TestAClientIsShownTheProgramInACodecThatItHas(t *testing.T) {
	play(t, 3, func(t *testing.T, s *stage) {
		bela := s.enter("bela", 1, peertest.ClientOptions{})
		s.opens("odd", media.Codec(99), "") // nobody has it
		s.opens("vp8", media.VP8, "")
		s.router.Offer(api.ProgramVideo, "odd", "vp8")
		bela.shows(small, api.ProgramVideo)
		after(time.Second)
		if got := streams(bela.video(0).cut()); !slices.Equal(got, []string{"v0"}) {
			t.Errorf("%q are seen", got)
		}
	})
}

// tapped is what a tap took.
type tapped struct {
	mu    sync.Mutex
	shots []shot // guarded by mu; seq is that of the stream
}

func (s *tapped) WritePacket(_ media.Time, p *media.Packet) {
	sh := shot{seq: uint16(p.Seq), key: p.KeyFrame}
	sh.scene.read(p.Payload)
	s.mu.Lock()
	s.shots = append(s.shots, sh)
	s.mu.Unlock()
}

func (s *tapped) cut() []shot {
	s.mu.Lock()
	defer s.mu.Unlock()
	shots := s.shots
	s.shots = nil
	return shots
}

func TestATapTakesTheStreamThatFitsAndChangesItAtAKeyFrame(t *testing.T) {
	play(t, 4, func(t *testing.T, s *stage) {
		cam, mic := newSimulcast(t, "cam"), newMicrophone(t, "mic", loud)
		anna := s.enter("anna", 0, peertest.ClientOptions{}, cam, mic)
		var pictures, sounds tapped
		video, ok := s.router.Tap("cam", &pictures)
		audio, ok2 := s.router.Tap("mic", &sounds)
		if _, nobody := s.router.Tap("nobody's", &sounds); !ok || !ok2 || nobody {
			t.Fatal("taps of tracks that are there, or are not")
		}
		aim := func(size media.Dimensions, d time.Duration) {
			for range int(d / (500 * time.Millisecond)) {
				s.Server.Loops()[0].Do(func(now media.Time) { video.Aim(now, size) })
				after(500 * time.Millisecond)
			}
		}
		after(time.Second)
		if n := len(pictures.cut()); n != 0 {
			t.Errorf("%d packets of a picture that nobody asked for", n)
		}
		aim(middle, 3*time.Second)
		if got := streams(pictures.cut()); got[len(got)-1] != "c1" {
			t.Errorf("for the middle size %q came", got)
		}
		if got := anna.wanted("cam"); !slices.Equal(got, []string{"h"}) {
			t.Errorf("the publisher is told that %q are wanted", got)
		}
		aim(small, 3*time.Second)
		shots := pictures.cut()
		if got := streams(shots); got[len(got)-1] != "c0" || len(got) > 2 {
			t.Errorf("for the small size %q came", got)
		}
		change := slices.IndexFunc(shots, func(sh shot) bool { return sh.stream == 0 })
		if !shots[change].key || shots[change].part != 1 {
			t.Errorf("the change came in the middle: %+v", shots[change])
		}
		for i := 1; i < len(shots); i++ {
			if i != change && shots[i].seq != shots[i-1].seq+1 {
				t.Fatalf("number %d follows %d", shots[i].seq, shots[i-1].seq)
			}
		}
		if n := len(sounds.cut()); n < 300 {
			t.Errorf("%d packets of sound", n)
		}
		if got := anna.wanted("cam"); !slices.Equal(got, []string{"q"}) {
			t.Errorf("the publisher is told that %q are wanted", got)
		}
		// Once nobody looks, nothing is encoded.
		aim(media.Dimensions{}, time.Second)
		if got := anna.wanted("cam"); len(got) != 0 {
			t.Errorf("%q are wanted yet", got)
		}
		video.Close()
		audio.Close()
		sounds.cut()
		after(time.Second)
		if n := len(sounds.cut()); n != 0 {
			t.Errorf("%d packets came from a closed tap", n)
		}
	})
}
