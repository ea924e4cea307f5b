package video

import (
	"bytes"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

var encodedCodecs = []media.Codec{media.VP8, media.H264}

// packetized is one frame and what became of it.
func packetized(s *sender, z *Packetizer, key bool, size int) (*sent, []Payload) {
	f := s.frame(key, size)
	return f, z.Packetize(nil, &codec.Frame{
		Data: f.data, KeyFrame: f.key, Temporal: f.temporal, LayerSync: f.sync, TL0: s.tl0,
	})
}

func TestADepacketizerSaysTheSameOfEachPayload(t *testing.T) {
	for _, c := range encodedCodecs {
		s, z := newSender(t, c, 5), NewPacketizer(c)
		if c == media.VP8 {
			s.layers = 3
		}
		var d wire.Depacketizer
		var a wire.Assembler
		var seq media.Seq
		for i := range 200 {
			f, payloads := packetized(s, z, i%50 == 0, 1+s.random.IntN(20000))
			a.Begin(c)
			var whole []byte
			for _, p := range payloads {
				in := media.Packet{Codec: c, Seq: seq, Timestamp: f.timestamp, Marker: p.FrameEnd, Payload: p.Data}
				seq++
				if err := d.Describe(&in); err != nil {
					t.Fatal(err)
				}
				if in.FrameStart != p.FrameStart || in.FrameEnd != p.FrameEnd || in.KeyFrame != p.KeyFrame ||
					in.Layer.Temporal != p.Temporal || in.LayerSync != p.LayerSync {
					t.Fatalf("%v: the depacketizer says %+v, want %+v", c, &in, p)
				}
				var err error
				if whole, err = a.Append(whole, p.Data); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(whole, f.data) || !a.Whole() {
				t.Fatalf("%v: frame %d came back different", c, i)
			}
		}
	}
}

func TestPayloadsOfAFrameAreOfOneSize(t *testing.T) {
	for _, c := range encodedCodecs {
		s, z := newSender(t, c, 5), NewPacketizer(c)
		for size := 1; size < 1<<20; size += 1 + size/20 {
			f, payloads := packetized(s, z, false, size)
			if fewest := (len(f.data) + maxPayload - 1) / maxPayload; len(payloads) > fewest+1+fewest/100 {
				t.Errorf("%v: %d payloads for %d bytes", c, len(payloads), len(f.data))
			}
			first := len(payloads[0].Data)
			for i, p := range payloads {
				last := i == len(payloads)-1
				if n := len(p.Data); n > maxPayload || n > first || n < first && !last || n < first-len(payloads) {
					t.Fatalf("%v: %d bytes: payload %d of %d has %d bytes, the first %d", c, size, i, len(payloads), n, first)
				}
			}
		}
	}
}

func TestVP8PicturesAreNumbered(t *testing.T) {
	s, z := newSender(t, media.VP8, 5), NewPacketizer(media.VP8)
	s.layers = 3
	for i := range 1<<15 + 10 {
		size := 10
		if i%1000 == 0 {
			size = 5000
		}
		f, payloads := packetized(s, z, i == 0, size)
		for j, p := range payloads {
			var v codecs.VP8Packet
			if _, err := v.Unmarshal(p.Data); err != nil {
				t.Fatal(err)
			}
			if v.PictureID != uint16(i)&0x7FFF || v.TL0PICIDX != s.tl0 || v.TID != f.temporal ||
				(v.Y == 1) != (f.sync || f.key) || (v.S == 1) != (j == 0) || v.PID != 0 {
				t.Fatalf("frame %d, payload %d: %+v", i, j, v)
			}
		}
	}
}

func TestH264UnitsAreSentAsStandardSays(t *testing.T) {
	small := func(kind byte, n int) []byte { return append([]byte{kind}, bytes.Repeat([]byte{0xFF}, n-1)...) }
	sps, pps, slice := small(0x67, 12), small(0x28, 4), small(0x65, 500)
	for _, test := range []struct {
		name  string
		units [][]byte
		want  []byte // kinds of payload
	}{
		{"one", [][]byte{slice}, []byte{0x65}},
		{"small ones together, as important as the most important", [][]byte{pps, sps, slice}, []byte{0x78}},
		{"delimiters and filler left out", [][]byte{{9, 0xF0}, slice, {12, 0xFF}}, []byte{0x65}},
		{"as many together as fit", [][]byte{slice, slice, slice}, []byte{0x78, 0x65}},
		{"parameter sets, then a large slice", [][]byte{sps, pps, small(0x65, 3000)}, []byte{0x78, 0x7C, 0x7C, 0x7C}},
		{"as much as fits", [][]byte{small(0x65, maxPayload)}, []byte{0x65}},
		{"one byte more", [][]byte{small(0x65, maxPayload+1)}, []byte{0x7C, 0x7C}},
		{"together as much as fits", [][]byte{sps, small(0x65, maxPayload-17)}, []byte{0x78}},
		{"together one byte more", [][]byte{sps, small(0x65, maxPayload-16)}, []byte{0x67, 0x65}},
	} {
		data, err := h264.AnnexB(test.units).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var kinds, back []byte
		var pion codecs.H264Packet
		for _, p := range NewPacketizer(media.H264).Packetize(nil, &codec.Frame{Data: data}) {
			kinds = append(kinds, p.Data[0])
			part, err := pion.Unmarshal(p.Data)
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, part...)
		}
		if !bytes.Equal(kinds, test.want) {
			t.Errorf("%s: %x, want %x", test.name, kinds, test.want)
		}
		var units h264.AnnexB
		if err := units.Unmarshal(back); err != nil {
			t.Fatal(err)
		}
		for _, unit := range test.units {
			if kind := unit[0]; kind != 9 && kind != 12 {
				if len(units) == 0 || !bytes.Equal(units[0], unit) {
					t.Errorf("%s: unit %x came back different", test.name, kind)
					break
				}
				units = units[1:]
			}
		}
	}
}

func TestStartCodesMayBeOfThreeBytesOrMore(t *testing.T) {
	data := []byte("\x00\x00\x01\x67\x01\x00\x00\x00\x01\x68\x02\x00\x00\x00\x00\x00\x01\x65\x00\x03\x00\x00")
	units := splitAnnexB(nil, data)
	want := [][]byte{{0x67, 1}, {0x68, 2}, {0x65, 0, 3}}
	if len(units) != len(want) {
		t.Fatalf("%x", units)
	}
	for i := range want {
		if !bytes.Equal(units[i], want[i]) {
			t.Errorf("unit %d is %x, want %x", i, units[i], want[i])
		}
	}
}

func TestAFrameOfNothingHasNoPayload(t *testing.T) {
	for _, c := range encodedCodecs {
		if p := NewPacketizer(c).Packetize(nil, &codec.Frame{}); len(p) != 0 {
			t.Errorf("%v: %d payloads", c, len(p))
		}
	}
}
