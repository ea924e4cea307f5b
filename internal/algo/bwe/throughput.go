package bwe

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	binWidth = 20 * time.Millisecond
	bins     = 25 // half a second
	// A rate is measured over half a second, or a shorter time when only what
	// got through just now counts, but over no less than minSpan.
	longSpan  = bins * binWidth
	shortSpan = 200 * time.Millisecond
	minSpan   = 100 * time.Millisecond
)

// bin holds what arrived within binWidth.
type bin struct {
	key  int64 // arrival / binWidth
	last media.Time
	size int // bytes
}

// throughput measures the rate at which packets get through, on the receiver's
// clock, over the last half second.
type throughput struct {
	ring   [bins]bin
	newest media.Time
}

func (t *throughput) add(arrival media.Time, size int) {
	key := int64(arrival) / int64(binWidth)
	b := &t.ring[uint64(key)%bins]
	switch {
	case key > b.key:
		*b = bin{key: key}
	case key < b.key:
		return // older than the window
	}
	b.size += size
	b.last = max(b.last, arrival)
	t.newest = max(t.newest, arrival)
}

// rate returns bits per second over the last time, up to half a second; 0 while
// unknown. What came first only marks the beginning: its size took its time
// before.
func (t *throughput) rate(over time.Duration) float64 {
	since := (int64(t.newest) - int64(over)) / int64(binWidth)
	var total int
	var oldest *bin
	for i := range t.ring {
		b := &t.ring[i]
		if b.size == 0 || b.key <= since {
			continue
		}
		total += b.size
		if oldest == nil || b.key < oldest.key {
			oldest = b
		}
	}
	if oldest == nil {
		return 0
	}
	span := t.newest.Sub(oldest.last)
	if span < minSpan {
		return 0
	}
	return float64(total-oldest.size) * 8 / span.Seconds()
}
