package mixer

import "github.com/tutti-rtc/tutti/internal/media"

// queueSize is for how many packets a queue has places, a power of two. It is
// 2.5 s of the usual packets, more than is ever waited for.
const queueSize = 128

// queued is one packet of a queue.
type queued struct {
	full     bool
	dtx      bool
	hush     bool // its level says that it is no more than noise
	seq      media.Seq
	ts       media.Ticks
	captured media.Time
	length   int // samples; 0: padding, which only has its place
	payload  []byte
}

// queue holds the last packets of a track, each in the place that its sequence
// number gives it. Packets stay until they are overwritten.
type queue struct {
	places  []queued // nil before the first packet
	highest media.Seq
}

// put copies a packet into its place. It reports whether the packet was old:
// older than what is there.
func (q *queue) put(p *media.Packet, length int) (old bool) {
	if q.places == nil {
		q.places = make([]queued, queueSize)
		q.highest = p.Seq
	}
	at := q.place(p.Seq)
	if at.full && at.seq > p.Seq || p.Seq <= q.highest-queueSize {
		return true
	}
	q.highest = max(q.highest, p.Seq)
	*at = queued{
		full: true, seq: p.Seq, ts: p.Timestamp, captured: captured(p), length: length,
		dtx: isDTX(p.Payload), hush: p.AudioLevel != media.NoLevel && p.AudioLevel > -enters,
		payload: append(at.payload[:0], p.Payload...),
	}
	return false
}

// captured returns when the packet's sound was captured, as far as is known.
func captured(p *media.Packet) media.Time {
	if p.Captured.IsZero() {
		return p.Arrival
	}
	return p.Captured
}

func (q *queue) place(s media.Seq) *queued { return &q.places[uint64(s)%queueSize] }

// has reports whether the packet is there.
func (q *queue) has(s media.Seq) bool {
	return q.places != nil && q.place(s).full && q.place(s).seq == s
}

// from returns the first packet from s on, or nil.
func (q *queue) from(s media.Seq) *queued {
	if q.places == nil {
		return nil
	}
	for s = max(s, q.highest-queueSize+1); s <= q.highest; s++ {
		if at := q.place(s); at.full && at.seq == s {
			return at
		}
	}
	return nil
}

// clear forgets all packets, but keeps their storage.
func (q *queue) clear() {
	for i := range q.places {
		q.places[i].full = false
	}
}
