package wire

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// The structures of the AV1 RTP specification's examples, bit by bit. S = 10,
// D = 01, R = 11, − = 00.

// l1t3Structure is A.6.1: one spatial, three temporal layers, with a resolution
// of 640×360 and template ids from 5. Decode target 0 is the full rate.
var l1t3Structure = []string{
	"000101", "00010", // template_id_offset 5, dt_cnt_minus_one 2
	"00", "01", "01", "00", "11", // layers: T0 T0 T1 T2 T2
	"10 10 10", "10 10 10", "10 01 00", "01 00 00", "01 00 00", // SSS SSS SD− D−− D−−
	"0", "1 0011 0", "1 0001 0", "1 0000 0", "1 0000 0", // fdiffs: none, 4, 2, 1, 1
	"01",       // chain_cnt = ns(4) of 1
	"", "", "", // protected by = ns(1) of 0: no bits
	"0000", "0100", "0010", "0001", "0011", // chain diffs
	"1", "0000001001111111", "0000000101100111", // 640×360
}

// l2t1Structure is A.6.2: two spatial layers, two chains, no resolutions, and
// template ids from 62, so that they wrap. Decode target 0 is HD.
var l2t1Structure = []string{
	"111110", "00001", // template_id_offset 62, dt_cnt_minus_one 1
	"00", "00", "10", "00", "11", // layers: S0 S0 S0 S1 S1
	"10 10", "11 10", "10 10", "10 00", "11 00", // SS RS SS S− R−
	"0", "1 0001 0", "1 0001 0", "1 0000 0", "1 0001 1 0000 0", // none, 2, 2, 1, 2+1
	"11",     // chain_cnt = ns(3) of 2
	"1", "0", // protected by = ns(2): HD by chain 1, VGA by chain 0
	"0000 0000", "0010 0001", "0010 0001", "0001 0001", "0001 0001", // chain diffs
	"0", // no resolutions
}

func descriptor(mandatory []string, more ...[]string) []byte {
	return pack(append(mandatory, slices.Concat(more...)...)...)
}

// l1t3Key is the first packet of a key frame: start, template 5, frame 258.
var l1t3Key = descriptor([]string{"1", "0", "000101", "0000000100000010", "1", "0", "0", "0", "0"}, l1t3Structure)

func TestDependencyL1T3(t *testing.T) {
	var s DependencyStructure
	var d DependencyDescriptor
	if err := ParseDependencyDescriptor(l1t3Key, &s, &d); err != nil {
		t.Fatal(err)
	}
	if !d.FrameStart || d.FrameEnd || d.TemplateID != 5 || d.FrameNumber != 258 || !d.HasStructure {
		t.Errorf("mandatory fields = %+v", d)
	}
	if d.HasActiveTargets || d.ActiveTargets != 0b111 {
		t.Errorf("active targets = %b, want all three", d.ActiveTargets)
	}
	if d.Spatial != 0 || d.Temporal != 0 || len(d.FrameDiffs()) != 0 || d.Resolution != (media.Dimensions{Width: 640, Height: 360}) {
		t.Errorf("key frame = %+v", d)
	}
	if s.DecodeTargets() != 3 || s.Chains() != 1 || s.SpatialLayers() != 1 || s.TemplateIDOffset != 5 {
		t.Errorf("structure: %d targets, %d chains, %d spatial layers", s.DecodeTargets(), s.Chains(), s.SpatialLayers())
	}
	for target, want := range []uint8{2, 1, 0} {
		if spatial, temporal := s.DecodeTargetLayer(target); spatial != 0 || temporal != want || s.ProtectedBy(target) != 0 {
			t.Errorf("target %d: S%d T%d chain %d, want T%d", target, spatial, temporal, s.ProtectedBy(target), want)
		}
	}

	// The frames behind it take three bytes each.
	tests := []struct {
		template     uint8
		temporal     uint8
		dtis         [3]DTI
		frame, chain int
	}{
		{6, 0, [3]DTI{DTISwitch, DTISwitch, DTISwitch}, 4, 4},
		{7, 1, [3]DTI{DTISwitch, DTIDiscardable, DTINotPresent}, 2, 2},
		{8, 2, [3]DTI{DTIDiscardable, DTINotPresent, DTINotPresent}, 1, 1},
		{9, 2, [3]DTI{DTIDiscardable, DTINotPresent, DTINotPresent}, 1, 3},
	}
	for _, test := range tests {
		b := []byte{0xC0 | test.template, 0xFF, 0xFE}
		if err := ParseDependencyDescriptor(b, &s, &d); err != nil {
			t.Fatalf("template %d: %v", test.template, err)
		}
		if !d.FrameStart || !d.FrameEnd || d.FrameNumber != 0xFFFE || d.HasStructure || d.Temporal != test.temporal {
			t.Errorf("template %d = %+v", test.template, d)
		}
		for i, want := range test.dtis {
			if got := d.DTI(i); got != want {
				t.Errorf("template %d: target %d is %d, want %d", test.template, i, got, want)
			}
		}
		if !slices.Equal(d.FrameDiffs(), []uint16{uint16(test.frame)}) || !slices.Equal(d.ChainDiffs(), []uint8{uint8(test.chain)}) {
			t.Errorf("template %d: frames %v, chains %v", test.template, d.FrameDiffs(), d.ChainDiffs())
		}
	}
}

