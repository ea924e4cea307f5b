package compose

import "image"

// frame is the shape of a tile's border: a margin in the colour of the stage,
// round corners, and the talker's ring. All in pixels; the zero frame is none.
type frame struct {
	left, top, right, bottom int // margin
	radius                   int // of the picture's corners
	ring                     int // width; 0: does not talk
	block                    int // side of the squares that hold a corner, even
}

// frame returns the frame of a tile. One that fills the canvas has none.
func (l *look) frame(r, canvas image.Rectangle, talking bool) frame {
	if r.Empty() || r == canvas {
		return frame{}
	}
	// Towards the canvas's edge, the gap is as wide as between two tiles.
	margin := func(distance int) int { return max(l.margin, 2*l.margin-distance) }
	f := frame{
		left: margin(r.Min.X - canvas.Min.X), top: margin(r.Min.Y - canvas.Min.Y),
		right: margin(canvas.Max.X - r.Max.X), bottom: margin(canvas.Max.Y - r.Max.Y),
		radius: min(l.radius, min(r.Dx(), r.Dy())/8),
	}
	if talking {
		f.ring = l.ring
	}
	f.block = (max(f.left, f.top, f.right, f.bottom) + max(f.radius, l.ring) + 1) &^ 1
	if 2*f.block > min(r.Dx(), r.Dy()) {
		return frame{}
	}
	return f
}
