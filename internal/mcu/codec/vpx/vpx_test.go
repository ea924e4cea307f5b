//go:build cgo

package vpx

import (
	"errors"
	"image"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

func vp8(t testing.TB) *Decoder {
	t.Helper()
	d, err := NewVP8Decoder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func encoder(t testing.TB, o codec.VideoOptions) *Encoder {
	t.Helper()
	e, err := NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func options(width, height, layers int) codec.VideoOptions {
	return codec.VideoOptions{
		Size: media.Dimensions{Width: width, Height: height},
		Rate: 1_500_000, FPS: 30, TemporalLayers: layers,
	}
}

func TestAFilmGoesThroughVP8(t *testing.T) {
	film := codectest.Film(320, 180, 30)
	stream := codectest.Encode(t, encoder(t, options(320, 180, 1)), film)
	codectest.Decode(t, vp8(t), stream, film, 33)
}

func TestPicturesOfOtherSizesFollow(t *testing.T) {
	d := vp8(t)
	for _, size := range []media.Dimensions{{Width: 320, Height: 180}, {Width: 640, Height: 360}, {Width: 162, Height: 90}} {
		film := codectest.Film(size.Width, size.Height, 4)
		stream := codectest.Encode(t, encoder(t, options(size.Width, size.Height, 1)), film)
		codectest.Decode(t, d, stream, film, 30)
	}
}

// Whoever drops the upper layers sees the lower ones as well as before.
func TestUpperTemporalLayersCanBeDropped(t *testing.T) {
	for layers := 1; layers <= 3; layers++ {
		film := codectest.Film(320, 180, 24)
		e := encoder(t, options(320, 180, layers))
		decoders := make([]*Decoder, layers)
		for i := range decoders {
			decoders[i] = vp8(t)
		}
		counts := make([]int, layers)
		base := uint8(0)
		for i, p := range film {
			f, err := e.Encode(p, codec.EncodeOptions{Timestamp: codectest.Timestamp(i)})
			if err != nil || f == nil {
				t.Fatalf("frame %d: %v", i, err)
			}
			if f.Temporal == 0 {
				base++
			}
			if f.TL0 != base {
				t.Errorf("frame %d belongs to base frame %d, want %d", i, f.TL0, base)
			}
			if f.KeyFrame != (i == 0) {
				t.Errorf("frame %d: key frame %v", i, f.KeyFrame)
			}
			counts[f.Temporal]++
			for top := int(f.Temporal); top < layers; top++ {
				codectest.Decode(t, decoders[top], [][]byte{f.Data}, film[i:], 32)
			}
		}
		for i, n := range counts {
			if want := len(film) >> (layers - max(i, 1)); layers > 1 && n != want {
				t.Errorf("%d frames in layer %d of %d, want %d", n, i, layers, want)
			}
		}
	}
}

// A layer may be entered at a frame that says it refers to the base alone.
func TestALayerIsEnteredAtItsSync(t *testing.T) {
	film := codectest.Film(320, 180, 24)
	e := encoder(t, options(320, 180, 3))
	d := vp8(t)
	up := uint8(0)
	for i, p := range film {
		f, err := e.Encode(p, codec.EncodeOptions{Timestamp: codectest.Timestamp(i)})
		if err != nil || f == nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if i > 9 && f.LayerSync {
			up = max(up, f.Temporal)
		}
		if f.Temporal <= up {
			codectest.Decode(t, d, [][]byte{f.Data}, film[i:], 32)
		}
	}
	if up != 2 {
		t.Errorf("layer %d was the highest with a sync", up)
	}
}

func TestKeyFramesComeWhenAskedFor(t *testing.T) {
	film := codectest.Film(320, 180, 12)
	e := encoder(t, options(320, 180, 2))
	for i, p := range film {
		want := i == 0 || i == 5
		f, err := e.Encode(p, codec.EncodeOptions{Timestamp: codectest.Timestamp(i), KeyFrame: i == 5})
		if err != nil || f == nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if f.KeyFrame != want || want && f.Temporal != 0 {
			t.Errorf("frame %d: key frame %v in layer %d", i, f.KeyFrame, f.Temporal)
		}
		if want {
			codectest.Decode(t, vp8(t), [][]byte{f.Data}, film[i:], 28)
		}
	}
}

// What is not active stays to the byte as it was, even if the picture says
// otherwise.
func TestInactiveMacroblocksStay(t *testing.T) {
	for layers := 1; layers <= 3; layers++ {
		const columns, rows, left = 20, 12, 10
		film := codectest.Film(320, 180, 60)
		e, d := encoder(t, options(320, 180, layers)), vp8(t)
		active := make([]byte, columns*rows)
		for i := range active {
			if i%columns < left {
				active[i] = 1
			}
		}
		var settled *picture.Picture
		for i, p := range film {
			o := codec.EncodeOptions{Timestamp: codectest.Timestamp(i)}
			if i > 0 {
				// The right half stands still.
				for y := range p.Height {
					copy(p.Y[y*p.StrideY+left*16:y*p.StrideY+p.Width], film[0].Y[y*p.StrideY+left*16:])
				}
				o.Active = active
			}
			f, err := e.Encode(p, o)
			if err != nil || f == nil {
				t.Fatalf("frame %d: %v", i, err)
			}
			if f.Settled {
				t.Errorf("frame %d is settled while half of it moves", i)
			}
			shown, err := d.Decode(f.Data)
			if err != nil {
				t.Fatal(err)
			}
			if db := codectest.PSNR(shown, p); db < 30 {
				t.Errorf("frame %d: %.1f dB", i, db)
			}
			right := shown.Window(image.Rect(left*16+16, 0, shown.Width, shown.Height))
			switch {
			case i == 4*refinements+1:
				settled = right.Clone()
			case settled != nil && !settled.Equal(right):
				t.Errorf("%d layers: frame %d changes what is inactive", layers, i)
			}
		}
	}
}

func TestAStillPictureSettles(t *testing.T) {
	film := codectest.Film(640, 360, 1)
	e, d := encoder(t, options(640, 360, 2)), vp8(t)
	still := make([]byte, 40*23)
	var first, last float64
	for i := range 100 {
		o := codec.EncodeOptions{Timestamp: codectest.Timestamp(i)}
		if i > 0 {
			o.Active = still
		}
		f, err := e.Encode(film[0], o)
		if err != nil || f == nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		p, err := d.Decode(f.Data)
		if err != nil {
			t.Fatal(err)
		}
		last = codectest.PSNR(p, film[0])
		if i == 0 {
			first = last
		}
		if f.Settled {
			t.Logf("settled after %d frames, from %.1f to %.1f dB", i+1, first, last)
			if last < first+2 && last < 42 {
				t.Errorf("%.1f dB at first and %.1f in the end", first, last)
			}
			return
		}
	}
	t.Error("it never settles")
}

func TestEncodersRefuseWhatTheyCannot(t *testing.T) {
	for _, o := range []codec.VideoOptions{
		options(321, 180, 1), options(0, 0, 1), options(8, 8, 1), options(5000, 180, 1), options(320, 180, 4),
		{Size: media.Dimensions{Width: 320, Height: 180}, Speed: 17},
	} {
		if e, err := NewEncoder(o); err == nil {
			e.Close()
			t.Errorf("%+v is taken", o)
		}
	}
	e := encoder(t, options(320, 180, 1))
	if _, err := e.Encode(picture.New(322, 180), codec.EncodeOptions{}); err == nil {
		t.Error("a picture of another size is taken")
	}
	if _, err := e.Encode(picture.New(320, 180), codec.EncodeOptions{Active: []byte{1}}); err == nil {
		t.Error("a map of another size is taken")
	}
}

// The rate is kept within a fifth, also after it was changed.
func TestTheRateIsKept(t *testing.T) {
	for _, layers := range []int{1, 2} {
		o := options(320, 180, layers)
		o.Rate = 300_000
		e := encoder(t, o)
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
				t.Errorf("%d layers: %d bit/s, want %d", layers, got, rate)
			}
		}
	}
}

func TestClosedCodecsRefuse(t *testing.T) {
	d, e := vp8(t), encoder(t, options(320, 180, 1))
	for range 2 {
		d.Close()
		e.Close()
	}
	if _, err := d.Decode([]byte{0x10, 0, 0, 0x9d, 1, 0x2a, 16, 0, 16, 0}); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("a closed decoder says %v", err)
	}
	if _, err := e.Encode(picture.New(320, 180), codec.EncodeOptions{}); err == nil {
		t.Error("a closed encoder encodes")
	}
	e.SetRate(1, 1)
}

func TestBrokenVP8DoesNoHarm(t *testing.T) {
	film := codectest.Film(160, 96, 6)
	codectest.Break(t, vp8(t), codectest.Encode(t, encoder(t, options(160, 96, 1)), film))
}

func TestSteadyWorkAllocatesNothing(t *testing.T) {
	film := codectest.Film(320, 180, 2)
	e, d := encoder(t, options(320, 180, 2)), vp8(t)
	n := 0
	if allocs := testing.AllocsPerRun(50, func() {
		n++
		f, err := e.Encode(film[n%2], codec.EncodeOptions{Timestamp: codectest.Timestamp(n)})
		if err != nil || f == nil {
			t.Fatal(f, err)
		}
		if _, err := d.Decode(f.Data); err != nil {
			t.Fatal(err)
		}
	}); allocs > 0 {
		t.Errorf("%.1f allocations a frame", allocs)
	}
}
