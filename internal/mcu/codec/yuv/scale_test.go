//go:build cgo

package yuv

import (
	"image"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
)

func TestScaledPicturesLookTheSame(t *testing.T) {
	src := codectest.Film(640, 360, 1)[0]
	for _, size := range []image.Point{{320, 180}, {426, 240}, {640, 360}, {1280, 720}, {854, 480}, {214, 120}, {101, 57}} {
		dst, back := picture.New(size.X, size.Y), picture.New(640, 360)
		Scale(dst, src)
		Scale(back, dst)
		if db := codectest.PSNR(back, src); db < 20 {
			t.Errorf("%v: %.1f dB", size, db)
		}
	}
}

// What lies around the window is not touched, in any plane.
func TestOnlyTheWindowIsPainted(t *testing.T) {
	src := codectest.Film(640, 360, 1)[0].Window(image.Rect(32, 20, 632, 340))
	canvas := picture.New(1280, 720)
	canvas.Fill(7, 8, 9)
	r := image.Rect(100, 50, 526, 290)
	Scale(canvas.Window(r), src)
	for y := range canvas.Height {
		for x := range canvas.Width {
			inside := image.Pt(x, y).In(r)
			if !inside && canvas.Y[y*canvas.StrideY+x] != 7 {
				t.Fatalf("luma at %d,%d is painted", x, y)
			}
			c := y/2*canvas.StrideUV + x/2
			if !inside && (canvas.U[c] != 8 || canvas.V[c] != 9) {
				t.Fatalf("chroma at %d,%d is painted", x, y)
			}
		}
	}
	alone := picture.New(426, 240)
	Scale(alone, src)
	if !alone.Equal(canvas.Window(r)) {
		t.Error("the window shows something else than a picture of its own")
	}
}

func TestEqualSizesAreCopied(t *testing.T) {
	src := codectest.Film(64, 48, 1)[0]
	dst := picture.New(64, 48)
	Scale(dst, src)
	if !dst.Equal(src) {
		t.Error("the copy is not equal")
	}
}

func TestTinyPicturesScale(t *testing.T) {
	for _, from := range []image.Point{{1, 1}, {2, 2}, {3, 1}, {1, 90}, {16, 16}} {
		for _, to := range []image.Point{{1, 1}, {2, 2}, {3, 5}, {400, 2}} {
			src, dst := picture.New(from.X, from.Y), picture.New(to.X, to.Y)
			src.Fill(200, 100, 50)
			Scale(dst, src)
			// Boxes are rounded.
			if y, u, v := dst.Y[len(dst.Y)-1], dst.U[0], dst.V[0]; y < 199 || y > 201 || u != 100 || v != 50 {
				t.Errorf("%v to %v: %d %d %d", from, to, dst.Y[len(dst.Y)-1], dst.U[0], dst.V[0])
			}
		}
	}
}
