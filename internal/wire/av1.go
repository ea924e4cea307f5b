package wire

// OBU types (AV1 specification §6.2.2).
const obuSequenceHeader = 1

// AV1Payload is the aggregation header of an AV1 payload (AV1 RTP specification
// §4.4) with what the OBUs behind it tell. Fields have the specification's
// names. It points into the payload.
type AV1Payload struct {
	Z bool  // the first OBU element continues one of the packet before
	Y bool  // the last OBU element is continued in the next packet
	W uint8 // number of OBU elements, 1 to 3, or 0: each has a length
	N bool  // first packet of a coded video sequence, that is of a key frame

	// HasLayer tells that an OBU has an extension header: Spatial (0 to 3)
	// and Temporal (0 to 7) are the packet's layer.
	HasLayer          bool
	Spatial, Temporal uint8
	// SequenceHeader is the sequence header OBU, header included, or nil.
	SequenceHeader []byte
}

const (
	errAV1Short ParseError = "av1: payload ends inside its aggregation header or an OBU element"
	errAV1Z     ParseError = "av1: a coded video sequence starts with the rest of an OBU"
)

// ParseAV1 reads an AV1 payload into p.
func ParseAV1(payload []byte, p *AV1Payload) error {
	if len(payload) < 2 {
		return errAV1Short
	}
	first := payload[0]
	*p = AV1Payload{Z: first&0x80 != 0, Y: first&0x40 != 0, W: first >> 4 & 0x03, N: first&0x08 != 0}
	if p.Z && p.N {
		return errAV1Z
	}
	rest := payload[1:]
	for element := 1; len(rest) > 0; element++ {
		length := len(rest)
		if p.W == 0 || element < int(p.W) {
			size, n := readLEB128(rest)
			if n == 0 || size > uint64(len(rest)-n) {
				return errAV1Short
			}
			length, rest = int(size), rest[n:]
		}
		if element > 1 || !p.Z {
			whole := length < len(rest) || !p.Y
			p.obu(rest[:length:length], whole)
		}
		rest = rest[length:]
	}
	return nil
}

// obu notes the layer of an OBU, and the OBU itself if it is a sequence header
// and complete.
func (p *AV1Payload) obu(b []byte, whole bool) {
	if len(b) < 1 {
		return
	}
	if b[0]&0x04 != 0 && len(b) > 1 {
		p.HasLayer, p.Temporal, p.Spatial = true, b[1]>>5, b[1]>>3&0x03
	}
	if b[0]>>3&0x0F == obuSequenceHeader && whole {
		p.SequenceHeader = b
	}
}

// readLEB128 reads a little-endian base 128 number (AV1 specification §4.10.5)
// of n bytes, at most 8; n is 0 if it is cut off.
func readLEB128(b []byte) (value uint64, n int) {
	for i := range min(len(b), 8) {
		value |= uint64(b[i]&0x7F) << (7 * i)
		if b[i]&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}
