package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseREDByHand(t *testing.T) {
	// As a browser sends: the packet of 20 ms before (960 ticks, 3 bytes),
	// then the present one, both of payload type 111.
	payload := append(pack(
		"1", "1101111", "00001111000000", "0000000011", // F PT offset length
		"0", "1101111"), 1, 2, 3, 7, 8)
	var r RED
	if err := ParseRED(payload, &r); err != nil {
		t.Fatal(err)
	}
	if r.Primary.PayloadType != 111 || !bytes.Equal(r.Primary.Payload, []byte{7, 8}) {
		t.Errorf("primary = %+v", r.Primary)
	}
	old := r.Redundant()
	if len(old) != 1 || old[0].PayloadType != 111 || old[0].TimestampOffset != 960 || !bytes.Equal(old[0].Payload, []byte{1, 2, 3}) {
		t.Errorf("redundant = %+v", old)
	}
	if got := AppendRED(nil, old, r.Primary); !bytes.Equal(got, payload) {
		t.Errorf("written as %x, want %x", got, payload)
	}
}

func TestParseREDRefuses(t *testing.T) {
	many := bytes.Repeat([]byte{0x80 | 111, 0, 0, 0}, 10)
	tests := []struct {
		name    string
		payload []byte
		want    error
	}{
		{"nothing", nil, errREDShort},
		{"half a block header", []byte{0xEF, 0, 0}, errREDShort},
		{"no primary header", []byte{0xEF, 0, 0, 1}, errREDShort},
		{"a block beyond the end", []byte{0xEF, 0, 0, 2, 0x6F, 1}, errREDShort},
		{"ten redundant blocks", append(many, 111), errREDBlocks},
	}
	for _, test := range tests {
		var r RED
		if err := ParseRED(test.payload, &r); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestAppendREDLeavesOutWhatDoesNotFit(t *testing.T) {
	blocks := []REDBlock{
		{111, 1 << 14, []byte{1}},         // 341 ms at 48 kHz: too old
		{111, 960, make([]byte, 1024)},    // too long
		{111, 1<<14 - 1, []byte("fits")},  // the oldest that can be told
		{111, 480, make([]byte, 1<<10-1)}, // the longest
	}
	var r RED
	if err := ParseRED(AppendRED(nil, blocks, REDBlock{PayloadType: 111, Payload: []byte("now")}), &r); err != nil {
		t.Fatal(err)
	}
	got := r.Redundant()
	if len(got) != 2 || got[0].TimestampOffset != 1<<14-1 || string(got[0].Payload) != "fits" || len(got[1].Payload) != 1023 {
		t.Errorf("redundant = %+v", got)
	}
	if string(r.Primary.Payload) != "now" {
		t.Errorf("primary = %q", r.Primary.Payload)
	}
}

func FuzzParseRED(f *testing.F) {
	f.Add([]byte{0xEF, 0x0F, 0x00, 3, 0x6F, 1, 2, 3, 7, 8})
	f.Add([]byte{0x6F, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var r RED
		if ParseRED(payload, &r) != nil {
			return
		}
		if got := AppendRED(nil, r.Redundant(), r.Primary); !bytes.Equal(got, payload) {
			t.Errorf("%x written as %x", payload, got)
		}
	})
}
