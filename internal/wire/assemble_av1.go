package wire

import "encoding/binary"

// OBU types that are not sent, or not read if they are (AV1 RTP specification
// §5), and the bits of an OBU header.
const (
	obuTemporalDelimiter = 2
	obuTileList          = 8

	obuHasExtension = 0x04
	obuHasSize      = 0x02
)

// temporalDelimiter is the OBU that begins a temporal unit.
const temporalDelimiter = "\x12\x00"

const errAV1OBU ParseError = "av1: an OBU ends inside its header"

func (a *Assembler) appendAV1(frame, payload []byte) ([]byte, error) {
	if len(payload) < 2 {
		return frame, errAV1Short
	}
	continues, goesOn, count := payload[0]&0x80 != 0, payload[0]&0x40 != 0, int(payload[0]>>4&0x03)
	if continues != a.open {
		return frame, errAssembleOrder
	}
	if continues && payload[0]&0x08 != 0 {
		return frame, errAV1Z
	}
	if len(frame) == 0 {
		frame = append(frame, temporalDelimiter...)
	}
	rest := payload[1:]
	for element := 1; len(rest) > 0; element++ {
		length := len(rest)
		if count == 0 || element < count {
			size, n := readLEB128(rest)
			if n == 0 || size > uint64(len(rest)-n) {
				return frame, errAV1Short
			}
			if length, rest = int(size), rest[n:]; length == len(rest) && count > element {
				return frame, errAV1Short // the rest of the elements is not there
			}
		}
		if !a.open {
			a.start = len(frame)
		}
		frame, rest = append(frame, rest[:length]...), rest[length:]
		if a.open = goesOn && len(rest) == 0; a.open {
			if len(frame) == a.start {
				return frame, errAV1Short
			}
			break
		}
		var err error
		if frame, err = endOBU(frame, a.start); err != nil {
			return frame, err
		}
	}
	return frame, nil
}

// endOBU gives the last OBU of the frame, which begins at start, its size, or
// takes it out if a decoder has no use for it. Senders leave the size out: the
// packets tell it.
func endOBU(frame []byte, start int) ([]byte, error) {
	obu := frame[start:]
	if len(obu) == 0 {
		return frame, nil
	}
	if kind := obu[0] >> 3 & 0x0F; kind == obuTemporalDelimiter || kind == obuTileList {
		return frame[:start], nil
	}
	header := 1
	if obu[0]&obuHasExtension != 0 {
		header = 2
	}
	if len(obu) < header {
		return frame, errAV1OBU
	}
	body := obu[header:]
	if obu[0]&obuHasSize != 0 {
		size, n := readLEB128(body)
		if n == 0 {
			return frame, errAV1OBU
		}
		if body = body[n:]; size == uint64(len(body)) {
			return frame, nil
		}
	}
	obu[0] |= obuHasSize
	var field [binary.MaxVarintLen64]byte
	size := binary.AppendUvarint(field[:0], uint64(len(body))) // leb128() by another name
	length := header + len(size) + len(body)
	for len(frame) < start+length { // by no more than the field's length
		frame = append(frame, 0)
	}
	copy(frame[start+header+len(size):], body)
	copy(frame[start+header:], size)
	return frame[:start+length], nil
}
