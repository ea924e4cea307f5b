package netsim

import (
	"math/rand/v2"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// LinkOptions describe one direction of a line. The zero value delivers
// everything at once.
type LinkOptions struct {
	// Loss is the share of packets that are lost, 0 to 1, before they reach
	// the queue.
	Loss float64
	// Burst is how many packets in a row a loss takes on average (a
	// Gilbert–Elliott model); up to 1 losses are independent.
	Burst float64
	// Delay is the time that every packet takes.
	Delay time.Duration
	// Jitter adds up to this much, at random, without changing the order.
	Jitter time.Duration
	// Reorder is the share of packets that are held back for ReorderBy, so
	// that later ones overtake them.
	Reorder   float64
	ReorderBy time.Duration
	// Duplicate is the share of packets that come twice.
	Duplicate float64
	// Rate is what the line carries; 0 is without bound.
	Rate media.Bitrate
	// Queue is how long a packet may wait for those before it; one that would
	// have to wait longer is dropped. It matters with a Rate only, and is
	// 200 ms if zero.
	Queue time.Duration
}

// defaultQueue is that of a home router: ten packets at 600 kbit/s.
const defaultQueue = 200 * time.Millisecond

// LinkStats count the packets of a Link.
type LinkStats struct {
	Sent, Delivered, Lost, Overflowed, Duplicated int
}

// Link is one direction of a line. It belongs to one goroutine.
type Link struct {
	options LinkOptions
	random  *rand.Rand
	stats   LinkStats

	bad   bool       // within a burst of losses
	free  media.Time // when the line has carried what it took so far
	order media.Time // the latest arrival in order
}

// NewLink returns a line whose luck is drawn from random.
func NewLink(o LinkOptions, random *rand.Rand) *Link {
	return &Link{options: o, random: random}
}

// SetOptions changes the line for the packets to come.
func (l *Link) SetOptions(o LinkOptions) { l.options = o }

// Stats returns the counts so far.
func (l *Link) Stats() LinkStats { return l.stats }

// Send takes a packet of size bytes at now and appends to dst when it arrives:
// once, never, or twice.
func (l *Link) Send(dst []media.Time, now media.Time, size int) []media.Time {
	l.stats.Sent++
	if l.loses() {
		l.stats.Lost++
		return dst
	}
	at, ok := l.carry(now, size)
	if !ok {
		l.stats.Overflowed++
		return dst
	}
	at = at.Add(l.options.Delay)
	if l.options.Jitter > 0 {
		at = at.Add(time.Duration(l.random.Int64N(int64(l.options.Jitter))))
	}
	if l.happens(l.options.Reorder) {
		at = max(at, l.order).Add(l.options.ReorderBy)
	} else {
		at = max(at, l.order)
		l.order = at
	}
	l.stats.Delivered++
	dst = append(dst, at)
	if l.happens(l.options.Duplicate) {
		l.stats.Duplicated++
		dst = append(dst, at)
	}
	return dst
}

// carry puts the packet in the queue and returns when the line has sent it.
func (l *Link) carry(now media.Time, size int) (media.Time, bool) {
	if l.options.Rate <= 0 {
		return now, true
	}
	queue := l.options.Queue
	if queue == 0 {
		queue = defaultQueue
	}
	begin := max(now, l.free)
	if begin.Sub(now) > queue {
		return 0, false
	}
	l.free = begin.Add(time.Duration(int64(size) * 8 * int64(time.Second) / int64(l.options.Rate)))
	return l.free, true
}

// loses draws whether the next packet is lost. Bursts of the mean length b end
// with probability 1/b after each packet; they begin so often that the share of
// lost packets is Loss.
func (l *Link) loses() bool {
	o := l.options
	if o.Burst <= 1 || o.Loss >= 1 {
		return l.happens(o.Loss)
	}
	if l.bad {
		l.bad = !l.happens(1 / o.Burst)
	} else {
		l.bad = l.happens(o.Loss / (o.Burst * (1 - o.Loss)))
	}
	return l.bad
}

func (l *Link) happens(share float64) bool {
	return share > 0 && l.random.Float64() < share
}
