package bwe

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Thresholds of the loss-based controller (rmcat-gcc §6).
const (
	lowLoss    = 0.02
	highLoss   = 0.10
	minPackets = 20 // for a fraction that means something
	lossMemory = 2 * time.Second
)

// lossLimit bounds the rate while more than a tenth of the packets is lost.
type lossLimit struct {
	total, lost int     // since the last update
	fraction    float64 // as of updated; forgotten when too little follows
	limit       float64 // bit/s; 0 stands for none
	updated     media.Time
	fell        media.Time
}

func (l *lossLimit) add(lost bool) {
	l.total++
	if lost {
		l.lost++
	}
}

// update moves the limit; rate is the one that the packets were sent at.
func (l *lossLimit) update(now media.Time, rate float64, rtt time.Duration) {
	if l.total < minPackets {
		if now.Sub(l.updated) > lossMemory {
			l.fraction = 0
		}
		return
	}
	l.fraction = float64(l.lost) / float64(l.total)
	l.total, l.lost = 0, 0
	elapsed := math.Min(now.Sub(l.updated).Seconds(), 1)
	l.updated = now
	switch {
	case l.fraction > highLoss && now.Sub(l.fell) >= 300*time.Millisecond+rtt:
		l.fell = now
		l.limit = math.Min(l.rate(), rate) * (1 - l.fraction/2)
	case l.fraction <= lowLoss && l.limit > 0:
		l.limit *= math.Pow(growth, elapsed)
		if l.limit > 2*rate {
			l.limit = 0
		}
	}
}

// rate returns the limit.
func (l *lossLimit) rate() float64 {
	if l.limit == 0 {
		return math.Inf(1)
	}
	return l.limit
}

// heavy reports whether this is no time to send more.
func (l *lossLimit) heavy() bool { return l.fraction > highLoss }

// raise takes the result of a probe.
func (l *lossLimit) raise(rate float64) {
	if l.limit > 0 && l.fraction <= lowLoss {
		l.limit = math.Max(l.limit, rate)
	}
}
