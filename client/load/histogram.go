package load

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts durations in buckets whose width grows with them: 1/16 of
// the value. It may be used from any goroutine; the zero value is ready.
type histogram struct {
	counts [64 << subBits]atomic.Uint64
}

const subBits = 4

// bucket returns the index for d; lower is its inverse.
func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < 1<<subBits {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return (shift+1)<<subBits | int(v>>shift)&(1<<subBits-1)
}

func lower(bucket int) time.Duration {
	if bucket < 1<<subBits {
		return time.Duration(bucket)
	}
	shift := bucket>>subBits - 1
	return time.Duration(1<<subBits|bucket&(1<<subBits-1)) << shift
}

func (h *histogram) add(d time.Duration) { h.counts[bucket(d)].Add(1) }

func (h *histogram) reset() {
	for i := range h.counts {
		h.counts[i].Store(0)
	}
}

// Quantiles sum up durations, in milliseconds.
type Quantiles struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

func (h *histogram) quantiles() Quantiles {
	var q Quantiles
	for i := range h.counts {
		q.Count += h.counts[i].Load()
	}
	if q.Count == 0 {
		return q
	}
	// rank returns the middle of the bucket that holds the n-th duration.
	rank := func(n uint64) float64 {
		sum := uint64(0)
		for i := range h.counts {
			if sum += h.counts[i].Load(); sum >= n {
				return float64(lower(i)+lower(i+1)) / 2 / float64(time.Millisecond)
			}
		}
		return 0
	}
	q.P50, q.P90 = rank((q.Count+1)/2), rank((q.Count*9+9)/10)
	q.P99, q.Max = rank((q.Count*99+99)/100), rank(q.Count)
	return q
}
