package mixer

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// The delay for which a packet waits is chosen so that this part of all
	// comes in time.
	quantile = 0.97
	// forget is the weight of a packet's delay as against the next one's.
	forget = 0.998
	// bucket is the histogram's resolution: 5 ms.
	bucket  = 5 * millisecond
	buckets = 80
	// A Tick takes 20 ms at once, so that the last sample of it is needed 20
	// ms before its time: no delay can be less.
	minTarget = frame
	maxTarget = 400 * millisecond
	// prior is the weight of what is expected of an unknown network, and
	// priorBucket the delay.
	prior, priorBucket = 5, 3
	// The shortest transit is looked for in the last packets: minSlots
	// times slotPackets of them, and at least that long.
	minSlots     = 8
	slotPackets  = 25
	slotDuration = 500 * time.Millisecond
)

// arrivals learns from when packets come how long their sound must wait. Times
// are ticks since a reference: a packet's transit is when it came less what its
// timestamp says, both since the first packet.
type arrivals struct {
	started bool
	refTime media.Time
	refTS   media.Ticks

	base  int64           // the shortest transit of late
	mins  [minSlots]int64 // the shortest of each stretch of time
	slot  int
	count int        // packets in the slot
	since media.Time // of the slot

	histogram [buckets]float64 // of delays over base
	weight    float64          // of the next packet
	total     float64          // of all
	floor     int64            // the least target; see Mixer.Hold
	target    int64            // delay over base to aim at
}

// clock returns a time in the track's ticks.
func (a *arrivals) clock(t media.Time) int64 { return int64(t.Sub(a.refTime)) * 3 / 62500 }

// position returns a timestamp since the reference.
func (a *arrivals) position(ts media.Ticks) int64 { return int64(ts - a.refTS) }

// transit returns by how much a packet was later than its timestamp.
func (a *arrivals) transit(arrival media.Time, ts media.Ticks) int64 {
	return a.clock(arrival) - a.position(ts)
}

// wait returns the transit that sound is to have when it is played.
func (a *arrivals) wait() int64 { return a.base + a.target }

// observe takes note of a packet.
func (a *arrivals) observe(arrival media.Time, ts media.Ticks) {
	if !a.started {
		a.restart(arrival, ts)
	}
	t := a.transit(arrival, ts)
	if a.count >= slotPackets && arrival.Sub(a.since) >= slotDuration {
		a.slot = (a.slot + 1) % minSlots
		a.mins[a.slot], a.count, a.since = math.MaxInt64, 0, arrival
	}
	a.count++
	a.mins[a.slot] = min(a.mins[a.slot], t)
	a.base = a.mins[0]
	for _, m := range a.mins[1:] {
		a.base = min(a.base, m)
	}
	a.add(int(min((t-a.base)/bucket, buckets-1)), 1)
	a.aim()
}

// restart begins anew with a packet whose clock is unknown.
func (a *arrivals) restart(arrival media.Time, ts media.Ticks) {
	known := a.started
	a.started, a.refTime, a.refTS = true, arrival, ts
	a.base, a.slot, a.count, a.since = 0, 0, 0, arrival
	for i := range a.mins {
		a.mins[i] = math.MaxInt64
	}
	if !known { // the network is the same
		a.weight = 1
		a.add(priorBucket, prior)
	}
}

// add counts a delay; what came before loses weight.
func (a *arrivals) add(b int, n float64) {
	a.histogram[b] += a.weight * n
	a.total += a.weight * n
	a.weight /= forget
	if a.weight < 1e6 {
		return
	}
	for i := range a.histogram {
		a.histogram[i] /= a.weight
	}
	a.total /= a.weight
	a.weight = 1
}

// aim sets the target.
func (a *arrivals) aim() {
	sum, b := 0.0, 0
	for ; b < buckets-1; b++ {
		if sum += a.histogram[b]; sum >= quantile*a.total {
			break
		}
	}
	a.target = min(max(int64(b+1)*bucket+frame, minTarget, a.floor), maxTarget)
}
