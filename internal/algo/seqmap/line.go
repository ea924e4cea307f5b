package seqmap

// SourceID names a stream that feeds a slot: one simulcast stream of one track.
// The caller gives them out. A publisher that restarts is a new source.
type SourceID uint32

// maxSpans bounds how far back a line remembers. Dropping every second frame of
// 30 a second uses 15 spans a second.
const maxSpans = 32

// span is a run of source numbers that all map by the same shift.
type span struct {
	source      SourceID
	first, last int64 // source numbers, both included; empty if last < first
	shift       int64 // outgoing number − source number
	companion   int64 // the same for the number that rides along
}

// line gives the numbers of changing sources one unbroken outgoing order.
//   - What is dropped closes ranks: the next number follows without a gap.
//   - What is missing keeps its place: whoever receives the line sees the gap.
//   - The past never changes, so that a late or repeated number maps as before.
//
// A companion number (RTP timestamp, TL0PICIDX) is shifted per span only.
type line struct {
	spans []span // oldest first, at most maxSpans
}

// newest returns the span that grows; there is one once start was called.
func (l *line) newest() *span { return &l.spans[len(l.spans)-1] }

// next returns the outgoing number that follows the highest one given out.
func (l *line) next() int64 { s := l.newest(); return s.last + s.shift + 1 }

// start continues the line at a source's number, which becomes out.
func (l *line) start(source SourceID, number, out, companion int64) {
	l.push(span{source: source, first: number, last: number - 1, shift: out - number, companion: companion})
}

// push appends a span in place of an empty newest or the oldest one.
func (l *line) push(s span) {
	switch n := len(l.spans); {
	case n == 0:
		l.spans = append(make([]span, 0, maxSpans), s)
	case l.newest().last < l.newest().first:
		*l.newest() = s
	case n == maxSpans:
		copy(l.spans, l.spans[1:])
		l.spans[n-1] = s
	default:
		l.spans = append(l.spans, s)
	}
}

// keep returns the span that maps a source's number, growing the newest one if
// the number is ahead of it; nil if the number was dropped or is too old.
func (l *line) keep(source SourceID, number int64) *span {
	if s := l.newest(); s.source == source && number > s.last {
		s.last = number
		return s
	}
	return l.find(source, number)
}

// drop takes a number out of the line. A late one keeps the place that was
// left for it.
func (l *line) drop(source SourceID, number int64) {
	s := l.newest()
	if s.source != source || number <= s.last {
		return
	}
	s.last = number - 1 // what is missing before it keeps its place
	l.push(span{source: source, first: number + 1, last: number, shift: s.shift - 1, companion: s.companion})
}

// find returns the span that holds a source's number, or nil.
func (l *line) find(source SourceID, number int64) *span {
	for i := len(l.spans) - 1; i >= 0; i-- {
		if s := &l.spans[i]; s.source == source && s.first <= number && number <= s.last {
			return s
		}
	}
	return nil
}

// origin returns the span that an outgoing number came from, or nil.
func (l *line) origin(out int64) *span {
	for i := len(l.spans) - 1; i >= 0; i-- {
		if s := &l.spans[i]; s.first+s.shift <= out && out <= s.last+s.shift {
			return s
		}
	}
	return nil
}

// last returns the highest number known of a source.
func (l *line) last(source SourceID) (int64, bool) {
	for i := len(l.spans) - 1; i >= 0; i-- {
		if s := &l.spans[i]; s.source == source {
			return s.last, true
		}
	}
	return 0, false
}
