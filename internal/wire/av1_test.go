package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp/codecs"
)

var (
	// av1Sequence is a sequence header OBU (no extension, no size field) of
	// a 640×360 stream, fields as in the AV1 specification §5.5.1.
	av1Sequence = append([]byte{1 << 3}, pack(
		"000", "0", "0", "0", "0", // profile, still, reduced, timing info, display delay
		"00000", "000000000000", "00000", // 1 operating point: idc, level
		"1001", "1000", "1001111111", "101100111", // 10 and 9 bits: 639, 359
		"0", "0", "0", "0", // frame ids, superblock, filter intra, edge filter
		"0", "0", "0", "0", "0", // compounds, warped, dual filter, order hint
		"1", "1", // choose screen content tools, choose integer mv
		"0", "0", "0", // superres, cdef, restoration
		"0", "0", "0", "0", "00", "0", // color: depth, mono, description, range, position, delta q
		"0", "1", // film grain, trailing bit
	)...)

	// av1Frame is a frame OBU with the extension T=2 S=1.
	av1Frame = []byte{6<<3 | 4, 2<<5 | 1<<3, 0xAA, 0xBB}
)

func TestParseAV1(t *testing.T) {
	n := byte(len(av1Sequence))
	tests := []struct {
		name    string
		payload []byte
		want    AV1Payload
	}{
		{
			"sequence header and frame, last one without length",
			concat([]byte{0x28, n}, av1Sequence, av1Frame),
			AV1Payload{W: 2, N: true, HasLayer: true, Spatial: 1, Temporal: 2, SequenceHeader: av1Sequence},
		},
		{
			"the same with lengths, one of them longer than need be",
			concat([]byte{0x08, 0x80 | n, 0x80, 0x00}, av1Sequence, []byte{4}, av1Frame),
			AV1Payload{N: true, HasLayer: true, Spatial: 1, Temporal: 2, SequenceHeader: av1Sequence},
		},
		{
			"start of a frame without extension",
			[]byte{0x50, 6 << 3, 0xAA},
			AV1Payload{Y: true, W: 1},
		},
		{
			// What looks like a header is the middle of an OBU.
			"rest of a frame",
			concat([]byte{0x90}, av1Frame),
			AV1Payload{Z: true, W: 1},
		},
		{
			"rest of a frame, then another OBU",
			concat([]byte{0xA0, 1, 0xFF}, av1Frame),
			AV1Payload{Z: true, W: 2, HasLayer: true, Spatial: 1, Temporal: 2},
		},
		{
			"sequence header that goes on in the next packet",
			concat([]byte{0x58}, av1Sequence),
			AV1Payload{Y: true, W: 1, N: true},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var p AV1Payload
			if err := ParseAV1(test.payload, &p); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p.SequenceHeader, test.want.SequenceHeader) {
				t.Errorf("sequence header = %x, want %x", p.SequenceHeader, test.want.SequenceHeader)
			}
			p.SequenceHeader, test.want.SequenceHeader = nil, nil
			if p.Z != test.want.Z || p.Y != test.want.Y || p.W != test.want.W || p.N != test.want.N ||
				p.HasLayer != test.want.HasLayer || p.Spatial != test.want.Spatial || p.Temporal != test.want.Temporal {
				t.Errorf("got  %+v\nwant %+v", p, test.want)
			}
		})
	}
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestParseAV1Refuses(t *testing.T) {
	tests := []struct {
		name    string
		payload []byte
		want    error
	}{
		{"nothing", nil, errAV1Short},
		{"only an aggregation header", []byte{0x10}, errAV1Short},
		{"a sequence that starts with a rest", []byte{0x98, 1}, errAV1Z},
		{"an element beyond the end", []byte{0x00, 5, 1}, errAV1Short},
		{"a length that is cut off", []byte{0x00, 0x80}, errAV1Short},
		{"a length of more than 8 bytes", append([]byte{0x00}, bytes.Repeat([]byte{0x80}, 9)...), errAV1Short},
	}
	for _, test := range tests {
		var p AV1Payload
		if err := ParseAV1(test.payload, &p); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestParseAV1FromPion(t *testing.T) {
	// A temporal unit in low-overhead format (every OBU with a size field),
	// packetized by pion/rtp: only the first packet starts a sequence.
	withSize := func(obu []byte, headerLength int) []byte {
		b := bytes.Clone(obu[:headerLength])
		b[0] |= 2
		body := obu[headerLength:]
		if len(body) < 128 {
			b = append(b, byte(len(body)))
		} else {
			b = append(b, byte(len(body))|0x80, byte(len(body)>>7))
		}
		return append(b, body...)
	}
	frame := append(bytes.Clone(av1Frame), bytes.Repeat([]byte{0x55}, 3000)...)
	unit := concat([]byte{2<<3 | 2, 0}, withSize(av1Sequence, 1), withSize(frame, 2))
	payloads := (&codecs.AV1Payloader{}).Payload(1200, unit)
	if len(payloads) != 3 {
		t.Fatalf("%d packets", len(payloads))
	}
	for i, payload := range payloads {
		var p AV1Payload
		if err := ParseAV1(payload, &p); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		first := i == 0
		if p.N != first || p.Z == first || p.HasLayer != first || first != bytes.Equal(p.SequenceHeader, av1Sequence) {
			t.Errorf("packet %d: %+v", i, p)
		}
	}
}

func FuzzParseAV1(f *testing.F) {
	f.Add(concat([]byte{0x28, byte(len(av1Sequence))}, av1Sequence, av1Frame))
	f.Add(concat([]byte{0xA0, 1, 0xFF}, av1Frame))
	f.Add([]byte{0x00, 0x80, 0x00, 1, 0x30})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var p AV1Payload
		if ParseAV1(payload, &p) != nil {
			return
		}
		if p.W > 3 || p.Spatial > maxSpatialID || p.Temporal > maxTemporalID || p.Z && p.N {
			t.Errorf("%x = %+v", payload, p)
		}
		if p.SequenceHeader != nil && !bytes.Contains(payload, p.SequenceHeader) {
			t.Errorf("%x: sequence header %x is not part of it", payload, p.SequenceHeader)
		}
	})
}
