//go:build cgo

package opus

/*
#include <opus.h>

// Controls are variadic, which Go can't call.
static int set_up(OpusEncoder *e, opus_int32 rate, opus_int32 complexity) {
	int code;
	if ((code = opus_encoder_ctl(e, OPUS_SET_BITRATE(rate))) != OPUS_OK) return code;
	if ((code = opus_encoder_ctl(e, OPUS_SET_VBR(1))) != OPUS_OK) return code;
	return opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(complexity));
}
*/
import "C"

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// complexity is libopus's, 0 to 10. Measured on speech, 5 is 3 dB nearer
	// to the original than 4 for a third more time; 10 would cost half as
	// much again and win nothing.
	complexity = 5
	// maxPacket is the longest packet of one frame (RFC 6716 §3.2.1).
	maxPacket = 1276
)

// Encoder encodes mixes: without the voice coder, which would cost four times as
// much and delay the sound by 4 ms more.
type Encoder struct {
	c *C.OpusEncoder // nil once closed
}

// NewEncoder returns an encoder of variable rate, on average rate, 6 to 510
// kbit/s.
func NewEncoder(rate media.Bitrate) (*Encoder, error) {
	var code C.int
	c := C.opus_encoder_create(codec.SampleRate, codec.Channels, C.OPUS_APPLICATION_RESTRICTED_LOWDELAY, &code)
	if code != C.OPUS_OK {
		return nil, failure("opus_encoder_create", code)
	}
	e := &Encoder{c: c}
	if code := C.set_up(c, C.opus_int32(min(max(rate, 6000), 510_000)), complexity); code != C.OPUS_OK {
		e.Close()
		return nil, failure("opus_encoder_ctl", code)
	}
	return e, nil
}

// Encode appends the packet of one frame to dst. pcm is 20 ms of interleaved
// stereo.
func (e *Encoder) Encode(dst []byte, pcm []float32) ([]byte, error) {
	if e.c == nil {
		return dst, errClosed
	}
	if len(pcm) != codec.FrameSamples*codec.Channels {
		return dst, fmt.Errorf("opus: a frame of %d numbers, want %d", len(pcm), codec.FrameSamples*codec.Channels)
	}
	dst = slices.Grow(dst, maxPacket)
	n := C.opus_encode_float(e.c, (*C.float)(unsafe.SliceData(pcm)), codec.FrameSamples,
		(*C.uchar)(unsafe.SliceData(dst[len(dst):cap(dst)])), maxPacket)
	if n < 0 {
		return dst, failure("opus_encode_float", n)
	}
	return dst[:len(dst)+int(n)], nil
}

// Close frees the encoder. It may be called again.
func (e *Encoder) Close() {
	if e.c != nil {
		C.opus_encoder_destroy(e.c)
		e.c = nil
	}
}
