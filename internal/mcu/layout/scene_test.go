package layout

import (
	"image"
	"testing"

	"github.com/tutti-rtc/tutti/api"
)

// stageScene has the talker large on the left and a column of three beside.
func stageScene() *api.Scene {
	return &api.Scene{Tiles: []api.SceneTile{
		{Width: 0.75, Height: 1, Show: "talker"},
		{X: 0.75, Width: 0.25, Height: 1.0 / 3},
		{X: 0.75, Y: 1.0 / 3, Width: 0.25, Height: 1.0 / 3},
		{X: 0.75, Y: 2.0 / 3, Width: 0.25, Height: 1.0 / 3},
	}}
}

func TestASceneShowsEachMemberOnce(t *testing.T) {
	in := Input{Size: hd, Layout: api.LayoutScene, Scene: stageScene(), Items: append(people(3), screenOf("a")), Talker: "b"}
	first := Place(in, nil)
	if got := shown(first); got != "b a c" {
		t.Errorf("it shows %s", got)
	}
	if large := of(t, first, "b").Rect; large != image.Rect(0, 0, 960, 720) {
		t.Errorf("the talker is at %v", large)
	}
	in.Talker = "c"
	if got := shown(Place(in, first)); got != "c a b" {
		t.Errorf("after the next talker it shows %s", got)
	}
	if !apart(first) {
		t.Error("tiles that touch overlap")
	}
}

func TestASceneMayShowAMemberTwice(t *testing.T) {
	scene := stageScene()
	scene.Tiles[1].Show, scene.Tiles[2].Show, scene.Tiles[3].Show = "camera:a", "camera:b", "camera:gone"
	tiles := Place(Input{Size: hd, Layout: api.LayoutScene, Scene: scene, Items: people(2), Talker: "b"}, nil)
	if len(tiles) != 3 || tiles[0].Item != "b" || tiles[0].Copy != 0 || tiles[2].Item != "b" || tiles[2].Copy != 1 {
		t.Errorf("%+v", tiles)
	}
}

func TestASceneIsDrawnByHeightThenInOrder(t *testing.T) {
	tiles := Place(Input{Size: hd, Layout: api.LayoutScene, Items: people(3), Scene: &api.Scene{Tiles: []api.SceneTile{
		{Width: 0.5, Height: 0.5, Z: 2, Show: "camera:a"},
		{Width: 1, Height: 1, Z: -1, Background: "#336699", Show: "screen"},
		{Width: 0.5, Height: 0.6, Show: "camera:b", Fit: api.FitContain, Background: "#000000"},
		{Width: 0.5, Height: 0.7, Show: "camera:c"},
	}}}, nil)
	if got := tiles[0].Item + tiles[1].Item + tiles[2].Item + tiles[3].Item; got != "bca" {
		t.Errorf("the order is %q", got)
	}
	if box := tiles[0]; box.Background != "#336699" || box.Rect != image.Rect(0, 0, 1280, 720) {
		t.Errorf("the box without a screen is %+v", box)
	}
	if b := tiles[1]; b.Fit != api.FitContain || b.Background != "#000000" {
		t.Errorf("the tile with all said is %+v", b)
	}
}

func TestASceneThatCannotBeUsedIsAGrid(t *testing.T) {
	in := Input{Size: hd, Layout: api.LayoutScene, Items: people(4), Scene: &api.Scene{Tiles: []api.SceneTile{{X: 2, Width: 1, Height: 1}}}}
	for range 2 {
		if tiles := Place(in, nil); len(tiles) != 4 || tiles[0].Rect != image.Rect(0, 0, 640, 360) {
			t.Errorf("it is %v", tiles)
		}
		in.Scene = nil
	}
}
