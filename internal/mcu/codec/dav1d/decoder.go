//go:build cgo

package dav1d

/*
#cgo pkg-config: dav1d
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <dav1d/dav1d.h>

enum { spare_buffers = 4 };

typedef struct {
	Dav1dContext *ctx;
	Dav1dPicture shown;           // what Go looks at, until the next frame
	void *spare[spare_buffers];   // buffers of spare_size, for the next pictures
	size_t spare_size;
	int spares;
} decoder;

// Pictures that we can't show are refused before they take memory.
static int allocate(Dav1dPicture *p, void *cookie) {
	decoder *d = cookie;
	if (p->p.bpc != 8 || p->p.layout != DAV1D_PIXEL_LAYOUT_I420) return DAV1D_ERR(ENOTSUP);
	size_t width = (p->p.w + 127) & ~127, height = (p->p.h + 127) & ~127;
	// Rows a power of two apart would share their cache lines' sets.
	size_t luma = width % 1024 ? width : width + DAV1D_PICTURE_ALIGNMENT;
	size_t chroma = (width / 2) % 1024 ? width / 2 : width / 2 + DAV1D_PICTURE_ALIGNMENT;
	size_t size = luma * height + chroma * height + DAV1D_PICTURE_ALIGNMENT;
	if (d->spare_size != size) {
		while (d->spares > 0) free(d->spare[--d->spares]);
		d->spare_size = size;
	}
	void *buffer = NULL;
	if (d->spares > 0) buffer = d->spare[--d->spares];
	else if (posix_memalign(&buffer, DAV1D_PICTURE_ALIGNMENT, size)) return DAV1D_ERR(ENOMEM);
	p->stride[0] = luma;
	p->stride[1] = chroma;
	p->data[0] = buffer;
	p->data[1] = (char *)buffer + luma * height;
	p->data[2] = (char *)buffer + luma * height + chroma * (height / 2);
	p->allocator_data = (void *)size;
	return 0;
}

static void release(Dav1dPicture *p, void *cookie) {
	decoder *d = cookie;
	if ((size_t)p->allocator_data == d->spare_size && d->spares < spare_buffers) d->spare[d->spares++] = p->data[0];
	else free(p->data[0]);
}

static decoder *decoder_new(unsigned area) {
	decoder *d = calloc(1, sizeof *d);
	if (!d) return NULL;
	Dav1dSettings s;
	dav1d_default_settings(&s);
	s.n_threads = 1;
	s.max_frame_delay = 1;
	s.apply_grain = 0;
	s.all_layers = 1; // the caller takes the newest, without waiting for a higher one
	s.frame_size_limit = area;
	s.logger.callback = NULL;
	s.allocator.cookie = d;
	s.allocator.alloc_picture_callback = allocate;
	s.allocator.release_picture_callback = release;
	if (dav1d_open(&d->ctx, &s) < 0) {
		free(d);
		return NULL;
	}
	return d;
}

static void decoder_free(decoder *d) {
	dav1d_picture_unref(&d->shown);
	dav1d_close(&d->ctx);
	while (d->spares > 0) free(d->spare[--d->spares]);
	free(d);
}

// take keeps the newest picture that is ready.
static int take(decoder *d) {
	for (;;) {
		Dav1dPicture p = {0};
		int code = dav1d_get_picture(d->ctx, &p);
		if (code < 0) return code == DAV1D_ERR(EAGAIN) ? 0 : code;
		dav1d_picture_unref(&d->shown);
		d->shown = p;
	}
}

static int decode(decoder *d, const void *frame, size_t size) {
	dav1d_picture_unref(&d->shown);
	Dav1dData data = {0};
	uint8_t *copy = dav1d_data_create(&data, size);
	if (!copy) return DAV1D_ERR(ENOMEM);
	memcpy(copy, frame, size);
	int code = 0;
	while (data.sz > 0 && code == 0) {
		size_t before = data.sz;
		code = dav1d_send_data(d->ctx, &data);
		if (code == DAV1D_ERR(EAGAIN)) code = 0;
		if (code == 0) code = take(d);
		if (code == 0 && data.sz == before) code = DAV1D_ERR(EINVAL);
	}
	if (data.sz > 0) dav1d_data_unref(&data);
	if (code < 0) {
		dav1d_picture_unref(&d->shown);
		dav1d_flush(d->ctx);
	}
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

// Decoder decodes one stream.
type Decoder struct {
	c     *C.decoder // nil once closed
	shown picture.Picture
}

// NewDecoder returns a decoder that waits for a key frame. An error is one of
// memory.
func NewDecoder() (*Decoder, error) {
	c := C.decoder_new(codec.MaxArea)
	if c == nil {
		return nil, errors.New("dav1d: no memory for a decoder")
	}
	return &Decoder{c: c}, nil
}

// Decode decodes a temporal unit of OBUs with their sizes, and returns the last
// picture that it shows, or nil if it shows none. The picture is the library's
// memory, lent until the next call. An error wraps codec.ErrBroken: the next
// frame must be a key frame.
func (d *Decoder) Decode(frame []byte) (*picture.Picture, error) {
	if d.c == nil || len(frame) == 0 {
		return nil, fmt.Errorf("%w: no data, or a closed decoder", codec.ErrBroken)
	}
	if code := C.decode(d.c, unsafe.Pointer(&frame[0]), C.size_t(len(frame))); code < 0 {
		return nil, fmt.Errorf("%w: dav1d: error %d", codec.ErrBroken, -code)
	}
	p := &d.c.shown
	if p.data[0] == nil {
		return nil, nil
	}
	size := media.Dimensions{Width: int(p.p.w), Height: int(p.p.h)}
	err := codec.Lend(&d.shown, codec.Planes{
		Y: p.data[0], U: p.data[1], V: p.data[2],
		StrideY: int(p.stride[0]), StrideUV: int(p.stride[1]),
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
