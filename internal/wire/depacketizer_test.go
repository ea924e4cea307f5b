package wire

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// stream feeds a Depacketizer as a publisher's packets come in: the sequence
// number runs on by one, the timestamp with every frame.
type stream struct {
	Depacketizer
	t     *testing.T
	codec media.Codec
	seq   media.Seq
	time  media.Ticks
}

func (s *stream) nextPicture() { s.time += 3000 }

// send describes the next packet.
func (s *stream) send(marker bool, payload, dependency []byte) *media.Packet {
	s.t.Helper()
	s.seq++
	return s.resend(s.seq, s.time, marker, payload, dependency)
}

// resend describes a packet of any time.
func (s *stream) resend(seq media.Seq, time media.Ticks, marker bool, payload, dependency []byte) *media.Packet {
	s.t.Helper()
	p := new(media.Packet)
	p.Codec, p.Seq, p.Timestamp, p.Marker, p.Payload, p.Dependency = s.codec, seq, time, marker, payload, dependency
	if err := s.Describe(p); err != nil {
		s.t.Fatalf("packet %d: %v", seq, err)
	}
	return p
}

// marks writes what was found out about a packet in a few letters: its layer,
// Key, ( start, ) end, Sync.
func marks(p *media.Packet) string {
	s := fmt.Sprintf("S%dT%d", p.Layer.Spatial, p.Layer.Temporal)
	for _, m := range []struct {
		set  bool
		sign string
	}{{p.KeyFrame, "K"}, {p.FrameStart, "("}, {p.FrameEnd, ")"}, {p.LayerSync, "S"}} {
		if m.set {
			s += m.sign
		}
	}
	return s
}

func (s *stream) want(p *media.Packet, want string) {
	s.t.Helper()
	if got := marks(p); got != want {
		s.t.Errorf("packet %d: %s, want %s", p.Seq, got, want)
	}
}

func (s *stream) wantSizes(want ...media.Dimensions) {
	s.t.Helper()
	if !slices.Equal(s.Sizes(), want) {
		s.t.Errorf("sizes = %v, want %v", s.Sizes(), want)
	}
}

func TestDescribeVP8(t *testing.T) {
	s := &stream{t: t, codec: media.VP8}
	// Before any key frame nothing is known to be one.
	s.want(s.send(true, []byte{0x10, 1}, nil), "S0T0()")
	s.wantSizes()
	// Only the first of a key frame's packets says that it is one.
	s.nextPicture()
	s.want(s.send(false, append([]byte{0x10}, vp8Key...), nil), "S0T0K(S")
	s.want(s.send(false, []byte{0x00, 1}, nil), "S0T0KS")
	s.want(s.send(true, []byte{0x11, 0}, nil), "S0T0K)S") // second partition
	s.wantSizes(media.Dimensions{Width: 640, Height: 360})
	// Frames of upper temporal layers: with and without the Y bit.
	s.nextPicture()
	s.want(s.send(true, []byte{0x90, 0x20, 0xA0, 1}, nil), "S0T2()S")
	s.nextPicture()
	s.want(s.send(true, []byte{0x90, 0x20, 0x40, 1}, nil), "S0T1()")
	// A late packet of the key frame is still of the key frame.
	s.want(s.resend(3, 3000, false, []byte{0x00, 1}, nil), "S0T0KS")
}

func TestDescribeKeepsTheNewestKeyFrame(t *testing.T) {
	s := &stream{t: t, codec: media.VP8}
	key := append([]byte{0x10}, vp8Key...)
	s.resend(10, 3000, false, key, nil)
	s.resend(20, 9000, false, key, nil)
	// The first key frame's start comes again: the second one's other
	// packets must still be known as such.
	s.want(s.resend(10, 3000, false, key, nil), "S0T0K(S")
	s.want(s.resend(21, 9000, true, []byte{0x00, 1}, nil), "S0T0K)S")
}

