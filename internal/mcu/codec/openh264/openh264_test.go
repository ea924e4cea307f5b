//go:build cgo

package openh264

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

func decoder(t testing.TB) *Decoder {
	t.Helper()
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func encoder(t testing.TB, width, height int) *Encoder {
	t.Helper()
	e, err := NewEncoder(codec.VideoOptions{Size: media.Dimensions{Width: width, Height: height}, Rate: 1_500_000, FPS: 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func TestAFilmGoesThroughH264(t *testing.T) {
	film := codectest.Film(320, 180, 30)
	stream := codectest.Encode(t, encoder(t, 320, 180), film)
	codectest.Decode(t, decoder(t), stream, film, 33)
	// Constrained baseline: profile 66 with the second constraint set.
	if !bytes.HasPrefix(stream[0], []byte{0, 0, 0, 1, 0x67, 66}) || stream[0][6]&0x40 == 0 {
		t.Errorf("it begins with % x", stream[0][:8])
	}
}

// Phones encode in the high profile, some in several slices.
func TestTheHighProfileIsDecoded(t *testing.T) {
	codectest.Decode(t, decoder(t), codectest.ReadH264(t, "h264-160x96"), codectest.Film(160, 96, 12), 33)
}

func TestGreyPicturesHaveTheColourOfGrey(t *testing.T) {
	p, err := decoder(t).Decode(codectest.ReadH264(t, "h264-grey")[0])
	if err != nil {
		t.Fatal(err)
	}
	if db := codectest.PSNR(p, codectest.Film(160, 96, 1)[0]); db < 25 {
		t.Errorf("%.1f dB", db)
	}
	for y := range p.Height / 2 {
		if u, v := p.U[y*p.StrideUV+y], p.V[y*p.StrideUV+y]; u != 128 || v != 128 {
			t.Fatalf("the colour is %d, %d", u, v)
		}
	}
}

func TestPicturesOfOtherSizesFollow(t *testing.T) {
	d := decoder(t)
	for _, size := range []media.Dimensions{{Width: 320, Height: 180}, {Width: 640, Height: 360}, {Width: 162, Height: 90}} {
		film := codectest.Film(size.Width, size.Height, 4)
		codectest.Decode(t, d, codectest.Encode(t, encoder(t, size.Width, size.Height), film), film, 30)
	}
}

func TestKeyFramesComeWhenAskedFor(t *testing.T) {
	film := codectest.Film(320, 180, 12)
	e := encoder(t, 320, 180)
	for i, p := range film {
		want := i == 0 || i == 5
		f, err := e.Encode(p, codec.EncodeOptions{Timestamp: codectest.Timestamp(i), KeyFrame: i == 5})
		if err != nil || f == nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if f.KeyFrame != want {
			t.Errorf("frame %d: key frame %v", i, f.KeyFrame)
		}
		if want {
			codectest.Decode(t, decoder(t), [][]byte{f.Data}, film[i:], 28)
		}
	}
}

func TestALossIsToldUntilAKeyFrame(t *testing.T) {
	film := codectest.Film(320, 180, 8)
	stream := codectest.Encode(t, encoder(t, 320, 180), film)
	d := decoder(t)
	if _, err := d.Decode(stream[1]); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("without a key frame: %v", err)
	}
	codectest.Decode(t, d, stream[:2], film, 30)
	if _, err := d.Decode(stream[4]); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("after a loss: %v", err)
	}
	codectest.Decode(t, d, stream, film, 30)
}

// The rate is kept within a fifth, also after it was changed.
func TestTheRateIsKept(t *testing.T) {
	e := encoder(t, 320, 180)
	film := codectest.Film(320, 180, 32)
	for phase, rate := range []media.Bitrate{300_000, 150_000} {
		e.SetRate(rate, 30)
		sum := 0
		for i := range 150 {
			p := film[i%32]
			// Noise that nothing predicts.
			for j := range p.Y {
				p.Y[j] += byte(uint32(i*len(p.Y)+j)*2654435761>>24) & 7
			}
			f, err := e.Encode(p, codec.EncodeOptions{Timestamp: codectest.Timestamp(150*phase + i)})
			if err != nil {
				t.Fatal(err)
			}
			if f != nil && i >= 60 {
				sum += len(f.Data)
			}
		}
		got := media.Bitrate(sum * 8 * 30 / 90)
		if got < rate*3/5 || got > rate*6/5 {
			t.Errorf("%d bit/s, want %d", got, rate)
		}
	}
}

func TestAStillPictureSettles(t *testing.T) {
	film := codectest.Film(320, 180, 1)
	e := encoder(t, 320, 180)
	still := make([]byte, 20*12)
	for i := range 40 {
		f, err := e.Encode(film[0], codec.EncodeOptions{Timestamp: codectest.Timestamp(i), Active: still})
		if err != nil {
			t.Fatal(err)
		}
		if f != nil && f.Settled {
			return
		}
	}
	t.Error("it never settles")
}

func TestEncodersRefuseWhatTheyCannot(t *testing.T) {
	for _, size := range []media.Dimensions{{Width: 321, Height: 180}, {}, {Width: 8, Height: 8}, {Width: 5000, Height: 180}} {
		if e, err := NewEncoder(codec.VideoOptions{Size: size}); err == nil {
			e.Close()
			t.Errorf("%v is taken", size)
		}
	}
	if _, err := encoder(t, 320, 180).Encode(picture.New(322, 180), codec.EncodeOptions{}); err == nil {
		t.Error("a picture of another size is taken")
	}
}

func TestClosedCodecsRefuse(t *testing.T) {
	d, e := decoder(t), encoder(t, 320, 180)
	for range 2 {
		d.Close()
		e.Close()
	}
	if _, err := d.Decode([]byte{0, 0, 0, 1, 0x67}); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("a closed decoder says %v", err)
	}
	if _, err := e.Encode(picture.New(320, 180), codec.EncodeOptions{}); err == nil {
		t.Error("a closed encoder encodes")
	}
	e.SetRate(1, 1)
}

func TestBrokenH264DoesNoHarm(t *testing.T) {
	film := codectest.Film(160, 96, 6)
	codectest.Break(t, decoder(t), codectest.Encode(t, encoder(t, 160, 96), film))
}

func TestSteadyWorkAllocatesNothing(t *testing.T) {
	film := codectest.Film(320, 180, 2)
	e, d := encoder(t, 320, 180), decoder(t)
	n := 0
	step := func() {
		n++
		f, err := e.Encode(film[n%2], codec.EncodeOptions{Timestamp: codectest.Timestamp(n)})
		if err != nil {
			t.Fatal(err)
		}
		if f == nil {
			return
		}
		if _, err := d.Decode(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		step()
	}
	if allocs := testing.AllocsPerRun(50, step); allocs > 0 {
		t.Errorf("%.1f allocations a frame", allocs)
	}
}

func FuzzDecode(f *testing.F) {
	stream := codectest.Encode(f, encoder(f, 64, 48), codectest.Film(64, 48, 3))
	for _, frame := range stream {
		f.Add(frame, frame)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := decoder(t)
		codectest.Feed(t, d, first)
		codectest.Feed(t, d, stream[0])
		codectest.Feed(t, d, second)
		codectest.Feed(t, d, stream[1])
	})
}
