package engine

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEverybodyIsSeenInAPlaceAndHeard(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.wish.Levelling = false
		for i, luma := range []byte{50, 90, 130, 170} {
			p := s.enter(string(rune('a'+i)), luma, 0.1)
			p.films()
			p.talks()
		}
		s.renders(full)
		after(2 * time.Second)
		shots := s.cut()
		last := shots[len(shots)-1]
		for i, want := range []byte{50, 90, 130, 170} {
			if got := last.cell(i%2, 2, i/2, 2); got != want {
				t.Errorf("in cell %d there is %d, not %d", i, got, want)
			}
		}
		if got := s.last(link.SharedMix); got < 0.35 || got > 0.45 {
			t.Errorf("four voices of 0.1 make %v", got)
		}
		for _, p := range s.people {
			if !s.marked[p.camera] || !s.marked[p.mic] {
				t.Errorf("what %s sends was decoded without a mark", p.member.ID)
			}
		}
		// One leaves: her tile goes, the others keep theirs.
		s.people[3].leave()
		s.tell()
		after(time.Second)
		shots = s.cut()
		if got := shots[len(shots)-1].cell(0, 2, 0, 2); got != 50 {
			t.Errorf("the first one's place shows %d", got)
		}
	})
}

func TestNothingIsDecodedThatNobodySees(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.wish.Sound = false
		a := s.enter("a", 50, 0)
		a.films()
		s.tell()
		after(time.Second)
		if s.decoded != 0 || len(s.cut()) != 0 {
			t.Errorf("%d frames were decoded for nobody", s.decoded)
		}
		if w, _ := said[link.Wants](s); len(w.Tracks) != 1 || w.Tracks[0].Width != 0 {
			t.Errorf("of the camera is wanted %+v", w.Tracks)
		}
		s.renders(full)
		after(2 * time.Second)
		if w, _ := said[link.Wants](s); len(w.Tracks) != 1 || w.Tracks[0] != (link.Want{Number: a.camera, Width: 1280, Height: 720}) {
			t.Errorf("of the camera is wanted %+v", w.Tracks)
		}
		if len(s.cut()) == 0 {
			t.Error("no picture came")
		}
	})
}

func TestAStillPictureCostsLittle(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		a := s.enter("a", 50, 0)
		a.films()
		s.renders(full)
		after(3 * time.Second)
		s.cut()
		after(10 * time.Second)
		if n := len(s.cut()); n < 20 || n > 35 {
			t.Errorf("%d encoded pictures in ten seconds in which nothing changed", n)
		}
		a.looks(90, 0)
		after(300 * time.Millisecond)
		if n := len(s.cut()); n < 6 {
			t.Errorf("after a change, %d pictures came", n)
		}
	})
}

func TestThePictureIsNoFasterThanTheFastestTile(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		for i := range 3 {
			p := s.enter(string(rune('a'+i)), 50, 0)
			p.fps = 10
			p.films()
			go func() {
				for n := byte(0); ; n++ { // it moves
					select {
					case <-p.ended:
						return
					case <-time.After(33 * time.Millisecond):
						p.looks(50+n%100, 0)
					}
				}
			}()
		}
		s.renders(full)
		after(2 * time.Second)
		s.cut()
		after(5 * time.Second)
		if n := len(s.cut()); n < 45 || n > 58 {
			t.Errorf("%d pictures in five seconds of cameras at ten a second", n)
		}
	})
}

func TestKeyFramesComeWhenWantedAndNotTooOften(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		a := s.enter("a", 50, 0)
		a.films()
		s.renders(full)
		after(5 * time.Second)
		if n := len(s.keys[full.Output]); n != 1 {
			t.Errorf("%d key frames, and nobody asked", n)
		}
		for range 50 {
			s.engine.Message(link.KeyFrame{Output: full.Output})
			s.engine.Message(link.KeyFrame{Output: 99})
			after(20 * time.Millisecond)
		}
		if n := len(s.keys[full.Output]) - 1; n < 3 || n > 5 {
			t.Errorf("%d key frames in a second in which everybody asked all the time", n)
		}
	})
}

func TestAKeyFrameThatTheEncoderLeavesOutComesWithTheNextPicture(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.enter("a", 50, 0).films()
		s.renders(full)
		after(5 * time.Second)
		n := len(s.keys[full.Output])
		s.mu.Lock()
		s.drops = 2
		s.mu.Unlock()
		s.engine.Message(link.KeyFrame{Output: full.Output})
		after(200 * time.Millisecond)
		if got := len(s.keys[full.Output]) - n; got != 1 {
			t.Errorf("%d key frames came", got)
		}
	})
}

