//go:build cgo

package openh264

/*
#cgo pkg-config: openh264
#include <stdlib.h>
#include <string.h>
#include <wels/codec_api.h>

typedef struct {
	ISVCDecoder *dec;
	SBufferInfo info;
	unsigned char *planes[3];
} decoder;

static decoder *decoder_new(void) {
	decoder *d = calloc(1, sizeof *d);
	if (!d) return NULL;
	if (WelsCreateDecoder(&d->dec) != 0) {
		free(d);
		return NULL;
	}
	int quiet = WELS_LOG_QUIET;
	(*d->dec)->SetOption(d->dec, DECODER_OPTION_TRACE_LEVEL, &quiet);
	SDecodingParam p;
	memset(&p, 0, sizeof p);
	p.uiTargetDqLayer = 255;
	p.eEcActiveIdc = ERROR_CON_DISABLE;
	p.sVideoProperty.size = sizeof p.sVideoProperty;
	p.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
	if ((*d->dec)->Initialize(d->dec, &p) != 0) {
		WelsDestroyDecoder(d->dec);
		free(d);
		return NULL;
	}
	return d;
}

static void decoder_free(decoder *d) {
	(*d->dec)->Uninitialize(d->dec);
	WelsDestroyDecoder(d->dec);
	free(d);
}

static int decode(decoder *d, const unsigned char *frame, int size) {
	memset(&d->info, 0, sizeof d->info);
	memset(d->planes, 0, sizeof d->planes);
	int state = (*d->dec)->DecodeFrameNoDelay(d->dec, frame, size, d->planes, &d->info);
	// Beyond the baseline the library holds pictures back, for the sake of B
	// frames that nobody sends in real time.
	for (int i = 0; i < 16; i++) {
		SBufferInfo held;
		unsigned char *planes[3] = {0};
		memset(&held, 0, sizeof held);
		(*d->dec)->FlushFrame(d->dec, planes, &held);
		if (held.iBufferStatus != 1) break;
		d->info = held;
		memcpy(d->planes, planes, sizeof planes);
	}
	return state;
}

// A union has no fields in Go.
static SSysMEMBuffer *layout(decoder *d) { return &d->info.UsrData.sSystemBuffer; }
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

// Decoder decodes one stream.
type Decoder struct {
	c     *C.decoder // nil once closed
	shown picture.Picture
}

// NewDecoder returns a decoder that waits for a key frame. An error is one of
// memory.
func NewDecoder() (*Decoder, error) {
	c := C.decoder_new()
	if c == nil {
		return nil, errors.New("openh264: no memory for a decoder")
	}
	return &Decoder{c: c}, nil
}

// Decode decodes an access unit and returns the last picture that it shows, or
// nil if it shows none. The picture is the library's memory, lent until the next
// call. An error wraps codec.ErrBroken: the next frame must be a key frame.
func (d *Decoder) Decode(frame []byte) (*picture.Picture, error) {
	if d.c == nil || len(frame) == 0 {
		return nil, fmt.Errorf("%w: no data, or a closed decoder", codec.ErrBroken)
	}
	state := C.decode(d.c, (*C.uchar)(&frame[0]), C.int(len(frame)))
	if state&^C.dsFramePending != C.dsErrorFree {
		return nil, fmt.Errorf("%w: openh264: state %#x", codec.ErrBroken, uint(state))
	}
	if d.c.info.iBufferStatus != 1 || d.c.planes[0] == nil {
		return nil, nil
	}
	l := C.layout(d.c)
	size := media.Dimensions{Width: int(l.iWidth), Height: int(l.iHeight)}
	err := codec.Lend(&d.shown, codec.Planes{
		Y: unsafe.Pointer(d.c.planes[0]), U: unsafe.Pointer(d.c.planes[1]), V: unsafe.Pointer(d.c.planes[2]),
		StrideY: int(l.iStride[0]), StrideUV: int(l.iStride[1]),
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
