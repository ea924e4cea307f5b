package wire

import (
	"strings"
	"testing"
)

// pack turns groups of "0" and "1", one for each field as the specification
// lists them, into bytes; the last byte is filled with zeroes.
func pack(fields ...string) []byte {
	digits := strings.ReplaceAll(strings.Join(fields, ""), " ", "")
	var b []byte
	for i, c := range digits {
		if i%8 == 0 {
			b = append(b, 0)
		}
		if c == '1' {
			b[len(b)-1] |= 0x80 >> (i % 8)
		}
	}
	return b
}

func TestNonSymmetricNumbers(t *testing.T) {
	// The table of the AV1 RTP specification §A.8.2 for five values, the
	// single value that takes no bit, and a power of two.
	tests := []struct {
		n      int
		digits []string
	}{
		{5, []string{"00", "01", "10", "110", "111"}},
		{1, []string{""}},
		{4, []string{"00", "01", "10", "11"}},
		{3, []string{"0", "10", "11"}},
	}
	for _, test := range tests {
		for v, digits := range test.digits {
			var w bitWriter
			w.writeNS(v, test.n)
			if want := pack(digits); string(w.b) != string(want) {
				t.Errorf("ns(%d) of %d = %08b, want %08b", test.n, v, w.b, want)
			}
			r := bitReader{b: pack(digits)}
			if got := r.readNS(test.n); got != v || r.pos != len(digits) || r.overrun {
				t.Errorf("ns(%d) of %q = %d after %d bits, want %d", test.n, digits, got, r.pos, v)
			}
		}
	}
}

func TestBitReaderEnds(t *testing.T) {
	r := bitReader{b: []byte{0xAB, 0xCD, 0xEF, 0x01, 0x23}}
	if got := r.read(4); got != 0xA {
		t.Errorf("read(4) = %x, want a", got)
	}
	if got := r.read(32); got != 0xBCDEF012 {
		t.Errorf("read(32) = %x, want bcdef012", got)
	}
	// Four bits are left: asking for five gives none of them.
	if got := r.read(5); got != 0 || !r.overrun {
		t.Errorf("read(5) past the end = %x, overrun %v", got, r.overrun)
	}
}
