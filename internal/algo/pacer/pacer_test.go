package pacer

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	ms    = time.Millisecond
	start = media.Time(time.Hour)
)

// drain sends packets of 1200 bytes until the budget is used up, and returns how
// many.
func drain(p *Pacer, now media.Time) (n int) {
	for ; p.Budget(now) > 0; n++ {
		p.Sent(now, 1200)
	}
	return n
}

func TestAPictureLeavesAtOnceAndAKeyFrameInTurns(t *testing.T) {
	p := New(Options{})
	if p.Budget(start) != 0 || !p.Deadline(true).IsZero() {
		t.Error("nothing leaves before the first estimate")
	}
	p.SetEstimate(start, 1_920_000) // 600 kB/s when there is a queue
	if got := p.Budget(start); got != 24_000 {
		t.Errorf("the first burst is %d bytes, want 40 ms' worth: 24000", got)
	}
	if got := drain(p, start); got != 20 {
		t.Errorf("%d packets of the key frame leave, want 20", got)
	}
	if got := p.Deadline(true).Sub(start); got != 2*ms {
		t.Errorf("the next one after %v, want 2 ms", got)
	}
	if got := drain(p, start.Add(2*ms)); got != 1 {
		t.Errorf("%d packets after 2 ms, want 1", got)
	}
	if !p.Deadline(false).IsZero() {
		t.Error("nothing is queued: nothing to wake up for")
	}
	if got := p.Budget(start.Add(time.Minute)); got != 24_000 {
		t.Errorf("a pause saves up one burst, not more: %d bytes", got)
	}
}

func TestAudioGoesFirstAndVideoPaysForIt(t *testing.T) {
	p := New(Options{})
	p.SetEstimate(start, 320_000) // 100 kB/s
	drain(p, start)
	for range 10 {
		p.Sent(start, 120) // audio never asks
	}
	if got := p.Deadline(true).Sub(start); got != 32*ms {
		t.Errorf("video waits %v, want 8 ms for what its last packet overdrew, 12 for the audio and 12 for itself", got)
	}
	if p.Budget(start.Add(20*ms)) != 0 {
		t.Error("the audio is not paid for yet")
	}
}

func TestAProbeHasItsOwnEvenRate(t *testing.T) {
	p := New(Options{})
	p.SetEstimate(start, 400_000)
	p.StartProbe(start, 7, 4_800_000, 9600) // 600 kB/s, eight packets
	now, packets := start, 0
	for p.Probe() == 7 {
		packets += drain(p, now)
		if d := p.Deadline(false); d.After(now) {
			now = d
		} else if p.Probe() == 7 {
			t.Fatal("the probe stands still")
		}
	}
	if packets < 8 || packets > 9 {
		t.Errorf("%d packets, want 8", packets)
	}
	if d := now.Sub(start); d < 10*ms || d > 14*ms {
		t.Errorf("it took %v, want about 12 ms: two at once, then 2 ms each", d)
	}
	if p.Budget(now) > 2400 {
		t.Errorf("and then the old rate: %d bytes", p.Budget(now))
	}
}

// TestNoIntervalCarriesTooMuch checks the rule that a pacer is for, over all
// pairs of moments of a random run.
func TestNoIntervalCarriesTooMuch(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := New(Options{})
	const estimate, rate = 800_000, 250_000. // bytes/s
	p.SetEstimate(start, estimate)
	type sent struct {
		at  media.Time
		sum int // up to and with this one
	}
	log := []sent{{start, 0}}
	now, total := start, 0
	for range 3000 {
		now = now.Add(time.Duration(rng.IntN(8_000_000)))
		for p.Budget(now) > 0 && rng.IntN(10) > 0 {
			size := 100 + rng.IntN(1100)
			p.Sent(now, size)
			total += size
			log = append(log, sent{now, total})
		}
	}
	for i := range log {
		for j := i + 1; j < min(i+300, len(log)); j++ {
			allowed := 10_000 + rate*log[j].at.Sub(log[i].at).Seconds() + 1200
			if got := log[j].sum - log[i].sum; float64(got) > allowed {
				t.Fatalf("%d bytes in %v, allowed are %.0f", got, log[j].at.Sub(log[i].at), allowed)
			}
		}
	}
	if mean := float64(total) / now.Sub(start).Seconds(); mean < rate*0.9 {
		t.Errorf("%.0f bytes/s, want nearly %.0f", mean, rate)
	}
}

func TestPacingAllocatesNothing(t *testing.T) {
	p, now := New(Options{}), start
	p.SetEstimate(now, 1_000_000)
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(ms)
		drain(p, now)
		p.Deadline(true)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkBudgetAndSent(b *testing.B) {
	b.ReportAllocs()
	p, now := New(Options{}), start
	p.SetEstimate(now, 1_000_000)
	for range b.N {
		now = now.Add(ms)
		if p.Budget(now) > 0 {
			p.Sent(now, 1200)
		}
	}
}
