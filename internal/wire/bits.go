package wire

import "math/bits"

// bitReader reads numbers of any number of bits, high bit first. Reading past
// the end yields zeroes and sets overrun.
type bitReader struct {
	b       []byte
	pos     int // in bits
	overrun bool
}

// read returns the next n bits, n from 0 to 32: f(n) of the AV1 RTP
// specification §A.8.2.
func (r *bitReader) read(n int) uint32 {
	if r.pos+n > 8*len(r.b) {
		r.overrun = true
		return 0
	}
	var v uint32
	for n > 0 {
		used := r.pos & 7
		take := min(8-used, n)
		v = v<<take | uint32(r.b[r.pos>>3]<<used>>(8-take))
		r.pos += take
		n -= take
	}
	return v
}

func (r *bitReader) flag() bool { return r.read(1) == 1 }

// readNS returns a number below n, n at least 1: ns(n) of the AV1 RTP
// specification §A.8.2, which saves a bit on the smaller numbers.
func (r *bitReader) readNS(n int) int {
	width := bits.Len(uint(n))
	short := 1<<width - n // how many numbers take one bit less
	v := int(r.read(width - 1))
	if v < short {
		return v
	}
	return v<<1 - short + int(r.read(1))
}

// bitWriter appends numbers of any number of bits to b, high bit first.
type bitWriter struct {
	b    []byte
	free int // unused bits of b's last byte
}

// write appends the lower n bits of v, n from 0 to 32.
func (w *bitWriter) write(v uint32, n int) {
	for n > 0 {
		if w.free == 0 {
			w.b = append(w.b, 0)
			w.free = 8
		}
		take := min(w.free, n)
		n -= take
		w.free -= take
		w.b[len(w.b)-1] |= byte(v>>n&(1<<take-1)) << w.free
	}
}

func (w *bitWriter) flag(set bool) { w.write(uint32(bit(set, 1)), 1) }

// writeNS is the inverse of readNS.
func (w *bitWriter) writeNS(v, n int) {
	width := bits.Len(uint(n))
	if short := 1<<width - n; v < short {
		w.write(uint32(v), width-1)
	} else {
		w.write(uint32(v+short), width)
	}
}
