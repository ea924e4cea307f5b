// Package codec says what the mixer needs of audio and video codecs. The codecs
// themselves are in folders below, one each, by cgo on the system's libraries;
// package system has them all, or says why this build has none.
//
// It decodes nothing itself and starts no goroutine. A decoder or encoder
// belongs to the goroutine that uses it.
package codec

import (
	"errors"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// ErrNone says that this build of tutti has no codecs.
var ErrNone = errors.New("this build of tutti can't mix, as it was made without the codec libraries (CGO_ENABLED=0): build it with cgo and libopus, libvpx, libyuv, libopenh264 and libdav1d")

// ErrBroken says that a frame could not be decoded. The decoder may be used on,
// from the next key frame.
var ErrBroken = errors.New("the frame can't be decoded")

// Sound is 48 kHz stereo in frames of 20 ms, interleaved, nominally −1 to 1.
const (
	SampleRate   = 48000
	Channels     = 2
	FrameSamples = SampleRate / 50 // per channel
)

// AudioDecoder decodes one Opus stream to interleaved stereo.
type AudioDecoder interface {
	// Decode decodes a packet into pcm and returns how many samples per
	// channel it held. pcm must have room for 120 ms.
	Decode(pcm []float32, packet []byte) (samples int, err error)
	// Recover fills pcm with what next, the packet after a lost one, tells
	// about the lost one (in-band FEC), or conceals where it tells nothing.
	Recover(pcm []float32, next []byte) error
	// Conceal fills pcm with a guess of what a lost packet held.
	Conceal(pcm []float32) error
	Close()
}

// AudioEncoder encodes 20 ms frames of interleaved stereo to Opus.
type AudioEncoder interface {
	// Encode appends the packet to dst. pcm is FrameSamples × Channels long.
	Encode(dst []byte, pcm []float32) ([]byte, error)
	Close()
}

// VideoDecoder decodes the frames of one stream.
type VideoDecoder interface {
	// Decode takes a whole frame and returns the newest picture that it
	// shows, or nil if it shows none. The picture is lent until the next
	// call. An error is ErrBroken, or wraps it.
	Decode(frame []byte) (*picture.Picture, error)
	Close()
}

// Frame is an encoded frame. Data is lent until the encoder's next call.
type Frame struct {
	Data     []byte
	KeyFrame bool
	// Temporal is the frame's temporal layer, 0 the base; LayerSync tells
	// that it refers to frames of the base layer only.
	Temporal  uint8
	LayerSync bool
	// TL0 counts the frames of the base layer (VP8's TL0PICIDX).
	TL0 uint8
	// Settled tells that encoding the same picture again would make it no
	// better: nothing needs to be encoded until something changes.
	Settled bool
}

// EncodeOptions say how one frame is to be encoded.
type EncodeOptions struct {
	// Timestamp is in 90 kHz ticks, growing.
	Timestamp media.Ticks
	// KeyFrame forces one.
	KeyFrame bool
	// Active tells which macroblocks may have changed since the last call
	// of Encode: row by row, one byte each, 0 for those that did not; nil:
	// any. The encoder itself goes on to refine them for a while.
	Active []byte
}

// VideoEncoder encodes pictures of one size in real time.
type VideoEncoder interface {
	// Encode returns nil if the encoder dropped the frame to keep its rate.
	Encode(p *picture.Picture, o EncodeOptions) (*Frame, error)
	// SetRate sets the target rate, and the frame rate to expect.
	SetRate(rate media.Bitrate, fps int)
	Close()
}

// VideoOptions shape an encoder.
type VideoOptions struct {
	Size media.Dimensions // both even
	Rate media.Bitrate
	FPS  int
	// TemporalLayers is 1 to 3; encoders that have none take it for 1.
	TemporalLayers int
	// Speed is libvpx's cpu-used without its sign, 1 to 16; 0 stands for
	// the codec's default.
	Speed int
}

// Codecs makes decoders and encoders.
type Codecs interface {
	NewAudioDecoder() (AudioDecoder, error)
	// NewAudioEncoder returns one for mixes: low delay, rate in bit/s.
	NewAudioEncoder(rate media.Bitrate) (AudioEncoder, error)
	NewVideoDecoder(c media.Codec) (VideoDecoder, error)
	// NewVideoEncoder encodes VP8 or H264 (constrained baseline).
	NewVideoEncoder(c media.Codec, o VideoOptions) (VideoEncoder, error)
	// Scale makes dst show all of src, filtered well enough for faces and
	// text. Equal sizes are copied.
	Scale(dst, src *picture.Picture)
}
