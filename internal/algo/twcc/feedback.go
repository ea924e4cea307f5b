package twcc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Units of the message (draft §3.1).
const (
	ReferenceUnit = 64 * time.Millisecond
	DeltaUnit     = 250 * time.Microsecond
)

// NotReceived is the Delta of a packet that did not come.
const NotReceived Delta = math.MinInt32

// Delta is how long after the packet received before it in the same feedback,
// or after the reference time, a packet came, in DeltaUnits; −32768 to 32767 or
// NotReceived.
type Delta int32

// Feedback tells which packets came and when. Its memory can be used again for
// the next one.
type Feedback struct {
	// BaseSeq is the transport-wide number of the first packet told of.
	BaseSeq uint16
	// ReferenceTime is in ReferenceUnits on the receiver's clock, its lower
	// 24 bits.
	ReferenceTime uint32
	// Number counts the feedback messages.
	Number uint8
	// Deltas has one entry for each packet from BaseSeq on.
	Deltas []Delta
}

const (
	headerSize = 8
	// maxPackets is the most packets one feedback may tell of, so that a
	// forged message of a few bytes costs little.
	maxPackets = 8192
	maxRun     = 1<<13 - 1
)

// Packet status symbols (draft §3.1.1).
const (
	symbolNone  = 0
	symbolSmall = 1 // one byte of delta
	symbolLarge = 2 // two bytes, signed
)

func (d Delta) symbol() uint16 {
	switch {
	case d == NotReceived:
		return symbolNone
	case d >= 0 && d <= math.MaxUint8:
		return symbolSmall
	}
	return symbolLarge
}

// Append appends the message's encoding to dst: the feedback control
// information, padded with zeros to a multiple of four bytes.
func (f *Feedback) Append(dst []byte) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, f.BaseSeq)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(f.Deltas)))
	dst = binary.BigEndian.AppendUint32(dst, f.ReferenceTime<<8|uint32(f.Number))
	for rest := f.Deltas; len(rest) > 0; {
		chunk, n := nextChunk(rest)
		dst = binary.BigEndian.AppendUint16(dst, chunk)
		rest = rest[n:]
	}
	for _, d := range f.Deltas {
		switch d.symbol() {
		case symbolSmall:
			dst = append(dst, byte(d))
		case symbolLarge:
			dst = binary.BigEndian.AppendUint16(dst, uint16(int16(d)))
		}
	}
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	return dst
}

// nextChunk packs as many packets as go into one chunk: a run of equal symbols
// if that takes more than a vector would (draft §3.1.3, §3.1.4).
func nextChunk(deltas []Delta) (chunk uint16, n int) {
	first := deltas[0].symbol()
	run, small := 1, 0
	for run < len(deltas) && run < maxRun && deltas[run].symbol() == first {
		run++
	}
	for small < min(len(deltas), 14) && deltas[small].symbol() != symbolLarge {
		small++
	}
	switch {
	case run >= 14 || run == len(deltas) || run >= 7 && small < 14 && small < len(deltas):
		return first<<13 | uint16(run), run
	case small == 14 || small == len(deltas):
		chunk = 1 << 15
		for i, d := range deltas[:small] {
			chunk |= d.symbol() << (13 - i)
		}
		return chunk, small
	}
	n = min(len(deltas), 7)
	chunk = 3 << 14
	for i, d := range deltas[:n] {
		chunk |= d.symbol() << (12 - 2*i)
	}
	return chunk, n
}

var errShort = errors.New("twcc: feedback ends within its content")

// Parse reads the encoding that Append writes into f, using f's memory. It
// fails if the message is cut short, tells of more than 8192 packets or uses
// the reserved symbol.
func (f *Feedback) Parse(fci []byte) error {
	if len(fci) < headerSize {
		return errShort
	}
	count := int(binary.BigEndian.Uint16(fci[2:]))
	if count > maxPackets {
		return fmt.Errorf("twcc: feedback tells of %d packets, at most %d are taken", count, maxPackets)
	}
	f.BaseSeq = binary.BigEndian.Uint16(fci)
	f.ReferenceTime = binary.BigEndian.Uint32(fci[4:]) >> 8
	f.Number = fci[7]
	rest, err := f.parseChunks(fci[headerSize:], count)
	if err != nil {
		return err
	}
	return f.parseDeltas(rest)
}

// parseChunks fills Deltas with the packets' symbols and returns what follows
// the chunks.
func (f *Feedback) parseChunks(b []byte, count int) ([]byte, error) {
	f.Deltas = f.Deltas[:0]
	for len(f.Deltas) < count {
		if len(b) < 2 {
			return nil, errShort
		}
		chunk := binary.BigEndian.Uint16(b)
		b = b[2:]
		left := count - len(f.Deltas)
		switch chunk >> 14 {
		case 2: // vector of 14 one-bit symbols
			for i := range min(left, 14) {
				f.Deltas = append(f.Deltas, Delta(chunk>>(13-i)&1))
			}
		case 3: // vector of 7 two-bit symbols
			for i := range min(left, 7) {
				f.Deltas = append(f.Deltas, Delta(chunk>>(12-2*i)&3))
			}
		default: // run
			for range min(left, int(chunk&maxRun)) {
				f.Deltas = append(f.Deltas, Delta(chunk>>13))
			}
		}
	}
	return b, nil
}

// parseDeltas replaces the symbols in Deltas by what they stand for.
func (f *Feedback) parseDeltas(b []byte) error {
	for i, symbol := range f.Deltas {
		switch {
		case symbol == symbolNone:
			f.Deltas[i] = NotReceived
		case symbol == symbolSmall && len(b) >= 1:
			f.Deltas[i] = Delta(b[0])
			b = b[1:]
		case symbol == symbolLarge && len(b) >= 2:
			f.Deltas[i] = Delta(int16(binary.BigEndian.Uint16(b)))
			b = b[2:]
		case symbol > symbolLarge:
			return fmt.Errorf("twcc: packet %d has the reserved status %d", i, symbol)
		default:
			return errShort
		}
	}
	return nil
}
