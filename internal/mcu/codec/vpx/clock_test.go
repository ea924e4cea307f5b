//go:build cgo

package vpx

import (
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/media"
)

func TestTheLibrarysTimeIsEvenAndFollowsTheCallers(t *testing.T) {
	const step = 3000
	for name, late := range map[string]func(i int) media.Ticks{
		"in time":          func(int) media.Ticks { return 0 },
		"early and late":   func(i int) media.Ticks { return media.Ticks(i * 7919 % 1500) },
		"some left out":    func(i int) media.Ticks { return media.Ticks(i / 30 * step) },
		"a bit too slow":   func(i int) media.Ticks { return media.Ticks(i * 82) },
		"at half the pace": func(i int) media.Ticks { return media.Ticks(i * step) },
	} {
		t.Run(name, func(t *testing.T) {
			var c clock
			before, interval := c.tick(70, step), media.Ticks(step)
			for i := 1; i < 600; i++ {
				now := 70 + media.Ticks(i*step) + late(i)
				at := c.tick(now, step)
				if d := at - before; d > interval*11/10 || d < interval*9/10 {
					t.Fatalf("picture %d is %d after the last, which was %d after its", i, d, interval)
				}
				if off := now - at; off > 20*step || off < -20*step {
					t.Fatalf("picture %d is at %d, told as %d", i, now, at)
				}
				before, interval = at, at-before
			}
		})
	}
}

func TestTheLibrarysTimeStandsInPausesAndNeverGoesBack(t *testing.T) {
	var c clock
	before := c.tick(0, 3000)
	for i, now := range []media.Ticks{3000, 6000, 900_000, 903_000, 900_000, 900_000, 0, 3000} {
		at := c.tick(now, 3000)
		if d := at - before; d <= 0 || d > 4000 {
			t.Errorf("step %d is of %d", i, d)
		}
		before = at
	}
}

func TestTheRateIsKeptThoughPicturesAreLeftOut(t *testing.T) {
	const rate, every = 300_000, 20
	o := options(320, 180, 1)
	o.Rate = rate
	e := encoder(t, o)
	film := codectest.Film(320, 180, 32)
	sum, pictures := 0, 0
	for i := range 400 {
		if i%every == 0 && i > 0 {
			continue
		}
		p := film[i%32]
		for j := range p.Y { // noise that nothing predicts
			p.Y[j] += byte(uint32(i*len(p.Y)+j)*2654435761>>24) & 7
		}
		f, err := e.Encode(p, codec.EncodeOptions{Timestamp: codectest.Timestamp(i)})
		if err != nil {
			t.Fatal(err)
		}
		if i >= 100 {
			pictures++
			if f != nil {
				sum += len(f.Data)
			}
		}
	}
	if got := sum * 8 * 30 / 300; got > rate*11/10 || got < rate*7/10 {
		t.Errorf("%d bit/s over %d pictures, want %d", got, pictures, rate)
	}
}
