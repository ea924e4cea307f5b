package wire

import (
	"bytes"
	"errors"
	"maps"
	"testing"

	"github.com/pion/rtp"
)

func TestParseHeaderByHand(t *testing.T) {
	b := []byte{
		0xB1, 0xE0, 0x12, 0x34, // V=2 P X CC=1, M PT=96
		0x01, 0x02, 0x03, 0x04, // timestamp
		0xAA, 0xBB, 0xCC, 0xDD, // SSRC
		0x00, 0x00, 0x00, 0x01, // CSRC
		0xBE, 0xDE, 0x00, 0x02, // one-byte form, 2 words
		0x10, 0x7F, 0x00, 0x32, // id 1: 7f, padding, id 3 of 3 bytes:
		0x11, 0x22, 0x33, 0x00,
		'h', 'i', 0, 0, 3, // payload and 3 bytes of padding
	}
	var h Header
	if err := ParseHeader(b, &h); err != nil {
		t.Fatal(err)
	}
	if h.PayloadType != 96 || !h.Marker || h.SequenceNumber != 0x1234 || h.Timestamp != 0x01020304 ||
		h.SSRC != 0xAABBCCDD || h.PaddingLength != 3 || h.PayloadOffset != 28 {
		t.Errorf("header = %+v", h)
	}
	if got := h.Payload(b); string(got) != "hi" {
		t.Errorf("payload = %q", got)
	}
	if got := h.Extension(1); !bytes.Equal(got, []byte{0x7F}) {
		t.Errorf("extension 1 = %x", got)
	}
	if got := h.Extension(3); !bytes.Equal(got, []byte{0x11, 0x22, 0x33}) {
		t.Errorf("extension 3 = %x", got)
	}
	if got := h.Extension(2); got != nil {
		t.Errorf("extension 2, which is absent, = %x", got)
	}
}

