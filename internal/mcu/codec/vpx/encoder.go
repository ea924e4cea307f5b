//go:build cgo

package vpx

/*
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

typedef struct {
	vpx_codec_ctx_t ctx;
	vpx_codec_enc_cfg_t cfg;
	vpx_image_t img; // its planes are those of the call
	const vpx_codec_cx_pkt_t *packet;
} encoder;

// set_layers shares the rate out among the temporal layers: each may use what
// the lower ones do, and some more. Of two, the upper one gets little: nothing
// refers to its frames, and what the base layer gets serves both.
static void set_layers(vpx_codec_enc_cfg_t *c, int layers) {
	static const unsigned share[3][3] = {{100}, {90, 100}, {40, 60, 100}};
	static const unsigned decimator[3][3] = {{1}, {2, 1}, {4, 2, 1}};
	static const unsigned ids[3][4] = {{0}, {0, 1}, {0, 2, 1, 2}};
	static const unsigned period[3] = {1, 2, 4};
	c->ts_number_layers = layers;
	c->ts_periodicity = period[layers - 1];
	for (int i = 0; i < layers; i++) {
		c->ts_target_bitrate[i] = c->rc_target_bitrate * share[layers - 1][i] / 100;
		c->ts_rate_decimator[i] = decimator[layers - 1][i];
	}
	for (unsigned i = 0; i < c->ts_periodicity; i++) c->ts_layer_id[i] = ids[layers - 1][i];
}

static int configure(vpx_codec_enc_cfg_t *c, int width, int height, int layers, unsigned kbps) {
	int code = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), c, 0);
	if (code != VPX_CODEC_OK) return code;
	c->g_w = width;
	c->g_h = height;
	c->g_threads = 1;
	c->g_timebase.num = 1;
	c->g_timebase.den = 90000;
	c->g_lag_in_frames = 0;
	c->g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
	c->g_pass = VPX_RC_ONE_PASS;
	c->rc_end_usage = VPX_CBR;
	c->rc_resize_allowed = 0;
	c->rc_min_quantizer = 2;
	c->rc_max_quantizer = 56;
	c->rc_undershoot_pct = 100;
	c->rc_overshoot_pct = 15;
	c->rc_buf_initial_sz = 500;
	c->rc_buf_optimal_sz = 600;
	c->rc_buf_sz = 1000;
	c->rc_dropframe_thresh = 30;
	c->kf_mode = VPX_KF_DISABLED;
	c->rc_target_bitrate = kbps;
	set_layers(c, layers);
	return code;
}

static encoder *encoder_new(int width, int height, int layers, unsigned kbps, int speed, int intra) {
	encoder *e = calloc(1, sizeof *e);
	if (!e) return NULL;
	if (configure(&e->cfg, width, height, layers, kbps) != VPX_CODEC_OK ||
		vpx_codec_enc_init(&e->ctx, vpx_codec_vp8_cx(), &e->cfg, 0) != VPX_CODEC_OK) {
		free(e);
		return NULL;
	}
	vpx_codec_control(&e->ctx, VP8E_SET_CPUUSED, -speed);
	// What differs by less is not looked at: a tenth of the time, and nothing that
	// is seen.
	vpx_codec_control(&e->ctx, VP8E_SET_STATIC_THRESHOLD, 300);
	vpx_codec_control(&e->ctx, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
	vpx_codec_control(&e->ctx, VP8E_SET_NOISE_SENSITIVITY, 0);
	vpx_codec_control(&e->ctx, VP8E_SET_MAX_INTRA_BITRATE_PCT, intra);
	unsigned char none;
	vpx_img_wrap(&e->img, VPX_IMG_FMT_I420, width, height, 1, &none);
	return e;
}

static void encoder_free(encoder *e) {
	vpx_codec_destroy(&e->ctx);
	free(e);
}

static int set_rate(encoder *e, int layers, unsigned kbps, int intra) {
	e->cfg.rc_target_bitrate = kbps;
	set_layers(&e->cfg, layers);
	vpx_codec_control(&e->ctx, VP8E_SET_MAX_INTRA_BITRATE_PCT, intra);
	return vpx_codec_enc_config_set(&e->ctx, &e->cfg);
}

static int set_active(encoder *e, unsigned char *map, int columns, int rows) {
	vpx_active_map_t m = {map, rows, columns};
	return vpx_codec_control(&e->ctx, VP8E_SET_ACTIVEMAP, &m);
}

static int encode(encoder *e, unsigned char *y, unsigned char *u, unsigned char *v, int stride_y, int stride_uv,
	vpx_codec_pts_t at, unsigned long duration, int layer, vpx_enc_frame_flags_t flags) {
	e->packet = NULL;
	e->img.planes[0] = y;
	e->img.planes[1] = u;
	e->img.planes[2] = v;
	e->img.stride[0] = stride_y;
	e->img.stride[1] = e->img.stride[2] = stride_uv;
	vpx_codec_control(&e->ctx, VP8E_SET_TEMPORAL_LAYER_ID, layer);
	int code = vpx_codec_encode(&e->ctx, &e->img, at, duration, flags, VPX_DL_REALTIME);
	memset(e->img.planes, 0, sizeof e->img.planes); // Go's memory is lent for the call
	if (code != VPX_CODEC_OK) return code;
	vpx_codec_iter_t iter = NULL;
	for (const vpx_codec_cx_pkt_t *p; (p = vpx_codec_get_cx_data(&e->ctx, &iter));)
		if (p->kind == VPX_CODEC_CX_FRAME_PKT) e->packet = p;
	return code;
}

// A union has no fields in Go.
static void *packet_data(encoder *e) { return e->packet->data.frame.buf; }
static size_t packet_size(encoder *e) { return e->packet->data.frame.sz; }
static int packet_key(encoder *e) { return (e->packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0; }

static int last_quantizer(encoder *e) {
	int q = 63;
	vpx_codec_control(&e->ctx, VP8E_GET_LAST_QUANTIZER_64, &q);
	return q;
}
*/
import "C"

