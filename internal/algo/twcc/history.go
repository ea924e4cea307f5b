package twcc

import "github.com/tutti-rtc/tutti/internal/media"

// Result is what became of one sent packet.
type Result struct {
	Sent media.Time
	// Arrival is on the receiver's clock, of which only differences mean
	// something; zero if the packet is lost.
	Arrival media.Time
	Size    int // bytes on the wire
	Probe   int // the probe that it was part of; 0 if none
}

type fate uint8

const (
	unknown fate = iota
	lost
	received
)

// sent is one packet on its way.
type sent struct {
	at    media.Time
	size  uint16
	probe uint16
	fate  fate
}

// History numbers the packets that leave on one transport and remembers the
// last ones until feedback tells their fate.
type History struct {
	ring     []sent    // number n at n % len
	next     media.Seq // unwrapped from 1<<16 on
	inFlight int       // bytes

	reference int64 // last reference time, unwrapped; 0 if none
	unmatched uint64
}

// NewHistory returns a history of the last size packets (16 bytes each); 0
// stands for 512. It must hold those of one round trip and a feedback interval.
func NewHistory(size int) *History {
	if size <= 0 {
		size = 512
	}
	return &History{ring: make([]sent, size), next: 1 << 16}
}

// Sent notes a packet that leaves and returns the transport-wide number that it
// is to carry. size is that on the wire, in bytes, up to 65535.
func (h *History) Sent(now media.Time, size, probe int) uint16 {
	s := h.at(h.next)
	if s.fate == unknown {
		h.inFlight -= int(s.size)
	}
	*s = sent{at: now, size: uint16(size), probe: uint16(probe)}
	h.inFlight += size
	h.next++
	return uint16(h.next - 1)
}

// InFlight returns how many bytes are on their way as far as is known.
func (h *History) InFlight() int { return h.inFlight }

// Unmatched counts packets that feedback told of, but that were forgotten or
// never sent.
func (h *History) Unmatched() uint64 { return h.unmatched }

// Feedback appends the fate of each packet that f tells something new about to
// dst, in the order in which they were sent. A packet told to be lost may turn
// up in a later result as received.
func (h *History) Feedback(f *Feedback, dst []Result) []Result {
	clock := h.unwrapReference(f.ReferenceTime) * int64(ReferenceUnit)
	s := h.next - 1 + media.Seq(int16(f.BaseSeq-uint16(h.next-1)))
	for i, d := range f.Deltas {
		if d != NotReceived {
			clock += int64(d) * int64(DeltaUnit)
		}
		n := s + media.Seq(i)
		if n >= h.next || n < 1<<16 || n < h.next-media.Seq(len(h.ring)) {
			h.unmatched++
			continue
		}
		e := h.at(n)
		if e.fate == received || e.fate == lost && d == NotReceived {
			continue
		}
		if e.fate == unknown {
			h.inFlight -= int(e.size)
		}
		r := Result{Sent: e.at, Size: int(e.size), Probe: int(e.probe)}
		if e.fate = lost; d != NotReceived {
			e.fate, r.Arrival = received, media.Time(clock)
		}
		dst = append(dst, r)
	}
	return dst
}

// unwrapReference extends a 24-bit reference time to the one nearest to that
// before. It begins above zero, so that no arrival is zero.
func (h *History) unwrapReference(ref uint32) int64 {
	if h.reference == 0 {
		h.reference = 1<<24 + int64(ref)
	}
	const shift = 32 - 24
	h.reference += int64(int32((ref-uint32(h.reference))<<shift) >> shift)
	return h.reference
}

func (h *History) at(n media.Seq) *sent { return &h.ring[n%media.Seq(len(h.ring))] }
