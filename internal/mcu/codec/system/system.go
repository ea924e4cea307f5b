//go:build cgo

package system

import (
	"fmt"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/dav1d"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/openh264"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/opus"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/vpx"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/yuv"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// New returns the codecs. The error is codec.ErrNone in a build that has none,
// else nil.
func New() (codec.Codecs, error) { return codecs{}, nil }

// codecs holds nothing: any goroutine may call it.
type codecs struct{}

func (codecs) NewAudioDecoder() (codec.AudioDecoder, error) {
	return audioDecoder(opus.NewDecoder())
}

func (codecs) NewAudioEncoder(rate media.Bitrate) (codec.AudioEncoder, error) {
	return audioEncoder(opus.NewEncoder(rate))
}

func (codecs) NewVideoDecoder(c media.Codec) (codec.VideoDecoder, error) {
	switch c {
	case media.VP8:
		return videoDecoder(vpx.NewVP8Decoder())
	case media.VP9:
		return videoDecoder(vpx.NewVP9Decoder())
	case media.H264:
		return videoDecoder(openh264.NewDecoder())
	case media.AV1:
		return videoDecoder(dav1d.NewDecoder())
	}
	return nil, fmt.Errorf("there is no decoder for %s", c)
}

func (codecs) NewVideoEncoder(c media.Codec, o codec.VideoOptions) (codec.VideoEncoder, error) {
	switch c {
	case media.VP8:
		return videoEncoder(vpx.NewEncoder(o))
	case media.H264:
		return videoEncoder(openh264.NewEncoder(o))
	}
	return nil, fmt.Errorf("there is no encoder for %s", c)
}

func (codecs) Scale(dst, src *picture.Picture) { yuv.Scale(dst, src) }

// An interface must be nil beside an error, and not hold a nil pointer.

func audioDecoder[T codec.AudioDecoder](t T, err error) (codec.AudioDecoder, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}

func audioEncoder[T codec.AudioEncoder](t T, err error) (codec.AudioEncoder, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}

func videoDecoder[T codec.VideoDecoder](t T, err error) (codec.VideoDecoder, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}

func videoEncoder[T codec.VideoEncoder](t T, err error) (codec.VideoEncoder, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}
