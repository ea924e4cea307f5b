package layout

import (
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

var all = []api.Layout{"", api.LayoutGrid, api.LayoutSpeaker, api.LayoutPresentation, api.LayoutSideBySide,
	api.LayoutPictureInPicture, api.LayoutSingle, api.LayoutScene, "of a newer version"}

// sound says what is wrong with tiles on any canvas, or nothing.
func sound(tiles []Tile, size media.Dimensions) error {
	seen := make(map[string]bool)
	for i, tile := range tiles {
		r, name := tile.Rect, fmt.Sprint(tile.Item, " ", tile.Copy)
		switch {
		case r.Empty() || !r.In(image.Rect(0, 0, size.Width, size.Height)):
			return fmt.Errorf("%s at %v is not in %v", name, r, size)
		case (r.Min.X|r.Min.Y|r.Max.X|r.Max.Y)&1 != 0:
			return fmt.Errorf("%s at %v is odd", name, r)
		case seen[name]:
			return fmt.Errorf("%s is there twice", name)
		case i > 0 && tile.Z < tiles[i-1].Z:
			return fmt.Errorf("%s lies below what comes before", name)
		case !(tile.Opacity >= 0 && tile.Opacity <= 1):
			return fmt.Errorf("%s has the opacity %v", name, tile.Opacity)
		case tile.Fit != api.FitFill && tile.Fit != api.FitContain:
			return fmt.Errorf("%s has the fit %q", name, tile.Fit)
		}
		seen[name] = true
	}
	return nil
}

// apart reports whether no two tiles overlap.
func apart(tiles []Tile) bool {
	for i := range tiles {
		for j := range i {
			if tiles[i].Rect.Overlaps(tiles[j].Rect) {
				return false
			}
		}
	}
	return true
}

// crowd is a room in which anything may happen.
type crowd struct {
	rng  *rand.Rand
	in   Input
	born int
}

func (c *crowd) step() {
	r := c.rng
	n := len(c.in.Items)
	switch k := r.IntN(20); {
	case k < 6 && n < 40 || n == 0:
		c.born++
		c.in.Items = append(c.in.Items, Item{
			ID: fmt.Sprint("item", c.born), Member: fmt.Sprint("m", r.IntN(c.born)), Screen: r.IntN(6) == 0,
			Picture: r.IntN(3) > 0, Aspect: []float64{0, 16.0 / 9, 4.0 / 3, 9.0 / 16, -1, 1e9}[r.IntN(6)],
		})
	case k < 11:
		at := r.IntN(n)
		c.in.Items = slices.Delete(slices.Clone(c.in.Items), at, at+1)
	case k < 13:
		c.in.Items = slices.Clone(c.in.Items)
		at := r.IntN(n)
		c.in.Items[at].Picture = !c.in.Items[at].Picture
	case k < 17:
		c.in.Talker = fmt.Sprint("m", r.IntN(c.born+1))
	case k < 18:
		c.in.Layout = all[r.IntN(len(all))]
	case k < 19:
		c.in.Scene = randomScene(r)
	default:
		c.in.Size = media.Dimensions{Width: 1 + r.IntN(1920), Height: 1 + r.IntN(1080)}
	}
}

func randomScene(r *rand.Rand) *api.Scene {
	s := &api.Scene{}
	for range 1 + r.IntN(12) {
		t := api.SceneTile{X: r.Float64() * 0.9, Y: r.Float64() * 0.9, Z: r.IntN(3), Background: []string{"", "#336699"}[r.IntN(2)]}
		t.Width, t.Height = max(0.02, r.Float64()*(1-t.X)), max(0.02, r.Float64()*(1-t.Y))
		t.Show = []string{"", "", "talker", "screen", "camera:m1", "screen:m2"}[r.IntN(6)]
		s.Tiles = append(s.Tiles, t)
	}
	return s
}

// Whatever the room does, tiles are even and within the canvas; in layouts of
// the house all cells are used, and only an inset covers another tile.
func TestAnyArrangementIsSound(t *testing.T) {
	for seed := range uint64(60) {
		c := &crowd{rng: rand.New(rand.NewPCG(seed, 0)), in: Input{Size: hd}}
		var tiles []Tile
		for range 200 {
			c.step()
			before := slices.Clone(tiles)
			tiles = Place(c.in, tiles)
			if err := sound(tiles, c.in.Size); err != nil {
				t.Fatalf("seed %d: %v in %+v", seed, err, c.in)
			}
			if again := Place(c.in, tiles); !slices.Equal(again, tiles) {
				t.Fatalf("seed %d: with nothing new, %v became %v", seed, tiles, again)
			}
			if again := Place(c.in, before); !slices.Equal(again, tiles) {
				t.Fatalf("seed %d: the same came out as %v and %v", seed, tiles, again)
			}
			placed := (&cast{c.in, nil}).layout()
			if placed == api.LayoutScene || placed == "" || min(c.in.Size.Width, c.in.Size.Height) < 2 {
				continue
			}
			if inset := placed == api.LayoutPictureInPicture; !inset && !apart(tiles) {
				t.Fatalf("seed %d: tiles of %s overlap: %v", seed, placed, tiles)
			}
			if want := min(len(c.in.Items), room(placed, c.in.Size)); len(tiles) != want {
				t.Fatalf("seed %d: %s shows %d of %d, with room for %d", seed, placed, len(tiles), len(c.in.Items), want)
			}
		}
	}
}

// room is how many a layout shows.
func room(l api.Layout, size media.Dimensions) int {
	switch l {
	case api.LayoutGrid:
		return gridCells(size)
	case api.LayoutSpeaker, api.LayoutPresentation:
		return 6
	case api.LayoutSingle:
		return 1
	}
	return 2
}

// shape is the grid's columns and rows, from the tiles.
func shape(tiles []Tile) (columns, rows int) {
	ys := make(map[int]int)
	for _, t := range tiles {
		ys[t.Rect.Min.Y]++
		columns = max(columns, ys[t.Rect.Min.Y])
	}
	return columns, len(ys)
}

// While a grid keeps its columns and rows, who comes or goes moves nobody but
// the one who takes a leaver's cell, and the last row to keep in the middle.
func TestJoinsAndLeavesMoveNobodyInAGrid(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		in := Input{Size: hd, Layout: api.LayoutGrid, Items: people(1)}
		tiles := Place(in, nil)
		for born := range 200 {
			joins := len(in.Items) == 1 || len(in.Items) < 25 && r.IntN(2) == 0
			if joins {
				in.Items = append(slices.Clone(in.Items), Item{ID: fmt.Sprint("n", born), Picture: true})
			} else {
				at := r.IntN(len(in.Items))
				in.Items = slices.Delete(slices.Clone(in.Items), at, at+1)
			}
			before := tiles
			tiles = Place(in, before)
			columns, rows := shape(tiles)
			if c, r := shape(before); c != columns || r != rows {
				continue
			}
			moved := 0
			for _, old := range before {
				at := slices.IndexFunc(tiles, func(t Tile) bool { return t.Item == old.Item })
				if at < 0 {
					continue
				}
				now := tiles[at]
				if now.Cell != old.Cell {
					moved++
				}
				if now.Rect != old.Rect && now.Cell == old.Cell && old.Cell < (rows-1)*columns {
					t.Fatalf("seed %d: %s moved from %v to %v", seed, old.Item, old.Rect, now.Rect)
				}
				if now.Cell == old.Cell && now.Rect.Min.Y != old.Rect.Min.Y {
					t.Fatalf("seed %d: %s left its row", seed, old.Item)
				}
			}
			if joins && moved > 0 || moved > 1 {
				t.Fatalf("seed %d: %d changed their cell", seed, moved)
			}
		}
	}
}