func TestDependencyL2T1(t *testing.T) {
	var s DependencyStructure
	var d DependencyDescriptor
	// Active targets: VGA only, as a server writes that dropped HD.
	key := descriptor([]string{"1", "1", "111110", "0000000000000001", "1", "1", "0", "0", "0"}, l2t1Structure, []string{"10"})
	if err := ParseDependencyDescriptor(key, &s, &d); err != nil {
		t.Fatal(err)
	}
	if !d.HasActiveTargets || d.ActiveTargets != 0b10 || d.Resolution != (media.Dimensions{}) {
		t.Errorf("key frame = %+v", d)
	}
	if s.SpatialLayers() != 2 || s.Chains() != 2 || s.ProtectedBy(0) != 1 || s.ProtectedBy(1) != 0 {
		t.Errorf("%d layers, %d chains, protected by %d and %d", s.SpatialLayers(), s.Chains(), s.ProtectedBy(0), s.ProtectedBy(1))
	}
	if spatial, _ := s.DecodeTargetLayer(0); spatial != 1 {
		t.Errorf("HD is spatial layer %d", spatial)
	}
	// The fifth template has id 62+4, which wraps to 2.
	if err := ParseDependencyDescriptor([]byte{0xC2, 0, 4}, &s, &d); err != nil {
		t.Fatal(err)
	}
	if d.Spatial != 1 || d.DTI(0) != DTIRequired || d.DTI(1) != DTINotPresent ||
		!slices.Equal(d.FrameDiffs(), []uint16{2, 1}) || !slices.Equal(d.ChainDiffs(), []uint8{1, 1}) {
		t.Errorf("template 2 = %+v", d)
	}
	// An id behind the last template is of another structure.
	if err := ParseDependencyDescriptor([]byte{0x83, 0, 5}, &s, &d); !errors.Is(err, ErrNoStructure) {
		t.Errorf("unknown template: %v", err)
	}
	if !d.FrameStart || d.FrameEnd || d.FrameNumber != 5 {
		t.Errorf("the mandatory fields were not read: %+v", d)
	}
}

func TestDependencyCustom(t *testing.T) {
	var s DependencyStructure
	var d DependencyDescriptor
	if err := ParseDependencyDescriptor(l1t3Key, &s, &d); err != nil {
		t.Fatal(err)
	}
	b := descriptor([]string{
		"0", "1", "000111", "0000001000000000", // end, template 7, frame 512
		"0", "1", "1", "1", "1", // no structure; mask, dtis, fdiffs, chains
		"110",                                                      // targets 1 and 2
		"11 00 01",                                                 // R − D
		"01", "0000", "11", "000100101011", "10", "00010000", "00", // 1, 300, 17
		"11111010", // chain: 250
	})
	if err := ParseDependencyDescriptor(b, &s, &d); err != nil {
		t.Fatal(err)
	}
	if d.FrameStart || !d.FrameEnd || d.FrameNumber != 512 || !d.HasActiveTargets || d.ActiveTargets != 0b110 || d.Temporal != 1 {
		t.Errorf("fields = %+v", d)
	}
	if d.DTI(0) != DTIRequired || d.DTI(1) != DTINotPresent || d.DTI(2) != DTIDiscardable {
		t.Errorf("targets = %d %d %d", d.DTI(0), d.DTI(1), d.DTI(2))
	}
	if !slices.Equal(d.FrameDiffs(), []uint16{1, 300, 17}) || !slices.Equal(d.ChainDiffs(), []uint8{250}) {
		t.Errorf("frames %v, chains %v", d.FrameDiffs(), d.ChainDiffs())
	}
	if got := AppendDependencyDescriptor([]byte("x"), &s, &d); !bytes.Equal(got[1:], b) {
		t.Errorf("written as %08b\nwant       %08b", got[1:], b)
	}
}

func TestAppendDependencyKey(t *testing.T) {
	for _, structure := range [][]string{l1t3Structure, l2t1Structure} {
		key := descriptor([]string{"1", "0", structure[0], "0000000100000010", "1", "0", "0", "0", "0"}, structure)
		var s DependencyStructure
		var d DependencyDescriptor
		if err := ParseDependencyDescriptor(key, &s, &d); err != nil {
			t.Fatal(err)
		}
		if got := AppendDependencyDescriptor(nil, &s, &d); !bytes.Equal(got, key) {
			t.Errorf("written as %08b\nwant       %08b", got, key)
		}
	}
}

