//go:build cgo

package opus

/*
#cgo pkg-config: opus
#include <opus.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
)

// Decoder decodes one stream. Mono comes out on both channels.
type Decoder struct {
	c *C.OpusDecoder // nil once closed
}

var errClosed = errors.New("opus: closed")

// NewDecoder returns a decoder that has heard nothing yet. An error is one of
// memory.
func NewDecoder() (*Decoder, error) {
	var code C.int
	c := C.opus_decoder_create(codec.SampleRate, codec.Channels, &code)
	if code != C.OPUS_OK {
		return nil, failure("opus_decoder_create", code)
	}
	return &Decoder{c: c}, nil
}

// Decode decodes a packet into pcm, interleaved, and returns how many samples
// per channel it held, at most 5760. An error wraps codec.ErrBroken; what the
// packet should have held is then to be concealed.
func (d *Decoder) Decode(pcm []float32, packet []byte) (samples int, err error) {
	if len(packet) == 0 {
		return 0, fmt.Errorf("%w: an empty packet", codec.ErrBroken)
	}
	return d.decode(pcm, packet, 0)
}

// Recover fills pcm, a multiple of 2.5 ms, with what next tells about the packet
// lost before it, or conceals where it tells nothing.
func (d *Decoder) Recover(pcm []float32, next []byte) error {
	if len(next) == 0 {
		return d.Conceal(pcm)
	}
	_, err := d.decode(pcm, next, 1)
	return err
}

// Conceal fills pcm, a multiple of 2.5 ms, with a guess of what was lost.
func (d *Decoder) Conceal(pcm []float32) error {
	_, err := d.decode(pcm, nil, 0)
	return err
}

func (d *Decoder) decode(pcm []float32, packet []byte, fec C.int) (int, error) {
	if d.c == nil {
		return 0, errClosed
	}
	if len(pcm) < codec.Channels {
		return 0, errors.New("opus: no room for sound")
	}
	n := C.opus_decode_float(d.c, (*C.uchar)(unsafe.SliceData(packet)), C.opus_int32(len(packet)),
		(*C.float)(unsafe.SliceData(pcm)), C.int(len(pcm)/codec.Channels), fec)
	if n < 0 {
		return 0, fmt.Errorf("%w: %s", codec.ErrBroken, C.GoString(C.opus_strerror(n)))
	}
	return int(n), nil
}

// Close frees the decoder. It may be called again.
func (d *Decoder) Close() {
	if d.c != nil {
		C.opus_decoder_destroy(d.c)
		d.c = nil
	}
}

func failure(what string, code C.int) error {
	return fmt.Errorf("opus: %s: %s", what, C.GoString(C.opus_strerror(code)))
}
