// Package compose draws the program's picture: tiles with pictures or avatars,
// names, signs and frames, on one I420 canvas. It knows what has changed since
// the last picture, draws only that, and tells the encoder where it is.
//
// It places nothing (that is layout's work) and decodes nothing. A Canvas
// belongs to the goroutine that uses it; the package starts none.
package compose

import (
	"image"
	"image/color"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Fit says how a picture is brought to its tile's shape.
type Fit uint8

const (
	// Fill crops what is too much on two sides: for cameras.
	Fill Fit = iota
	// Contain shows all of the picture, with bars: for screens.
	Contain
)

// Tile is one part of the picture, and what to show there.
type Tile struct {
	ID   string          // tells a tile from others, and that it is the same as before
	Rect image.Rectangle // even, inside the canvas; what is not, is cut off
	Fit  Fit
	// Opacity is 0, not to be seen, to 1.
	Opacity float64
	// Picture is lent for the call; nil: there is none, an avatar is shown.
	Picture *picture.Picture
	// Version is another one for each new picture of the tile.
	Version uint64
	// Orientation is the camera's (3GPP TS 26.114 §7.4.5), whose rotation is
	// undone, or media.NoOrientation.
	Orientation uint8

	Name string
	// Note is said in small letters: why there is no picture, for instance.
	Note                 string
	Muted, Talking, Hand bool
}

// Stats count what was drawn.
type Stats struct {
	Pictures uint64 // drawn, of tiles
	Tiles    uint64 // drawn, of all kinds
	Signs    uint64 // made anew: plates, avatars and such
}

// Canvas is the program's picture.
type Canvas struct {
	picture *picture.Picture
	scale   func(dst, src *picture.Picture)
	signs   signs
	masks   masks
	look    look
	bounds  image.Rectangle

	drawn      []state // bottom first, as the picture shows them
	next       []state
	background color.RGBA
	begun      bool
	rebuilt    []image.Rectangle // to be drawn from the ground up

	active  []byte
	columns int // of macroblocks

	scratch *picture.Picture // of the canvas's size, for what is not drawn in place
	turned  *picture.Picture // for what lies on its side
	views   views
	stats   Stats
}

// views are parts of pictures, used within one call: kept so that it allocates
// nothing.
type views struct{ target, layer, inner, source, lying picture.Picture }

// New returns a black canvas. size is positive, and even. scale makes dst show
// all of src, copying where the sizes are equal; nil stands for Scale. faces are
// used by the canvas's owner only; without them, nothing is written.
func New(size media.Dimensions, scale func(dst, src *picture.Picture), faces *text.Faces) *Canvas {
	if scale == nil {
		scale = Scale
	}
	columns, rows := (size.Width+15)/16, (size.Height+15)/16
	c := &Canvas{
		picture: picture.New(size.Width, size.Height), scale: scale,
		look:   lookFor(size),
		bounds: image.Rect(0, 0, size.Width, size.Height),
		active: make([]byte, columns*rows), columns: columns,
		scratch: picture.New(size.Width, size.Height),
	}
	c.signs.init(faces)
	return c
}

// Picture returns the canvas's picture, to be read until the next Draw.
func (c *Canvas) Picture() *picture.Picture { return c.picture }

// Active tells which macroblocks, of 16 by 16 pixels and row by row, may have
// changed since Taken was last called: 1 for those, 0 for the others. It is lent
// until the next call.
func (c *Canvas) Active() []byte { return c.active }

// Taken says that the picture was encoded: changes count from here on.
func (c *Canvas) Taken() { clear(c.active) }

// Stats tells what was drawn so far.
func (c *Canvas) Stats() Stats {
	c.stats.Signs = c.signs.made
	return c.stats
}

// Draw makes the canvas show tiles, the lowest first, on a background, and
// reports whether that differs from what it showed before.
func (c *Canvas) Draw(background color.RGBA, tiles []Tile) (changed bool) {
	background.A = 255
	c.rebuilt = c.rebuilt[:0]
	c.compare(tiles)
	if !c.begun || background != c.background {
		c.begun, c.background = true, background
		c.rebuild(c.bounds)
	}
	c.spread()
	changed = c.mark()
	if changed {
		c.paint(tiles)
	}
	c.drawn, c.next = c.next, c.drawn
	return changed
}

// even returns the part of r that lies inside b, its edges moved inwards to even
// coordinates.
func even(r, b image.Rectangle) image.Rectangle {
	r = r.Intersect(b)
	r.Min.X, r.Min.Y = (r.Min.X+1)&^1, (r.Min.Y+1)&^1
	r.Max.X, r.Max.Y = r.Max.X&^1, r.Max.Y&^1
	if r.Empty() {
		return image.Rectangle{}
	}
	return r
}
