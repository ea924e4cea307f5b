package wire

import (
	"encoding/binary"
	"iter"
)

// Header is an RTP header (RFC 3550 §5.1). CSRCs are skipped when it is read
// and not written.
type Header struct {
	PayloadType    uint8 // 0 to 127
	Marker         bool
	SequenceNumber uint16
	Timestamp      uint32
	SSRC           uint32

	// PaddingLength is the number of padding bytes behind the payload, 0 to
	// 255. A header written with padding promises that many bytes: see
	// AppendPadding.
	PaddingLength int
	// PayloadOffset is the length of the header in bytes, extensions
	// included. It is not used when a header is written.
	PayloadOffset int

	profile    uint16 // of the header extension; 0 without one
	extensions []byte // body of the header extension, within the packet
}

const (
	rtpVersion       = 2 << 6
	rtpPaddingBit    = 1 << 5
	rtpExtensionBit  = 1 << 4
	rtpMarkerBit     = 1 << 7
	rtpFixedLength   = 12
	oneByteProfile   = 0xBEDE // RFC 8285 §4.2
	twoByteProfile   = 0x1000 // RFC 8285 §4.3; the low four bits are free
	maxOneByteID     = 14
	maxOneByteLength = 16
	maxTwoByteLength = 255
)

const (
	errRTPShort     ParseError = "rtp: packet ends inside its header"
	errRTPVersion   ParseError = "rtp: version is not 2: not an RTP packet"
	errRTPPadding   ParseError = "rtp: padding is longer than the payload, or zero"
	errRTPExtension ParseError = "rtp: packet ends inside its header extension"
)

// ParseHeader reads the header of a decrypted RTP packet into h. Padding is
// checked against the length of b; header extensions are not, a malformed one
// ends the list (see Extensions). On error h is undefined.
func ParseHeader(b []byte, h *Header) error {
	if len(b) < rtpFixedLength {
		return errRTPShort
	}
	if b[0]&0xC0 != rtpVersion {
		return errRTPVersion
	}
	*h = Header{
		PayloadType:    b[1] &^ rtpMarkerBit,
		Marker:         b[1]&rtpMarkerBit != 0,
		SequenceNumber: binary.BigEndian.Uint16(b[2:]),
		Timestamp:      binary.BigEndian.Uint32(b[4:]),
		SSRC:           binary.BigEndian.Uint32(b[8:]),
		PayloadOffset:  rtpFixedLength + 4*int(b[0]&0x0F),
	}
	if b[0]&rtpExtensionBit != 0 {
		start := h.PayloadOffset + 4
		if len(b) < start {
			return errRTPExtension
		}
		h.profile = binary.BigEndian.Uint16(b[start-4:])
		h.PayloadOffset = start + 4*int(binary.BigEndian.Uint16(b[start-2:]))
		if len(b) < h.PayloadOffset {
			return errRTPExtension
		}
		h.extensions = b[start:h.PayloadOffset]
	}
	if len(b) < h.PayloadOffset {
		return errRTPShort
	}
	if b[0]&rtpPaddingBit != 0 {
		h.PaddingLength = int(b[len(b)-1])
		if h.PaddingLength == 0 || h.PaddingLength > len(b)-h.PayloadOffset {
			return errRTPPadding
		}
	}
	return nil
}

// Payload returns the payload of b, the packet that h was read from, without
// padding. It is empty in a packet of padding alone.
func (h *Header) Payload(b []byte) []byte {
	return b[h.PayloadOffset : len(b)-h.PaddingLength]
}

// Extensions yields the id and value of each header extension element of RFC
// 8285, of the one-byte and of the two-byte form. Values point into the packet.
// The list ends at the first malformed element; other extension profiles have
// none.
func (h *Header) Extensions() iter.Seq2[uint8, []byte] {
	return func(yield func(uint8, []byte) bool) {
		for rest := h.extensions; ; {
			id, value, next := nextExtension(h.profile, rest)
			if id == 0 || !yield(id, value) {
				return
			}
			rest = next
		}
	}
}

