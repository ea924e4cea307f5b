package bwe

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestGroupsArePictures(t *testing.T) {
	var g grouper
	at := func(sent, arrival time.Duration) Packet {
		return Packet{Sent: begin.Add(sent), Arrival: begin.Add(arrival), Size: 1200}
	}
	for i, step := range []struct {
		p    Packet
		want time.Duration // arrival distance; 0 for none
		why  string
	}{
		{at(0, 50*msec), 0, "the first picture"},
		{at(1*msec, 52*msec), 0, "its second packet"},
		{at(33*msec, 84*msec), 0, "the second picture: nothing to compare yet"},
		{at(0, 53*msec), 0, "a packet that was overtaken by a picture tells nothing"},
		{at(66*msec, 120*msec), 34 * msec, "the third: the second came 34 ms after the first"},
		{at(80*msec, 121*msec), 0, "sent apart, but held up and let go together: one burst"},
		{at(110*msec, 160*msec), 36 * msec, "the fourth"},
	} {
		d, ok := g.add(step.p)
		if ok != (step.want != 0) || d.arrival != step.want {
			t.Errorf("packet %d: %s: got %v, %v; want %v", i, step.why, d.arrival, ok, step.want)
		}
	}
}

// feed gives a trendline n groups sent every 33 ms, each later by grow.
func feed(l *trendline, n int, grow time.Duration) (seen map[usage]int) {
	seen = map[usage]int{}
	at := begin
	if !l.first.IsZero() {
		at = l.first.Add(time.Duration(l.points[(l.count+trendPoints-1)%trendPoints].at * float64(msec)))
	}
	for range n {
		at = at.Add(33*msec + grow)
		l.add(delta{send: 33 * msec, arrival: 33*msec + grow, at: at})
		seen[l.usage]++
	}
	return seen
}

func TestTrendlineTellsQueuesFromPlainDelay(t *testing.T) {
	var l trendline
	l.reset()
	if seen := feed(&l, 100, 0); seen[overuse]+seen[underuse] > 0 {
		t.Errorf("nothing changes: %v", seen)
	}
	if seen := feed(&l, 30, 3*msec); seen[overuse] == 0 {
		t.Errorf("the delay grows by a tenth of the time: %v", seen)
	}
	if seen := feed(&l, 40, -3*msec); l.usage != underuse {
		t.Errorf("the queue drains: %v", seen)
	}
	if feed(&l, 60, 0); l.usage != normal {
		t.Errorf("it is empty: %v", l.usage)
	}
}

func TestTrendlineFitsALine(t *testing.T) {
	l := trendline{}
	rng := rand.New(rand.NewPCG(13, 14))
	for i := range l.points {
		l.points[i] = point{at: float64(i) * 33, delay: 5 + 0.25*float64(i)*33 + rng.Float64() - 0.5}
	}
	if got := l.slope(); math.Abs(got-0.25) > 0.005 {
		t.Errorf("slope %.4f, want 0.25", got)
	}
	l.points, l.before = [trendPoints]point{}, 0.5
	if got := l.slope(); got != 0.5 {
		t.Errorf("all at one time: slope %v, want that from before", got)
	}
}

// TestThroughputAgreesWithAPlainModel compares the bins with a list of all
// packets, up to the bins' width.
func TestThroughputAgreesWithAPlainModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	var tp throughput
	if tp.rate(longSpan) != 0 {
		t.Error("unknown before anything came")
	}
	var all []Packet
	now := begin
	for range 20_000 {
		now = now.Add(time.Duration(rng.IntN(12_000)) * time.Microsecond)
		p := Packet{Arrival: now.Add(-time.Duration(rng.IntN(10)) * msec), Size: 200 + rng.IntN(1000)}
		tp.add(p.Arrival, p.Size)
		if all = append(all, p); len(all) > 400 {
			all = all[1:]
		} else if len(all) < 400 {
			continue
		}
		for _, over := range []time.Duration{longSpan, shortSpan} {
			var sum int
			for _, p := range all {
				if tp.newest.Sub(p.Arrival) < over {
					sum += p.Size
				}
			}
			want := float64(sum) * 8 / over.Seconds()
			slack := 4*1200*8/over.Seconds() + want*0.25
			if got := tp.rate(over); math.Abs(got-want) > slack {
				t.Fatalf("over %v: %.0f, want about %.0f", over, got, want)
			}
		}
	}
}

