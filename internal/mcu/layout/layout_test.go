package layout

import (
	"flag"
	"fmt"
	"image"
	"os"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

var (
	hd     = media.Dimensions{Width: 1280, Height: 720}
	update = flag.Bool("update", false, "write the golden arrangements anew")
)

// people returns n cameras that are on: a, b, c and so on, of members of the
// same name.
func people(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		name := string(rune('a' + i))
		items[i] = Item{ID: name, Member: name, Picture: true, Aspect: 16.0 / 9}
	}
	return items
}

func screenOf(member string) Item {
	return Item{ID: member + "-screen", Member: member, Screen: true, Picture: true, Aspect: 1.6}
}

// shown returns the items by cell.
func shown(tiles []Tile) string {
	cells := make([]string, len(tiles))
	for _, t := range tiles {
		if t.Cell < len(cells) {
			cells[t.Cell] = t.Item
		}
	}
	return strings.Join(cells, " ")
}

// of returns an item's tile.
func of(t *testing.T, tiles []Tile, item string) Tile {
	t.Helper()
	for _, tile := range tiles {
		if tile.Item == item {
			return tile
		}
	}
	t.Fatalf("%s is not shown in %v", item, tiles)
	return Tile{}
}

// The file is to be looked at: each line is one arrangement on 1280x720.
func TestLayoutsAreAsAgreed(t *testing.T) {
	const golden = "testdata/arrangements.txt"
	var text strings.Builder
	for _, l := range []api.Layout{api.LayoutGrid, api.LayoutSpeaker, api.LayoutPresentation, api.LayoutSideBySide, api.LayoutPictureInPicture, api.LayoutSingle} {
		for n := 1; n <= 16; n++ {
			items := people(n)
			if l == api.LayoutPresentation {
				items[n-1] = screenOf("a")
			}
			fmt.Fprintf(&text, "%s %d:", l, n)
			for _, tile := range Place(Input{Size: hd, Layout: l, Items: items, Talker: "b"}, nil) {
				r := tile.Rect
				fmt.Fprintf(&text, " %s %dx%d+%d+%d", tile.Item, r.Dx(), r.Dy(), r.Min.X, r.Min.Y)
			}
			text.WriteString("\n")
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(want), "\n")
	for i, line := range strings.Split(text.String(), "\n") {
		if i >= len(lines) || line != lines[i] {
			t.Errorf("line %d is now %s", i+1, line)
		}
	}
}

func TestFullGridsHaveSizesThatScaleCheaply(t *testing.T) {
	for n, want := range map[int]image.Point{1: {1280, 720}, 4: {640, 360}, 9: {426, 240}, 16: {320, 180}} {
		tiles := Place(Input{Size: hd, Layout: api.LayoutGrid, Items: people(n)}, nil)
		if len(tiles) != n {
			t.Errorf("%d tiles for %d", len(tiles), n)
		}
		for _, tile := range tiles {
			if tile.Rect.Size() != want {
				t.Errorf("of %d, %s has %v, not %v", n, tile.Item, tile.Rect.Size(), want)
			}
		}
	}
}

func TestWithoutALayoutAScreenIsShownLarge(t *testing.T) {
	in := Input{Size: hd, Items: people(3)}
	if tiles := Place(in, nil); tiles[0].Rect.Size() != (image.Point{640, 360}) {
		t.Errorf("three people are %v", tiles)
	}
	in.Items = append(in.Items, screenOf("b"))
	tiles := Place(in, nil)
	large := of(t, tiles, "b-screen")
	if large.Rect != image.Rect(0, 0, 1024, 720) || large.Fit != api.FitContain {
		t.Errorf("the screen is %v", large)
	}
	if size := of(t, tiles, "b").Rect.Size(); size != (image.Point{256, 144}) {
		t.Errorf("people beside it are %v", size)
	}
	in.Items = in.Items[:1]
	if tiles := Place(in, tiles); len(tiles) != 1 || tiles[0].Rect != image.Rect(0, 0, 1280, 720) {
		t.Errorf("one is %v", tiles)
	}
	in.Items = nil
	if tiles := Place(in, tiles); len(tiles) != 0 {
		t.Errorf("nobody is %v", tiles)
	}
}

func TestALeaversCellIsTakenByTheLast(t *testing.T) {
	in := Input{Size: hd, Layout: api.LayoutGrid, Items: people(9)}
	before := Place(in, nil)
	in.Items = append(in.Items[:2:2], in.Items[3:]...) // without c
	after := Place(in, before)
	if got := shown(after); got != "a b i d e f g h" {
		t.Errorf("the cells show %s", got)
	}
	in.Items = append(in.Items, people(3)[2])
	if got := shown(Place(in, after)); got != "a b i d e f g h c" {
		t.Errorf("after c is back the cells show %s", got)
	}
}

func TestANewTalkerChangesPlacesWithTheOld(t *testing.T) {
	in := Input{Size: hd, Layout: api.LayoutSpeaker, Items: people(5), Talker: "a"}
	first := Place(in, nil)
	in.Talker = "d"
	second := Place(in, first)
	if before, after := shown(first), shown(second); before != "a b c d e" || after != "d b c a e" {
		t.Errorf("%s became %s", before, after)
	}
	if large := of(t, second, "d").Rect; large != image.Rect(128, 0, 1152, 576) {
		t.Errorf("the talker is at %v", large)
	}
	in.Talker = "" // silence
	if after := shown(Place(in, second)); after != "d b c a e" {
		t.Errorf("in silence the cells show %s", after)
	}
}

func TestOfTooManyTheTalkersAreShown(t *testing.T) {
	in := Input{Size: hd, Layout: api.LayoutGrid, Items: append(people(26), people(30)[26:]...)}
	tiles := Place(in, nil)
	if len(tiles) != 25 {
		t.Fatalf("%d tiles", len(tiles))
	}
	in.Talker = in.Items[28].Member
	in.Talked = []string{in.Talker, "a", "y"}
	next := Place(in, tiles)
	if of(t, next, in.Talker).Cell != of(t, tiles, "x").Cell {
		t.Error("the talker did not take the cell of the last who was silent")
	}
	for _, tile := range tiles {
		if tile.Item != "x" && of(t, next, tile.Item) != tile {
			t.Errorf("%s moved", tile.Item)
		}
	}
	// The talker stays in the picture when somebody else talks.
	in.Talked = []string{"b", in.Talker, "a", "y"}
	in.Talker = "b"
	if got, want := shown(Place(in, next)), shown(next); got != want {
		t.Errorf("%s became %s", want, got)
	}
}

func TestOfTooManyPicturesComeFirst(t *testing.T) {
	in := Input{Size: hd, Layout: api.LayoutSpeaker, Items: people(9), Talker: "b"}
	for _, i := range []int{0, 1, 3} {
		in.Items[i].Picture = false
	}
	if got := shown(Place(in, nil)); got != "b c e f g h" {
		t.Errorf("the cells show %s", got)
	}
	in.Items = in.Items[:6]
	if got := shown(Place(in, nil)); got != "b a c d e f" {
		t.Errorf("with room for all the cells show %s", got)
	}
}

func TestTheScreenShownLastIsTheLargeOne(t *testing.T) {
	in := Input{Size: hd, Items: append(people(3), screenOf("a"), screenOf("b")), Shared: []string{"a-screen", "b-screen"}}
	if got := shown(Place(in, nil)); got != "a-screen a b c b-screen" {
		t.Errorf("the cells show %s", got)
	}
	in.Layout = api.LayoutSideBySide
	if got := shown(Place(in, nil)); got != "a-screen b-screen" {
		t.Errorf("side by side are %s", got)
	}
	in.Talker = "c"
	if got := shown(Place(in, nil)); got != "c a-screen" {
		t.Errorf("with a talker, side by side are %s", got)
	}
}

func TestThePictureInThePictureLiesAbove(t *testing.T) {
	tiles := Place(Input{Size: hd, Layout: api.LayoutPictureInPicture, Items: people(3), Talker: "b", Talked: []string{"b", "c"}}, nil)
	if len(tiles) != 2 || tiles[0].Item != "b" || tiles[0].Rect != image.Rect(0, 0, 1280, 720) ||
		tiles[1].Item != "c" || tiles[1].Rect != image.Rect(936, 516, 1256, 696) || tiles[1].Z <= tiles[0].Z {
		t.Errorf("%+v", tiles)
	}
}

func TestAnUprightPictureIsShownWhole(t *testing.T) {
	in := Input{Size: hd, Layout: api.LayoutSingle, Items: people(1)}
	for aspect, want := range map[float64]api.Fit{0: api.FitFill, 16.0 / 9: api.FitFill, 4.0 / 3: api.FitFill, 1: api.FitFill, 3.0 / 4: api.FitContain, 9.0 / 16: api.FitContain} {
		in.Items[0].Aspect = aspect
		if got := Place(in, nil)[0].Fit; got != want {
			t.Errorf("%v is %s, not %s", aspect, got, want)
		}
	}
	// Side by side, of a wide picture the middle half is seen.
	in.Layout, in.Items = api.LayoutSideBySide, people(2)
	if got := Place(in, nil)[0].Fit; got != api.FitFill {
		t.Errorf("side by side it is %s", got)
	}
}
