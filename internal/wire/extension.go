package wire

import (
	"encoding/binary"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// The URIs by which SDP names the header extensions (RFC 8285 §6).
const (
	MIDURI                  = "urn:ietf:params:rtp-hdrext:sdes:mid"
	RIDURI                  = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	RepairedRIDURI          = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	AudioLevelURI           = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	AbsSendTimeURI          = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	TransportSequenceURI    = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	DependencyDescriptorURI = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
	AbsCaptureTimeURI       = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
	PlayoutDelayURI         = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
	VideoOrientationURI     = "urn:3gpp:video-orientation"
)

const (
	errSDES              ParseError = "sdes item: not an identifier of 1 to 32 letters, digits and -_.!#$%&'*+^`{|}~"
	errAudioLevel        ParseError = "audio level: element is empty"
	errAbsSendTime       ParseError = "abs-send-time: element is not 3 bytes long"
	errTransportSequence ParseError = "transport sequence: element is shorter than 2 bytes"
	errAbsCaptureTime    ParseError = "abs-capture-time: element is neither 8 nor 16 bytes long"
)

// maxSDESLength bounds the identifiers that are taken from strangers, in bytes.
const maxSDESLength = 32

// ParseSDES reads the value of a mid (RFC 9143 §15), rid or repaired-rid (RFC
// 8852 §3) element and returns the identifier, which points into value. Zero
// bytes that some senders put behind it are removed. To write one, use the
// identifier itself as the element's value.
func ParseSDES(value []byte) ([]byte, error) {
	for len(value) > 0 && value[len(value)-1] == 0 {
		value = value[:len(value)-1]
	}
	if len(value) == 0 || len(value) > maxSDESLength {
		return nil, errSDES
	}
	for _, c := range value {
		if !isTokenChar(c) {
			return nil, errSDES
		}
	}
	return value, nil
}

// isTokenChar reports whether c may be part of an SDP token (RFC 8866 §9).
func isTokenChar(c byte) bool {
	switch {
	case c >= '^' && c <= '~', c >= '0' && c <= '9', c >= 'A' && c <= 'Z':
		return true
	case c == '!', c >= '#' && c <= '\'', c == '*', c == '+', c == '-', c == '.':
		return true
	}
	return false
}

// ParseAudioLevel reads an ssrc-audio-level element (RFC 6464 §3). The level is
// in −dBov, 0 (loudest) to 127 (silence); voice is the V bit.
func ParseAudioLevel(value []byte) (level uint8, voice bool, err error) {
	if len(value) == 0 {
		return 0, false, errAudioLevel
	}
	return value[0] & 0x7F, value[0]&0x80 != 0, nil
}

// AppendAudioLevel appends the value of an ssrc-audio-level element. Levels
// above 127 are written as 127.
func AppendAudioLevel(dst []byte, level uint8, voice bool) []byte {
	level = min(level, 0x7F)
	if voice {
		level |= 0x80
	}
	return append(dst, level)
}

// AbsSendTime is the time at which a packet left its sender, in units of 2⁻¹⁸
// seconds, 24 bits: it wraps every 64 seconds.
type AbsSendTime uint32

// AbsSendTimeAt returns t as the middle 24 bits of its NTP timestamp.
func AbsSendTimeAt(t media.Time) AbsSendTime {
	return AbsSendTime(t.NTP() >> 14 & 0xFFFFFF)
}

// Sub returns a − b, taking the shorter way round the wrap: between −32 and 32
// seconds.
func (a AbsSendTime) Sub(b AbsSendTime) time.Duration {
	units := int32(uint32(a-b)<<8) >> 8
	return time.Duration(int64(units) * int64(time.Second) >> 18)
}

// ParseAbsSendTime reads an abs-send-time element.
func ParseAbsSendTime(value []byte) (AbsSendTime, error) {
	if len(value) != 3 {
		return 0, errAbsSendTime
	}
	return AbsSendTime(value[0])<<16 | AbsSendTime(value[1])<<8 | AbsSendTime(value[2]), nil
}

// AppendAbsSendTime appends the value of an abs-send-time element.
func AppendAbsSendTime(dst []byte, t AbsSendTime) []byte {
	return append(dst, byte(t>>16), byte(t>>8), byte(t))
}

// ParseTransportSequence reads the sequence number that counts all packets of a
// transport (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2). A request
// for feedback behind it, of the extension's second version, is ignored.
func ParseTransportSequence(value []byte) (uint16, error) {
	if len(value) < 2 {
		return 0, errTransportSequence
	}
	return binary.BigEndian.Uint16(value), nil
}

// AppendTransportSequence appends the value of a transport-wide sequence number
// element.
func AppendTransportSequence(dst []byte, sequence uint16) []byte {
	return binary.BigEndian.AppendUint16(dst, sequence)
}

// AbsCaptureTime is when a frame was captured.
type AbsCaptureTime struct {
	// NTP is the time of capture on the clock of the capturing system, a
	// 64-bit NTP timestamp (32.32 fixed point seconds since 1900).
	NTP uint64
	// HasOffset tells that Offset is known: the sender's estimate of the
	// capturing system's NTP clock minus its own, 32.32 fixed point seconds.
	HasOffset bool
	Offset    int64
}

// ParseAbsCaptureTime reads an abs-capture-time element.
func ParseAbsCaptureTime(value []byte) (AbsCaptureTime, error) {
	switch len(value) {
	case 8:
		return AbsCaptureTime{NTP: binary.BigEndian.Uint64(value)}, nil
	case 16:
		return AbsCaptureTime{
			NTP:       binary.BigEndian.Uint64(value),
			HasOffset: true,
			Offset:    int64(binary.BigEndian.Uint64(value[8:])),
		}, nil
	}
	return AbsCaptureTime{}, errAbsCaptureTime
}

// AppendAbsCaptureTime appends the value of an abs-capture-time element: 8
// bytes, or 16 with an offset.
func AppendAbsCaptureTime(dst []byte, t AbsCaptureTime) []byte {
	dst = binary.BigEndian.AppendUint64(dst, t.NTP)
	if t.HasOffset {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t.Offset))
	}
	return dst
}
