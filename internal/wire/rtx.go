package wire

import "encoding/binary"

const errRTXShort ParseError = "rtx: payload is shorter than an original sequence number"

// ParseRTX reads a retransmission's payload (RFC 4588 §4): the original sequence
// number and the original payload, which points into payload. The original is
// empty in a packet that only probes for bandwidth.
func ParseRTX(payload []byte) (original uint16, rest []byte, err error) {
	if len(payload) < 2 {
		return 0, nil, errRTXShort
	}
	return binary.BigEndian.Uint16(payload), payload[2:], nil
}

// AppendOSN appends an original sequence number: what stands between the header
// of a retransmission and the original payload.
func AppendOSN(dst []byte, original uint16) []byte {
	return binary.BigEndian.AppendUint16(dst, original)
}
