package ice

import (
	"bytes"
	"encoding/binary"

	"github.com/tutti-rtc/tutti/internal/media"
)

// The parts of a STUN message that PeekUsername walks over (RFC 8489 §5, §14).
const (
	headerSize          = 20
	attrHeaderSize      = 4
	magicCookie         = 0x2112a442
	bindingRequest      = 0x0001
	attrUsername        = 0x0006
	attrIntegrity       = 0x0008
	attrIntegritySHA256 = 0x001c
)

// PeekUsername returns the server's username fragment that a Binding request
// is meant for: the part of USERNAME before the colon (RFC 8445 §7.2.2). It is
// how a demultiplexer finds the peer of an unknown address's first packet; the
// request is not verified. The result points into msg. It allocates nothing.
func PeekUsername(msg []byte) (localUfrag []byte, ok bool) {
	if !complete(msg) ||
		binary.BigEndian.Uint16(msg) != bindingRequest ||
		binary.BigEndian.Uint32(msg[4:]) != magicCookie {
		return nil, false
	}
	attrs := msg[headerSize:]
	for len(attrs) >= attrHeaderSize {
		kind := binary.BigEndian.Uint16(attrs)
		size := int(binary.BigEndian.Uint16(attrs[2:]))
		value := attrs[attrHeaderSize:]
		if size > len(value) || kind == attrIntegrity || kind == attrIntegritySHA256 {
			return nil, false // what follows the signature does not count
		}
		if kind == attrUsername {
			colon := bytes.IndexByte(value[:size], ':')
			return value[:max(colon, 0)], colon > 0
		}
		padded := (size + 3) &^ 3
		if padded > len(value) {
			return nil, false
		}
		attrs = value[padded:]
	}
	return nil, false
}

// complete reports whether msg is as long as its header says, and no longer than
// a check can be.
func complete(msg []byte) bool {
	return len(msg) >= headerSize && len(msg) <= media.MaxPacketSize &&
		len(msg) == headerSize+int(binary.BigEndian.Uint16(msg[2:]))
}
