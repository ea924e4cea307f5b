package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/internal/media"
)

// assemble joins payloads, and fails at the first error.
func assemble(c media.Codec, payloads ...[]byte) (frame []byte, whole bool, err error) {
	var a Assembler
	a.Begin(c)
	for _, payload := range payloads {
		if frame, err = a.Append(frame, payload); err != nil {
			return frame, false, err
		}
	}
	return frame, a.Whole(), nil
}

func TestAssemble(t *testing.T) {
	for _, test := range []struct {
		name     string
		codec    media.Codec
		payloads [][]byte
		want     string
	}{
		{"VP8 without descriptors", media.VP8, [][]byte{{0x90, 0x80, 5, 1, 2}, {0, 3}}, "\x01\x02\x03"},
		{
			"spatial layers of VP9 one after the other", media.VP9,
			[][]byte{vp9Packet(true, true, true, 0, false, 0, false), vp9Packet(true, true, true, 0, false, 1, true)},
			"\x86\x00\x86\x00",
		},
		{
			"H.264 together, split and alone", media.H264,
			[][]byte{stapA([]byte{0x67, 1}, []byte{0x68, 2}), {0x7C, 0x85, 3}, {0x7C, 0x05, 4}, {0x7C, 0x45, 5}, {0x06, 6}},
			"\x00\x00\x00\x01\x67\x01\x00\x00\x00\x01\x68\x02\x00\x00\x00\x01\x65\x03\x04\x05\x00\x00\x00\x01\x06\x06",
		},
		{
			"AV1 with sizes filled in", media.AV1,
			[][]byte{{0x68, 2, 1 << 3, 7, 6 << 3, 8}, {0xC0, 1, 9}, {0x90, 10}},
			"\x12\x00\x0a\x01\x07\x32\x03\x08\x09\x0a",
		},
		{
			"AV1 with an extension, a size of its own, and what is not for a decoder", media.AV1,
			[][]byte{{0x00, 2, 0x12, 0, 3, 6<<3 | 4, 0x20, 1, 0, 4, 6<<3 | 2, 2, 1, 2, 2, 8 << 3, 1}},
			"\x12\x00\x36\x20\x01\x01\x32\x02\x01\x02",
		},
		{
			"AV1 with a wrong size", media.AV1,
			[][]byte{{0x10, 6<<3 | 2, 9, 1, 2, 3}}, "\x12\x00\x32\x03\x01\x02\x03",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			frame, whole, err := assemble(test.codec, test.payloads...)
			if err != nil || !whole || string(frame) != test.want {
				t.Errorf("%x, whole %v, %v, want %x", frame, whole, err, test.want)
			}
		})
	}
}

