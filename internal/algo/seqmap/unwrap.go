package seqmap

import "github.com/tutti-rtc/tutti/internal/media"

const (
	// maxDropout is how far a sequence number may run ahead without being
	// suspected of belonging to a restarted sender (RFC 3550 A.1).
	maxDropout = 3000
	// maxMisorder is how far one may lag behind. RFC 3550 A.1 says 100, but
	// retransmissions come much later than that.
	maxMisorder = 3000
)

// cycle raises the first number of a stream, so that a packet which comes
// before it, only late, is not negative.
const cycle = 1 << 16

// Verdict is what Unwrapper thinks of a packet.
type Verdict uint8

// The verdicts on a packet.
const (
	// Accepted: the packet follows the stream, in order or late.
	Accepted Verdict = iota
	// Restarted: the sender jumped. The number is ahead of all before it,
	// and what was learned of the stream (losses, statistics) is void.
	Restarted
	// Rejected: a stray packet, or the first one after a jump. Drop it.
	Rejected
)

// Unwrapper extends the sequence numbers of one stream to 64 bits by the rules
// of RFC 3550 A.1: a jump is believed when two packets in a row confirm it. The
// zero value is ready.
type Unwrapper struct {
	started bool
	suspect bool
	bad     uint16 // the number that would confirm the jump; if suspect
	highest media.Seq
}

// Unwrap returns the 64-bit number of a packet, whose lower 16 bits are s. The
// number means nothing if the packet is Rejected.
func (u *Unwrapper) Unwrap(s uint16) (media.Seq, Verdict) {
	if !u.started {
		u.started = true
		u.highest = cycle + media.Seq(s)
		return u.highest, Accepted
	}
	ahead := s - uint16(u.highest)
	switch {
	case ahead < maxDropout:
		u.suspect = false
		u.highest += media.Seq(ahead)
		return u.highest, Accepted
	case -ahead <= maxMisorder:
		return u.highest - media.Seq(-ahead), Accepted
	case u.suspect && s == u.bad:
		// Always forward: older numbers keep meaning what they meant.
		u.suspect = false
		u.highest += media.Seq(ahead)
		return u.highest, Restarted
	}
	u.suspect, u.bad = true, s+1
	return 0, Rejected
}

// Highest returns the highest number so far, 0 before the first.
func (u *Unwrapper) Highest() media.Seq { return u.highest }

// TicksUnwrapper extends the timestamps of one stream to 64 bits: each is the
// one nearest to that before it. The zero value is ready.
type TicksUnwrapper struct {
	started bool
	last    media.Ticks
}

// Unwrap returns the 64-bit timestamp whose lower 32 bits are t.
func (u *TicksUnwrapper) Unwrap(t uint32) media.Ticks {
	if !u.started {
		u.started = true
		u.last = 1<<32 + media.Ticks(t)
		return u.last
	}
	u.last += media.Ticks(int32(t - uint32(u.last)))
	return u.last
}

// Near returns the number nearest to ref whose lower 16 bits are s: what a
// number in a NACK (RFC 4585 §6.2.1) or in front of a retransmission's payload
// (RFC 4588 §4) means.
func Near(ref media.Seq, s uint16) media.Seq {
	return ref + media.Seq(int16(s-uint16(ref)))
}