func TestAttachStructure(t *testing.T) {
	// A packet in the middle of a sequence, of three bytes, gets the
	// structure and the mask that hold: a receiver needs nothing before it.
	var s DependencyStructure
	var d DependencyDescriptor
	if err := ParseDependencyDescriptor(l1t3Key, &s, &d); err != nil {
		t.Fatal(err)
	}
	if err := ParseDependencyDescriptor([]byte{0xC7, 1, 4}, &s, &d); err != nil {
		t.Fatal(err)
	}
	d.HasStructure, d.HasActiveTargets, d.ActiveTargets, d.FrameNumber = true, true, 0b100, 7
	b := AppendDependencyDescriptor(nil, &s, &d)
	want := descriptor([]string{"1", "1", "000111", "0000000000000111", "1", "1", "0", "0", "0"}, l1t3Structure, []string{"100"})
	if !bytes.Equal(b, want) {
		t.Errorf("written as %08b\nwant       %08b", b, want)
	}
	var s2 DependencyStructure
	if err := ParseDependencyDescriptor(b, &s2, &d); err != nil {
		t.Fatal(err)
	}
	if s2 != s || d.Temporal != 1 || d.ActiveTargets != 0b100 {
		t.Errorf("read as %+v", d)
	}
}

func TestSetFrameNumber(t *testing.T) {
	b := bytes.Clone(l1t3Key)
	SetFrameNumber(b, 0xABCD)
	if FrameNumber(b) != 0xABCD || b[0] != l1t3Key[0] || !bytes.Equal(b[3:], l1t3Key[3:]) {
		t.Errorf("renumbered to %x", b)
	}
	short := []byte{1, 2}
	SetFrameNumber(short, 0xABCD)
	if FrameNumber(short) != 0 || short[1] != 2 {
		t.Errorf("two bytes became %x", short)
	}
}

func TestDependencyRefuses(t *testing.T) {
	var s DependencyStructure
	var d DependencyDescriptor
	if err := ParseDependencyDescriptor([]byte{0xC5, 0, 1}, &s, &d); !errors.Is(err, ErrNoStructure) {
		t.Errorf("before any structure: %v", err)
	}
	for n := range len(l1t3Key) {
		want := errDependencyShort
		switch {
		case n < 3:
			want = errDependencyLength
		case n == 3: // no structure in it
			want = ErrNoStructure
		}
		if err := ParseDependencyDescriptor(l1t3Key[:n], &s, &d); !errors.Is(err, want) {
			t.Errorf("%d bytes of %d: %v, want %v", n, len(l1t3Key), err, want)
		}
	}
	if s != (DependencyStructure{}) {
		t.Error("a structure that is cut off was kept")
	}
	if err := ParseDependencyDescriptor(make([]byte, 256), &s, &d); !errors.Is(err, errDependencyLength) {
		t.Errorf("256 bytes: %v", err)
	}
	layers := []struct{ name, steps string }{
		{"nine temporal layers", "01010101 01010101 11"},
		{"five spatial layers", "10101010 11"},
		{"65 templates", string(bytes.Repeat([]byte("00"), 64)) + "11"},
	}
	for _, test := range layers {
		b := descriptor([]string{"1", "0", "000000", "0000000000000000", "1", "0", "0", "0", "0"},
			[]string{"000000", "00000", test.steps}, []string{string(bytes.Repeat([]byte("0"), 800))})
		if err := ParseDependencyDescriptor(b, &s, &d); !errors.Is(err, errDependencyLayers) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// 64 templates of 32 chains need more room than any descriptor has.
	b := descriptor([]string{"1", "0", "000000", "0000000000000000", "1", "0", "0", "0", "0"},
		[]string{"000000", "11111", "000000000000000011"}, []string{string(bytes.Repeat([]byte("1"), 1800))})
	if err := ParseDependencyDescriptor(b, &s, &d); !errors.Is(err, errDependencyShort) {
		t.Errorf("too many chains: %v", err)
	}
}

func FuzzParseDependencyDescriptor(f *testing.F) {
	f.Add(l1t3Key, []byte{0xC7, 1, 4})
	f.Add(descriptor([]string{"1", "1", "111110", "0000000000000001", "1", "1", "0", "0", "0"}, l2t1Structure, []string{"10"}),
		[]byte{0xC2, 0, 4, 0x78, 0xDC, 0x48, 0x12})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var s DependencyStructure
		for _, b := range [][]byte{first, second} {
			var d, again DependencyDescriptor
			before := s
			if ParseDependencyDescriptor(b, &s, &d) != nil {
				if s != before {
					t.Errorf("%x: the structure was changed", b)
				}
				return
			}
			// What is written is read the same, and written the same again.
			out := AppendDependencyDescriptor(nil, &s, &d)
			structure := before
			if err := ParseDependencyDescriptor(out, &structure, &again); err != nil {
				t.Fatalf("%x written as %x: %v", b, out, err)
			}
			if structure != s || again != d {
				t.Errorf("%x written as %x: %+v, want %+v", b, out, again, d)
			}
			if twice := AppendDependencyDescriptor(nil, &structure, &again); !bytes.Equal(twice, out) || len(out) > len(b) {
				t.Errorf("%x written as %x, then %x", b, out, twice)
			}
			for target := range s.DecodeTargets() {
				spatial, temporal := s.DecodeTargetLayer(target)
				if int(spatial) >= s.SpatialLayers() || temporal > maxTemporalID || s.ProtectedBy(target) > s.Chains() {
					t.Errorf("%x: target %d is S%d T%d", b, target, spatial, temporal)
				}
			}
		}
	})
}
