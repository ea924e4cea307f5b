// Package layout decides where the tiles of the program's picture are: who is
// shown, in which place, how large, and how one arrangement becomes the next.
//
// It is geometry alone. It draws nothing, knows no pictures, and asks nobody
// who talks. Place is a pure function; a Stage is a plain state machine owned
// by the goroutine that calls it. The package starts none.
package layout

import (
	"cmp"
	"image"
	"slices"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Item is what a tile may show: a member's camera or screen.
type Item struct {
	ID     string // of the item; unique among the Items of an Input
	Member string
	Screen bool
	// Picture is set while there is a picture: the camera is on.
	Picture bool
	// Aspect is the picture's width by its height; 0 if not known.
	Aspect float64
}

// Input is what an arrangement is made of.
type Input struct {
	// Size is the canvas's. Odd sizes are taken for the even ones below.
	Size   media.Dimensions
	Layout api.Layout
	// Scene counts with api.LayoutScene. It must not change once it was
	// handed in; a changed one is another Scene.
	Scene *api.Scene
	// Items are in order of joining.
	Items []Item
	// Talker is the member who leads the conversation; empty for nobody.
	Talker string
	// Talked are the members who led it before, Shared the IDs of screens, both
	// the latest first. A Stage keeps them itself.
	Talked, Shared []string
}

// Tile is one place of the picture.
type Tile struct {
	// Item is the ID of what is shown; empty for a plain box in the colour
	// Background, which only scenes have.
	Item string
	// Copy is 0, and 1, 2 and so on where a scene shows an item once more:
	// Item and Copy name a tile for as long as it is seen. Of a plain box it
	// is the Cell.
	Copy int
	// Cell numbers the places of a layout from 0.
	Cell int
	// Rect has even coordinates and sizes and lies within the canvas.
	Rect image.Rectangle
	// Z is the height: higher tiles cover lower ones.
	Z   int
	Fit api.Fit // never empty
	// Opacity is 0 to 1.
	Opacity float64
	// Background is the colour behind the picture as "#rrggbb"; empty for
	// the canvas's.
	Background string
}

// row is how many small tiles there are beside a large one.
const row = 5

// Place returns the tiles of an arrangement, sorted by height. Previous is what
// it returned last, or nil: who is in it stays there, as far as the layout
// allows, and takes the same cell.
func Place(in Input, previous []Tile) []Tile {
	in.Size.Width &^= 1
	in.Size.Height &^= 1
	if in.Size.Width < 2 || in.Size.Height < 2 {
		return nil
	}
	c := cast{in, previous}
	switch in.Layout = c.layout(); in.Layout {
	case api.LayoutScene:
		return c.scene()
	case api.LayoutGrid:
		chosen := c.choose(-1, gridCells(in.Size))
		return c.fill(gridRects(in.Size, len(chosen)), c.seat(chosen, false))
	case api.LayoutSpeaker:
		chosen := c.choose(c.leader(), 1+row)
		large := in.Items[chosen[0]]
		return c.fill(speakerRects(in.Size, len(chosen), large.Screen), c.seat(chosen, true))
	case api.LayoutPresentation:
		chosen := c.choose(c.screen(c.at(0)), 1+row)
		return c.fill(presentationRects(in.Size, len(chosen)), c.seat(chosen, true))
	case api.LayoutSideBySide:
		chosen := c.choose(c.foremost(), 2)
		return c.fill(halves(in.Size, len(chosen)), c.seat(chosen, false))
	case api.LayoutPictureInPicture:
		chosen := c.choose(c.foremost(), 2)
		return c.fill(insetRects(in.Size, len(chosen)), c.seat(chosen, true))
	case api.LayoutSingle:
		chosen := c.choose(c.foremost(), 1)
		return c.fill(insetRects(in.Size, len(chosen)), c.seat(chosen, true))
	}
	return nil
}

// layout returns which layout it is in the end; empty for an empty picture.
func (c *cast) layout() api.Layout {
	screens := slices.ContainsFunc(c.in.Items, func(i Item) bool { return i.Screen })
	switch l := c.in.Layout; {
	case l == api.LayoutScene && c.in.Scene != nil && c.in.Scene.Validate() == nil:
		return l
	case len(c.in.Items) == 0:
		return ""
	case min(c.in.Size.Width, c.in.Size.Height) < 10*row:
		return api.LayoutSingle // nothing could be told apart
	case l == api.LayoutPresentation && !screens:
		return api.LayoutGrid
	case l != "" && l != api.LayoutScene && l.Known():
		return l
	case screens:
		return api.LayoutPresentation
	}
	return api.LayoutGrid // which for one picture is the whole canvas
}

// fill makes the tiles of cells with what is seated in them. In all layouts but
// scenes a later cell that overlaps lies above.
func (c *cast) fill(cells []image.Rectangle, seated []int) []Tile {
	tiles := make([]Tile, 0, len(cells))
	for cell, rect := range cells {
		item := &c.in.Items[seated[cell]]
		z := 0
		if cell > 0 && rect.Overlaps(cells[0]) {
			z = 1
		}
		tiles = append(tiles, Tile{Item: item.ID, Cell: cell, Rect: rect, Z: z, Fit: item.fit(rect), Opacity: 1})
	}
	return tiles
}

// fit says how the item is best brought into a tile. A screen is shown whole;
// so is a camera of which less than half would be seen, as with a phone held
// upright.
func (i *Item) fit(rect image.Rectangle) api.Fit {
	const most = 2.01 // a half, with room for even sizes
	aspect := i.Aspect
	if !(aspect > 0) {
		aspect = 16.0 / 9
	}
	shape := float64(rect.Dx()) / float64(rect.Dy())
	if i.Screen || max(aspect/shape, shape/aspect) > most {
		return api.FitContain
	}
	return api.FitFill
}

func byHeight(a, b Tile) int { return cmp.Or(cmp.Compare(a.Z, b.Z), cmp.Compare(a.Cell, b.Cell)) }
