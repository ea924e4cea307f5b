package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp/codecs"
)

// h264SPS is a Constrained Baseline parameter set of 1280×720, written by hand:
// profile 66, constraints 0xC0, level 31, then sps id 0, log2 frame num 4,
// picture order type 2, 1 reference, no gaps, 80×45 macroblocks, frames only,
// direct 8×8, no cropping, no VUI, stop bit.
var h264SPS = append([]byte{0x67, 66, 0xC0, 31}, pack(
	"1", "1", "011", "010", "0",
	"0000001010000", // ue(79)
	"00000101101",   // ue(44)
	"1", "1", "0", "0", "1")...)

var (
	h264PPS   = []byte{0x68, 0xCE, 0x3C, 0x80}
	h264IDR   = []byte{0x65, 0x88, 0x84, 0x00} // first_mb_in_slice 0
	h264Slice = []byte{0x41, 0x9A, 0x02, 0x03} // first_mb_in_slice 0
)

// stapA aggregates NAL units (RFC 6184 §5.7.1).
func stapA(nals ...[]byte) []byte {
	b := []byte{0x78}
	for _, nal := range nals {
		b = append(b, byte(len(nal)>>8), byte(len(nal)))
		b = append(b, nal...)
	}
	return b
}

func TestParseH264(t *testing.T) {
	tests := []struct {
		name      string
		payload   []byte
		key, head bool
		sps       []byte
	}{
		{"first slice", h264Slice, false, true, nil},
		{"second slice of a picture", []byte{0x41, 0x40}, false, false, nil}, // first_mb_in_slice 1
		{"IDR", h264IDR, true, true, nil},
		{"SPS", h264SPS, true, true, h264SPS},
		{"PPS alone", h264PPS, false, true, nil},
		{"delimiter", []byte{0x09, 0xF0}, false, true, nil},
		{"SPS, PPS and IDR in one packet", stapA(h264SPS, h264PPS, h264IDR), true, true, h264SPS},
		{"two slices in one packet", stapA(h264Slice, h264Slice), false, true, nil},
		{"start of a fragmented IDR", []byte{0x7C, 0x85, 0x88}, true, true, nil},
		{"middle of a fragmented IDR", []byte{0x7C, 0x05, 0x88}, true, false, nil},
		{"start of a fragmented slice", []byte{0x5C, 0x81, 0x9A}, false, true, nil},
		{"end of a fragmented slice", []byte{0x5C, 0x41, 0x9A}, false, false, nil},
		{"start of a fragmented second slice", []byte{0x5C, 0x81, 0x40}, false, false, nil},
	}
	for _, test := range tests {
		var p H264Payload
		if err := ParseH264(test.payload, &p); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if p.KeyFrame != test.key || p.Head != test.head || !bytes.Equal(p.SPS, test.sps) {
			t.Errorf("%s = %+v", test.name, p)
		}
	}
}

func TestParseH264Refuses(t *testing.T) {
	tests := []struct {
		name    string
		payload []byte
		want    error
	}{
		{"nothing", nil, errH264Short},
		{"type 0", []byte{0x60, 1}, errH264Type},
		{"MTAP16, of mode 2", []byte{0x7A, 1, 2, 3, 4}, errH264Type},
		{"FU-A without a header", []byte{0x7C}, errH264Short},
		{"STAP-A with half a size", []byte{0x78, 0}, errH264Short},
		{"STAP-A with a unit beyond its end", []byte{0x78, 0, 9, 0x67}, errH264Short},
		{"STAP-A with an empty unit", []byte{0x78, 0, 0, 0x67}, errH264Short},
	}
	for _, test := range tests {
		var p H264Payload
		if err := ParseH264(test.payload, &p); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestParseH264FromPion(t *testing.T) {
	// A key frame of 5000 bytes, packetized by pion/rtp: one packet of
	// parameter sets, then fragments.
	var stream []byte
	for _, nal := range [][]byte{h264SPS, h264PPS, append(bytes.Clone(h264IDR), bytes.Repeat([]byte{0x55}, 5000)...)} {
		stream = append(append(stream, 0, 0, 0, 1), nal...)
	}
	payloads := (&codecs.H264Payloader{}).Payload(1200, stream)
	if len(payloads) < 5 {
		t.Fatalf("%d packets", len(payloads))
	}
	for i, payload := range payloads {
		var p H264Payload
		if err := ParseH264(payload, &p); err != nil || !p.KeyFrame {
			t.Errorf("packet %d: %+v, %v", i, p, err)
		}
		if head := i <= 1; p.Head != head {
			t.Errorf("packet %d: head %v, want %v", i, p.Head, head)
		}
		if hasSPS := i == 0; (p.SPS != nil) != hasSPS {
			t.Errorf("packet %d: SPS %x", i, p.SPS)
		}
	}
}

func FuzzParseH264(f *testing.F) {
	f.Add(h264Slice)
	f.Add(stapA(h264SPS, h264PPS, h264IDR))
	f.Add([]byte{0x7C, 0x85, 0x88})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var p H264Payload
		if err := ParseH264(payload, &p); err != nil {
			return
		}
		if p.SPS != nil && (!p.KeyFrame || !p.Head || !bytes.Contains(payload, p.SPS)) {
			t.Errorf("%x = %+v", payload, p)
		}
	})
}
