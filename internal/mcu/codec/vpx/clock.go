//go:build cgo

package vpx

import "github.com/tutti-rtc/tutti/internal/media"

const (
	// smoothing is how many pictures it takes to follow another pace.
	smoothing = 16
	// pause is how many times the usual interval is none any more.
	pause = 4
)

// clock is the time that the library is told. Its rate control takes a single
// picture that comes late for half the frame rate, gives the next ones twice the
// bits and is slow to come back: with one picture in thirty left out it takes 40 %
// more than it may. So this time goes on by an even step, which follows the
// caller's time as it goes on average. Pauses are left out: what was not used in
// them is not made up for.
type clock struct {
	began    bool
	at       media.Ticks // the library's time
	last     media.Ticks // the caller's time
	interval media.Ticks // from one picture to the next, times smoothing
	rest     media.Ticks // of at, times smoothing
}

// tick returns the time of a picture that the caller has at now; step is what is
// usual between two.
func (c *clock) tick(now, step media.Ticks) media.Ticks {
	if !c.began {
		*c = clock{began: true, at: now, last: now, interval: step * smoothing}
		return c.at
	}
	if d := now - c.last; d >= 0 && d <= pause*step {
		c.interval += d - c.interval/smoothing
	}
	c.last = now
	c.rest += max(c.interval, smoothing) // time never stands still
	c.at += c.rest / smoothing
	c.rest %= smoothing
	return c.at
}
