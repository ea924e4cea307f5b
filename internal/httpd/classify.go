package httpd

import "encoding/binary"

// kind is what a TCP connection speaks.
type kind uint8

const (
	undecided kind = iota // more bytes are needed
	stranger              // nothing we know
	speaksHTTP
	speaksTLS
	speaksICE
)

// decisive is how many bytes suffice to know every kind.
const decisive = 10

// The bytes that tell.
const (
	tlsHandshake = 0x16       // ContentType of a ClientHello (RFC 8446 §5.1)
	magicCookie  = 0x2112A442 // RFC 8489 §5
	maxFrameHigh = 1500 >> 8  // no STUN request is longer than a packet
	maxSTUNHigh  = 0x01       // requests and indications of the methods there are
)

// classify tells from the first bytes of a connection what it speaks. HTTP
// starts with the capital letters of a method, TLS with a handshake record,
// ICE-TCP with the length of a STUN message (RFC 4571) and its header
// (RFC 8489 §5). No two of them share the first byte.
func classify(first []byte) kind {
	if len(first) == 0 {
		return undecided
	}
	switch b := first[0]; {
	case b == tlsHandshake:
		return speaksTLS
	case 'A' <= b && b <= 'Z':
		return speaksHTTP
	case b > maxFrameHigh, len(first) > 2 && first[2] > maxSTUNHigh:
		return stranger
	case len(first) < decisive:
		return undecided
	case binary.BigEndian.Uint32(first[6:]) != magicCookie:
		return stranger
	}
	return speaksICE
}
