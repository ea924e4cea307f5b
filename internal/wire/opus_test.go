package wire

import (
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"
)

func TestParseOpus(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name    string
		payload []byte
		want    OpusPacket
		total   time.Duration
	}{
		{"silence", []byte(OpusSilence), OpusPacket{FrameDuration: 20 * ms, Frames: 1}, 20 * ms},
		{"browser voice, hybrid 20 ms stereo", []byte{0x7C, 1, 2}, OpusPacket{FrameDuration: 20 * ms, Frames: 1, Stereo: true}, 20 * ms},
		{"SILK 60 ms", []byte{3 << 3, 1, 2}, OpusPacket{FrameDuration: 60 * ms, Frames: 1}, 60 * ms},
		{"CELT 2.5 ms, two frames", []byte{16<<3 | 1, 1, 2}, OpusPacket{FrameDuration: 2500 * time.Microsecond, Frames: 2}, 5 * ms},
		{"48 frames of 2.5 ms", []byte{16<<3 | 3, 48, 2}, OpusPacket{FrameDuration: 2500 * time.Microsecond, Frames: 48}, 120 * ms},
		{"DTX", []byte{0x78}, OpusPacket{FrameDuration: 20 * ms, Frames: 1, DTX: true}, 20 * ms},
	}
	for _, test := range tests {
		var p OpusPacket
		if err := ParseOpus(test.payload, &p); err != nil || p != test.want || p.Duration() != test.total {
			t.Errorf("%s = %+v, %v, %v, want %+v", test.name, p, p.Duration(), err, test.want)
		}
	}
}

func TestParseOpusRefuses(t *testing.T) {
	for _, payload := range [][]byte{nil, {3}, {3, 0}, {16<<3 | 3, 49}, {3<<3 | 3, 3}} {
		var p OpusPacket
		if err := ParseOpus(payload, &p); err == nil {
			t.Errorf("%x is taken as %+v", payload, p)
		}
	}
}

func FuzzParseOpus(f *testing.F) {
	f.Add([]byte(OpusSilence))
	f.Add([]byte{16<<3 | 3, 48, 2})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var p OpusPacket
		if ParseOpus(payload, &p) != nil {
			return
		}
		// Another's reading of the RFC, in samples at 48 kHz.
		samples := opus.PacketDuration2(payload)
		if want := time.Duration(samples) * time.Second / 48000; p.Duration() != want {
			t.Errorf("%x lasts %v, want %v", payload, p.Duration(), want)
		}
	})
}
