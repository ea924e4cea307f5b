package netsim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const start = media.Time(1_000_000_000_000)

// run sends n packets of size bytes, one each interval, and returns the
// arrivals in the order of sending.
func run(o LinkOptions, seed uint64, n, size int, interval time.Duration) ([]media.Time, LinkStats) {
	l := NewLink(o, rand.New(rand.NewPCG(seed, 0)))
	var arrivals []media.Time
	for i := range n {
		arrivals = l.Send(arrivals, start.Add(time.Duration(i)*interval), size)
	}
	return arrivals, l.Stats()
}

func TestLinkDelaysEverythingAlike(t *testing.T) {
	arrivals, stats := run(LinkOptions{Delay: 30 * time.Millisecond}, 1, 10, 1200, time.Millisecond)
	for i, at := range arrivals {
		if want := start.Add(time.Duration(i)*time.Millisecond + 30*time.Millisecond); at != want {
			t.Errorf("packet %d arrived %v late", i, at.Sub(want))
		}
	}
	if stats.Delivered != 10 {
		t.Errorf("the link counted %+v", stats)
	}
}

func TestLinkLosesTheShareItWasToldTo(t *testing.T) {
	for _, burst := range []float64{0, 1, 4, 10} {
		const n = 200_000
		_, stats := run(LinkOptions{Loss: 0.05, Burst: burst}, 2, n, 100, time.Millisecond)
		if share := float64(stats.Lost) / n; share < 0.045 || share > 0.055 {
			t.Errorf("with bursts of %g the link lost %g of all", burst, share)
		}
	}
}

func TestLinkLosesInBursts(t *testing.T) {
	l := NewLink(LinkOptions{Loss: 0.05, Burst: 5}, rand.New(rand.NewPCG(3, 0)))
	bursts, lost, before := 0, 0, false
	for range 200_000 {
		gone := len(l.Send(nil, start, 100)) == 0
		if gone {
			lost++
			if !before {
				bursts++
			}
		}
		before = gone
	}
	if mean := float64(lost) / float64(bursts); mean < 4.5 || mean > 5.5 {
		t.Errorf("a burst takes %g packets on average, not 5", mean)
	}
}

func TestLinkJitterKeepsTheOrder(t *testing.T) {
	arrivals, _ := run(LinkOptions{Delay: 20 * time.Millisecond, Jitter: 30 * time.Millisecond}, 4, 1000, 100, time.Millisecond)
	if !slices.IsSorted(arrivals) {
		t.Error("jitter alone has changed the order")
	}
	early, late := time.Hour, time.Duration(0)
	for i, at := range arrivals {
		took := at.Sub(start.Add(time.Duration(i) * time.Millisecond))
		early, late = min(early, took), max(late, took)
	}
	if early < 20*time.Millisecond || late > 50*time.Millisecond || late < 45*time.Millisecond {
		t.Errorf("packets took %v to %v", early, late)
	}
}

func TestLinkReorders(t *testing.T) {
	arrivals, _ := run(LinkOptions{Delay: 20 * time.Millisecond, Reorder: 0.1, ReorderBy: 10 * time.Millisecond}, 5, 10_000, 100, time.Millisecond)
	overtaken := 0
	for i := 1; i < len(arrivals); i++ {
		if arrivals[i] < arrivals[i-1] {
			overtaken++
		}
	}
	if overtaken < 800 || overtaken > 1000 { // a packet held back right after another is not overtaken by that
		t.Errorf("%d of 10000 packets were overtaken by the next one", overtaken)
	}
}

func TestLinkRateAndQueue(t *testing.T) {
	// 1250 bytes are 10 ms at 1 Mbit/s; a packet comes each 5 ms, so half of
	// them must go once the queue of 100 ms is full.
	o := LinkOptions{Rate: 1_000_000, Queue: 100 * time.Millisecond, Delay: time.Millisecond}
	arrivals, stats := run(o, 6, 400, 1250, 5*time.Millisecond)
	for i := 1; i < len(arrivals); i++ {
		if gap := arrivals[i].Sub(arrivals[i-1]); gap < 10*time.Millisecond {
			t.Fatalf("two packets came within %v: the line is too fast", gap)
		}
	}
	if last := arrivals[len(arrivals)-1].Sub(start.Add(400 * 5 * time.Millisecond)); last > 115*time.Millisecond {
		t.Errorf("the last packet waited %v: the queue is too long", last)
	}
	if stats.Overflowed < 180 || stats.Overflowed > 195 {
		t.Errorf("%d of 400 packets did not fit", stats.Overflowed)
	}
}

func TestLinkDuplicates(t *testing.T) {
	arrivals, stats := run(LinkOptions{Duplicate: 0.5}, 7, 1000, 100, time.Millisecond)
	if len(arrivals) != 1000+stats.Duplicated || stats.Duplicated < 450 || stats.Duplicated > 550 {
		t.Errorf("%d packets made %d arrivals, %d of them twice", 1000, len(arrivals), stats.Duplicated)
	}
}

func TestLinkReplaysBySeed(t *testing.T) {
	o := LinkOptions{
		Loss: 0.1, Burst: 3, Delay: 10 * time.Millisecond, Jitter: 20 * time.Millisecond,
		Reorder: 0.1, ReorderBy: 5 * time.Millisecond, Duplicate: 0.01, Rate: 2_000_000,
	}
	one, _ := run(o, 8, 2000, 1000, 3*time.Millisecond)
	two, _ := run(o, 8, 2000, 1000, 3*time.Millisecond)
	other, _ := run(o, 9, 2000, 1000, 3*time.Millisecond)
	if !slices.Equal(one, two) {
		t.Error("the same seed made another run")
	}
	if slices.Equal(one, other) {
		t.Error("another seed made the same run")
	}
}
