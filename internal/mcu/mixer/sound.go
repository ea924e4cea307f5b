package mixer

import "time"

// Sound is 48 kHz stereo, interleaved, nominally −1 to 1. Lengths without a unit
// are in samples per channel, which are also RTP ticks of Opus.
const (
	sampleRate = 48000
	channels   = 2
	// frame is what one Tick makes: 20 ms.
	frame    = sampleRate / 50
	interval = 20 * time.Millisecond
	// longest is what one packet holds at most: 120 ms (RFC 6716 §3.2.5).
	longest = sampleRate * 120 / 1000
	// grain is what codecs work in: 2.5 ms.
	grain       = sampleRate / 400
	millisecond = sampleRate / 1000
)

// silence is an Opus packet of 20 ms of digital silence; it leaves the decoder
// ready for any packet behind it.
const silence = "\xf8\xff\xfe"

// Decoder decodes one Opus stream to interleaved stereo.
type Decoder interface {
	// Decode decodes a packet into pcm, which has room for 120 ms, and
	// returns how many samples per channel it held.
	Decode(pcm []float32, packet []byte) (samples int, err error)
	// Recover fills pcm with what next, the packet after a lost one, tells
	// about the lost one. pcm is a multiple of 2.5 ms.
	Recover(pcm []float32, next []byte) error
	// Conceal fills pcm, a multiple of 2.5 ms, with a guess of what a lost
	// packet held.
	Conceal(pcm []float32) error
	Close()
}

// Encoder encodes frames of 20 ms of interleaved stereo to Opus.
type Encoder interface {
	// Encode appends the packet to dst.
	Encode(dst []byte, pcm []float32) ([]byte, error)
	Close()
}

// opusLength returns how long an Opus packet lasts in samples (RFC 6716 §3), or
// 0 if it is none.
func opusLength(payload []byte) int {
	if len(payload) == 0 {
		return 0
	}
	frames := 1
	switch payload[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(payload) < 2 {
			return 0
		}
		frames = int(payload[1] & 0x3f)
	}
	n := frames * opusFrame(payload[0]>>3)
	if n > longest {
		return 0
	}
	return n
}

// opusFrame returns the length of one frame of a configuration, 0 to 31 (RFC
// 6716, table 2).
func opusFrame(config byte) int {
	switch {
	case config < 12 && config&3 == 3:
		return 60 * millisecond
	case config < 12:
		return 10 * millisecond << (config & 3)
	case config < 16:
		return 10 * millisecond << (config & 1)
	}
	return grain << (config & 3)
}

// isDTX reports whether a packet is but a sign that the encoder falls silent.
func isDTX(payload []byte) bool { return len(payload) <= 2 }

func duration(samples int64) time.Duration {
	return time.Duration(samples * (int64(time.Second) / 16000) / 3)
}
