package nack

import (
	"cmp"
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Options shape a Tracker. The zero value works.
type Options struct {
	// Tolerance is how long a packet may be overtaken before it is asked
	// for; 0 stands for 10 ms.
	Tolerance time.Duration
	// MaxAge is how long a packet is asked for; 0 stands for 1 s.
	MaxAge time.Duration
	// MaxTries is how often; 0 stands for 10.
	MaxTries int
	// MaxMissing is how many packets may be missing at once before asking
	// for a key frame is cheaper; 0 stands for 256.
	MaxMissing int
}

// minRetry is the shortest time between two requests for one packet.
const minRetry = 20 * time.Millisecond

// Stats counts packets since the tracker was made.
type Stats struct {
	Missing   uint64 // found missing
	Recovered uint64 // came after they were asked for
	Reordered uint64 // came before they were asked for
	Abandoned uint64 // given up
	Requested uint64 // sequence numbers asked for, each time counted
}

// loss is one missing packet.
type loss struct {
	seq   media.Seq
	since media.Time // found missing
	next  media.Time // to be asked for again
	tries int
}

// Tracker watches one incoming stream.
type Tracker struct {
	opt Options // constant

	started  bool
	highest  media.Seq
	lastKey  media.Seq  // where the newest key frame begins; 0 if none
	missing  []loss     // by sequence number, at most opt.MaxMissing
	deadline media.Time // earliest next of missing; zero if none
	wantKey  bool
	stats    Stats
}

// New returns a tracker for one stream.
func New(o Options) *Tracker {
	o.Tolerance = cmp.Or(o.Tolerance, 10*time.Millisecond)
	o.MaxAge = cmp.Or(o.MaxAge, time.Second)
	o.MaxTries = cmp.Or(o.MaxTries, 10)
	o.MaxMissing = cmp.Or(o.MaxMissing, 256)
	return &Tracker{opt: o}
}

// Received takes note of a packet, whether it came by itself or as a
// retransmission. keyStart tells that a key frame begins with it: what is lost
// before one need not cost another.
func (t *Tracker) Received(now media.Time, s media.Seq, keyStart bool) {
	if keyStart {
		t.lastKey = max(t.lastKey, s)
	}
	switch {
	case !t.started:
		t.started, t.highest = true, s
	case s > t.highest:
		t.lose(now, t.highest+1, s)
		t.highest = s
	default:
		t.found(s)
	}
}

// Reset forgets all losses. Call it when the stream restarts
// (seqmap.Restarted) or resumes after a pause.
func (t *Tracker) Reset() {
	t.stats.Abandoned += uint64(len(t.missing))
	t.started, t.wantKey = false, false
	t.missing, t.deadline = t.missing[:0], 0
}

// Deadline returns when Due has something to say next, or zero for never.
func (t *Tracker) Deadline() media.Time { return t.deadline }

// Due appends the packets to ask for now, in order, to dst. rtt is the round
// trip to the sender.
func (t *Tracker) Due(now media.Time, rtt time.Duration, dst []media.Seq) []media.Seq {
	if t.deadline.IsZero() || now.Before(t.deadline) {
		return dst
	}
	kept := t.missing[:0]
	t.deadline = 0
	for _, l := range t.missing {
		if t.hopeless(now, l) {
			t.abandon(l.seq)
			continue
		}
		if !now.Before(l.next) {
			dst = append(dst, l.seq)
			l.tries++
			l.next = now.Add(max(rtt, minRetry))
			t.stats.Requested++
		}
		kept = append(kept, l)
		t.wake(l.next)
	}
	t.missing = kept
	return dst
}

// WantsKeyFrame reports, once, that packets were given up which no key frame
// since makes good.
func (t *Tracker) WantsKeyFrame() bool {
	want := t.wantKey
	t.wantKey = false
	return want
}

// Stats returns the counters.
func (t *Tracker) Stats() Stats { return t.stats }

// lose notes that the packets from first up to but without end are missing.
func (t *Tracker) lose(now media.Time, first, end media.Seq) {
	n := int(end - first)
	if n == 0 {
		return
	}
	t.stats.Missing += uint64(n)
	if len(t.missing)+n > t.opt.MaxMissing {
		t.missing = slices.DeleteFunc(t.missing, func(l loss) bool { return l.seq < t.lastKey && t.abandon(l.seq) })
	}
	if len(t.missing)+n > t.opt.MaxMissing {
		t.stats.Abandoned += uint64(len(t.missing) + n)
		t.missing, t.deadline = t.missing[:0], 0
		t.wantKey = t.lastKey < end
		return
	}
	next := now.Add(t.opt.Tolerance)
	for s := first; s < end; s++ {
		t.missing = append(t.missing, loss{seq: s, since: now, next: next})
	}
	t.wake(next)
}

// found takes a packet off the list.
func (t *Tracker) found(s media.Seq) {
	i, ok := slices.BinarySearchFunc(t.missing, s, func(l loss, s media.Seq) int { return int(l.seq - s) })
	if !ok {
		return
	}
	if t.missing[i].tries > 0 {
		t.stats.Recovered++
	} else {
		t.stats.Reordered++
	}
	t.missing = slices.Delete(t.missing, i, i+1)
	if len(t.missing) == 0 {
		t.deadline = 0
	}
}

// hopeless reports whether it is no use to ask for a packet any more.
func (t *Tracker) hopeless(now media.Time, l loss) bool {
	tried := l.tries >= t.opt.MaxTries && !now.Before(l.next)
	return tried || now.Sub(l.since) >= t.opt.MaxAge
}

// abandon gives a packet up.
func (t *Tracker) abandon(s media.Seq) bool {
	t.stats.Abandoned++
	t.wantKey = t.wantKey || s > t.lastKey
	return true
}

// wake moves the deadline forward to at.
func (t *Tracker) wake(at media.Time) {
	if t.deadline.IsZero() || at.Before(t.deadline) {
		t.deadline = at
	}
}
