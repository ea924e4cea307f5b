package answer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-rtc/tutti/internal/media"
)

// acceptCodecs picks the formats that the server forwards, in the client's
// order, but Opus before RED. transportCC tells that its header extension was
// agreed on.
func acceptCodecs(formats []format, kind media.Kind, transportCC bool) []Codec {
	var codecs []Codec
	for i := range formats {
		f := &formats[i]
		codec, fmtp, ok := f.recognize()
		if !ok || codec.Kind() != kind {
			continue
		}
		c := Codec{PayloadType: f.payloadType, Codec: codec, Fmtp: fmtp}
		if kind == media.Audio {
			c.Channels = 2
		}
		c.NACK = f.accepts("nack")
		c.PLI = f.accepts("nack pli")
		c.FIR = f.accepts("ccm fir")
		c.TransportCC = f.accepts("transport-cc") && transportCC
		codecs = append(codecs, c)
	}
	codecs = preferH264Mode1(codecs)
	codecs = keepUsableRED(codecs)
	repairs := repairs(formats)
	for i := range codecs {
		codecs[i].RTX = repairs[codecs[i].PayloadType]
	}
	return codecs
}

// recognize returns the codec of a format and the format parameters of the
// answer. They are written anew from what was understood.
func (f *format) recognize() (codec media.Codec, fmtp string, ok bool) {
	switch {
	case f.is("opus", 48000, 2):
		return media.Opus, f.opusParams(), true
	case f.is("red", 48000, 2):
		return media.RED, f.fmtp, true // see keepUsableRED
	case f.is("vp8", 90000, 1):
		return media.VP8, "", true
	case f.is("vp9", 90000, 1):
		fmtp, ok = f.vp9Params()
		return media.VP9, fmtp, ok
	case f.is("h264", 90000, 1):
		fmtp, ok = f.h264Params()
		return media.H264, fmtp, ok
	case f.is("av1", 90000, 1):
		fmtp, ok = f.av1Params()
		return media.AV1, fmtp, ok
	}
	return 0, "", false
}

// opusParams asks for in-band FEC and for what the client would like to send
// (RFC 7587 §6.1): it encodes by what the answer says. What it can play, such as
// Firefox's stereo=1 in every offer, is no wish: a voice in stereo only costs.
func (f *format) opusParams() string {
	var params []string
	if n, ok := f.number("minptime", 0, 120); ok && n > 0 {
		params = append(params, fmt.Sprintf("minptime=%d", n))
	}
	params = append(params, "useinbandfec=1")
	if v, _ := f.param("usedtx"); v == "1" {
		params = append(params, "usedtx=1")
	}
	if v, _ := f.param("sprop-stereo"); v == "1" {
		params = append(params, "stereo=1")
	}
	if n, ok := f.number("maxaveragebitrate", 0, 510000); ok && n >= 6000 {
		params = append(params, fmt.Sprintf("maxaveragebitrate=%d", n))
	}
	return strings.Join(params, ";")
}

// vp9Params takes profile 0, which is the default (RFC 9628 §6), and 2, which
// is 10 or 12 bit. The chroma of 1 and 3 few can decode.
func (f *format) vp9Params() (string, bool) {
	switch v, given := f.param("profile-id"); {
	case !given:
		return "", true
	case v == "0", v == "2":
		return "profile-id=" + v, true
	}
	return "", false
}

// av1Params takes the main profile (AV1 RTP specification §7.2.1): the one that
// every decoder has.
func (f *format) av1Params() (string, bool) {
	profile, ok1 := f.number("profile", 0, 2)
	level, ok2 := f.number("level-idx", 5, 31)
	tier, ok3 := f.number("tier", 0, 1)
	if !ok1 || !ok2 || !ok3 || profile != 0 {
		return "", false
	}
	if f.fmtp == "" {
		return "", true
	}
	return fmt.Sprintf("level-idx=%d;profile=0;tier=%d", level, tier), true
}

// keepUsableRED moves RED behind Opus, and drops RED whose blocks are not all
// of an Opus that was accepted (RFC 2198 §5).
func keepUsableRED(codecs []Codec) []Codec {
	isRED := func(c Codec) bool { return c.Codec == media.RED }
	var red []Codec
	for _, c := range codecs {
		if isRED(c) && allOpus(c.Fmtp, codecs) {
			red = append(red, c)
		}
	}
	return append(slices.DeleteFunc(codecs, isRED), red...)
}

// allOpus reports whether blocks, payload types with slashes between, are all
// the same accepted Opus.
func allOpus(blocks string, codecs []Codec) bool {
	list := strings.Split(blocks, "/")
	if len(list) < 2 || len(list) > maxREDBlocks {
		return false
	}
	for _, c := range codecs {
		pt := strconv.Itoa(int(c.PayloadType))
		if c.Codec == media.Opus && !slices.ContainsFunc(list, func(b string) bool { return b != pt }) {
			return true
		}
	}
	return false
}

const maxREDBlocks = 8

// repairs returns, by payload type, the payload type of its retransmissions
// (RFC 4588 §8.6).
func repairs(formats []format) map[uint8]uint8 {
	list := make(map[uint8]uint8)
	for i := range formats {
		f := &formats[i]
		if !f.is("rtx", 90000, 1) {
			continue
		}
		if apt, ok := f.number("apt", -1, 127); ok && apt >= 0 && list[uint8(apt)] == 0 {
			list[uint8(apt)] = f.payloadType
		}
	}
	return list
}
