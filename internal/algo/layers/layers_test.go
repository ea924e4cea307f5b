package layers

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	kbps = 1000
	mbps = 1000 * kbps
)

func size(w, h int) media.Dimensions { return media.Dimensions{Width: w, Height: h} }

// camera returns a simulcast camera of three layers, shown at this size.
func camera(w, h, current int) Slot {
	return Slot{Origin: media.Camera, Shown: size(w, h), Current: current, Choices: []Choice{
		{Layer: media.Layer{Stream: 0}, Size: size(320, 180), Bitrate: 150 * kbps},
		{Layer: media.Layer{Stream: 1}, Size: size(640, 360), Bitrate: 500 * kbps},
		{Layer: media.Layer{Stream: 2}, Size: size(1280, 720), Bitrate: 1500 * kbps},
	}}
}

func screen(current int) Slot {
	return Slot{Origin: media.ScreenVideo, Shown: size(1920, 1080), Current: current, Choices: []Choice{
		{Size: size(960, 540), Bitrate: 400 * kbps},
		{Size: size(1920, 1080), Bitrate: 2 * mbps},
	}}
}

func microphone() Slot {
	return Slot{Origin: media.Microphone, Current: Paused, Choices: []Choice{{Bitrate: 32 * kbps}}}
}

func targets(slots []Slot) []int {
	var t []int
	for _, s := range slots {
		t = append(t, s.Target)
	}
	return t
}

func wantTargets(t *testing.T, why string, estimate media.Bitrate, slots []Slot, want ...int) {
	t.Helper()
	Allocate(estimate, slots)
	if got := targets(slots); !slices.Equal(got, want) {
		t.Errorf("%s (%d kbit/s): %v, want %v", why, estimate/kbps, got, want)
	}
}

func TestTheLayerThatFitsTheSizeShown(t *testing.T) {
	choices := camera(0, 0, 0).Choices
	for _, c := range []struct {
		w, h, current, want int
		why                 string
	}{
		{0, 0, Paused, 0, "nobody said how large it is"},
		{160, 90, Paused, 0, "a thumbnail"},
		{400, 225, Paused, 0, "a little upscaling is cheap"},
		{401, 226, Paused, 1, "more is not"},
		{4000, 2000, Paused, 2, "no layer is as large as that"},
		{1280, 200, Paused, 0, "a wide slot: the height decides"},
		{300, 700, Paused, 0, "a tall slot: the width decides"},
		{440, 248, 0, 0, "the page grows a little: stay"},
		{470, 265, 0, 1, "and more: switch"},
		{380, 214, 1, 1, "it shrinks again: stay"},
		{350, 197, 1, 0, "and more: switch back"},
		{160, 90, 2, 0, "from the best to the least"},
		{4000, 2000, 7, 2, "a layer that is gone"},
	} {
		if got := Fitting(choices, size(c.w, c.h), c.current); got != c.want {
			t.Errorf("%s: %d×%d at %d: %d, want %d", c.why, c.w, c.h, c.current, got, c.want)
		}
	}
}

func TestEveryoneIsHeardThenSeenThenWellSeen(t *testing.T) {
	call := func() []Slot {
		return []Slot{camera(640, 360, Paused), microphone(), camera(1280, 720, Paused), screen(Paused), microphone()}
	}
	slots := call()
	if wanted := Allocate(Unlimited, slots); wanted != (500+32+1500+2000+32)*kbps+2000*kbps*headroom/100 {
		t.Errorf("all that fits takes %d, with headroom for the largest step", wanted)
	}
	wantTargets(t, "enough for all", Unlimited, call(), 1, 0, 2, 1, 0)
	wantTargets(t, "nothing: sound is always sent", 0, call(), Paused, 0, Paused, Paused, 0)
	wantTargets(t, "the screen comes first", 600*kbps, call(), Paused, 0, Paused, 0, 0)
	wantTargets(t, "then the large camera", 720*kbps, call(), Paused, 0, 0, 0, 0)
	wantTargets(t, "then the small one", 850*kbps, call(), 0, 0, 0, 0, 0)
	wantTargets(t, "then the screen is made readable", 2700*kbps, call(), 0, 0, 0, 1, 0)
	wantTargets(t, "then the camera that is stretched the most", 2800*kbps, call(), 0, 0, 1, 1, 0)
	wantTargets(t, "then both alike", 3200*kbps, call(), 1, 0, 1, 1, 0)
}