func TestAIMD(t *testing.T) {
	a := aimd{rate: 1e6, updated: begin}
	now := begin
	run := func(n int, u usage, acked float64) {
		for range n {
			now = now.Add(100 * msec)
			a.update(now, u, acked, 50*msec)
		}
	}
	run(10, normal, 1e6)
	if math.Abs(a.rate/1.08e6-1) > 0.002 {
		t.Errorf("eight percent in the first second: %.0f", a.rate)
	}
	run(100, underuse, 1e6)
	if a.rate > 1.09e6 {
		t.Errorf("while a queue drains the rate stays: %.0f", a.rate)
	}
	run(600, normal, 1e6)
	if a.rate != 1.51e6 {
		t.Errorf("no further than what is proven: %.0f, want 1.51 M", a.rate)
	}
	run(1, overuse, 1.2e6)
	if a.rate != 0.85*1.2e6 {
		t.Errorf("below what gets through: %.0f", a.rate)
	}
	run(10, normal, 1.2e6)
	if a.rate < 1.04e6 || a.rate > 1.1e6 {
		t.Errorf("near the capacity it grows slowly: %.0f", a.rate)
	}
	run(10, overuse, 1.3e6)
	if a.rate > 1.1e6 {
		t.Errorf("overuse never raises: %.0f", a.rate)
	}
	run(1, normal, 3e6)
	if a.capacity.known() || a.rate > 1.2e6 {
		t.Errorf("three times the capacity gets through: it is another one now, but let that last: %.0f", a.rate)
	}
	if run(11, normal, 3e6); a.rate < 3e6 {
		t.Errorf("what gets through for a second without a queue is proven: %.0f", a.rate)
	}
	run(1, overuse, 0)
	if a.rate > 1.7e6 {
		t.Errorf("overuse, and nobody knows what gets through: %.0f, want half", a.rate)
	}
}

func TestEstimateStaysWithinItsBounds(t *testing.T) {
	o := Options{Min: 200 * kbps, Max: 800 * kbps, Start: 500 * kbps}
	c := newCall(t, 5*mbps, 3*mbps, o)
	c.run(20 * time.Second)
	if c.highest > o.Max || c.highest < 790*kbps {
		t.Errorf("at most %d, got %d", o.Max, c.highest)
	}
	c.loss = 0.5
	c.run(20 * time.Second)
	if c.lowest != o.Min {
		t.Errorf("at least %d, got %d", o.Min, c.lowest)
	}
	if e := New(begin, Options{}); e.Target() != 600*kbps || e.Throughput() != 0 {
		t.Errorf("the zero options start at %d", e.Target())
	}
}

// batch reports a feedback of n packets that all came in time.
func batch(e *Estimator, now media.Time, n int) {
	e.Sent(now)
	for i := range n {
		at := now.Add(time.Duration(i) * 5 * msec)
		e.Report(Packet{Sent: at, Arrival: at.Add(30 * msec), Size: 1200})
	}
	e.Update(now.Add(100*msec), 60*msec)
}

func TestFeedbackAllocatesNothing(t *testing.T) {
	e, now := New(begin, Options{}), begin
	if n := testing.AllocsPerRun(500, func() {
		batch(e, now, 20)
		e.Probe(now)
		now = now.Add(100 * msec)
	}); n != 0 {
		t.Errorf("%v allocations per feedback", n)
	}
}

func BenchmarkFeedbackOf20(b *testing.B) {
	b.ReportAllocs()
	e, now := New(begin, Options{}), begin
	for range b.N {
		batch(e, now, 20)
		now = now.Add(100 * msec)
	}
}
