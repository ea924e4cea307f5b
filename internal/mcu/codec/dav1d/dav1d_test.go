//go:build cgo

package dav1d

import (
	"errors"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
)

func decoder(t testing.TB) *Decoder {
	t.Helper()
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestAFilmComesOutOfAV1(t *testing.T) {
	d := decoder(t)
	codectest.Decode(t, d, codectest.ReadIVF(t, "av1-160x96"), codectest.Film(160, 96, 12), 33)
	codectest.Decode(t, d, codectest.ReadIVF(t, "av1-96x64"), codectest.Film(96, 64, 12), 33)
	codectest.Decode(t, d, codectest.ReadIVF(t, "av1-160x96"), codectest.Film(160, 96, 12), 33)
}

func TestOtherPixelsAreRefused(t *testing.T) {
	for _, name := range []string{"av1-10bit", "av1-444"} {
		d := decoder(t)
		if _, err := d.Decode(codectest.ReadIVF(t, name)[0]); !errors.Is(err, codec.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
		// The decoder is good for the next stream.
		codectest.Decode(t, d, codectest.ReadIVF(t, "av1-96x64"), codectest.Film(96, 64, 12), 33)
	}
}

func TestALossIsToldUntilAKeyFrame(t *testing.T) {
	film, stream := codectest.Film(160, 96, 12), codectest.ReadIVF(t, "av1-160x96")
	d := decoder(t)
	if _, err := d.Decode(stream[1]); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("without a key frame: %v", err)
	}
	codectest.Decode(t, d, stream, film, 33)
}

func TestBrokenAV1DoesNoHarm(t *testing.T) {
	codectest.Break(t, decoder(t), codectest.ReadIVF(t, "av1-160x96"))
}

func TestAClosedDecoderRefuses(t *testing.T) {
	d := decoder(t)
	for range 2 {
		d.Close()
	}
	if _, err := d.Decode([]byte{0x12, 0}); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("a closed decoder says %v", err)
	}
}

func TestSteadyWorkAllocatesNothing(t *testing.T) {
	d, stream := decoder(t), codectest.ReadIVF(t, "av1-160x96")
	i := 0
	if allocs := testing.AllocsPerRun(48, func() {
		if _, err := d.Decode(stream[i%len(stream)]); err != nil {
			t.Fatal(err)
		}
		i++
	}); allocs > 0 {
		t.Errorf("%.1f allocations a frame", allocs)
	}
}

func FuzzDecode(f *testing.F) {
	stream := codectest.ReadIVF(f, "av1-96x64")
	for _, frame := range stream {
		f.Add(frame, frame)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := decoder(t)
		codectest.Feed(t, d, first)
		codectest.Feed(t, d, stream[0])
		codectest.Feed(t, d, second)
		codectest.Feed(t, d, stream[1])
	})
}
