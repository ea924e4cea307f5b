package api

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestASceneWithAWrongTileIsRefusedWithItsNumber(t *testing.T) {
	half := SceneTile{Width: 0.5, Height: 0.5}
	tile := func(change func(*SceneTile)) *Scene {
		wrong := half
		change(&wrong)
		return &Scene{Tiles: []SceneTile{half, wrong}}
	}
	for want, s := range map[string]*Scene{
		"1 to 49 tiles, this one has 0":               {},
		"1 to 49 tiles, this one has 50":              {Tiles: make([]SceneTile, 50)},
		`background "red" is no colour`:               {Background: "red", Tiles: []SceneTile{half}},
		"Tile 2: x is NaN":                            tile(func(t *SceneTile) { t.X = math.NaN() }),
		"Tile 2: y is -0.1; it must be 0 to 1":        tile(func(t *SceneTile) { t.Y = -0.1 }),
		"Tile 2: width is 0; it must be 0.02 to 1":    tile(func(t *SceneTile) { t.Width = 0 }),
		"Tile 2: height is +Inf":                      tile(func(t *SceneTile) { t.Height = math.Inf(1) }),
		"Tile 2: x 0.6 and width 0.5 reach beyond":    tile(func(t *SceneTile) { t.X = 0.6 }),
		"Tile 2: y 0.51 and height 0.5 reach beyond":  tile(func(t *SceneTile) { t.Y = 0.51 }),
		"Tile 2: z is 1001":                           tile(func(t *SceneTile) { t.Z = 1001 }),
		`Tile 2: there is no fit "stretch"`:           tile(func(t *SceneTile) { t.Fit = "stretch" }),
		`Tile 2: it can't show "everybody"`:           tile(func(t *SceneTile) { t.Show = "everybody" }),
		`Tile 2: it can't show "camera:"`:             tile(func(t *SceneTile) { t.Show = "camera:" }),
		`Tile 2: it can't show "screen:aaaa`:          tile(func(t *SceneTile) { t.Show = "screen:" + strings.Repeat("a", 1<<20) }),
		`Tile 2: the background "#12345g" is no colo`: tile(func(t *SceneTile) { t.Background = "#12345g" }),
	} {
		err := s.Validate()
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != CodeBadMessage || !strings.Contains(refused.Text, want) || len(refused.Text) > 400 {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestASceneOfThirdsReachesTheEdge(t *testing.T) {
	var s Scene
	for i := range 3 {
		s.Tiles = append(s.Tiles, SceneTile{X: float64(i) / 3, Width: 1 - 2.0/3, Height: 1, Show: "camera:m" + string(rune('1'+i))})
	}
	s.Tiles[2].X = 0.66666667
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

func TestColoursAreReadInBothCases(t *testing.T) {
	for text, want := range map[string][3]uint8{"#101214": {0x10, 0x12, 0x14}, "#F0A202": {0xf0, 0xa2, 0x02}, "#fffFFF": {255, 255, 255}} {
		if r, g, b, ok := RGB(text); !ok || [3]uint8{r, g, b} != want {
			t.Errorf("%s is read as %d %d %d %v", text, r, g, b, ok)
		}
	}
	for _, text := range []string{"", "#", "101214", "#1012141", "#10 214", "#\x10\x11\x12\x13\x14\x15", "#+12345"} {
		if _, _, _, ok := RGB(text); ok {
			t.Errorf("%q was taken for a colour", text)
		}
	}
}

func TestEveryLayoutIsKnown(t *testing.T) {
	for _, l := range append(words(t)["Layout"], "") {
		if !Layout(l).Known() {
			t.Errorf("%q is not known", l)
		}
	}
	if Layout("mosaic").Known() {
		t.Error("any word is known")
	}
}

// Whatever a host sends is either refused with words or within the bounds.
func FuzzScene(f *testing.F) {
	f.Add([]byte(`{"tiles":[{"x":0,"y":0,"width":1,"height":1,"show":"talker"}]}`))
	f.Add([]byte(`{"background":"#101214","tiles":[{"x":0.5,"y":0.5,"width":0.5,"height":0.5,"z":3,"fit":"fit","show":"screen:a1","background":"#ffffff"}]}`))
	f.Add([]byte(`{"tiles":[{"x":-1e308,"y":1e308,"width":1e-320,"height":0.02,"show":"camera:"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Scene
		if json.Unmarshal(b, &s) != nil {
			return
		}
		if err := s.Validate(); err != nil {
			if err.Error() == "" {
				t.Error("refused without a word")
			}
			return
		}
		for _, tile := range s.Tiles {
			if tile.X < 0 || tile.Y < 0 || tile.X+tile.Width > 1.00001 || tile.Y+tile.Height > 1.00001 || tile.Width < MinSceneTile || tile.Height < MinSceneTile {
				t.Errorf("%+v was let through", tile)
			}
		}
	})
}