func TestAssembleRefuses(t *testing.T) {
	for _, test := range []struct {
		name     string
		codec    media.Codec
		payloads [][]byte
		want     error
	}{
		{"audio", media.Opus, [][]byte{{1}}, errAssembleCodec},
		{"a cut VP8 descriptor", media.VP8, [][]byte{{0x80}}, errVP8Short},
		{"a cut VP9 descriptor", media.VP9, [][]byte{{0x80}}, errVP9Short},
		{"nothing", media.H264, [][]byte{{}}, errH264Short},
		{"a fragment without header", media.H264, [][]byte{{0x7C}}, errH264Short},
		{"the rest of a fragment", media.H264, [][]byte{{0x7C, 0x05, 1}}, errAssembleOrder},
		{"a fragment that begins twice", media.H264, [][]byte{{0x7C, 0x85, 1}, {0x7C, 0x85, 1}}, errAssembleOrder},
		{"the rest of another unit", media.H264, [][]byte{{0x7C, 0x85, 1}, {0x7C, 0x41, 1}}, errAssembleOrder},
		{"a unit amid fragments", media.H264, [][]byte{{0x7C, 0x85, 1}, {0x41, 1}}, errAssembleOrder},
		{"a cut STAP-A", media.H264, [][]byte{{0x78, 0, 2, 1}}, errH264Short},
		{"an FU-B", media.H264, [][]byte{{0x7D, 0, 0, 1}}, errH264Type},
		{"the rest of an OBU", media.AV1, [][]byte{{0x90, 1}}, errAssembleOrder},
		{"an OBU that is not continued", media.AV1, [][]byte{{0x50, 0x30}, {0x10, 0x30}}, errAssembleOrder},
		{"a sequence that begins amid an OBU", media.AV1, [][]byte{{0x50, 0x30}, {0x98, 0x30}}, errAV1Z},
		{"a cut OBU element", media.AV1, [][]byte{{0x00, 2, 0x30}}, errAV1Short},
		{"an OBU that goes on before it began", media.AV1, [][]byte{{0x40, 0}}, errAV1Short},
		{"fewer OBU elements than said", media.AV1, [][]byte{{0x20, 1, 0x30}}, errAV1Short},
		{"an OBU without its extension", media.AV1, [][]byte{{0x10, 0x34}}, errAV1OBU},
		{"an OBU without its size", media.AV1, [][]byte{{0x10, 0x32}}, errAV1OBU},
	} {
		if _, _, err := assemble(test.codec, test.payloads...); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if _, whole, err := assemble(media.H264, []byte{0x7C, 0x85, 1}); whole || err != nil {
		t.Errorf("a unit that is cut off: whole %v, %v", whole, err)
	}
}

func TestAssemblingAllocatesNothing(t *testing.T) {
	var a Assembler
	frame := make([]byte, 0, 4096)
	for c, payloads := range map[media.Codec][][]byte{
		media.VP8:  {{0x90, 0x80, 5, 1, 2}},
		media.VP9:  {vp9Packet(true, true, true, 0, false, 0, false)},
		media.H264: {{0x7C, 0x85, 3}, {0x7C, 0x45, 4}},
		media.AV1:  {{0x50, 6 << 3, 8}, {0x90, 10}},
	} {
		if n := testing.AllocsPerRun(100, func() {
			a.Begin(c)
			out := frame
			for _, payload := range payloads {
				out, _ = a.Append(out, payload)
			}
		}); n > 0 {
			t.Errorf("%v: %v allocations", c, n)
		}
	}
}

// pionFrame is what Pion's depacketizers make of the payloads.
func pionFrame(c media.Codec, payloads ...[]byte) (frame []byte, err error) {
	unmarshal := (&codecs.VP8Packet{}).Unmarshal
	switch c {
	case media.VP9:
		unmarshal = (&codecs.VP9Packet{}).Unmarshal
	case media.H264:
		unmarshal = (&codecs.H264Packet{}).Unmarshal
	case media.AV1:
		unmarshal = (&codecs.AV1Depacketizer{}).Unmarshal
		frame = append(frame, temporalDelimiter...)
	}
	for _, payload := range payloads {
		part, err := unmarshal(payload)
		if err != nil {
			return nil, err
		}
		frame = append(frame, part...)
	}
	return frame, nil
}

func FuzzAssembler(f *testing.F) {
	f.Add(uint8(media.VP8), append([]byte{0x10}, vp8Key...), []byte{0x00, 1}, []byte{0x11, 0})
	f.Add(uint8(media.VP9), vp9Key, vp9Packet(true, true, true, 2, true, 1, true), []byte{4, 1})
	f.Add(uint8(media.H264), stapA(h264SPS, h264PPS), []byte{0x7C, 0x85, 0x88}, []byte{0x7C, 0x45, 0x88})
	f.Add(uint8(media.AV1), concat([]byte{0x68, byte(len(av1Sequence))}, av1Sequence, av1Frame), []byte{0xD0, 2}, []byte{0x90, 1})
	f.Add(uint8(media.AV1), []byte{0x00, 2, 0x12, 0, 4, 0x32, 0x82, 0, 1}, []byte{0x50, 0x30}, []byte{0xA0, 1, 7, 0x32, 1, 1})
	f.Fuzz(func(t *testing.T, codec uint8, first, second, third []byte) {
		c := media.Codec(codec)
		frame, whole, err := assemble(c, first, second, third)
		if len(frame) > 8*(len(first)+len(second)+len(third))+2 {
			t.Fatalf("%d bytes out of %d", len(frame), len(first)+len(second)+len(third))
		}
		if err != nil || !whole || c < media.VP8 || c > media.AV1 {
			return
		}
		want, err := pionFrame(c, first, second, third)
		if err != nil {
			return // it is stricter about counts of elements and spatial layers
		}
		if !bytes.Equal(frame, want) {
			t.Errorf("%v %x %x %x: %x, Pion %x", c, first, second, third, frame, want)
		}
	})
}
