//go:build cgo

package vpx

/*
#cgo pkg-config: vpx
#include <stdlib.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

typedef struct {
	vpx_codec_ctx_t ctx;
	vpx_image_t *shown;
} decoder;

static decoder *decoder_new(int vp9) {
	decoder *d = calloc(1, sizeof *d);
	if (!d) return NULL;
	vpx_codec_dec_cfg_t cfg = {.threads = 1};
	if (vpx_codec_dec_init(&d->ctx, vp9 ? vpx_codec_vp9_dx() : vpx_codec_vp8_dx(), &cfg, 0) != VPX_CODEC_OK) {
		free(d);
		return NULL;
	}
	return d;
}

static void decoder_free(decoder *d) {
	vpx_codec_destroy(&d->ctx);
	free(d);
}

static int decode(decoder *d, const uint8_t *frame, unsigned size) {
	d->shown = NULL;
	vpx_codec_err_t code = vpx_codec_decode(&d->ctx, frame, size, NULL, 0);
	if (code != VPX_CODEC_OK) return code;
	vpx_codec_iter_t iter = NULL;
	for (vpx_image_t *i; (i = vpx_codec_get_frame(&d->ctx, &iter));) d->shown = i;
	int corrupted = 0;
	code = vpx_codec_control(&d->ctx, VP8D_GET_FRAME_CORRUPTED, &corrupted);
	if (code == VPX_CODEC_OK && corrupted) code = VPX_CODEC_CORRUPT_FRAME;
	return code;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Decoder decodes one stream of VP8 or VP9, 8-bit 4:2:0.
type Decoder struct {
	c    *C.decoder                             // nil once closed
	peek func(frame []byte) (key bool, _ error) // constant: looks before the library allocates

	lost  bool // until the next key frame
	shown picture.Picture
}

// NewVP8Decoder returns a decoder that waits for a key frame. An error is one of
// memory.
func NewVP8Decoder() (*Decoder, error) { return newDecoder(0, peekVP8) }

// NewVP9Decoder does as NewVP8Decoder.
func NewVP9Decoder() (*Decoder, error) { return newDecoder(1, peekVP9) }

func newDecoder(vp9 C.int, peek func([]byte) (bool, error)) (*Decoder, error) {
	c := C.decoder_new(vp9)
	if c == nil {
		return nil, errors.New("vpx: no memory for a decoder")
	}
	return &Decoder{c: c, peek: peek, lost: true}, nil
}

// Decode decodes a frame (VP9: all layers of one instant) and returns the last
// picture that it shows, or nil if it shows none. The picture is the library's
// memory, lent until the next call. An error wraps codec.ErrBroken: the next
// frame must be a key frame, and others are refused.
func (d *Decoder) Decode(frame []byte) (*picture.Picture, error) {
	if d.c == nil {
		return nil, fmt.Errorf("%w: a closed decoder", codec.ErrBroken)
	}
	key, err := d.peek(frame)
	if err != nil {
		d.lost = true
		return nil, err
	}
	if d.lost && !key {
		return nil, fmt.Errorf("%w: no key frame", codec.ErrBroken)
	}
	p, err := d.decode(frame)
	d.lost = err != nil
	return p, err
}

func (d *Decoder) decode(frame []byte) (*picture.Picture, error) {
	if code := C.decode(d.c, (*C.uint8_t)(&frame[0]), C.uint(len(frame))); code != C.VPX_CODEC_OK {
		return nil, fmt.Errorf("%w: vpx: %s", codec.ErrBroken, C.GoString(C.vpx_codec_err_to_string(C.vpx_codec_err_t(code))))
	}
	i := d.c.shown
	if i == nil {
		return nil, nil
	}
	if i.fmt != C.VPX_IMG_FMT_I420 {
		return nil, fmt.Errorf("%w: not 8-bit 4:2:0", codec.ErrBroken)
	}
	size := media.Dimensions{Width: int(i.d_w), Height: int(i.d_h)}
	err := codec.Lend(&d.shown, codec.Planes{
		Y: unsafe.Pointer(i.planes[0]), U: unsafe.Pointer(i.planes[1]), V: unsafe.Pointer(i.planes[2]),
		StrideY: int(i.stride[0]), StrideUV: int(i.stride[1]),
	}, size)
	if err != nil {
		return nil, err
	}
	return &d.shown, nil
}

// Close frees the decoder and the picture it lent. It may be called again.
func (d *Decoder) Close() {
	if d.c != nil {
		C.decoder_free(d.c)
		d.c, d.shown = nil, picture.Picture{}
	}
}