// Extension returns the value of the header extension element with this id, or
// nil if there is none. A value of no bytes is not nil. To read several
// elements, range over Extensions.
func (h *Header) Extension(id uint8) []byte {
	for rest := h.extensions; ; {
		found, value, next := nextExtension(h.profile, rest)
		if found == 0 {
			return nil
		}
		if found == id {
			return value
		}
		rest = next
	}
}

// nextExtension reads the first element of b and returns what follows it. The
// id is 0 at the end.
func nextExtension(profile uint16, b []byte) (id uint8, value, rest []byte) {
	for len(b) > 0 && b[0] == 0 { // padding, in both forms
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, nil, nil
	}
	var start, length int
	switch {
	case profile == oneByteProfile:
		id, length, start = b[0]>>4, int(b[0]&0x0F)+1, 1
		if id > maxOneByteID { // 15 ends the list (RFC 8285 §4.2)
			return 0, nil, nil
		}
	case profile&0xFFF0 == twoByteProfile && len(b) >= 2:
		id, length, start = b[0], int(b[1]), 2
	}
	if id == 0 || len(b) < start+length {
		return 0, nil, nil
	}
	end := start + length
	return id, b[start:end:end], b[end:]
}

// Extension is a header extension element to be written.
type Extension struct {
	// ID is the negotiated one, 1 to 255. An element with ID 0, not
	// negotiated, is left out.
	ID uint8
	// Value is up to 255 bytes; an element with a longer one is left out.
	Value []byte
}

func (e *Extension) omitted() bool { return e.ID == 0 || len(e.Value) > maxTwoByteLength }

func (e *Extension) needsTwoBytes() bool {
	return e.ID > maxOneByteID || len(e.Value) > maxOneByteLength || len(e.Value) == 0
}

// AppendHeader appends an RTP header with these extensions to dst. It uses the
// one-byte form of RFC 8285 unless an element does not fit it (an id above 14,
// no bytes or more than 16), then the two-byte form for all.
func AppendHeader(dst []byte, h *Header, extensions []Extension) []byte {
	first, second := byte(rtpVersion), h.PayloadType&^rtpMarkerBit
	if h.PaddingLength > 0 {
		first |= rtpPaddingBit
	}
	if h.Marker {
		second |= rtpMarkerBit
	}
	profile := 0
	for i := range extensions {
		switch e := &extensions[i]; {
		case e.omitted():
		case e.needsTwoBytes():
			profile = twoByteProfile
		case profile == 0:
			profile = oneByteProfile
		}
	}
	if profile != 0 {
		first |= rtpExtensionBit
	}
	fixed := [rtpFixedLength + 4]byte{first, second}
	binary.BigEndian.PutUint16(fixed[2:], h.SequenceNumber)
	binary.BigEndian.PutUint32(fixed[4:], h.Timestamp)
	binary.BigEndian.PutUint32(fixed[8:], h.SSRC)
	if profile == 0 {
		return append(dst, fixed[:rtpFixedLength]...)
	}
	binary.BigEndian.PutUint16(fixed[12:], uint16(profile))
	dst = append(dst, fixed[:]...)
	start := len(dst)
	for i := range extensions {
		e := &extensions[i]
		if e.omitted() {
			continue
		}
		if profile == oneByteProfile {
			dst = append(dst, e.ID<<4|byte(len(e.Value)-1))
		} else {
			dst = append(dst, e.ID, byte(len(e.Value)))
		}
		dst = append(dst, e.Value...)
	}
	dst = append(dst, "\x00\x00\x00"[:-(len(dst)-start)&3]...)
	binary.BigEndian.PutUint16(dst[start-2:], uint16((len(dst)-start)/4))
	return dst
}

// AppendPadding appends n bytes of RTP padding, 1 to 255 (RFC 3550 §5.1), to a
// packet whose header was written with PaddingLength n.
func AppendPadding(dst []byte, n int) []byte {
	for range n - 1 {
		dst = append(dst, 0)
	}
	return append(dst, byte(n))
}