// vp9Packet makes a payload in non-flexible mode: I P L B E, 15-bit picture id.
func vp9Packet(p, b, e bool, tid uint8, u bool, sid uint8, d bool) []byte {
	v := VP9Descriptor{I: true, M: true, L: true, P: p, B: b, E: e, TID: tid, U: u, SID: sid, D: d}
	return append(AppendVP9Descriptor(nil, &v), 0x86, 0)
}

func TestDescribeVP9Layers(t *testing.T) {
	s := &stream{t: t, codec: media.VP9}
	// A key picture of two spatial layers: base in two packets, then the
	// upper layer, which depends on nothing but the base.
	s.want(s.send(false, vp9Key, nil), "S0T0K(S")
	s.want(s.send(false, vp9Packet(false, false, true, 0, true, 0, false), nil), "S0T0K)S")
	s.want(s.send(true, vp9Packet(false, true, true, 0, true, 1, true), nil), "S1T0K()S")
	s.wantSizes(media.Dimensions{Width: 320, Height: 180}, media.Dimensions{Width: 640, Height: 360})

	// L2T3, pattern 0 2 1 2. Behind a picture with U the layers above it may
	// start: the first picture of each is where.
	picture := func(tid uint8, u bool, base, upper string) {
		t.Helper()
		s.nextPicture()
		s.want(s.send(false, vp9Packet(true, true, true, tid, u, 0, false), nil), base)
		s.want(s.send(false, vp9Packet(true, true, false, tid, u, 1, true), nil), upper)
		s.want(s.send(true, vp9Packet(true, false, true, tid, u, 1, true), nil), tail(upper))
	}
	picture(2, false, "S0T2()S", "S1T2(S") // first behind the key picture
	picture(1, false, "S0T1()S", "S1T1(S")
	picture(2, false, "S0T2()", "S1T2(") // may depend on the T2 before
	picture(0, true, "S0T0()", "S1T0(")
	picture(2, false, "S0T2()S", "S1T2(S")
	picture(1, true, "S0T1()S", "S1T1(S")
	picture(2, false, "S0T2()S", "S1T2(S") // thanks to U of the T1

	// An upper layer that joins without a key picture is not one.
	s.nextPicture()
	s.want(s.send(false, vp9Packet(true, true, true, 0, false, 0, false), nil), "S0T0()")
	s.want(s.send(true, vp9Packet(false, true, true, 0, false, 1, true), nil), "S1T0()")

	// After a gap the layer that could be joined may have gone by.
	s.nextPicture()
	s.want(s.send(false, vp9Packet(true, true, true, 0, true, 0, false), nil), "S0T0()")
	s.seq++
	s.nextPicture()
	s.want(s.send(false, vp9Packet(true, true, true, 1, false, 0, false), nil), "S0T1()")
}

// tail is what the last packet of a frame has in common with its first.
func tail(first string) string {
	layer, sync, _ := bytes.Cut([]byte(first), []byte("("))
	return string(layer) + ")" + string(sync)
}

func TestDescribeVP9WithoutStructure(t *testing.T) {
	// A sender without a scalability structure: the size is the frame's own,
	// behind frame marker, key frame, sync code, color and 16-bit sizes − 1.
	frame := pack("10", "00", "0", "0", "1", "0", // marker, profile 0, shown key frame
		"01001001 10000011 01000010", "001", "0", // sync code, BT.601, studio swing
		"0000010011111111", "0000001011001111", "0000") // 1280×720
	s := &stream{t: t, codec: media.VP9}
	s.want(s.send(false, append([]byte{0x08}, frame...), nil), "S0T0K(S")
	s.want(s.send(true, []byte{0x04, 1}, nil), "S0T0K)S")
	s.wantSizes(media.Dimensions{Width: 1280, Height: 720})
}

