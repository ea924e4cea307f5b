package codectest

import (
	"bytes"
	"embed"
	"encoding/binary"
	"testing"
)

// Streams that our encoders don't make. Each is Film(160, 96, 12), but for
// those of another size in their name; README.md there says how they were made.
//
//go:embed testdata/*.ivf testdata/*.h264
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

// ReadH264 returns the access units of testdata/name.h264, each of which begins
// with a delimiter.
func ReadH264(t testing.TB, name string) [][]byte {
	t.Helper()
	data, err := testdata.ReadFile("testdata/" + name + ".h264")
	if err != nil {
		t.Fatal(err)
	}
	delimiter := []byte{0, 0, 0, 1, 9}
	var units [][]byte
	for _, unit := range bytes.Split(data, delimiter)[1:] {
		units = append(units, append(bytes.Clone(delimiter), unit...))
	}
	return units
}
