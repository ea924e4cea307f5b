//go:build cgo

package openh264

/*
#include <stdlib.h>
#include <string.h>
#include <wels/codec_api.h>

typedef struct {
	ISVCEncoder *enc;
	SFrameBSInfo info;
	int width, height;
} encoder;

static int initialize(encoder *e, int rate, float fps) {
	SEncParamExt p;
	(*e->enc)->GetDefaultParams(e->enc, &p);
	p.iUsageType = CAMERA_VIDEO_REAL_TIME;
	p.iPicWidth = e->width;
	p.iPicHeight = e->height;
	p.iTargetBitrate = rate;
	p.iMaxBitrate = UNSPECIFIED_BIT_RATE;
	p.iRCMode = RC_BITRATE_MODE;
	p.fMaxFrameRate = fps;
	p.iTemporalLayerNum = 1;
	p.iSpatialLayerNum = 1;
	p.iComplexityMode = LOW_COMPLEXITY;
	p.uiIntraPeriod = 0; // when asked for alone
	p.iNumRefFrame = 1;
	p.eSpsPpsIdStrategy = CONSTANT_ID;
	p.iEntropyCodingModeFlag = 0;
	p.bEnableFrameSkip = 1;
	p.iMultipleThreadIdc = 1;
	p.bEnableDenoise = 0;
	p.bEnableSceneChangeDetect = 0;
	p.sSpatialLayers[0].iVideoWidth = e->width;
	p.sSpatialLayers[0].iVideoHeight = e->height;
	p.sSpatialLayers[0].fFrameRate = fps;
	p.sSpatialLayers[0].iSpatialBitrate = rate;
	p.sSpatialLayers[0].iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
	p.sSpatialLayers[0].uiProfileIdc = PRO_BASELINE;
	p.sSpatialLayers[0].sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
	return (*e->enc)->InitializeExt(e->enc, &p);
}

static encoder *encoder_new(int width, int height, int rate, float fps) {
	encoder *e = calloc(1, sizeof *e);
	if (!e) return NULL;
	e->width = width;
	e->height = height;
	if (WelsCreateSVCEncoder(&e->enc) != 0) {
		free(e);
		return NULL;
	}
	int quiet = WELS_LOG_QUIET;
	(*e->enc)->SetOption(e->enc, ENCODER_OPTION_TRACE_LEVEL, &quiet);
	if (initialize(e, rate, fps) != 0) {
		WelsDestroySVCEncoder(e->enc);
		free(e);
		return NULL;
	}
	return e;
}

static void encoder_free(encoder *e) {
	(*e->enc)->Uninitialize(e->enc);
	WelsDestroySVCEncoder(e->enc);
	free(e);
}

static void set_rate(encoder *e, int rate, float fps) {
	(*e->enc)->SetOption(e->enc, ENCODER_OPTION_FRAME_RATE, &fps);
	SBitrateInfo info = {SPATIAL_LAYER_ALL, rate};
	(*e->enc)->SetOption(e->enc, ENCODER_OPTION_BITRATE, &info);
}

static int encode(encoder *e, unsigned char *y, unsigned char *u, unsigned char *v, int stride_y, int stride_uv, long long ms, int key) {
	SSourcePicture p;
	memset(&p, 0, sizeof p);
	memset(&e->info, 0, sizeof e->info);
	p.iColorFormat = videoFormatI420;
	p.iPicWidth = e->width;
	p.iPicHeight = e->height;
	p.pData[0] = y;
	p.pData[1] = u;
	p.pData[2] = v;
	p.iStride[0] = stride_y;
	p.iStride[1] = p.iStride[2] = stride_uv;
	p.uiTimeStamp = ms;
	if (key) {
		int code = (*e->enc)->ForceIntraFrame(e->enc, 1);
		if (code != 0) return code;
	}
	return (*e->enc)->EncodeFrame(e->enc, &p, &e->info);
}

// size_of is how many bytes of a layer's buffer are filled.
static int size_of(const SLayerBSInfo *l) {
	int size = 0;
	for (int i = 0; i < l->iNalCount; i++) size += l->pNalLengthInByte[i];
	return size;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Encoder encodes pictures of one size, each as one slice. It has no temporal
// layers and takes no heed of EncodeOptions.Active: it finds by itself what
// stands still.
type Encoder struct {
	c    *C.encoder // nil once closed
	size media.Dimensions

	still int // frames since the last change, where the caller tells
	buf   []byte
	frame codec.Frame
}

// refinements is how many frames more of a still picture make it better.
const refinements = 12

// NewEncoder returns an encoder. Options out of range are errors.
func NewEncoder(o codec.VideoOptions) (*Encoder, error) {
	if err := codec.CheckEncoderSize(o.Size); err != nil {
		return nil, fmt.Errorf("openh264: %w", err)
	}
	c := C.encoder_new(C.int(o.Size.Width), C.int(o.Size.Height), bitrate(o.Rate), frameRate(o.FPS))
	if c == nil {
		return nil, errors.New("openh264: the library refuses an encoder")
	}
	return &Encoder{c: c, size: o.Size}, nil
}

func changed(active byte) bool { return active != 0 }

func bitrate(r media.Bitrate) C.int { return C.int(min(max(r, 20_000), 100_000_000)) }

func frameRate(fps int) C.float { return C.float(min(max(fps, 1), 60)) }

// SetRate sets the target rate and the frame rate, 1 to 60.
func (e *Encoder) SetRate(rate media.Bitrate, fps int) {
	if e.c != nil {
		C.set_rate(e.c, bitrate(rate), frameRate(fps))
	}
}

// Encode encodes p, and returns nil if the frame was dropped to keep the rate.
// The frame is lent until the next call.
func (e *Encoder) Encode(p *picture.Picture, o codec.EncodeOptions) (*codec.Frame, error) {
	if e.c == nil || p.Size() != e.size {
		return nil, fmt.Errorf("openh264: a picture of %v for an encoder of %v, or a closed one", p.Size(), e.size)
	}
	key := C.int(0)
	if o.KeyFrame {
		key = 1
	}
	if o.KeyFrame || o.Active == nil || slices.ContainsFunc(o.Active, changed) {
		e.still = 0
	}
	code := C.encode(e.c, (*C.uchar)(&p.Y[0]), (*C.uchar)(&p.U[0]), (*C.uchar)(&p.V[0]),
		C.int(p.StrideY), C.int(p.StrideUV), C.longlong(o.Timestamp/90), key)
	if code != 0 {
		return nil, fmt.Errorf("openh264: EncodeFrame: error %d", code)
	}
	info := &e.c.info
	if info.eFrameType == C.videoFrameTypeSkip || info.eFrameType == C.videoFrameTypeInvalid {
		return nil, nil
	}
	e.buf = e.buf[:0]
	for i := range info.iLayerNum {
		l := &info.sLayerInfo[i]
		e.buf = append(e.buf, unsafe.Slice((*byte)(l.pBsBuf), C.size_of(l))...)
	}
	e.still++
	e.frame = codec.Frame{Data: e.buf, KeyFrame: info.eFrameType == C.videoFrameTypeIDR, Settled: e.still > refinements}
	return &e.frame, nil
}

// Close frees the encoder. It may be called again.
func (e *Encoder) Close() {
	if e.c != nil {
		C.encoder_free(e.c)
		e.c = nil
	}
}
