//go:build cgo

package vpx

import (
	"errors"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
)

func vp9(t testing.TB) *Decoder {
	t.Helper()
	d, err := NewVP9Decoder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestAFilmComesOutOfVP9(t *testing.T) {
	d := vp9(t)
	codectest.Decode(t, d, codectest.ReadIVF(t, "vp9-160x96"), codectest.Film(160, 96, 12), 33)
	codectest.Decode(t, d, codectest.ReadIVF(t, "vp9-96x64"), codectest.Film(96, 64, 12), 33)
	codectest.Decode(t, d, codectest.ReadIVF(t, "vp9-160x96"), codectest.Film(160, 96, 12), 33)
}

// Layers of one instant may come together, with an index or without: the last
// one is shown.
func TestFramesMayComeTogether(t *testing.T) {
	film, stream := codectest.Film(160, 96, 12), codectest.ReadIVF(t, "vp9-160x96")
	plain := append(append([]byte(nil), stream[0]...), stream[1]...)
	const marker = 0xc0 | 1<<3 | 1 // two sizes of two bytes
	indexed := append(append([]byte(nil), plain...), marker,
		byte(len(stream[0])), byte(len(stream[0])>>8), byte(len(stream[1])), byte(len(stream[1])>>8), marker)
	for _, both := range [][]byte{plain, indexed} {
		d := vp9(t)
		codectest.Decode(t, d, [][]byte{both, stream[2]}, film[1:], 33)
	}
}

func TestOtherPixelsAreRefused(t *testing.T) {
	if _, err := vp9(t).Decode(codectest.ReadIVF(t, "vp9-10bit")[0]); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("10 bits: %v", err)
	}
}

func TestBrokenVP9DoesNoHarm(t *testing.T) {
	codectest.Break(t, vp9(t), codectest.ReadIVF(t, "vp9-160x96"))
}

// A frame that asks for much memory is refused before the library reads it.
func TestHugePicturesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		peek  func([]byte) (bool, error)
		frame []byte
	}{
		"VP8 key frame":           {peekVP8, []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f, 0, 0}},
		"VP9 key frame":           {peekVP9, []byte{0x82, 0x49, 0x83, 0x42, 0x0f, 0xff, 0x0f, 0xff, 0, 0}},
		"VP9 inter frame":         {peekVP9, []byte{0x86, 0x00, 0x00, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff}},
		"VP9 second of two":       {peekVP9, append(append([]byte{0x88, 0x82, 0x49, 0x83, 0x42, 0x0f, 0xff, 0x0f, 0xff, 0, 0}, 0xc1, 1), 10, 0xc1)},
		"VP9 longer than it is":   {peekVP9, []byte{0x88, 0xc0, 200, 0xc0}},
		"VP9 ends in its header":  {peekVP9, []byte{0x82, 0x49}},
		"VP9 of another profile":  {peekVP9, []byte{0xa2, 0x49, 0x83, 0x42, 0, 0, 0, 0, 0}},
		"nothing":                 {peekVP9, nil},
		"VP8 without start code":  {peekVP8, make([]byte, 20)},
		"VP8 of an empty picture": {peekVP8, []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0}},
	} {
		if _, err := c.peek(c.frame); !errors.Is(err, codec.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVP8(f *testing.F) {
	film := codectest.Film(64, 48, 3)
	stream := codectest.Encode(f, encoder(f, options(64, 48, 1)), film)
	fuzz(f, stream, func(t *testing.T) codec.VideoDecoder { return vp8(t) })
}

func FuzzVP9(f *testing.F) {
	fuzz(f, codectest.ReadIVF(f, "vp9-96x64"), func(t *testing.T) codec.VideoDecoder { return vp9(t) })
}

func fuzz(f *testing.F, stream [][]byte, open func(*testing.T) codec.VideoDecoder) {
	for _, frame := range stream {
		f.Add(frame, frame)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := open(t)
		codectest.Feed(t, d, first)
		codectest.Feed(t, d, stream[0])
		codectest.Feed(t, d, second)
		codectest.Feed(t, d, stream[1])
	})
}
