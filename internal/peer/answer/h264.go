package answer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-rtc/tutti/internal/media"
)

// defaultProfileLevel is what a format without profile-level-id means
// (RFC 6184 §8.1): baseline at level 1.
const defaultProfileLevel = 0x42000a

// h264Params takes the baseline, main and high profiles. The answer must repeat
// profile and packetization mode, and may repeat the level (RFC 6184 §8.2.2);
// parameter sets are in the stream.
func (f *format) h264Params() (string, bool) {
	mode, ok := f.number("packetization-mode", 0, 1)
	if !ok {
		return "", false
	}
	profileLevel := uint64(defaultProfileLevel)
	if v, given := f.param("profile-level-id"); given {
		var err error
		if profileLevel, err = strconv.ParseUint(v, 16, 24); err != nil || len(v) != 6 {
			return "", false
		}
	}
	switch profileLevel >> 16 {
	case 0x42, 0x4d, 0x64: // baseline, main, high
	default:
		return "", false
	}
	fmtp := fmt.Sprintf("packetization-mode=%d;profile-level-id=%06x", mode, profileLevel)
	if v, _ := f.param("level-asymmetry-allowed"); v == "1" {
		fmtp = "level-asymmetry-allowed=1;" + fmtp
	}
	return fmtp, true
}

// preferH264Mode1 drops H.264 in packetization mode 0 (a NAL unit per packet)
// unless there is nothing else: few clients send it well.
func preferH264Mode1(codecs []Codec) []Codec {
	isMode0 := func(c Codec) bool {
		return c.Codec == media.H264 && strings.Contains(c.Fmtp, "packetization-mode=0")
	}
	if others := slices.DeleteFunc(slices.Clone(codecs), isMode0); len(others) > 0 {
		return others
	}
	return codecs
}
