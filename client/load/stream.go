package load

import (
	"encoding/binary"
	"sync/atomic"
)

// stream counts one RTP stream of a viewer. The viewer's reader writes it,
// anybody may read it.
type stream struct {
	ssrc        uint32
	payloadType uint8
	received    atomic.Int64
	highest     atomic.Int64 // extended sequence number
	first       int64
	// opened tells that a packet was decrypted: SRTP must see the first ones
	// to count the wraps of the sequence number (RFC 3711 §3.3.1).
	opened bool
}

// rtpHeader is what a viewer reads of the plain header.
type rtpHeader struct {
	ssrc        uint32
	sequence    uint16
	payloadType uint8
}

// headerSize is that of RTP without extensions (RFC 3550 §5.1).
const headerSize = 12

// readHeader reads the header of an RTP packet. Its length was checked.
func readHeader(b []byte) rtpHeader {
	return rtpHeader{
		ssrc:        binary.BigEndian.Uint32(b[8:]),
		sequence:    binary.BigEndian.Uint16(b[2:]),
		payloadType: b[1] & 0x7f,
	}
}

func newStream(h rtpHeader) *stream {
	s := &stream{ssrc: h.ssrc, payloadType: h.payloadType, first: int64(h.sequence)}
	s.highest.Store(s.first - 1)
	return s
}

// count takes one packet.
func (s *stream) count(h rtpHeader) {
	highest := s.highest.Load()
	if ahead := int16(h.sequence - uint16(highest)); ahead > 0 {
		s.highest.Store(highest + int64(ahead))
	}
	s.received.Store(s.received.Load() + 1)
}

// expected returns how many packets were sent up to the highest number seen.
func (s *stream) expected() int64 { return s.highest.Load() - s.first + 1 }
