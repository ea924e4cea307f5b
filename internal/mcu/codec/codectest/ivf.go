package codectest

import (
	"embed"
	"encoding/binary"
	"testing"
)

// Streams of codecs that we can't encode. Each is Film(160, 96, 12), but for
// those of another size in their name; README.md there says how they were made.
//
//go:embed testdata/*.ivf
var testdata embed.FS

// ReadIVF returns the frames of testdata/name.ivf.
func ReadIVF(t testing.TB, name string) [][]byte {
	t.Helper()
	data, err := testdata.ReadFile("testdata/" + name + ".ivf")
	if err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	for data = data[32:]; len(data) >= 12; {
		n := 12 + int(binary.LittleEndian.Uint32(data))
		frames = append(frames, data[12:n:n])
		data = data[n:]
	}
	return frames
}
