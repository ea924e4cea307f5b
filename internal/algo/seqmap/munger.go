package seqmap

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// maxResends bounds how often one packet is sent again.
const maxResends = 10

// Options shape a Munger.
type Options struct {
	// ClockRate of the slot's timestamps in Hz.
	ClockRate int
	// History is how many of the last outgoing packets can be sent again, at
	// 4 bytes each; 0 stands for 512. A gap that is longer than this is
	// closed, since nothing of it could be asked for.
	History int
	// FirstSeq and FirstTimestamp begin the outgoing stream; they should be
	// random (RFC 3550 §5.1).
	FirstSeq       uint16
	FirstTimestamp uint32
}

// In is a source packet that is to be sent in the slot.
type In struct {
	Source    SourceID
	Seq       media.Seq
	Timestamp media.Ticks
	// At is when the packet's moment was: its arrival, or better its time of
	// capture on the server's clock. Only differences between packets count.
	At media.Time
	// Marker is the marker bit that is sent, kept for retransmissions.
	Marker bool
}

// Out is how the packet is numbered in the slot.
type Out struct {
	Seq       media.Seq
	Timestamp media.Ticks
}

// Origin is where an outgoing packet came from.
type Origin struct {
	Source SourceID
	Seq    media.Seq // in the source
	Out    media.Seq // in the slot
	// Shift plus the source packet's timestamp gives the outgoing one.
	Shift  media.Ticks
	Marker bool
}

// mark is what is remembered of one outgoing packet.
type mark struct {
	resent  uint16 // time of the last retransmission, ms, wrapping; if resends > 0
	resends uint8
	state   uint8 // bits below
}

const (
	markSent = 1 << iota
	markMarker
)

// Munger numbers the packets of one slot. It belongs to the goroutine that
// sends the slot. Nothing is allocated before the first packet.
type Munger struct {
	clockRate int64 // constant
	history   int   // constant
	first     Out   // constant

	line      line
	marks     []mark   // of outgoing number n at n % history
	current   SourceID // the slot's source; if active
	active    bool     // Switch was called
	switching bool     // the next packet of current opens a span

	lastTimestamp media.Ticks // highest outgoing one
	lastAt        media.Time  // and its moment
}

// NewMunger returns a munger for one slot.
func NewMunger(o Options) *Munger {
	if o.History <= 0 {
		o.History = 512
	}
	return &Munger{
		clockRate: int64(o.ClockRate),
		history:   o.History,
		first:     Out{Seq: cycle + media.Seq(o.FirstSeq), Timestamp: 1<<32 + media.Ticks(o.FirstTimestamp)},
	}
}

// Switch makes src the slot's source. Its next packet follows the slot's last
// one without a gap; late packets of former sources still map. Switching to the
// source that flows already resumes it after a pause: what was skipped leaves
// no gap.
func (m *Munger) Switch(src SourceID) {
	m.current, m.active, m.switching = src, true, true
}

// Source returns the slot's source, and false before the first Switch.
func (m *Munger) Source() (SourceID, bool) { return m.current, m.active }

// Map numbers a packet for sending. It refuses duplicates, packets that were
// dropped before, and those too old or of no source of this slot.
func (m *Munger) Map(p In) (Out, bool) {
	if m.switching && p.Source == m.current && m.ahead(p) {
		m.open(p)
	}
	if len(m.line.spans) == 0 {
		return Out{}, false
	}
	m.closeHugeGap(p.Source, p.Seq)
	before := m.line.next()
	span := m.line.keep(p.Source, int64(p.Seq))
	if span == nil {
		return Out{}, false
	}
	m.forget(before)
	out := Out{Seq: p.Seq + media.Seq(span.shift), Timestamp: p.Timestamp + media.Ticks(span.companion)}
	if int64(out.Seq) < m.line.next()-int64(m.history) {
		return Out{}, false
	}
	k := m.mark(int64(out.Seq))
	if k.state&markSent != 0 {
		return Out{}, false
	}
	k.state = markSent
	if p.Marker {
		k.state |= markMarker
	}
	if out.Timestamp > m.lastTimestamp {
		m.lastTimestamp, m.lastAt = out.Timestamp, p.At
	}
	return out, true
}

