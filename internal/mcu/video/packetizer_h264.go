package video

import (
	"bytes"
	"encoding/binary"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
)

// NAL unit types (ITU-T H.264 table 7-1, RFC 6184 table 1) and their mask.
const (
	nalDelimiter = 9
	nalFiller    = 12
	nalSTAPA     = 24
	nalFUA       = 28
	nalType      = 0x1F
	nalImportant = 0x60 // nal_ref_idc
)

// appendH264 sends a frame in packetization mode 1 (RFC 6184 §6.3): small NAL
// units together in a STAP-A, large ones split into FU-As.
func (z *Packetizer) appendH264(dst []Payload, f *codec.Frame) []Payload {
	z.units = splitAnnexB(z.units[:0], f.Data)
	z.reserve(2*len(f.Data), maxPayload/2, 2)
	for units := z.units; len(units) > 0; {
		n := together(units)
		switch {
		case n > 1:
			dst = append(dst, Payload{Data: z.aggregate(units[:n])})
		case len(units[0]) <= maxPayload:
			dst = append(dst, Payload{Data: units[0]})
		default:
			dst = z.appendFragments(dst, units[0])
		}
		units = units[n:]
	}
	return dst
}

// splitAnnexB appends the NAL units of an access unit to units, but for those
// that say nothing: RFC 6184 §5.3 wants no delimiters.
func splitAnnexB(units [][]byte, b []byte) [][]byte {
	code := []byte{0, 0, 1}
	_, b, _ = bytes.Cut(b, code)
	for more := true; more; {
		var unit []byte
		unit, b, more = bytes.Cut(b, code)
		unit = bytes.TrimRight(unit, "\x00") // a longer start code, or trailing zeroes (§B.1.1)
		if len(unit) > 0 && unit[0]&nalType != nalDelimiter && unit[0]&nalType != nalFiller {
			units = append(units, unit)
		}
	}
	return units
}

// together returns how many of the next units fit one payload, at least 1.
func together(units [][]byte) int {
	size := 1
	for i, unit := range units {
		if size += 2 + len(unit); size > maxPayload {
			return max(i, 1)
		}
	}
	return len(units)
}

// aggregate makes a STAP-A (RFC 6184 §5.7.1).
func (z *Packetizer) aggregate(units [][]byte) []byte {
	at := len(z.buffer)
	z.buffer = append(z.buffer, nalSTAPA)
	for _, unit := range units {
		importance := max(z.buffer[at]&nalImportant, unit[0]&nalImportant)
		z.buffer[at] = nalSTAPA | importance
		z.buffer = binary.BigEndian.AppendUint16(z.buffer, uint16(len(unit)))
		z.buffer = append(z.buffer, unit...)
	}
	return z.buffer[at:len(z.buffer):len(z.buffer)]
}

// appendFragments makes the FU-As of a NAL unit, whose header they give in two
// parts (RFC 6184 §5.8).
func (z *Packetizer) appendFragments(dst []Payload, unit []byte) []Payload {
	const header = 2
	kind, body := unit[0]&nalType, unit[1:]
	size := evenly(len(body), maxPayload-header)
	for start := byte(0x80); len(body) > 0; start = 0 {
		n, end := min(size, len(body)), byte(0)
		if n == len(body) {
			end = 0x40
		}
		at := len(z.buffer)
		z.buffer = append(z.buffer, unit[0]&^nalType|nalFUA, start|end|kind)
		z.buffer = append(z.buffer, body[:n]...)
		dst, body = append(dst, Payload{Data: z.buffer[at:len(z.buffer):len(z.buffer)]}), body[n:]
	}
	return dst
}
