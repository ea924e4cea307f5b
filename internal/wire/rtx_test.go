package wire

import (
	"bytes"
	"testing"
)

func TestRTX(t *testing.T) {
	b := append(AppendOSN(nil, 0xFFFE), "original"...)
	osn, rest, err := ParseRTX(b)
	if osn != 0xFFFE || string(rest) != "original" || err != nil {
		t.Errorf("%x = %d, %q, %v", b, osn, rest, err)
	}
	if _, rest, err := ParseRTX(b[:2]); len(rest) != 0 || err != nil {
		t.Errorf("a probe without payload: %x, %v", rest, err)
	}
	if _, _, err := ParseRTX(b[:1]); err == nil {
		t.Error("half a sequence number is taken")
	}
}

func FuzzParseRTX(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		osn, rest, err := ParseRTX(b)
		if err == nil && !bytes.Equal(append(AppendOSN(nil, osn), rest...), b) {
			t.Errorf("%x = %d, %x", b, osn, rest)
		}
	})
}