// Drop tells that a source packet is not sent, because its layer is not wanted:
// the slot's numbers close ranks over it.
func (m *Munger) Drop(src SourceID, s media.Seq) {
	if len(m.line.spans) == 0 {
		return
	}
	m.closeHugeGap(src, s)
	before := m.line.next()
	m.line.drop(src, int64(s))
	m.forget(before)
}

// Reserved reports whether a late packet has its place in the slot already,
// because it was missing when later ones were sent. Such a packet is sent
// whatever its layer is: the receiver waits for it.
func (m *Munger) Reserved(src SourceID, s media.Seq) bool {
	return m.line.find(src, int64(s)) != nil
}

// Timestamp maps a timestamp of the source that flows, for sender reports.
func (m *Munger) Timestamp(src SourceID, t media.Ticks) (media.Ticks, bool) {
	if len(m.line.spans) == 0 || m.line.newest().source != src {
		return 0, false
	}
	return t + media.Ticks(m.line.newest().companion), true
}

// Resend finds what a receiver asks for by the lower 16 bits of a slot's
// sequence number (RFC 4585 §6.2.1). It refuses what was never sent, is too
// old, was sent again less than one round trip ago, or too often.
func (m *Munger) Resend(now media.Time, rtt time.Duration, wire uint16) (Origin, bool) {
	if len(m.line.spans) == 0 {
		return Origin{}, false
	}
	next := m.line.next()
	out := int64(Near(media.Seq(next-1), wire))
	if out >= next || out < next-int64(m.history) {
		return Origin{}, false
	}
	span := m.line.origin(out)
	k := m.mark(out)
	nowMs := uint16(time.Duration(now).Milliseconds())
	switch {
	case span == nil, k.state&markSent == 0, k.resends >= maxResends:
		return Origin{}, false
	case k.resends > 0 && time.Duration(nowMs-k.resent)*time.Millisecond < rtt:
		return Origin{}, false
	}
	k.resent, k.resends = nowMs, k.resends+1
	return Origin{
		Source: span.source,
		Seq:    media.Seq(out - span.shift),
		Out:    media.Seq(out),
		Shift:  media.Ticks(span.companion),
		Marker: k.state&markMarker != 0,
	}, true
}

// ahead reports whether the packet is newer than all that the line knows of its
// source.
func (m *Munger) ahead(p In) bool {
	last, known := m.line.last(p.Source)
	return !known || int64(p.Seq) > last
}

// open begins the span of the source that the slot was switched to.
func (m *Munger) open(p In) {
	m.switching = false
	if m.marks == nil {
		m.marks = make([]mark, m.history)
		m.lastTimestamp, m.lastAt = m.first.Timestamp-1, p.At
		m.line.start(p.Source, int64(p.Seq), int64(m.first.Seq), int64(m.first.Timestamp-p.Timestamp))
		return
	}
	newest := m.line.newest()
	shift := media.Ticks(newest.companion)
	if p.Source != newest.source || p.Timestamp+shift <= m.lastTimestamp {
		// Timestamps go on by the time that went by, and never back.
		elapsed := int64(p.At.Sub(m.lastAt)) * m.clockRate / int64(time.Second)
		shift = m.lastTimestamp + media.Ticks(max(elapsed, 1)) - p.Timestamp
	}
	m.line.start(p.Source, int64(p.Seq), m.line.next(), int64(shift))
}

// closeHugeGap closes the ranks over a loss that can't be made good.
func (m *Munger) closeHugeGap(src SourceID, s media.Seq) {
	newest := m.line.newest()
	if src == newest.source && int64(s)-newest.last > int64(m.history) {
		m.line.start(src, int64(s), m.line.next(), newest.companion)
	}
}

// forget clears the marks of the outgoing numbers given out since before.
func (m *Munger) forget(before int64) {
	for n := before; n < m.line.next(); n++ {
		*m.mark(n) = mark{}
	}
}

func (m *Munger) mark(out int64) *mark { return &m.marks[out%int64(m.history)] }
