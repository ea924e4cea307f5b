package wire

import "time"

// OpusSilence is an Opus packet of 20 ms of digital silence, mono, CELT
// fullband. It decodes to zeroes, and leaves the decoder ready for any packet
// behind it.
const OpusSilence = "\xf8\xff\xfe"

// maxOpusDuration is the longest that one packet may last (RFC 6716 §3.2.5).
const maxOpusDuration = 120 * time.Millisecond

// OpusPacket is what the first bytes of an Opus packet tell (RFC 6716 §3).
type OpusPacket struct {
	FrameDuration time.Duration // 2.5 to 60 ms
	Frames        int           // 1 to 48
	Stereo        bool
	// DTX tells that the encoder had nothing to send but a sign of life:
	// the packet is at most 2 bytes long, so that no frame has data.
	DTX bool
}

const (
	errOpusEmpty    ParseError = "opus: packet is empty"
	errOpusDuration ParseError = "opus: packet has no frames, or lasts more than 120 ms"
)

// ParseOpus reads the TOC byte and the frame count of an Opus packet.
func ParseOpus(payload []byte, p *OpusPacket) error {
	if len(payload) < 1 {
		return errOpusEmpty
	}
	toc := payload[0]
	*p = OpusPacket{
		FrameDuration: opusFrameDuration(toc >> 3),
		Stereo:        toc&0x04 != 0,
		DTX:           len(payload) <= 2,
	}
	switch toc & 0x03 {
	case 0:
		p.Frames = 1
	case 1, 2:
		p.Frames = 2
	case 3:
		if len(payload) < 2 {
			return errOpusDuration
		}
		p.Frames = int(payload[1] & 0x3F)
	}
	if p.Frames == 0 || p.Duration() > maxOpusDuration {
		return errOpusDuration
	}
	return nil
}

// opusFrameDuration returns what RFC 6716 table 2 gives for a configuration, 0
// to 31.
func opusFrameDuration(config byte) time.Duration {
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		if config&3 == 3 {
			return 60 * time.Millisecond
		}
		return 10 * time.Millisecond << (config & 3)
	case config < 16: // hybrid: 10, 20 ms
		return 10 * time.Millisecond << (config & 1)
	}
	return 2500 * time.Microsecond << (config & 3) // CELT: 2.5, 5, 10, 20 ms
}

// Duration returns how long the packet lasts, 2.5 to 120 ms.
func (p *OpusPacket) Duration() time.Duration { return p.FrameDuration * time.Duration(p.Frames) }
