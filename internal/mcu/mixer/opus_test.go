package mixer

import "testing"

func TestLengthOfOpusPackets(t *testing.T) {
	for _, c := range []struct {
		packet string
		want   int
	}{
		{"", 0}, {"\x78", 960}, {silence, 960}, {"\x08", 960}, {"\x18", 2880}, {"\xe0", 120}, {"\x61", 960},
		{"\x03", 0}, {"\x03\x00", 0}, {"\x03\x0c", 5760}, {"\x03\x0d", 0}, {"\x1b\x02", 5760}, {"\xe3\x30", 5760}, {"\xe3\x31", 0},
	} {
		if got := opusLength([]byte(c.packet)); got != c.want {
			t.Errorf("%q lasts %d samples, want %d", c.packet, got, c.want)
		}
	}
}

func FuzzOpusLength(f *testing.F) {
	f.Add([]byte(silence))
	f.Add([]byte{0x03, 0x0c})
	f.Fuzz(func(t *testing.T, packet []byte) {
		if n := opusLength(packet); n < 0 || n > longest || n%grain != 0 {
			t.Errorf("%x lasts %d samples", packet, n)
		}
	})
}
