// Package codectest is what the tests of all codecs share: pictures that move,
// a measure of how alike two are, and what every decoder must withstand.
//
// It is test-only and starts no goroutine.
package codectest

import (
	"errors"
	"math"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Draw paints frame n of a film into p: a soft background that drifts, with a
// disc that moves before it.
func Draw(p *picture.Picture, n int) {
	cx := p.Width/2 + p.Width/4*((n%16)-8)/8
	cy, radius := p.Height/2, p.Height/4
	for y := range p.Height {
		row := p.Y[y*p.StrideY : y*p.StrideY+p.Width]
		for x := range row {
			row[x] = byte(96 + 40*math.Sin(float64(x+n)/24) + 40*math.Cos(float64(y)/18))
			if dx, dy := x-cx, y-cy; dx*dx+dy*dy < radius*radius {
				row[x] = byte(160 + (x*5+y*3)%48)
			}
		}
	}
	for y := range (p.Height + 1) / 2 {
		for x := range (p.Width + 1) / 2 {
			p.U[y*p.StrideUV+x] = byte(128 + 30*math.Sin(float64(x+y+n)/20))
			p.V[y*p.StrideUV+x] = byte(128 + 30*math.Cos(float64(x-y)/20))
		}
	}
}

// Film returns the first n frames in one size.
func Film(width, height, n int) []*picture.Picture {
	film := make([]*picture.Picture, n)
	for i := range film {
		film[i] = picture.New(width, height)
		Draw(film[i], i)
	}
	return film
}

// PSNR returns how alike the luma of two pictures of one size is, in dB; 99 if
// it is equal.
func PSNR(a, b *picture.Picture) float64 {
	if a.Size() != b.Size() {
		return 0
	}
	var sum float64
	for y := range a.Height {
		for x := range a.Width {
			d := float64(a.Y[y*a.StrideY+x]) - float64(b.Y[y*b.StrideY+x])
			sum += d * d
		}
	}
	if sum == 0 {
		return 99
	}
	return 10 * math.Log10(255*255*float64(a.Width*a.Height)/sum)
}

// Encode encodes the film at 30 frames a second and returns copies of the
// frames' data. Dropped ones are nil.
func Encode(t testing.TB, e codec.VideoEncoder, film []*picture.Picture) [][]byte {
	t.Helper()
	var stream [][]byte
	for i, p := range film {
		f, err := e.Encode(p, codec.EncodeOptions{Timestamp: Timestamp(i)})
		if err != nil {
			t.Fatal(err)
		}
		if f == nil {
			stream = append(stream, nil)
			continue
		}
		stream = append(stream, append([]byte(nil), f.Data...))
	}
	return stream
}

// Decode decodes the frames of a stream that is whole, and requires that each
// shows a picture at least as like its frame of the film as least, in dB.
func Decode(t testing.TB, d codec.VideoDecoder, stream [][]byte, film []*picture.Picture, least float64) {
	t.Helper()
	for i, frame := range stream {
		p, err := d.Decode(frame)
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if p == nil {
			t.Fatalf("frame %d shows nothing", i)
		}
		if p.Size() != film[i].Size() {
			t.Fatalf("frame %d is %v, want %v", i, p.Size(), film[i].Size())
		}
		if db := PSNR(p, film[i]); db < least {
			t.Errorf("frame %d: %.1f dB, want %.1f", i, db, least)
		}
	}
}

// Break feeds a decoder with what a broken line makes of a good stream, and
// requires that it neither crashes nor fails with an error that isn't ErrBroken,
// nor shows a picture beyond the limits; and that after it all the stream, which
// begins with a key frame, decodes again.
func Break(t *testing.T, d codec.VideoDecoder, stream [][]byte) {
	t.Helper()
	for i, frame := range stream {
		for _, n := range []int{0, 1, 2, 5, 9, 10, len(frame) / 2, len(frame) - 1} {
			Feed(t, d, frame[:min(n, len(frame))])
		}
		for at := 0; at < len(frame); at += 1 + at/8 {
			bad := append([]byte(nil), frame...)
			bad[at] ^= 1 << (at % 8)
			Feed(t, d, bad)
		}
		if i > 0 {
			Feed(t, d, append(append([]byte(nil), frame...), stream[i-1]...))
		}
		zeros := make([]byte, len(frame))
		Feed(t, d, zeros)
		for i := range zeros {
			zeros[i] = 0xff
		}
		Feed(t, d, zeros)
	}
	shown := 0
	for i, frame := range stream {
		p, err := d.Decode(frame)
		if err != nil {
			t.Errorf("afterwards frame %d: %v", i, err)
		}
		if p != nil {
			shown++
		}
	}
	if shown < len(stream) {
		t.Errorf("afterwards %d of %d frames are shown", shown, len(stream))
	}
}

// Feed decodes one frame and checks what Break promises of it.
func Feed(t *testing.T, d codec.VideoDecoder, frame []byte) {
	t.Helper()
	p, err := d.Decode(frame)
	if err != nil && !errors.Is(err, codec.ErrBroken) {
		t.Fatalf("the error is not ErrBroken: %v", err)
	}
	if err != nil && p != nil {
		t.Fatal("a picture beside an error")
	}
	if p == nil {
		return
	}
	if err := codec.CheckSize(p.Size()); err != nil {
		t.Fatal(err)
	}
	// Reading all of it shows that the memory is there.
	if c := p.Clone(); !c.Equal(p) {
		t.Fatal("the picture changes while one looks")
	}
}

// Timestamp returns that of frame n at 30 frames a second.
func Timestamp(n int) media.Ticks { return media.Ticks(n * 3000) }
