package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/system"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// judge is what codectest needs of a test, in a process that is none.
type judge struct{ testing.TB }

func (judge) Helper() {}
func (judge) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}
func (j judge) Fatalf(format string, args ...any) { j.Fatal(fmt.Sprintf(format, args...)) }
func (j judge) Errorf(format string, args ...any) { j.Fatal(fmt.Sprintf(format, args...)) }

// mixImprisoned takes all measures and then makes every codec of this build
// work.
func mixImprisoned() {
	var t judge
	if _, lacking := Enter(); lacking != nil {
		t.Fatal(lacking)
	}
	codecs, err := system.New()
	if errors.Is(err, codec.ErrNone) {
		return
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	film := codectest.Film(1280, 720, 4)
	for _, c := range []media.Codec{media.VP8, media.H264} {
		e, err := codecs.NewVideoEncoder(c, codec.VideoOptions{Size: film[0].Size(), Rate: 3_000_000, FPS: 30, TemporalLayers: 2})
		must(err)
		d, err := codecs.NewVideoDecoder(c)
		must(err)
		codectest.Decode(t, d, codectest.Encode(t, e, film), film, 25)
		e.Close()
		d.Close()
	}
	for c, name := range map[media.Codec]string{media.VP9: "vp9-160x96", media.AV1: "av1-160x96"} {
		d, err := codecs.NewVideoDecoder(c)
		must(err)
		codectest.Decode(t, d, codectest.ReadIVF(t, name), codectest.Film(160, 96, 12), 25)
		d.Close()
	}
	small := picture.New(640, 360)
	codecs.Scale(small, film[0])
	e, err := codecs.NewAudioEncoder(64_000)
	must(err)
	d, err := codecs.NewAudioDecoder()
	must(err)
	pcm := make([]float32, 6*codec.FrameSamples*codec.Channels)
	packet, err := e.Encode(nil, pcm[:codec.FrameSamples*codec.Channels])
	must(err)
	if n, err := d.Decode(pcm, packet); err != nil || n != codec.FrameSamples {
		t.Fatal(n, err)
	}
}

func TestCodecsWorkInPrison(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, "as-mixer").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