func TestDescribeH264(t *testing.T) {
	s := &stream{t: t, codec: media.H264}
	// A key frame as browsers send it: parameter sets, then a fragmented IDR
	// slice, whose start is not the frame's.
	s.want(s.send(false, stapA(h264SPS, h264PPS), nil), "S0T0K(S")
	s.want(s.send(false, []byte{0x7C, 0x85, 0x88}, nil), "S0T0KS")
	s.want(s.send(true, []byte{0x7C, 0x45, 0x00}, nil), "S0T0K)S")
	s.wantSizes(media.Dimensions{Width: 1280, Height: 720})
	// A frame of two slices.
	s.nextPicture()
	s.want(s.send(false, h264Slice, nil), "S0T0(")
	s.want(s.send(true, []byte{0x41, 0x40}, nil), "S0T0)")
	// Encoders that put each parameter set into its own packet.
	s.nextPicture()
	s.want(s.send(false, []byte{0x09, 0xF0}, nil), "S0T0(")
	s.want(s.send(false, h264SPS, nil), "S0T0KS")
	s.want(s.send(false, h264PPS, nil), "S0T0KS")
	s.want(s.send(true, h264IDR, nil), "S0T0K)S")
	// The IDR slice overtakes the parameter sets: they start the frame.
	s.nextPicture()
	s.want(s.resend(s.seq+2, s.time, true, h264IDR, nil), "S0T0K()S")
	s.want(s.resend(s.seq+1, s.time, false, stapA(h264SPS, h264PPS), nil), "S0T0K(S")
}

func TestDescribeAV1ByDependency(t *testing.T) {
	s := &stream{t: t, codec: media.AV1}
	fragment := []byte{0xD0, 1, 2} // middle of a frame: tells nothing
	packet := func(start, end bool, template byte) []byte {
		return []byte{template | bit(start, 0x80) | bit(end, 0x40), 0, 1}
	}
	s.want(s.send(false, fragment, l1t3Key), "S0T0K(S")
	s.want(s.send(true, fragment, packet(false, true, 5)), "S0T0K)S")
	s.wantSizes(media.Dimensions{Width: 640, Height: 360})
	// L1T3: the switch indications of T0 open both upper layers. T2 stays
	// open, because nothing depends on its frames.
	for _, frame := range []struct {
		template byte
		want     string
	}{{8, "S0T2()S"}, {7, "S0T1()S"}, {9, "S0T2()S"}, {6, "S0T0()"}, {8, "S0T2()S"}, {7, "S0T1()S"}} {
		s.nextPicture()
		s.want(s.send(true, fragment, packet(true, true, frame.template)), frame.want)
	}
	// A packet of padding is no gap.
	s.seq++
	if err := s.Describe(&media.Packet{Codec: s.codec, Seq: s.seq, Timestamp: s.time}); !errors.Is(err, errEmptyPayload) {
		t.Errorf("padding: %v", err)
	}
	s.nextPicture()
	s.want(s.send(true, fragment, packet(true, true, 9)), "S0T2()S")
	// A lost frame closes them until the next T0.
	s.seq++
	for _, frame := range []struct {
		template byte
		want     string
	}{{9, "S0T2()"}, {6, "S0T0()"}, {8, "S0T2()S"}} {
		s.nextPicture()
		s.want(s.send(true, fragment, packet(true, true, frame.template)), frame.want)
	}
}

func TestDescribeAV1KeepsTheNewestStructure(t *testing.T) {
	s := &stream{t: t, codec: media.AV1}
	fragment := []byte{0xD0, 1, 2}
	newKey := descriptor([]string{"1", "1", "111110", "0000000000000001", "1", "0", "0", "0", "0"}, l2t1Structure)
	s.resend(1, 3000, true, fragment, l1t3Key)
	s.resend(5, 9000, true, fragment, newKey)
	// The first key frame is sent again. It is read by its own structure,
	// which must not replace the newer one.
	s.want(s.resend(1, 3000, true, fragment, l1t3Key), "S0T0K(S")
	s.want(s.resend(6, 9000, true, fragment, []byte{0xC1, 0, 2}), "S1T0K()S")
	s.wantSizes(media.Dimensions{Width: 640, Height: 360})
}

