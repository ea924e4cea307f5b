//go:build cgo && linux

package yuv

import (
	"image"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
)

// Into a window of a canvas, as a mixer does.
func BenchmarkScale(b *testing.B) {
	for _, c := range []struct {
		name     string
		from, to image.Point
	}{
		{"640x360to426x240", image.Pt(640, 360), image.Pt(426, 240)},
		{"640x360to320x180", image.Pt(640, 360), image.Pt(320, 180)},
		{"1280x720to640x360", image.Pt(1280, 720), image.Pt(640, 360)},
		{"320x180to426x240", image.Pt(320, 180), image.Pt(426, 240)},
		{"640x360to640x360", image.Pt(640, 360), image.Pt(640, 360)},
	} {
		b.Run(c.name, func(b *testing.B) {
			src := codectest.Film(c.from.X, c.from.Y, 1)[0]
			canvas := picture.New(1280, 720)
			dst := canvas.Window(image.Rectangle{Max: c.to})
			var cpu codectest.CPU
			n := 0
			for b.Loop() {
				cpu.Start()
				Scale(dst, src)
				cpu.Stop()
				n++
			}
			cpu.Report(b, n)
		})
	}
}