func TestEqualTilesAreServedAlike(t *testing.T) {
	grid := make([]Slot, 9)
	for i := range grid {
		grid[i] = camera(640, 360, Paused)
	}
	wantTargets(t, "nine tiles, some of them better", 3200*kbps, grid, 1, 1, 1, 1, 1, 0, 0, 0, 0)
	wantTargets(t, "nine tiles, all good", 6*mbps, grid, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	wantTargets(t, "nine tiles, not all can be seen", 1*mbps, grid, 0, 0, 0, 0, 0, 0, Paused, Paused, Paused)
}

func TestATrackWithoutLayersIsSentOrNot(t *testing.T) {
	one := []Slot{{Origin: media.OtherOrigin, Shown: size(1280, 720), Current: 0, Choices: []Choice{{Bitrate: 1500 * kbps}}}}
	wantTargets(t, "it fits", 1500*kbps, one, 0)
	wantTargets(t, "it does not", 1400*kbps, one, Paused)
	wantTargets(t, "nothing is published", Unlimited, []Slot{{Origin: media.Camera, Current: 3}}, Paused)
}

// follow lets the slots go through a sequence of estimates and returns how often
// any of them switched.
func follow(slots []Slot, estimates ...media.Bitrate) (switches int) {
	for _, e := range estimates {
		Allocate(e, slots)
		for i := range slots {
			if s := &slots[i]; s.Target != s.Current {
				s.Current = s.Target
				switches++
			}
		}
	}
	return switches
}

func TestScenarioDrop(t *testing.T) {
	slots := []Slot{camera(1280, 720, 2), camera(1280, 720, 2)}
	if n := follow(slots, 3*mbps); n != 0 {
		t.Error("what is sent and just fits is kept")
	}
	follow(slots, 2900*kbps)
	if got := targets(slots); !slices.Equal(got, []int{2, 1}) {
		t.Errorf("a little less: one goes down at once: %v", got)
	}
	follow(slots, 800*kbps)
	if got := targets(slots); !slices.Equal(got, []int{1, 0}) {
		t.Errorf("a lot less: %v", got)
	}
}

func TestScenarioRecovery(t *testing.T) {
	slots := []Slot{camera(1280, 720, 0)}
	if n := follow(slots, 540*kbps, 574*kbps); n != 0 {
		t.Errorf("the next layer needs headroom: %d switches", n)
	}
	if follow(slots, 580*kbps); slots[0].Current != 1 {
		t.Error("now it has that")
	}
	if follow(slots, 1800*kbps); slots[0].Current != 2 {
		t.Error("and the next")
	}
}

func TestScenarioChanging(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	slots := []Slot{camera(1280, 720, Paused), camera(640, 360, Paused), screen(Paused), microphone()}
	var estimates []media.Bitrate
	for range 1000 {
		estimates = append(estimates, media.Bitrate(2.6*mbps*(0.97+0.06*rng.Float64())))
	}
	follow(slots, estimates[:10]...)
	if n := follow(slots, estimates...); n > 0 {
		t.Errorf("an estimate that trembles by 3 %% made %d switches", n)
	}
}

func TestScenarioAppLimited(t *testing.T) {
	slots := []Slot{camera(160, 90, 0), microphone()}
	if wanted := Allocate(10*mbps, slots); wanted != 182*kbps {
		t.Errorf("a thumbnail wants %d, however wide the line is", wanted)
	}
}

// TestAllocateKeepsItsPromises checks what must hold of any allocation.
func TestAllocateKeepsItsPromises(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		slots := make([]Slot, 1+rng.IntN(12))
		var sound media.Bitrate
		for i := range slots {
			s := camera(rng.IntN(1400), rng.IntN(800), rng.IntN(4)-1)
			switch rng.IntN(5) {
			case 0:
				s = microphone()
				sound += 32 * kbps
			case 1:
				s = screen(rng.IntN(3) - 1)
			}
			for c := range s.Choices {
				s.Choices[c].Bitrate += media.Bitrate(rng.IntN(30 * kbps))
			}
			slots[i] = s
		}
		Allocate(Allocate(Unlimited, slots), slots)
		for _, s := range slots {
			if s.Target != s.Wanted {
				t.Fatalf("what all want together is not enough for %+v", s)
			}
		}
		estimate := media.Bitrate(rng.IntN(12 * mbps))
		Allocate(estimate, slots)
		left, videos := estimate, false
		for _, s := range slots {
			left -= s.bitrate(s.Target)
			videos = videos || !s.sound() && s.Target != Paused
			if s.Target > s.Wanted {
				t.Fatalf("more than fits: %+v", s)
			}
		}
		if left < 0 && videos {
			t.Fatalf("%d too much is sent: %+v", -left, slots)
		}
		for _, s := range slots {
			if s.Target >= s.Wanted {
				continue
			}
			next := s.Target + 1
			need := s.bitrate(next) - s.bitrate(s.Target) + s.bitrate(next)*headroom/100
			if need <= left {
				t.Fatalf("%d are left, but %+v could take %d", left, s, need)
			}
		}
		before := targets(slots)
		follow(slots, estimate)
		if n := follow(slots, estimate, estimate); n > 0 || !slices.Equal(before, targets(slots)) {
			t.Fatalf("the same estimate decides otherwise: %v, then %v", before, targets(slots))
		}
	}
}

func TestAllocateAllocatesNothing(t *testing.T) {
	slots := []Slot{camera(1280, 720, 1), camera(640, 360, 1), screen(1), microphone()}
	if n := testing.AllocsPerRun(1000, func() { Allocate(2*mbps, slots) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAllocate12(b *testing.B) {
	b.ReportAllocs()
	slots := make([]Slot, 12)
	for i := range slots {
		slots[i] = camera(640, 360, 1)
	}
	for range b.N {
		Allocate(4*mbps, slots)
	}
}
