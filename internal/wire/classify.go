package wire

// Class is the protocol of a datagram that arrived on the shared socket.
type Class uint8

// The classes of RFC 7983 §7 as updated by RFC 9443, with RTP and RTCP told
// apart by RFC 5761 §4.
const (
	ClassUnknown Class = iota
	ClassSTUN
	ClassZRTP
	ClassDTLS
	ClassTURNChannel // ChannelData (RFC 8656 §12.4)
	ClassQUIC
	ClassRTP
	ClassRTCP
)

// String returns the protocol's name.
func (c Class) String() string {
	switch c {
	case ClassSTUN:
		return "STUN"
	case ClassZRTP:
		return "ZRTP"
	case ClassDTLS:
		return "DTLS"
	case ClassTURNChannel:
		return "TURN channel"
	case ClassQUIC:
		return "QUIC"
	case ClassRTP:
		return "RTP"
	case ClassRTCP:
		return "RTCP"
	}
	return "unknown"
}

// Classify names the protocol of a datagram by its first byte, and RTCP by its
// second. It looks no further: the datagram may still be malformed. A datagram
// of fewer than two bytes is ClassUnknown.
func Classify(b []byte) Class {
	if len(b) < 2 {
		return ClassUnknown
	}
	switch first := b[0]; {
	case first <= 3:
		return ClassSTUN
	case first <= 15:
		return ClassUnknown
	case first <= 19:
		return ClassZRTP
	case first <= 63:
		return ClassDTLS
	case first <= 79:
		return ClassTURNChannel
	case first <= 127 || first >= 192:
		return ClassQUIC
	case b[1] >= 192 && b[1] <= 223: // RTCP types are RTP's 64–95 with M set
		return ClassRTCP
	}
	return ClassRTP
}