import (
	"cmp"
	"errors"
	"fmt"
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// defaultSpeed is libvpx's cpu-used without its sign. It is the fastest that
// looks for quarters of a pixel: 9 saves a twentieth and loses half a dB.
const defaultSpeed = 8

// Encoder encodes VP8 in real time, at a constant rate, each frame in one
// partition.
type Encoder struct {
	c       *C.encoder // nil once closed
	size    media.Dimensions
	pattern []slot
	changes *changes

	fps   int
	clock clock
	next  int // the slot of the next frame
	tl0   uint8
	began bool
	frame codec.Frame
}

// slot is a frame's place among the temporal layers.
type slot struct {
	layer uint8
	sync  bool
	flags C.vpx_enc_frame_flags_t
}

const (
	// onlyLast refers to the base layer's last frame alone.
	onlyLast = C.VP8_EFLAG_NO_REF_GF | C.VP8_EFLAG_NO_REF_ARF
	// updateLast is what the base layer does, keepAll what nobody refers to.
	updateLast = C.VP8_EFLAG_NO_UPD_GF | C.VP8_EFLAG_NO_UPD_ARF
	keepAll    = updateLast | C.VP8_EFLAG_NO_UPD_LAST | C.VP8_EFLAG_NO_UPD_ENTROPY
	// updateGolden is what a middle layer does.
	updateGolden = C.VP8_EFLAG_NO_UPD_LAST | C.VP8_EFLAG_NO_UPD_ARF | C.VP8_EFLAG_NO_UPD_ENTROPY
)

// pattern returns the slots that frames of n temporal layers fill in turn. A
// single layer leaves the choice of references to the library.
func pattern(n int) []slot {
	switch n {
	case 2:
		return []slot{{0, false, onlyLast | updateLast}, {1, true, onlyLast | keepAll}}
	case 3:
		return []slot{
			{0, false, onlyLast | updateLast},
			{2, true, onlyLast | keepAll},
			{1, true, onlyLast | updateGolden},
			{2, false, C.VP8_EFLAG_NO_REF_ARF | keepAll},
		}
	}
	return []slot{{}}
}

// NewEncoder returns an encoder of VP8. Options out of range are errors, but a
// speed of 0 stands for 8.
func NewEncoder(o codec.VideoOptions) (*Encoder, error) {
	if err := codec.CheckEncoderSize(o.Size); err != nil {
		return nil, fmt.Errorf("vpx: %w", err)
	}
	layers, speed := max(o.TemporalLayers, 1), cmp.Or(o.Speed, defaultSpeed)
	if layers > 3 || speed < 1 || speed > 16 {
		return nil, fmt.Errorf("vpx: %d temporal layers at speed %d, want at most 3 and 16", layers, speed)
	}
	fps := frameRate(o.FPS)
	c := C.encoder_new(C.int(o.Size.Width), C.int(o.Size.Height), C.int(layers), kbps(o.Rate), C.int(speed), intraLimit(fps))
	if c == nil {
		return nil, errors.New("vpx: the library refuses an encoder")
	}
	columns, rows := macroblocks(o.Size)
	return &Encoder{c: c, size: o.Size, pattern: pattern(layers), changes: newChanges(columns * rows), fps: fps}, nil
}

func macroblocks(d media.Dimensions) (columns, rows int) {
	return (d.Width + 15) / 16, (d.Height + 15) / 16
}

func kbps(r media.Bitrate) C.uint { return C.uint(min(max(r, 20_000), 100_000_000) / 1000) }

func frameRate(fps int) int { return min(max(fps, 1), 60) }

// intraLimit is how large a key frame may get, in per cent of a frame's share of
// the rate: half of the buffer that the receiver is thought to have.
func intraLimit(fps int) C.int { return C.int(max(300, 300*fps/10)) }

// SetRate sets the target rate and the frame rate, 1 to 60.
func (e *Encoder) SetRate(rate media.Bitrate, fps int) {
	if e.c != nil {
		e.fps = frameRate(fps)
		C.set_rate(e.c, C.int(e.layers()), kbps(rate), intraLimit(e.fps))
	}
}

func (e *Encoder) layers() int {
	switch len(e.pattern) {
	case 4:
		return 3
	default:
		return len(e.pattern)
	}
}

// Encode encodes p, and returns nil if the frame was dropped to keep the rate.
// The frame is the library's memory, lent until the next call. A macroblock that
// is not active any more is refined in the next few frames.
func (e *Encoder) Encode(p *picture.Picture, o codec.EncodeOptions) (*codec.Frame, error) {
	columns, rows := macroblocks(e.size)
	switch {
	case e.c == nil:
		return nil, errors.New("vpx: a closed encoder")
	case p.Size() != e.size:
		return nil, fmt.Errorf("vpx: a picture of %v for an encoder of %v", p.Size(), e.size)
	case o.Active != nil && len(o.Active) != columns*rows:
		return nil, fmt.Errorf("vpx: %d macroblocks of %d×%d", len(o.Active), columns, rows)
	}
	key := o.KeyFrame || !e.began
	if key {
		e.next, o.Active = 0, nil
	}
	e.changes.note(o.Active)
	e.setActive(key, columns, rows)
	s := e.pattern[e.next]
	flags := s.flags
	if key {
		flags = C.VPX_EFLAG_FORCE_KF
	}
	step := media.Ticks(90000 / e.fps)
	at := e.clock.tick(o.Timestamp, step)
	code := C.encode(e.c, (*C.uchar)(&p.Y[0]), (*C.uchar)(&p.U[0]), (*C.uchar)(&p.V[0]), C.int(p.StrideY), C.int(p.StrideUV),
		C.vpx_codec_pts_t(at), C.ulong(step), C.int(s.layer), flags)
	if code != C.VPX_CODEC_OK {
		return nil, fmt.Errorf("vpx: %s", C.GoString(C.vpx_codec_err_to_string(C.vpx_codec_err_t(code))))
	}
	if e.c.packet == nil || C.packet_size(e.c) == 0 {
		return nil, nil
	}
	return e.done(s), nil
}

// setActive tells the library what to look at; a key frame shows everything.
func (e *Encoder) setActive(key bool, columns, rows int) {
	active := (*C.uchar)(&e.changes.active[0])
	if key || e.changes.open == len(e.changes.active) {
		active = nil
	}
	C.set_active(e.c, active, C.int(columns), C.int(rows))
}

// done describes the frame that came out and moves on to the next slot.
func (e *Encoder) done(s slot) *codec.Frame {
	e.began = true
	e.next = (e.next + 1) % len(e.pattern)
	if s.layer == 0 {
		e.tl0++
		e.changes.encoded()
	}
	e.frame = codec.Frame{
		Data:      unsafe.Slice((*byte)(C.packet_data(e.c)), C.packet_size(e.c)),
		KeyFrame:  C.packet_key(e.c) != 0,
		Temporal:  s.layer,
		LayerSync: s.sync,
		TL0:       e.tl0,
		Settled:   e.changes.settled(),
	}
	return &e.frame
}

// Close frees the encoder and the frame it lent. It may be called again.
func (e *Encoder) Close() {
	if e.c != nil {
		C.encoder_free(e.c)
		e.c, e.frame = nil, codec.Frame{}
	}
}
