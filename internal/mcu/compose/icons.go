package compose

import (
	"image"
	"image/color"
	"math"
)

// icon returns how far outside of a drawing a point is, negative for inside. The
// drawing is 24 units wide and high.
type icon func(x, y float64) float64

// paintIcon draws an icon so many pixels wide, less a share of that on each side.
func paintIcon(m *image.RGBA, draw icon, at image.Point, side float64, c color.RGBA, inset float64) {
	unit := side * (1 - 2*inset) / 24
	edge := side * inset
	for y := range int(side + 1) {
		for x := range int(side + 1) {
			if !image.Pt(at.X+x, at.Y+y).In(m.Rect) {
				continue
			}
			d := draw((float64(x)+0.5-edge)/unit, (float64(y)+0.5-edge)/unit) * unit
			over(m, at.X+x, at.Y+y, c, min(max(0.5-d, 0), 1))
		}
	}
}

// capsule is a line from a to b with round ends.
func capsule(x, y, ax, ay, bx, by, radius float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((x-ax)*dx+(y-ay)*dy)/l, 0), 1)
	}
	return math.Hypot(x-ax-t*dx, y-ay-t*dy) - radius
}

// microphoneOff is a microphone, struck through.
func microphoneOff(x, y float64) float64 {
	const stroke = 1.15
	body := capsule(x, y, 12, 6, 12, 11, 3.3)
	// The holder is the lower half of a circle, on a foot.
	holder := math.Abs(math.Hypot(x-12, y-11)-6.9) - stroke
	if y < 11 {
		holder = min(math.Hypot(x-5.1, y-11), math.Hypot(x-18.9, y-11)) - stroke
	}
	foot := capsule(x, y, 12, 18, 12, 21.4, stroke)
	microphone := min(body, holder, foot)
	// The line has room on its upper side, so that it can be told from the rest.
	gap := capsule(x, y, 4.4, 1, 24, 20.6, 1.5)
	return min(max(microphone, -gap), capsule(x, y, 2.6, 2.6, 21.4, 21.4, 1.2))
}

// hand is a raised hand.
func hand(x, y float64) float64 {
	fingers := min(
		capsule(x, y, 8, 13, 8, 5.4, 1.45),
		capsule(x, y, 11.6, 13, 11.6, 3.2, 1.45),
		capsule(x, y, 15.2, 13, 15.2, 4.2, 1.45),
		capsule(x, y, 18.8, 14, 18.8, 7.4, 1.45),
	)
	thumb := capsule(x, y, 9.4, 18.6, 3.8, 13.4, 1.55)
	// The palm is a box whose lower corners are rounder.
	palm := -rounded(min(x-6.55, 20.25-x), 22.4-y, 5.6)
	if y < 12.4 {
		palm = max(palm, 12.4-y)
	}
	return min(fingers, thumb, palm)
}
