//go:build cgo

package system

import (
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

func TestWhatCanBeEncodedCanBeDecoded(t *testing.T) {
	codecs, err := New()
	if err != nil {
		t.Fatal(err)
	}
	film := codectest.Film(320, 180, 4)
	for _, c := range []media.Codec{media.VP8, media.H264} {
		e, err := codecs.NewVideoEncoder(c, codec.VideoOptions{Size: film[0].Size(), Rate: 1_000_000, FPS: 30, TemporalLayers: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		d, err := codecs.NewVideoDecoder(c)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		codectest.Decode(t, d, codectest.Encode(t, e, film), film, 30)
	}
	for c, name := range map[media.Codec]string{media.VP9: "vp9-160x96", media.AV1: "av1-160x96"} {
		d, err := codecs.NewVideoDecoder(c)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		codectest.Decode(t, d, codectest.ReadIVF(t, name), codectest.Film(160, 96, 12), 33)
	}
}

func TestSoundIsEncodedAndDecoded(t *testing.T) {
	codecs, err := New()
	if err != nil {
		t.Fatal(err)
	}
	e, err := codecs.NewAudioEncoder(64_000)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	d, err := codecs.NewAudioDecoder()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	packet, err := e.Encode(nil, make([]float32, codec.FrameSamples*codec.Channels))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := d.Decode(make([]float32, 6*codec.FrameSamples*codec.Channels), packet); err != nil || n != codec.FrameSamples {
		t.Errorf("%d samples, %v", n, err)
	}
}

func TestUnknownCodecsAreRefused(t *testing.T) {
	codecs, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := codecs.NewVideoDecoder(media.Opus); err == nil || d != nil {
		t.Errorf("a video decoder for Opus: %v, %v", d, err)
	}
	for _, c := range []media.Codec{media.AV1, media.VP8} {
		if e, err := codecs.NewVideoEncoder(c, codec.VideoOptions{}); err == nil || e != nil {
			t.Errorf("an encoder for %v without a size: %v, %v", c, e, err)
		}
	}
	src, dst := codectest.Film(64, 48, 1)[0], picture.New(64, 48)
	codecs.Scale(dst, src)
	if !dst.Equal(src) {
		t.Error("Scale does not copy")
	}
}