func TestAKeyFrameOfNothingCostsNothing(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.enter("a", 50, 0)
		s.renders(full)
		after(5 * time.Second)
		before, _ := said[link.Alive](s)
		s.engine.Message(link.KeyFrame{Output: 99})
		after(10 * time.Second)
		now, _ := said[link.Alive](s)
		if n := now.Stats.Composed - before.Stats.Composed; n > 35 {
			t.Errorf("%d pictures were composed in ten seconds in which nothing changed", n)
		}
	})
}

func TestEachOfTwoScreensHasATile(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		a := s.enter("a", 50, 0)
		for n := range uint32(2) {
			a.member.Tracks = append(a.member.Tracks, link.Track{
				Number: 5 + n, ID: media.TrackID("screen" + string(rune('1'+n))), Kind: media.Video, Origin: media.ScreenVideo,
			})
		}
		a.member.Tracks[0].LeftOut = true
		s.renders(full)
		after(time.Second)
		w, _ := said[link.Wants](s)
		for n := range uint32(2) {
			if !slices.ContainsFunc(w.Tracks, func(w link.Want) bool { return w.Number == 5+n && w.Width > 0 }) {
				t.Errorf("screen %d is not shown: %+v", n+1, w.Tracks)
			}
		}
		for id, c := range s.engine.pictures.casts {
			if c.screen && c.note != "" {
				t.Errorf("%s has the note of the camera: %q", id, c.note)
			}
		}
	})
}

func TestRenditionsComeAndGo(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.enter("a", 50, 0).films()
		small := link.Rendition{Output: 2, Codec: media.H264, Width: 640, Height: 360, Rate: 500_000, TemporalLayers: 2}
		s.renders(full, small)
		after(time.Second)
		sizes := map[media.Dimensions]media.Codec{}
		for _, f := range s.cut() {
			sizes[f.size] = f.codec
		}
		if len(sizes) != 2 || sizes[media.Dimensions{Width: 640, Height: 360}] != media.H264 {
			t.Errorf("%v were encoded", sizes)
		}
		s.renders(small)
		after(100 * time.Millisecond)
		s.cut()
		after(3 * time.Second)
		for _, f := range s.cut() {
			if f.size.Width != 640 {
				t.Fatalf("%v is encoded, which nobody sees", f.size)
			}
		}
	})
}

func TestARenditionThatIsWantedAgainGoesOnCounting(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.enter("a", 50, 0).films()
		for range 3 {
			s.renders(full)
			after(500 * time.Millisecond)
			s.renders()
			after(time.Second)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := len(s.keys[full.Output]); n != 3 {
			t.Errorf("%d renditions began with a key frame, want 3", n)
		}
		for i, n := range s.numbers[1:] {
			if was := s.numbers[i]; n.seq != was.seq+1 || n.picture != was.picture && n.picture != was.picture+1 {
				t.Fatalf("packet %d of picture %d follows %d of %d", n.seq, n.picture, was.seq, was.picture)
			}
		}
	})
}

func TestACameraThatGoesOnShowsNothingOld(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		a := s.enter("a", 50, 0)
		a.films()
		s.renders(full)
		after(2 * time.Second)
		a.member.Tracks[0].Muted = true
		s.tell()
		after(time.Second)
		shots := s.cut()
		if got := shots[len(shots)-1].cell(0, 1, 0, 1); got == 50 {
			t.Error("the picture of a camera that is off stays")
		}
		a.looks(90, 0)
		a.member.Tracks[0].Muted = false
		s.tell()
		after(2 * time.Second)
		for _, f := range s.cut() {
			if f.cell(0, 1, 0, 1) == 50 {
				t.Fatal("it goes on with a picture from before")
			}
		}
	})
}

func TestAStreamThatCanNotBeDecodedIsGivenUp(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		a, b := s.enter("a", 50, 0), s.enter("b", 90, 0)
		a.films()
		b.films()
		s.renders(full)
		after(time.Second)
		b.breaks(true)
		after(500 * time.Millisecond)
		if _, asked := said[link.KeyFrameWanted](s); !asked {
			t.Error("nobody asked for a key frame")
		}
		after(60 * time.Second)
		if f, ok := said[link.Failed](s); !ok || f.Number != b.camera || f.Text == "" {
			t.Errorf("it was said: %+v", f)
		}
		w, _ := said[link.Wants](s)
		if !slices.Contains(w.Tracks, link.Want{Number: b.camera}) {
			t.Errorf("it goes on being asked for: %+v", w.Tracks)
		}
		s.cut()
		a.looks(120, 0)
		after(time.Second)
		shots := s.cut()
		if got := shots[len(shots)-1].cell(0, 2, 0, 1); got != 120 {
			t.Errorf("the other one shows %d", got)
		}
	})
}

