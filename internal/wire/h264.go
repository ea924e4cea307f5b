package wire

import "encoding/binary"

// NAL unit types of H.264 (ITU-T H.264 table 7-1) and of its packetization (RFC
// 6184 table 1).
const (
	nalSlice  = 1
	nalIDR    = 5
	nalSEI    = 6
	nalSPS    = 7
	nalPPS    = 8
	nalAUD    = 9
	nalSTAPA  = 24
	nalFUA    = 28
	nalHeader = 1 // length of a NAL unit's header in bytes
)

// H264Payload is what one RTP payload of H.264 (RFC 6184) tells about its frame.
// It points into the payload.
type H264Payload struct {
	// KeyFrame tells that the payload holds a sequence parameter set or a
	// part of an IDR picture.
	KeyFrame bool
	// Head tells that the payload holds what stands before a frame's slices
	// (delimiter, SPS, PPS, SEI), or the start of its first slice. A frame
	// may have several such payloads.
	Head bool
	// SPS is the sequence parameter set, header included, or nil.
	SPS []byte
}

const (
	errH264Short ParseError = "h264: payload ends inside a NAL unit"
	errH264Type  ParseError = "h264: NAL unit type is not one of packetization modes 0 and 1"
)

// ParseH264 reads a payload of packetization mode 0 or 1 into p: a single NAL
// unit, a STAP-A or an FU-A.
func ParseH264(payload []byte, p *H264Payload) error {
	*p = H264Payload{}
	if len(payload) < nalHeader {
		return errH264Short
	}
	switch kind := payload[0] & 0x1F; {
	case kind >= nalSlice && kind < nalSTAPA:
		p.nalUnit(payload)
		return nil
	case kind == nalSTAPA:
		return p.aggregate(payload[nalHeader:])
	case kind == nalFUA:
		return p.fragment(payload[nalHeader:])
	}
	return errH264Type
}

// aggregate reads the NAL units of a STAP-A (RFC 6184 §5.7.1).
func (p *H264Payload) aggregate(b []byte) error {
	for len(b) > 0 {
		if len(b) < 2 {
			return errH264Short
		}
		size := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		if size < nalHeader || size > len(b) {
			return errH264Short
		}
		p.nalUnit(b[:size:size])
		b = b[size:]
	}
	return nil
}

// fragment reads an FU-A behind its indicator (RFC 6184 §5.8).
func (p *H264Payload) fragment(b []byte) error {
	if len(b) < 1 {
		return errH264Short
	}
	start, kind := b[0]&0x80 != 0, b[0]&0x1F
	p.KeyFrame = kind == nalIDR || kind == nalSPS
	p.Head = start && isFrameHead(kind, b[1:])
	return nil
}

func (p *H264Payload) nalUnit(nal []byte) {
	kind := nal[0] & 0x1F
	p.KeyFrame = p.KeyFrame || kind == nalIDR || kind == nalSPS
	p.Head = p.Head || isFrameHead(kind, nal[nalHeader:])
	if kind == nalSPS {
		p.SPS = nal
	}
}

// isFrameHead reports whether a NAL unit of this kind and body begins a frame,
// or stands before the one that does. A slice is a frame's first if its
// first_mb_in_slice is 0, which is written as a single 1 bit.
func isFrameHead(kind byte, body []byte) bool {
	switch kind {
	case nalSEI, nalSPS, nalPPS, nalAUD:
		return true
	case nalSlice, nalIDR:
		return len(body) > 0 && body[0]&0x80 != 0
	}
	return false
}