func TestDescribeAV1WithoutDependency(t *testing.T) {
	s := &stream{t: t, codec: media.AV1}
	base := []byte{6<<3 | 4, 0, 0xAA}
	s.want(s.send(false, concat([]byte{0x28, byte(len(av1Sequence))}, av1Sequence, base), nil), "S0T0K(S")
	s.want(s.send(false, []byte{0x90, 1, 2}, nil), "S0T0KS")
	s.want(s.send(true, concat([]byte{0x10}, av1Frame), nil), "S1T2K()S")
	s.wantSizes(media.Dimensions{Width: 640, Height: 360})
	s.nextPicture()
	s.want(s.send(true, concat([]byte{0x10}, base), nil), "S0T0()")
	// A descriptor whose structure was lost: what the OBUs tell is used.
	s.nextPicture()
	s.want(s.send(true, concat([]byte{0x10}, av1Frame), []byte{0xC5, 0, 1}), "S1T2()")
}

func TestDescribeAudio(t *testing.T) {
	for _, codec := range []media.Codec{media.Opus, media.RED} {
		s := &stream{t: t, codec: codec}
		s.want(s.send(false, []byte(OpusSilence), nil), "S0T0K()S")
		s.wantSizes()
	}
}

func TestDescribeRefuses(t *testing.T) {
	var d Depacketizer
	for _, test := range []struct {
		codec   media.Codec
		payload []byte
		want    error
	}{
		{media.VP8, nil, errEmptyPayload},
		{media.Codec(0), []byte{1}, errCodec},
		{media.VP8, []byte{0x80}, errVP8Short},
		{media.VP9, []byte{0x80}, errVP9Short},
		{media.H264, []byte{0x7C}, errH264Short},
		{media.AV1, []byte{0x10}, errAV1Short},
	} {
		p := media.Packet{Codec: test.codec, Payload: test.payload}
		if err := d.Describe(&p); !errors.Is(err, test.want) {
			t.Errorf("%v %x: %v, want %v", test.codec, test.payload, err, test.want)
		}
	}
}

func TestSizesOfStrangersAreBounded(t *testing.T) {
	// An SPS of 65536 macroblocks across is a lie or a mistake.
	sps := append([]byte{0x67, 66, 0xC0, 31}, pack("1", "1", "011", "010", "0",
		"0000000000000000 1 0000000000000000", "1", "1", "1", "0", "0", "1")...)
	s := &stream{t: t, codec: media.H264}
	s.send(true, h264SPS, nil)
	s.nextPicture()
	s.send(true, sps, nil)
	s.wantSizes(media.Dimensions{Width: 1280, Height: 720})
}

func FuzzDescribe(f *testing.F) {
	f.Add(uint8(media.VP8), append([]byte{0x10}, vp8Key...), []byte{0x00, 1}, []byte(nil), uint8(1))
	f.Add(uint8(media.VP9), vp9Key, vp9Packet(true, true, true, 2, true, 1, true), []byte(nil), uint8(1))
	f.Add(uint8(media.H264), stapA(h264SPS, h264PPS), []byte{0x7C, 0x85, 0x88}, []byte(nil), uint8(1))
	f.Add(uint8(media.AV1), []byte{0xD0, 1, 2}, []byte{0xD0, 1, 2}, l1t3Key, uint8(2))
	f.Fuzz(func(t *testing.T, codec uint8, first, second, dependency []byte, step uint8) {
		var d Depacketizer
		for i, payload := range [][]byte{first, second, first} {
			p := media.Packet{Codec: media.Codec(codec), Payload: payload, Dependency: dependency, Marker: i > 0}
			p.Seq, p.Timestamp = media.Seq(int8(step))*media.Seq(i), media.Ticks(int8(step))*media.Ticks(i)
			if d.Describe(&p) != nil {
				continue
			}
			if p.Layer.Spatial >= maxVP9SpatialLayers || p.Layer.Temporal > maxTemporalID {
				t.Errorf("layer %+v", p.Layer)
			}
			if p.KeyFrame && !p.LayerSync {
				t.Error("a key frame that nobody may join at")
			}
			if len(d.Sizes()) > maxVP9SpatialLayers {
				t.Errorf("sizes %v", d.Sizes())
			}
		}
	})
}