// A stage may be asked at any time; it comes to rest where Place says.
func TestAnyStageComesToRest(t *testing.T) {
	for seed := range uint64(40) {
		c := &crowd{rng: rand.New(rand.NewPCG(seed, 2)), in: Input{Size: hd}}
		var s Stage
		now := media.Time(time.Hour)
		for range 300 {
			c.step()
			s.Update(now, c.in)
			for range c.rng.IntN(4) {
				now = now.Add(time.Duration(c.rng.IntN(120)) * time.Millisecond)
				if err := sound(s.Tiles(now), c.in.Size); err != nil {
					t.Fatalf("seed %d: %v in %+v", seed, err, c.in)
				}
			}
			if c.rng.IntN(10) > 0 {
				continue
			}
			if d := s.Deadline(); d.After(now) {
				now = d
				s.Tiles(now)
			}
			now = now.Add(span)
			if s.Moving(now) || s.Deadline() != 0 && !s.Deadline().After(now) {
				t.Fatalf("seed %d: it does not come to rest", seed)
			}
			if tiles := s.Tiles(now); !slices.Equal(tiles, s.Settled()) {
				t.Fatalf("seed %d: at rest it shows %v, not %v", seed, tiles, s.Settled())
			}
		}
	}
}

// A host's scene is refused, or its tiles are even and within any canvas.
func FuzzScene(f *testing.F) {
	f.Add([]byte(`{"tiles":[{"x":0,"y":0,"width":1,"height":1,"show":"talker"},{"x":0.75,"y":0.75,"width":0.25,"height":0.25,"z":1}]}`), 1280, 720)
	f.Add([]byte(`{"tiles":[{"x":0.98,"y":0.98,"width":0.02,"height":0.02,"show":"screen","background":"#ffffff"}]}`), 160, 90)
	f.Add([]byte(`{"tiles":[{"x":0.3333333,"y":0,"width":0.66666675,"height":1,"fit":"fit","show":"camera:b"},{"x":0,"y":0,"width":0.5,"height":1,"show":"camera:b"}]}`), 3, 5)
	f.Fuzz(func(t *testing.T, b []byte, width, height int) {
		scene := new(api.Scene)
		if json.Unmarshal(b, scene) != nil {
			return
		}
		in := Input{Size: media.Dimensions{Width: width & 0xfff, Height: height & 0xfff}, Layout: api.LayoutScene, Scene: scene,
			Items: append(people(5), screenOf("c")), Talker: "b"}
		tiles := Place(in, nil)
		if err := sound(tiles, in.Size); err != nil {
			t.Error(err)
		}
		if again := Place(in, tiles); !slices.Equal(again, tiles) {
			t.Errorf("%v became %v", tiles, again)
		}
	})
}