func TestExtensionsEnd(t *testing.T) {
	tests := []struct {
		name string
		body []byte
		want map[uint8]string
	}{
		{"id 15 ends the one-byte form", []byte{0xBE, 0xDE, 0, 1, 0x10, 1, 0xF0, 0}, map[uint8]string{1: "\x01"}},
		{"id 0 with a length ends it too", []byte{0xBE, 0xDE, 0, 1, 0x10, 1, 0x01, 0}, map[uint8]string{1: "\x01"}},
		{"an element beyond the end is left out", []byte{0xBE, 0xDE, 0, 1, 0x10, 1, 0x25, 0}, map[uint8]string{1: "\x01"}},
		{"two-byte form with free bits and an empty element", []byte{0x10, 0x07, 0, 2, 20, 0, 0, 200, 2, 8, 9, 0},
			map[uint8]string{20: "", 200: "\x08\x09"}},
		{"two-byte form cut off in an element's header", []byte{0x10, 0, 0, 1, 0, 0, 0, 7}, map[uint8]string{}},
		{"another profile has no elements", []byte{0x12, 0x34, 0, 1, 0x10, 1, 0, 0}, map[uint8]string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := append([]byte{0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, test.body...)
			var h Header
			if err := ParseHeader(b, &h); err != nil {
				t.Fatal(err)
			}
			got := map[uint8]string{}
			for id, value := range h.Extensions() {
				got[id] = string(value)
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("extensions = %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	fixed := []byte{0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}
	with := func(first byte, more ...byte) []byte {
		b := append(bytes.Clone(fixed), more...)
		b[0] = first
		return b
	}
	tests := []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, errRTPShort},
		{"11 bytes", fixed[:11], errRTPShort},
		{"version 1", with(0x40), errRTPVersion},
		{"a CSRC that is not there", with(0x81), errRTPShort},
		{"an extension that is not there", with(0x90), errRTPExtension},
		{"an extension that is cut off", with(0x90, 0xBE, 0xDE, 0, 1, 0x10), errRTPExtension},
		{"padding of 0 bytes", with(0xA0, 1, 0), errRTPPadding},
		{"padding longer than the payload", with(0xA0, 1, 3), errRTPPadding},
		{"padding without a payload", with(0xA0), errRTPPadding},
	}
	for _, test := range tests {
		var h Header
		if err := ParseHeader(test.b, &h); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestAppendHeaderForms(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 17)
	tests := []struct {
		name       string
		extensions []Extension
		profile    int // 0: no header extension
	}{
		{"none", nil, 0},
		{"only one that was not negotiated", []Extension{{0, []byte{1}}}, 0},
		{"only one that is too long to be written", []Extension{{1, make([]byte, 256)}}, 0},
		{"short ones", []Extension{{1, []byte{1}}, {14, long[:16]}, {0, long}}, oneByteProfile},
		{"17 bytes", []Extension{{1, []byte{1}}, {2, long}}, twoByteProfile},
		{"id 15", []Extension{{15, []byte{1}}, {1, []byte{2}}}, twoByteProfile},
		{"no bytes", []Extension{{1, nil}, {2, []byte{2}}}, twoByteProfile},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := Header{PayloadType: 111, Marker: true, SequenceNumber: 65535, Timestamp: 1 << 31, SSRC: 42}
			b := append(AppendHeader(nil, &out, test.extensions), "payload"...)
			var h Header
			if err := ParseHeader(b, &h); err != nil {
				t.Fatal(err)
			}
			if int(h.profile) != test.profile {
				t.Errorf("profile = %x, want %x", h.profile, test.profile)
			}
			if string(h.Payload(b)) != "payload" {
				t.Errorf("payload = %q", h.Payload(b))
			}
			for _, e := range test.extensions {
				if got := h.Extension(e.ID); !e.omitted() && (got == nil || !bytes.Equal(got, e.Value)) {
					t.Errorf("extension %d = %x, want %x", e.ID, got, e.Value)
				}
			}
			checkAgainstPion(t, b, &h)
		})
	}
}

func TestPaddingOnlyPacket(t *testing.T) {
	// A probe for bandwidth: no payload, 200 bytes of padding.
	b := AppendPadding(AppendHeader(nil, &Header{PaddingLength: 200}, nil), 200)
	var h Header
	if err := ParseHeader(b, &h); err != nil {
		t.Fatal(err)
	}
	if h.PaddingLength != 200 || len(h.Payload(b)) != 0 || len(b) != 212 {
		t.Errorf("padding %d, payload %d, packet %d bytes", h.PaddingLength, len(h.Payload(b)), len(b))
	}
}

// checkAgainstPion compares what pion/rtp reads from b with h, if it takes b.
func checkAgainstPion(t *testing.T, b []byte, h *Header) {
	t.Helper()
	var p rtp.Packet
	if p.Unmarshal(bytes.Clone(b)) != nil {
		return // it checks elements that h leaves alone
	}
	if h.PayloadType != p.PayloadType || h.Marker != p.Marker || h.SequenceNumber != p.SequenceNumber ||
		h.Timestamp != p.Timestamp || h.SSRC != p.SSRC || h.PaddingLength != int(p.PaddingSize) {
		t.Errorf("header = %+v, pion %+v", h, p.Header)
	}
	if !bytes.Equal(h.Payload(b), p.Payload) {
		t.Errorf("payload = %x, pion %x", h.Payload(b), p.Payload)
	}
	for id := range h.Extensions() { // of an id that is there twice both take the first
		if got := p.GetExtension(id); got != nil && !bytes.Equal(h.Extension(id), got) {
			t.Errorf("extension %d = %x, pion %x", id, h.Extension(id), got)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'x'})
	f.Add([]byte{0xA0, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'x', 0, 2})
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x10, 1, 0x20, 2, 'x'})
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0x10, 0, 0, 1, 20, 2, 1, 2, 'x'})
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x30, 1, 0x30, 2}) // one id twice
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Header
		if ParseHeader(b, &h) != nil {
			return
		}
		checkAgainstPion(t, b, &h)
		var extensions []Extension
		for id, value := range h.Extensions() {
			extensions = append(extensions, Extension{id, value})
		}
		// Writing what was read and reading it again changes nothing.
		out := append(AppendHeader(nil, &h, extensions), h.Payload(b)...)
		if h.PaddingLength > 0 {
			out = AppendPadding(out, h.PaddingLength)
		}
		var again Header
		if err := ParseHeader(out, &again); err != nil {
			t.Fatalf("written header can't be read: %v", err)
		}
		if !bytes.Equal(again.Payload(out), h.Payload(b)) || again.SSRC != h.SSRC || again.PaddingLength != h.PaddingLength {
			t.Errorf("read again: %+v, want %+v", again, h)
		}
		i := 0
		for id, value := range again.Extensions() {
			if id != extensions[i].ID || !bytes.Equal(value, extensions[i].Value) {
				t.Errorf("element %d = %d: %x, want %v", i, id, value, extensions[i])
			}
			i++
		}
		if i != len(extensions) {
			t.Errorf("%d elements, want %d", i, len(extensions))
		}
	})
}
