package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/internal/media"
)

// vp9Key starts a key picture of two spatial layers, as libwebrtc writes it:
// I L B V, picture id 0x1234, layer 0 with U, TL0PICIDX 9, a structure with the
// sizes 320×180 and 640×360 and a picture group of one (T=0, U, P_DIFF 1).
var vp9Key = []byte{
	0xAA, 0x92, 0x34, 0x10, 9,
	0x38, 0x01, 0x40, 0x00, 0xB4, 0x02, 0x80, 0x01, 0x68, 1, 0x14, 1,
	0x82, 0x49, 0x83, 0x42,
}

func TestParseVP9Key(t *testing.T) {
	var d VP9Descriptor
	if err := ParseVP9(vp9Key, &d); err != nil {
		t.Fatal(err)
	}
	d.tail = nil
	want := VP9Descriptor{
		I: true, M: true, L: true, B: true, V: true,
		PictureID: 0x1234, U: true, TL0PICIDX: 9, HeaderLength: 17,
		Structure: VP9Structure{
			SpatialLayers: 2, HasSizes: true, Pictures: 1,
			Sizes: [8]media.Dimensions{{Width: 320, Height: 180}, {Width: 640, Height: 360}},
		},
	}
	if !sameVP9(&d, &want) {
		t.Errorf("got  %+v\nwant %+v", d, want)
	}
}

func TestParseVP9Flexible(t *testing.T) {
	// I P L F E Z, 7-bit picture id 5, T=2 S=1 D, references 1 and 3.
	payload := []byte{0xF5, 5, 0x43, 1<<1 | 1, 3 << 1, 0xAA}
	var d VP9Descriptor
	if err := ParseVP9(payload, &d); err != nil {
		t.Fatal(err)
	}
	d.tail = nil
	want := VP9Descriptor{
		I: true, P: true, L: true, F: true, E: true, Z: true,
		PictureID: 5, TID: 2, SID: 1, D: true,
		PDiff: [3]uint8{1, 3}, References: 2, HeaderLength: 5,
	}
	if !sameVP9(&d, &want) {
		t.Errorf("got  %+v\nwant %+v", d, want)
	}
}

func TestParseVP9Refuses(t *testing.T) {
	var d VP9Descriptor
	for n := range 17 {
		if err := ParseVP9(vp9Key[:n], &d); !errors.Is(err, errVP9Short) {
			t.Errorf("%d bytes of a descriptor of 17: %v", n, err)
		}
	}
	if err := ParseVP9([]byte{0x50, 3, 3, 3, 2}, &d); !errors.Is(err, errVP9References) {
		t.Errorf("four references: %v", err)
	}
}

func TestRewriteVP9(t *testing.T) {
	// From a 7-bit picture id to 15 bits; what stands behind is carried over.
	payload := []byte{0xE2, 5, 0x20, 8, 0x08, 1, 0x14, 1, 0xAA}
	var d VP9Descriptor
	if err := ParseVP9(payload, &d); err != nil {
		t.Fatal(err)
	}
	d.SetPictureID(0xFFFF)
	d.TL0PICIDX = 200
	got := append(AppendVP9Descriptor(nil, &d), payload[d.HeaderLength:]...)
	want := []byte{0xE2, 0xFF, 0xFF, 0x20, 200, 0x08, 1, 0x14, 1, 0xAA}
	if !bytes.Equal(got, want) {
		t.Errorf("rewritten as %x, want %x", got, want)
	}
}

// sameVP9 compares two descriptors but for where they came from.
func sameVP9(a, b *VP9Descriptor) bool {
	x, y := *a, *b
	flags := func(d *VP9Descriptor) [11]bool {
		return [...]bool{d.I, d.M, d.P, d.L, d.F, d.B, d.E, d.V, d.Z, d.U, d.D}
	}
	return flags(&x) == flags(&y) && x.PictureID == y.PictureID && x.TID == y.TID && x.SID == y.SID &&
		x.TL0PICIDX == y.TL0PICIDX && x.PDiff == y.PDiff && x.References == y.References &&
		x.Structure == y.Structure && x.HeaderLength == y.HeaderLength && bytes.Equal(x.tail, y.tail)
}

func FuzzParseVP9(f *testing.F) {
	f.Add(vp9Key)
	f.Add([]byte{0xF5, 5, 0x43, 1<<1 | 1, 3 << 1, 0xAA})
	f.Add([]byte{0x8C, 0x81, 0x02})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var d VP9Descriptor
		if ParseVP9(payload, &d) != nil {
			return
		}
		var p codecs.VP9Packet
		if data, err := p.Unmarshal(payload); err == nil { // it refuses SID above 4
			if d.I != p.I || d.P != p.P || d.L != p.L || d.F != p.F || d.B != p.B || d.E != p.E || d.V != p.V ||
				d.Z != p.Z || d.PictureID != p.PictureID || d.TID != p.TID || d.U != p.U || d.SID != p.SID ||
				d.D != p.D || d.TL0PICIDX != p.TL0PICIDX || !bytes.Equal(d.PDiff[:d.References], p.PDiff) {
				t.Errorf("%x = %+v, pion %+v", payload, d, p)
			}
			s := &d.Structure
			if d.V && (s.SpatialLayers != int(p.NS)+1 || s.HasSizes != p.Y || s.Pictures != int(p.NG)) {
				t.Errorf("%x = %+v, pion %+v", payload, s, p)
			}
			for i := range p.Width {
				if got := (media.Dimensions{Width: int(p.Width[i]), Height: int(p.Height[i])}); s.Sizes[i] != got {
					t.Errorf("%x: size %d = %v, pion %v", payload, i, s.Sizes[i], got)
				}
			}
			if !bytes.Equal(payload[d.HeaderLength:], data) {
				t.Errorf("%x: data differs", payload)
			}
		}
		if out := AppendVP9Descriptor(nil, &d); !bytes.Equal(out, payload[:d.HeaderLength]) {
			t.Errorf("%x written as %x", payload[:d.HeaderLength], out)
		}
		d.SetPictureID(300)
		var again VP9Descriptor
		out := AppendVP9Descriptor(nil, &d)
		if err := ParseVP9(out, &again); err != nil {
			t.Fatal(err)
		}
		d.HeaderLength = len(out)
		if !sameVP9(&d, &again) {
			t.Errorf("%x rewritten: %+v, want %+v", payload, again, d)
		}
	})
}
