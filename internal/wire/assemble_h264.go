package wire

import "encoding/binary"

// startCode stands before every NAL unit (ITU-T H.264 §B.1.1).
const startCode = "\x00\x00\x00\x01"

func (a *Assembler) appendH264(frame, payload []byte) ([]byte, error) {
	if len(payload) < nalHeader {
		return frame, errH264Short
	}
	kind := payload[0] & 0x1F
	if kind == nalFUA {
		return a.appendFragment(frame, payload)
	}
	switch {
	case a.open:
		return frame, errAssembleOrder
	case kind == nalSTAPA:
		return appendAggregate(frame, payload[nalHeader:])
	case kind >= nalSlice && kind < nalSTAPA:
		return appendNAL(frame, payload), nil
	}
	return frame, errH264Type
}

func appendNAL(frame, nal []byte) []byte {
	return append(append(frame, startCode...), nal...)
}

// appendAggregate appends the NAL units of a STAP-A (RFC 6184 §5.7.1).
func appendAggregate(frame, b []byte) ([]byte, error) {
	for len(b) > 0 {
		if len(b) < 2 {
			return frame, errH264Short
		}
		size := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		if size < nalHeader || size > len(b) {
			return frame, errH264Short
		}
		frame, b = appendNAL(frame, b[:size]), b[size:]
	}
	return frame, nil
}

// appendFragment appends what an FU-A holds of its NAL unit, whose header it
// gives in two parts (RFC 6184 §5.8).
func (a *Assembler) appendFragment(frame, payload []byte) ([]byte, error) {
	if len(payload) < nalHeader+1 {
		return frame, errH264Short
	}
	first, last := payload[1]&0x80 != 0, payload[1]&0x40 != 0
	header := payload[0]&0x60 | payload[1]&0x1F
	if first == a.open || !first && frame[a.start] != header {
		return frame, errAssembleOrder
	}
	if first {
		a.start = len(frame) + len(startCode)
		frame = append(append(frame, startCode...), header)
	}
	a.open = !last
	return append(frame, payload[nalHeader+1:]...), nil
}
