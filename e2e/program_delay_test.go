package e2e

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/internal/mcu/codec"
)

// What is measured is told; what is asserted is generous, for machines of tests
// are noisy.
const (
	soundDelayLimit   = 180 * time.Millisecond // 95 of 100 sounds
	pictureDelayLimit = 180 * time.Millisecond // 95 of 100 pictures
	lipSyncLimit      = 80 * time.Millisecond  // the median
)

// beepsMeasured is for how many beeps is measured.
const beepsMeasured = 14

// witness notes when each picture of somebody and each beep came.
type witness struct {
	mu       sync.Mutex
	place    place
	who      string
	pictures map[uint32]time.Time // guarded by mu; by number, when each was seen first
	flashes  []time.Time          // guarded by mu; when white began
	white    bool                 // guarded by mu
	beeps    []time.Time          // guarded by mu; when each began
	silent   int                  // guarded by mu; samples since something was heard
	last     time.Time            // guarded by mu; of what came
	noise    time.Duration        // guarded by mu; the longest for which nothing came
}

// note notes that something came. w.mu is held.
func (w *witness) note(at time.Time) {
	if !w.last.IsZero() {
		w.noise = max(w.noise, at.Sub(w.last))
	}
	w.last = at
}

// observe begins to note what v sees in a place and hears.
func observe(v *spectator, who string, at place) *witness {
	w := &witness{place: at, who: who, pictures: map[uint32]time.Time{}}
	v.notes(w.look, w.listen)
	return w
}

func (w *witness) look(g glimpse) {
	w.mu.Lock()
	defer w.mu.Unlock()
	source, number := sourceAt(g.picture, w.place)
	if source != w.who {
		return
	}
	if _, known := w.pictures[number]; !known {
		w.pictures[number] = g.at
	}
	white := ground(g.picture, w.place).off(yuv{235, 128, 128}) <= colourTolerance
	if white && !w.white {
		w.flashes = append(w.flashes, g.at)
	}
	w.white = white
}

// listen looks for what is loud after silence.
func (w *witness) listen(e earshot) {
	const (
		loud  = 0.03
		pause = codec.SampleRate / 3
	)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(e.at)
	for i, x := range e.pcm {
		if math.Abs(float64(x)) < loud {
			w.silent++
			continue
		}
		if w.silent > pause {
			after := time.Duration(len(e.pcm)-i) * time.Second / codec.SampleRate
			w.beeps = append(w.beeps, e.at.Add(-after))
		}
		w.silent = 0
	}
}

// delaysAfter returns by how much later than w another witness has noticed the
// same, for pictures and for beeps, in order of length.
func (w *witness) delaysAfter(first *witness) (pictures, beeps []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first.mu.Lock()
	defer first.mu.Unlock()
	for number, at := range w.pictures {
		if before, ok := first.pictures[number]; ok {
			pictures = append(pictures, at.Sub(before))
		}
	}
	slices.Sort(pictures)
	return pictures, apart(first.beeps, w.beeps)
}

// hush returns the longest for which nothing came.
func (w *witness) hush() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.noise
}

// lipSync returns by how much later than the flash each beep came, in order.
func (w *witness) lipSync() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return apart(w.flashes, w.beeps)
}

// apart returns from each of one list to the nearest of another, in order of
// length.
func apart(from, to []time.Time) (list []time.Duration) {
	for _, a := range from {
		nearest := time.Duration(math.MaxInt64)
		for _, b := range to {
			if d := b.Sub(a); d.Abs() < nearest.Abs() {
				nearest = d
			}
		}
		if nearest.Abs() < beepEvery/2 {
			list = append(list, nearest)
		}
	}
	slices.Sort(list)
	return list
}

// share returns the value below which a share of an ordered list is.
func share(list []time.Duration, of float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[min(int(of*float64(len(list))), len(list)-1)]
}

// The same sound and picture, forwarded to one and mixed for another: what the
// mixer adds, and whether lips move with the voice.
func TestDelayOfTheProgram(t *testing.T) {
	s := local(t)
	ann := acts(t, s, "Ann", client.Options{}, show{width: 320, height: 180, fps: 30, beeps: true})
	ann.directs(api.ProgramSettings{Width: 640, Height: 360, FPS: 30})
	acts(t, s, "Ben", client.Options{}, show{quiet: true})
	fred := watches(t, s, client.Options{Name: "Fred"})
	fred.isOn(api.PathSFU)
	vic := viewer(t, s, "Vic")
	tiles := grid(2, 1, 2)
	vic.seesThere("both", tiles[1:], "Ben")

	mixed, forwarded := observe(vic, "Ann", tiles[0]), observe(fred, "Ann", whole())
	for what, v := range map[string]*spectator{"mixed": vic, "forwarded": fred} {
		w := mixed
		if v == fred {
			w = forwarded
		}
		v.untilWithin(2*beepsMeasured*beepEvery+patience, "beeps and flashes, "+what, func() string {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.beeps) < beepsMeasured || len(w.flashes) < beepsMeasured {
				return "not enough"
			}
			return ""
		})
	}
	pictures, beeps := mixed.delaysAfter(forwarded)
	lips, before := mixed.lipSync(), forwarded.lipSync()
	noise := forwarded.hush() // what this machine does to packets that are not mixed
	t.Logf("%d pictures, %d beeps, %d flashes with beeps", len(pictures), len(beeps), len(lips))
	took(t, "the longest for which nothing was forwarded", noise)
	took(t, "picture, later than forwarded, median", share(pictures, 0.5))
	took(t, "picture, later than forwarded, 95 of 100", share(pictures, 0.95))
	took(t, "sound, later than forwarded, median", share(beeps, 0.5))
	took(t, "sound, later than forwarded, 95 of 100", share(beeps, 0.95))
	took(t, "beep after flash as they come, forwarded, median", share(before, 0.5))
	took(t, "beep after flash as they come, in the program, median", share(lips, 0.5))
	took(t, "beep after flash as they come, in the program, first", share(lips, 0))
	took(t, "beep after flash as they come, in the program, last", share(lips, 1))

	if len(pictures) < 5*beepsMeasured || len(beeps) < beepsMeasured/2 || len(lips) < beepsMeasured/2 {
		t.Errorf("too little was compared")
	}
	if d := share(pictures, 0.95); d > pictureDelayLimit+noise {
		t.Errorf("pictures are %v late", d)
	}
	if d := share(beeps, 0.95); d > soundDelayLimit+noise {
		t.Errorf("sounds are %v late", d)
	}
	if d := share(lips, 0.5); d.Abs() > lipSyncLimit {
		t.Errorf("beeps are %v after flashes", d)
	}
}
