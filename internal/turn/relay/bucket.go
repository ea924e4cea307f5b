package relay

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// bucket bounds a rate: it fills with time, up to a second's worth, and is full
// at first. A zero rate has no bound.
type bucket struct {
	level  float64
	filled media.Time
}

// take takes n if there is as much.
func (b *bucket) take(now media.Time, rate, n float64) bool {
	if rate == 0 {
		return true
	}
	if b.filled.IsZero() {
		b.level = rate
	} else {
		b.level = min(rate, b.level+rate*now.Sub(b.filled).Seconds())
	}
	b.filled = now
	if b.level < n {
		return false
	}
	b.level -= n
	return true
}

// maxSources bounds the addresses whose rate is remembered.
const maxSources = 4096

// limiter bounds a rate for each source address. When there are too many it
// forgets them all: a flood from everywhere can't be told from a crowd.
type limiter[K comparable] struct {
	rate    float64 // per second
	sources map[K]*bucket
}

func newLimiter[K comparable](rate float64) limiter[K] {
	return limiter[K]{rate, make(map[K]*bucket)}
}

// allow counts one event of a source.
func (l *limiter[K]) allow(now media.Time, source K) bool {
	b := l.sources[source]
	if b == nil {
		if len(l.sources) >= maxSources {
			l.forget(now)
		}
		b = &bucket{}
		l.sources[source] = b
	}
	return b.take(now, l.rate, 1)
}

// forget drops sources that have been quiet, or all.
func (l *limiter[K]) forget(now media.Time) {
	for k, b := range l.sources {
		if now.Sub(b.filled) > time.Second {
			delete(l.sources, k)
		}
	}
	if len(l.sources) > maxSources/2 { // else it would be full again at once
		clear(l.sources)
	}
}
