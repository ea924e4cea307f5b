package bwe

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	decreaseFactor = 0.85
	growth         = 1.08 // per second, far from the capacity
	maxAhead       = 1.5  // times what gets through
	aheadConstant  = 10_000
)

// aimd raises the rate while the path is not overused, additively near the
// capacity it knows and multiplicatively elsewhere, and lowers it below what
// gets through when it is (rmcat-gcc §5.5). Rates are in bits per second.
type aimd struct {
	rate     float64
	capacity capacity
	updated  media.Time
	fell     media.Time // last decrease
}

// update takes what the delay says and what gets through (0 if unknown). While
// a queue drains, the rate stays.
func (a *aimd) update(now media.Time, u usage, acked float64, rtt time.Duration) {
	elapsed := math.Min(now.Sub(a.updated).Seconds(), 1)
	a.updated = now
	switch {
	case u == overuse && a.mayFall(now, acked, rtt):
		a.fell = now
		a.decrease(acked)
	case u == normal:
		a.increase(now, elapsed, acked, rtt)
	}
}

// mayFall reports whether the last decrease had time to show effect.
func (a *aimd) mayFall(now media.Time, acked float64, rtt time.Duration) bool {
	wait := min(max(rtt, 10*time.Millisecond), 200*time.Millisecond)
	return now.Sub(a.fell) >= wait || acked > 0 && acked < a.rate/2
}

func (a *aimd) decrease(acked float64) {
	if acked == 0 {
		a.rate /= 2
		return
	}
	next := decreaseFactor * acked
	if next > a.rate && a.capacity.known() {
		next = decreaseFactor * a.capacity.mean
	}
	if acked < a.capacity.low() {
		a.capacity = capacity{}
	}
	a.capacity.update(acked, 0.05)
	a.rate = math.Min(a.rate, next)
}

func (a *aimd) increase(now media.Time, elapsed, acked float64, rtt time.Duration) {
	if acked > a.capacity.high() {
		a.capacity = capacity{}
	}
	if now.Sub(a.fell) > time.Second { // longer than acked looks back
		a.rate = math.Max(a.rate, acked) // it got through without a queue
	}
	limit := maxAhead*acked + aheadConstant
	if acked == 0 || a.rate >= limit {
		return
	}
	step := a.rate * (math.Pow(growth, elapsed) - 1)
	if a.capacity.known() {
		step = nearCapacity(a.rate, rtt) * elapsed
	}
	a.rate = math.Min(a.rate+step, limit)
}

// raise takes the result of a probe.
func (a *aimd) raise(rate float64) {
	a.capacity.update(rate, 0.5)
	a.rate = math.Max(a.rate, rate)
}

// nearCapacity returns the additive growth in bit/s per second: about one
// packet per response time.
func nearCapacity(rate float64, rtt time.Duration) float64 {
	bitsPerFrame := rate / 30
	packets := math.Ceil(bitsPerFrame / (1200 * 8))
	return math.Max(4000, bitsPerFrame/packets/(rtt+100*time.Millisecond).Seconds())
}

// capacity is a running mean and variance of the rates at which the path was
// seen full.
type capacity struct {
	mean     float64 // 0 if unknown
	variance float64 // in kbit/s, normalised by the mean
}

func (c *capacity) known() bool { return c.mean > 0 }

func (c *capacity) update(sample, weight float64) {
	if !c.known() {
		*c = capacity{mean: sample, variance: 0.4}
		return
	}
	c.mean += weight * (sample - c.mean)
	err := (c.mean - sample) / 1000
	c.variance += weight * (err*err/(c.mean/1000) - c.variance)
	c.variance = math.Min(math.Max(c.variance, 0.4), 2.5)
}

// deviation returns three standard deviations.
func (c *capacity) deviation() float64 {
	return 3 * math.Sqrt(c.variance*c.mean/1000) * 1000
}

// low and high bound what is likely while the capacity is as it was.
func (c *capacity) low() float64 { return c.mean - c.deviation() }

func (c *capacity) high() float64 {
	if !c.known() {
		return math.Inf(1)
	}
	return c.mean + c.deviation()
}
