package layout

import (
	"image"
	"slices"
	"strings"

	"github.com/tutti-rtc/tutti/api"
)

// scene places the items as the Scene says, which is valid. Tiles that name
// what they show come first, for the others are given whom these do not show.
func (c *cast) scene() []Tile {
	tiles := c.in.Scene.Tiles
	shown := make([]int, len(tiles))
	for cell := range tiles {
		shown[cell] = c.named(tiles[cell].Show, cell)
	}
	c.rest(shown)
	placed := make([]Tile, 0, len(tiles))
	copies := make(map[string]int, len(tiles))
	for cell := range tiles {
		from := &tiles[cell]
		t := Tile{Cell: cell, Rect: c.rect(from), Z: from.Z, Fit: from.Fit, Opacity: 1, Background: from.Background}
		switch item := shown[cell]; {
		case item >= 0:
			t.Item = c.in.Items[item].ID
			if t.Fit == "" {
				t.Fit = c.in.Items[item].fit(t.Rect)
			}
		case t.Background == "":
			continue
		}
		if t.Fit == "" {
			t.Fit = api.FitFill
		}
		if t.Copy = cell; t.Item != "" {
			t.Copy = copies[t.Item]
			copies[t.Item]++
		}
		placed = append(placed, t)
	}
	slices.SortStableFunc(placed, byHeight)
	return placed
}

// named returns the item that a tile asks for by name.
func (c *cast) named(show string, cell int) int {
	camera, isCamera := strings.CutPrefix(show, api.ShowCamera)
	shared, isShared := strings.CutPrefix(show, api.ShowShared)
	switch {
	case show == api.ShowTalker:
		if i := c.leaderAfter(c.at(cell)); i >= 0 && !c.in.Items[i].Screen {
			return i
		}
	case show == api.ShowScreen:
		return c.screen(c.at(cell))
	case isCamera:
		return c.camera(camera)
	case isShared:
		return slices.IndexFunc(c.in.Items, func(i Item) bool { return i.Member == shared && i.Screen })
	}
	return -1
}

// rest gives the tiles that show the next member one each.
func (c *cast) rest(shown []int) {
	var free []int // cells
	for cell := range c.in.Scene.Tiles {
		if c.in.Scene.Tiles[cell].Show == "" {
			free = append(free, cell)
		}
	}
	waiting := slices.DeleteFunc(c.choose(-1, len(c.in.Items)), func(i int) bool {
		return c.in.Items[i].Screen || slices.Contains(shown, i)
	})
	waiting = waiting[:min(len(waiting), len(free))]
	slices.Sort(waiting)
	free = slices.DeleteFunc(free, func(cell int) bool {
		held := c.at(cell)
		at := slices.Index(waiting, held)
		if held < 0 || at < 0 {
			return false
		}
		shown[cell] = held
		waiting = slices.Delete(waiting, at, at+1)
		return true
	})
	for i := range waiting {
		shown[free[i]] = waiting[i]
	}
}

// rect returns a tile's place. Edges are rounded, not sizes, so that tiles that
// touch in the scene touch in the picture.
func (c *cast) rect(t *api.SceneTile) image.Rectangle {
	w, h := float64(c.in.Size.Width), float64(c.in.Size.Height)
	x0, x1 := edges(t.X*w, t.Width*w, c.in.Size.Width)
	y0, y1 := edges(t.Y*h, t.Height*h, c.in.Size.Height)
	return image.Rect(x0, y0, x1, y1)
}

// edges returns the even numbers next to both ends, within an even size and at
// least 2 apart.
func edges(from, length float64, size int) (int, int) {
	a := min(even(from), size-2)
	b := min(even(from+length), size)
	return a, max(b, a+2)
}
