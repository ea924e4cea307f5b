package twcc

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// window is how many transport-wide numbers a Recorder looks back.
	window = 2048
	// maxReport is how many packets one feedback tells of: even if all need
	// two bytes of delta it stays below 1200 bytes.
	maxReport = 480
)

// Recorder notes the arrival of the packets of one sender's transport.
type Recorder struct {
	interval time.Duration // constant

	started  bool
	pending  bool         // something since base came
	highest  media.Seq    // unwrapped from 1<<16 on
	base     media.Seq    // first one to be told of
	arrivals []media.Time // of number n at n % window; zero if it did not come
	number   uint8
	due      media.Time
	skipped  uint64
}

// NewRecorder returns a recorder that wants to send feedback once per interval;
// 0 stands for 50 ms.
func NewRecorder(interval time.Duration) *Recorder {
	if interval <= 0 {
		interval = 50 * time.Millisecond
	}
	return &Recorder{interval: interval}
}

// Received notes that the packet with a transport-wide number came. A packet
// that comes after its loss was told is told of again.
func (r *Recorder) Received(now media.Time, wire uint16) {
	if !r.started {
		r.started = true
		r.arrivals = make([]media.Time, window)
		r.highest = 1<<16 + media.Seq(wire)
		r.base = r.highest
	}
	s := r.highest + media.Seq(int16(wire-uint16(r.highest)))
	if s <= r.highest-window {
		r.skipped++
		return
	}
	for n := max(r.highest, s-window) + 1; n <= s; n++ {
		r.arrivals[n%window] = 0
	}
	r.highest = max(r.highest, s)
	if at := &r.arrivals[s%window]; at.IsZero() {
		*at = now
	} else {
		return // a duplicate
	}
	r.base = min(r.base, s)
	if oldest := r.highest - window + 1; r.base < oldest {
		r.skipped += uint64(oldest - r.base)
		r.base = oldest
	}
	if !r.pending {
		r.pending, r.due = true, max(r.due, now)
	}
}

// Deadline returns when feedback should be sent, or zero if there is nothing to
// tell.
func (r *Recorder) Deadline() media.Time {
	if !r.pending {
		return 0
	}
	return r.due
}

// Skipped counts packets that were never told of, because they came too late or
// too many at once.
func (r *Recorder) Skipped() uint64 { return r.skipped }

// Next fills f with the next feedback to send, and is false if there is
// nothing to tell. Call it until then: what came too far apart takes more than
// one.
func (r *Recorder) Next(now media.Time, f *Feedback) bool {
	r.due = now.Add(r.interval)
	if !r.pending {
		return false
	}
	f.BaseSeq, f.Deltas = uint16(r.base), f.Deltas[:0]
	f.Number = r.number
	r.number++
	f.ReferenceTime = reference24(now) // unless a packet came
	clock := int64(-1)                 // arrival of the last one, in delta units
	s := r.base
	for ; s <= r.highest && len(f.Deltas) < maxReport; s++ {
		at := r.arrivals[s%window]
		if at.IsZero() {
			f.Deltas = append(f.Deltas, NotReceived)
			continue
		}
		t := int64(at) / int64(DeltaUnit)
		if clock < 0 {
			f.ReferenceTime = reference24(at)
			clock = int64(at) / int64(ReferenceUnit) * int64(ReferenceUnit/DeltaUnit)
		}
		if d := t - clock; d > math.MaxInt16 || d < math.MinInt16 {
			break
		}
		f.Deltas = append(f.Deltas, Delta(t-clock))
		clock = t
	}
	r.base = s
	r.pending = s <= r.highest
	return true
}

// reference24 returns t as a reference time.
func reference24(t media.Time) uint32 {
	return uint32(int64(t)/int64(ReferenceUnit)) & (1<<24 - 1)
}