func TestSoundAndPictureOfAMemberAreOfOneTime(t *testing.T) {
	for _, delay := range []time.Duration{0, 30 * time.Millisecond, 80 * time.Millisecond} {
		play(t, func(t *testing.T, s *studio) {
			a := s.enter("a", 50, 0)
			a.delay = delay
			a.films()
			a.talks()
			s.renders(full)
			after(5 * time.Second)
			for range 20 {
				s.cut()
				from := s.clock.Now()
				a.looks(200, 0.5)
				after(700 * time.Millisecond)
				a.mu.Lock()
				filmed, spoken := a.filmed, a.spoken
				a.mu.Unlock()
				a.looks(50, 0)
				var seen, sounded media.Time
				for _, f := range s.cut() {
					if f.cell(0, 1, 0, 1) == 200 {
						seen = f.at
						break
					}
				}
				s.mu.Lock()
				for _, h := range s.sounds[link.SharedMix] {
					if h.at.After(from) && h.value > 0.1 {
						sounded = h.at
						break
					}
				}
				s.mu.Unlock()
				if seen == 0 || sounded == 0 {
					t.Fatalf("with pictures %v late, the flash came at %v and the beep at %v", delay, seen, sounded)
				}
				late := seen.Sub(filmed) - sounded.Sub(spoken)
				if late.Abs() > 40*time.Millisecond {
					t.Errorf("with pictures %v late, the flash is %v after the beep", delay, late)
				}
				after(713 * time.Millisecond)
			}
		})
	}
}

func TestWhoTalksAndListensHasAMixWithoutHerself(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.wish.Levelling = false
		s.wish.Listeners = []string{"a", "b", "c"}
		a, b := s.enter("a", 50, 0.1), s.enter("b", 90, 0.3)
		s.enter("c", 130, 0)
		a.talks()
		b.talks()
		s.tell()
		after(2 * time.Second)
		mixes, ok := said[link.Mixes](s)
		if !ok || len(mixes.Outputs) != 2 {
			t.Fatalf("mixes of their own: %+v", mixes.Outputs)
		}
		want := map[string]float32{"a": 0.3, "b": 0.1}
		for _, m := range mixes.Outputs {
			if got := s.last(m.Output); got < want[m.Member]-0.02 || got > want[m.Member]+0.02 {
				t.Errorf("%s hears %v, not %v", m.Member, got, want[m.Member])
			}
		}
		if got := s.last(link.SharedMix); got < 0.38 || got > 0.42 {
			t.Errorf("the others hear %v", got)
		}
		a.leave()
		b.leave()
		s.tell()
		after(30 * time.Second)
		if mixes, _ := said[link.Mixes](s); len(mixes.Outputs) != 0 {
			t.Errorf("nobody talks any more, and there are %+v", mixes.Outputs)
		}
	})
}

func TestTheHeartBeatsThoughThereIsTooMuchToDecode(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.slow = 50 * time.Millisecond // a second and a half for a second
		s.enter("a", 50, 0).films()
		s.renders(full)
		after(2 * time.Second)
		for range 30 {
			before, _ := said[link.Alive](s)
			after(500 * time.Millisecond)
			if alive, _ := said[link.Alive](s); alive.Sequence == before.Sequence {
				t.Fatal("it seems to hang")
			}
		}
	})
}

func TestTheHeartBeatsWhileBothLoopsTurn(t *testing.T) {
	play(t, func(t *testing.T, s *studio) {
		s.enter("a", 50, 0).films()
		s.renders(full)
		after(2 * time.Second)
		alive, ok := said[link.Alive](s)
		if !ok || alive.Sequence < 15 || alive.Sequence > 21 {
			t.Errorf("in two seconds there were %d heartbeats", alive.Sequence)
		}
		if alive.Stats.Decoded == 0 || alive.Stats.Composed == 0 || alive.Stats.Encoded == 0 {
			t.Errorf("the figures are %+v", alive.Stats)
		}
		// The pictures' loop hangs: the server has to learn that.
		hang := make(chan struct{})
		s.mu.Lock()
		s.hang = hang
		s.mu.Unlock()
		after(time.Second)
		before, _ := said[link.Alive](s)
		after(5 * time.Second)
		if alive, _ := said[link.Alive](s); alive.Sequence != before.Sequence {
			t.Errorf("%d heartbeats of an engine that hangs", alive.Sequence-before.Sequence)
		}
		close(hang)
		after(time.Second)
		if alive, _ := said[link.Alive](s); alive.Sequence <= before.Sequence {
			t.Error("it goes on without a heartbeat")
		}
	})
}
