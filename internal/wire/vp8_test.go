package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/internal/media"
)

// vp8Key is the start of a key frame of 640×360: frame tag with bit 0 clear,
// start code, width, height with a scaling hint that is no part of the size.
var vp8Key = []byte{0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x41, 0xFF}

func TestParseVP8(t *testing.T) {
	tests := []struct {
		name    string
		payload []byte
		want    VP8Descriptor
	}{
		{"the least", []byte{0x00}, VP8Descriptor{HeaderLength: 1}},
		{"non-reference frame, third partition", []byte{0x22, 1}, VP8Descriptor{N: true, PID: 2, HeaderLength: 1}},
		{
			"7-bit picture id", []byte{0x90, 0x80, 0x7F, 1},
			VP8Descriptor{S: true, I: true, PictureID: 127, HeaderLength: 3},
		},
		{
			"everything", []byte{0x90, 0xF0, 0xFF, 0xFE, 200, 0xBF, 1},
			VP8Descriptor{
				S: true, I: true, M: true, L: true, T: true, K: true,
				PictureID: 0x7FFE, TL0PICIDX: 200, TID: 2, Y: true, KEYIDX: 31, HeaderLength: 6,
			},
		},
		{
			"key index without temporal layer", []byte{0x80, 0x10, 0xFF},
			VP8Descriptor{K: true, KEYIDX: 31, HeaderLength: 3},
		},
		{
			"key frame", append([]byte{0x10}, vp8Key...),
			VP8Descriptor{S: true, HeaderLength: 1, KeyFrame: true, Size: media.Dimensions{Width: 640, Height: 360}},
		},
		{
			"key frame, cut off before its size", append([]byte{0x10}, vp8Key[:9]...),
			VP8Descriptor{S: true, HeaderLength: 1, KeyFrame: true},
		},
		{
			// Bit 0 of a later partition says nothing about the frame.
			"start of the second partition", append([]byte{0x11}, vp8Key...),
			VP8Descriptor{S: true, PID: 1, HeaderLength: 1},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var d VP8Descriptor
			if err := ParseVP8(test.payload, &d); err != nil {
				t.Fatal(err)
			}
			if d != test.want {
				t.Errorf("got  %+v\nwant %+v", d, test.want)
			}
			if b := AppendVP8Descriptor(nil, &d); !bytes.Equal(b, test.payload[:d.HeaderLength]) && d.T {
				t.Errorf("written as %x, want %x", b, test.payload[:d.HeaderLength])
			}
		})
	}
}

func TestParseVP8CutOff(t *testing.T) {
	whole := []byte{0x90, 0xF0, 0xFF, 0xFE, 200, 0xBF}
	for n := range len(whole) {
		var d VP8Descriptor
		if err := ParseVP8(whole[:n], &d); !errors.Is(err, errVP8Short) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestRewriteVP8Widens(t *testing.T) {
	// The source has no picture id, or a short one, and no TL0PICIDX; the
	// viewer's stream has had both, so they must not go away.
	for _, payload := range [][]byte{{0x30, 1, 2, 3}, {0xB0, 0x80, 0x05, 1, 2, 3}} {
		var d VP8Descriptor
		if err := ParseVP8(payload, &d); err != nil {
			t.Fatal(err)
		}
		d.SetPictureID(0x9234)
		d.SetTL0PICIDX(77)
		out := append(AppendVP8Descriptor(nil, &d), payload[d.HeaderLength:]...)
		var p codecs.VP8Packet
		data, err := p.Unmarshal(out)
		if err != nil {
			t.Fatal(err)
		}
		if p.N != 1 || p.S != 1 || p.PictureID != 0x1234 || p.TL0PICIDX != 77 || p.T != 1 || p.TID != 0 {
			t.Errorf("%x became %x: %+v", payload, out, p)
		}
		if !bytes.Equal(data, []byte{1, 2, 3}) {
			t.Errorf("data = %x", data)
		}
	}
}

func b2i(b bool) uint8 { return bit(b, 1) }

func FuzzParseVP8(f *testing.F) {
	f.Add([]byte{0x90, 0xF0, 0xFF, 0xFE, 200, 0xBF, 1})
	f.Add(append([]byte{0x90, 0x80, 0x05}, vp8Key...))
	f.Add([]byte{0x10})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var d VP8Descriptor
		err := ParseVP8(payload, &d)
		var p codecs.VP8Packet
		data, pionErr := p.Unmarshal(payload)
		if (err == nil) != (pionErr == nil) && payload != nil {
			t.Fatalf("%x: %v, pion %v", payload, err, pionErr)
		}
		if err != nil {
			return
		}
		if b2i(d.N) != p.N || b2i(d.S) != p.S || d.PID != p.PID || d.PictureID != p.PictureID ||
			d.TL0PICIDX != p.TL0PICIDX || d.TID != p.TID || b2i(d.Y) != p.Y || d.KEYIDX != p.KEYIDX {
			t.Errorf("%x = %+v, pion %+v", payload, d, p)
		}
		if !bytes.Equal(payload[d.HeaderLength:], data) {
			t.Errorf("%x: data differs", payload)
		}
		out := append(AppendVP8Descriptor(nil, &d), payload[d.HeaderLength:]...)
		var again VP8Descriptor
		if err := ParseVP8(out, &again); err != nil {
			t.Fatal(err)
		}
		again.HeaderLength = d.HeaderLength // an empty optional part is not written
		if again != d {
			t.Errorf("%x written as %x: %+v, want %+v", payload, out, again, d)
		}
	})
}
