package wire

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestParseSDES(t *testing.T) {
	tests := []struct{ value, want string }{
		{"0", "0"},
		{"hi_Q-1", "hi_Q-1"},
		{"q\x00\x00", "q"}, // padded by some senders
		{"", ""}, {"\x00", ""}, {"a b", ""}, {"a\x00b", ""}, {"é", ""}, {"a:b", ""},
		{strings.Repeat("x", 32), strings.Repeat("x", 32)},
		{strings.Repeat("x", 33), ""},
	}
	for _, test := range tests {
		got, err := ParseSDES([]byte(test.value))
		if string(got) != test.want || (err == nil) != (test.want != "") {
			t.Errorf("ParseSDES(%q) = %q, %v, want %q", test.value, got, err, test.want)
		}
	}
}

func TestAudioLevel(t *testing.T) {
	for _, level := range []uint8{0, 30, 127} {
		for _, voice := range []bool{false, true} {
			b := AppendAudioLevel(nil, level, voice)
			want, err := rtp.AudioLevelExtension{Level: level, Voice: voice}.Marshal()
			if err != nil || !bytes.Equal(b, want) {
				t.Errorf("level %d voice %v = %x, pion %x (%v)", level, voice, b, want, err)
			}
			if l, v, err := ParseAudioLevel(b); l != level || v != voice || err != nil {
				t.Errorf("%x = %d, %v, %v", b, l, v, err)
			}
		}
	}
	if b := AppendAudioLevel(nil, media.NoLevel, false); b[0] != 127 {
		t.Errorf("no level is written as %d, want silence", b[0])
	}
	if _, _, err := ParseAudioLevel(nil); err == nil {
		t.Error("an empty element is taken")
	}
}

func TestAbsSendTime(t *testing.T) {
	// 6 bits of seconds, 18 of fraction: 0.5 s behind second 3 of a minute of
	// 64, which began with the NTP era.
	at := media.TimeFromNTP(uint64(64*60_000_000+3)<<32 | 1<<31)
	got := AbsSendTimeAt(at)
	if want := AbsSendTime(3<<18 | 1<<17); got != want {
		t.Errorf("abs-send-time = %06x, want %06x", got, want)
	}
	b := AppendAbsSendTime(nil, got)
	want, err := rtp.AbsSendTimeExtension{Timestamp: uint64(got)}.Marshal()
	if err != nil || !bytes.Equal(b, want) {
		t.Errorf("written as %x, pion %x (%v)", b, want, err)
	}
	if back, err := ParseAbsSendTime(b); back != got || err != nil {
		t.Errorf("read as %06x, %v", back, err)
	}
	// Differences go the shorter way round the wrap.
	late, early := AbsSendTime(1<<18), AbsSendTime(63<<18)
	if d := late.Sub(early); d != 2*time.Second {
		t.Errorf("second 1 minus second 63 = %v, want 2s", d)
	}
	if d := early.Sub(late); d != -2*time.Second {
		t.Errorf("second 63 minus second 1 = %v, want -2s", d)
	}
}

func TestTransportSequence(t *testing.T) {
	b := AppendTransportSequence(nil, 0xFEDC)
	want, err := rtp.TransportCCExtension{TransportSequence: 0xFEDC}.Marshal()
	if err != nil || !bytes.Equal(b, want) {
		t.Errorf("written as %x, pion %x (%v)", b, want, err)
	}
	// The second version of the extension has two more bytes.
	for _, value := range [][]byte{b, append(bytes.Clone(b), 0x80, 1)} {
		if s, err := ParseTransportSequence(value); s != 0xFEDC || err != nil {
			t.Errorf("%x = %04x, %v", value, s, err)
		}
	}
}

func TestAbsCaptureTime(t *testing.T) {
	for _, at := range []AbsCaptureTime{{NTP: 0x0102030405060708}, {NTP: 1, HasOffset: true, Offset: -1 << 32}} {
		b := AppendAbsCaptureTime(nil, at)
		var p rtp.AbsCaptureTimeExtension
		if err := p.Unmarshal(b); err != nil || p.Timestamp != at.NTP {
			t.Errorf("pion reads %x as %+v, %v", b, p, err)
		}
		if at.HasOffset && *p.EstimatedCaptureClockOffset != at.Offset {
			t.Errorf("offset = %d, want %d", *p.EstimatedCaptureClockOffset, at.Offset)
		}
		if back, err := ParseAbsCaptureTime(b); back != at || err != nil {
			t.Errorf("%x = %+v, %v, want %+v", b, back, err, at)
		}
	}
}

func FuzzParseSDES(f *testing.F) {
	f.Add([]byte("hi\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseSDES(b)
		if (err == nil) != (len(v) > 0) || !bytes.HasPrefix(b, v) {
			t.Errorf("%q = %q, %v", b, v, err)
		}
	})
}

func FuzzParseAudioLevel(f *testing.F) {
	f.Add([]byte{0x85})
	f.Fuzz(func(t *testing.T, b []byte) {
		level, voice, err := ParseAudioLevel(b)
		if err == nil && !bytes.HasPrefix(b, AppendAudioLevel(nil, level, voice)) {
			t.Errorf("%x = %d, %v", b, level, voice)
		}
	})
}

func FuzzParseAbsSendTime(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		at, err := ParseAbsSendTime(b)
		if err == nil && !bytes.Equal(AppendAbsSendTime(nil, at), b) {
			t.Errorf("%x = %x", b, at)
		}
	})
}

func FuzzParseTransportSequence(f *testing.F) {
	f.Add([]byte{1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseTransportSequence(b)
		if err == nil && !bytes.HasPrefix(b, AppendTransportSequence(nil, s)) {
			t.Errorf("%x = %x", b, s)
		}
	})
}

func FuzzParseAbsCaptureTime(f *testing.F) {
	f.Add(make([]byte, 8))
	f.Add(make([]byte, 16))
	f.Fuzz(func(t *testing.T, b []byte) {
		at, err := ParseAbsCaptureTime(b)
		if err == nil && !bytes.Equal(AppendAbsCaptureTime(nil, at), b) {
			t.Errorf("%x = %+v", b, at)
		}
	})
}
