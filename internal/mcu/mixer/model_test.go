package mixer

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// model is the bus, plainly: it sums for each listener what it should hear.
type model struct {
	k      *studio
	before map[*stream]stage
}

// expect returns what member is to hear of the last Tick.
func (b *model) expect(member string) []float32 {
	pcm := make([]float32, frame)
	for _, s := range b.k.mixer.streams {
		was, is := b.before[s] != out, s.stage != out
		if s.source.Member == member || !was && !is {
			continue
		}
		for i := range pcm {
			x := b.signal(s, i)
			fade := float32(0.5 - 0.5*math.Cos(math.Pi*(float64(i)+0.5)/frame))
			switch {
			case was && is:
				pcm[i] += x
			case is:
				pcm[i] += x * fade
			case was:
				pcm[i] += x * (1 - fade)
			}
		}
	}
	return pcm
}

// signal returns sample i of what the last Tick played of a stream.
func (b *model) signal(s *stream, i int) float32 {
	at, ok := b.k.mixer.Heard(s.source.Member)
	if !ok {
		b.k.t.Fatalf("nothing is known of %s", s.source.Member)
	}
	first := math.Round(at.Sub(start).Seconds() * sampleRate)
	for _, snd := range b.k.senders {
		if snd.source == s.source {
			return b.k.codecs.signals[snd.signal](int64(first) + int64(i))
		}
	}
	panic("BUG: a stream without sender")
}

// TestThePlainModelAgrees lets many come and go, and compares each mix with the
// model's.
func TestThePlainModelAgrees(t *testing.T) {
	k := newStudio(t, Options{NoLevelling: true, Talkers: 3})
	var members []string
	levels := make([]uint8, 7)
	for i := range levels {
		members = append(members, fmt.Sprint("m", i))
		k.say(members[i], noise(uint64(i), 0.1)).level = func() uint8 { return levels[i] }
		levels[i] = 127
	}
	k.mixer.SetListeners(members, true)
	k.run(30 * time.Second) // until the network is known
	b := &model{k: k, before: map[*stream]stage{}}
	seen := map[string]int{}
	changes := 0
	k.deaf = true
	k.each = func(mixes []Mix) {
		for _, x := range mixes {
			seen[x.Without]++
			got, want := k.codecs.samples(x), b.expect(x.Without)
			for i := range want {
				if d := math.Abs(float64(got[i] - want[i])); d > 2e-6 {
					t.Fatalf("%v, the mix without %q, sample %d: %v, the model says %v", k.now.Sub(start), x.Without, i, got[i], want[i])
				}
			}
		}
		for _, s := range k.mixer.streams {
			if b.before[s] != s.stage {
				changes++
			}
			b.before[s] = s.stage
		}
	}
	for range 80 {
		who := k.rng.IntN(len(levels))
		if levels[who] = 127; k.rng.IntN(2) == 0 {
			levels[who] = uint8(10 + k.rng.IntN(40))
		}
		k.run(time.Duration(k.rng.IntN(800)) * ms)
	}
	if st := k.mixer.Stats(); changes < 40 || st.Lost+st.Concealed+st.Shortened+st.Lengthened != 0 {
		t.Errorf("%d changes; %+v", changes, st)
	}
	for _, m := range append(members, "") {
		if seen[m] < 50 {
			t.Errorf("the mix without %q was made %d times only", m, seen[m])
		}
	}
}
