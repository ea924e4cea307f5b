package api

import (
	"math"
	"slices"
	"strings"
)

// Layout is how the program's picture is divided among the members. The empty
// one leaves it to the server: LayoutPresentation while somebody shows a
// screen, LayoutSingle for one picture, else LayoutGrid.
type Layout string

// The layouts.
const (
	LayoutGrid             Layout = "grid"               // all of one size
	LayoutSpeaker          Layout = "speaker"            // the talker large, the others in a row below
	LayoutPresentation     Layout = "presentation"       // the screen large, people in a column beside it
	LayoutSideBySide       Layout = "side_by_side"       // the two that matter most, one beside the other
	LayoutPictureInPicture Layout = "picture_in_picture" // the one that matters most, another small in its corner
	LayoutSingle           Layout = "single"             // the one that matters most, alone
	LayoutScene            Layout = "scene"              // as a Scene says
)

// Known reports whether l is one of the layouts above or empty.
func (l Layout) Known() bool {
	return l == "" || slices.Contains([]Layout{LayoutGrid, LayoutSpeaker, LayoutPresentation,
		LayoutSideBySide, LayoutPictureInPicture, LayoutSingle, LayoutScene}, l)
}

// Fit is how a picture is brought into a tile of another shape.
type Fit string

// The ways to fit. The empty one leaves it to the server: cameras fill their
// tile, screens are shown whole.
const (
	FitFill    Fit = "fill" // the tile is full, what sticks out is cut off
	FitContain Fit = "fit"  // the whole picture, with margins
)

// What a tile of a scene may show, besides the next member that no other tile
// shows (the empty string).
const (
	// ShowTalker is who leads the conversation.
	ShowTalker = "talker"
	// ShowScreen is the screen shown last.
	ShowScreen = "screen"
	// ShowCamera, with a member's id behind it, is that member's camera.
	ShowCamera = "camera:"
	// ShowShared, with a member's id behind it, is the screen that member shows.
	ShowShared = "screen:"
)

// The bounds of a scene.
const (
	// MaxSceneTiles is how many tiles a scene may have.
	MaxSceneTiles = 49
	// MinSceneTile is the least width and height, as a part of the canvas's.
	MinSceneTile = 0.02
	// MaxSceneZ and its negative bound a tile's z.
	MaxSceneZ = 1000
	// MaxSceneShow bounds what a tile shows, in bytes.
	MaxSceneShow = 128
)

// Scene is a layout of one's own.
type Scene struct {
	// Background is the canvas's colour as "#rrggbb"; empty for the server's.
	Background string `json:"background,omitempty"`
	// Tiles are 1 to 49. Those that ask for the next member are given one in
	// this order.
	Tiles []SceneTile `json:"tiles"`
}

// SceneTile is a place in a scene. Its sizes are fractions of the canvas.
type SceneTile struct {
	// X and Y are of the upper left corner, 0 to 1.
	X float64 `json:"x"`
	Y float64 `json:"y"`
	// Width and Height are 0.02 to 1; the tile must lie within the canvas.
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
	// Z is −1000 to 1000: higher tiles cover lower ones, and of equal ones
	// the later covers the earlier.
	Z int `json:"z,omitempty"`
	// Fit is empty for what suits the picture.
	Fit Fit `json:"fit,omitempty"`
	// Show is empty for the next member that no other tile shows, "talker",
	// "screen", or "camera:" or "screen:" with a member's id behind it.
	Show string `json:"show,omitempty"`
	// Background is the colour behind a picture that does not fill the tile,
	// as "#rrggbb". A tile with nothing to show is left out if it has none.
	Background string `json:"background,omitempty"`
}

// Validate returns nil, or an *Error with CodeBadMessage that says what is
// wrong with which tile; tiles are counted from 1.
func (s *Scene) Validate() error {
	if n := len(s.Tiles); n < 1 || n > MaxSceneTiles {
		return Errorf(CodeBadMessage, "A scene has 1 to %d tiles, this one has %d.", MaxSceneTiles, n)
	}
	if !isColour(s.Background) {
		return Errorf(CodeBadMessage, "The scene's background %q is no colour: write #rrggbb.", clip(s.Background))
	}
	for i := range s.Tiles {
		if err := s.Tiles[i].validate(i + 1); err != nil {
			return err
		}
	}
	return nil
}

func (t *SceneTile) validate(number int) error {
	for _, size := range []struct {
		name  string
		value float64
		least float64
	}{{"x", t.X, 0}, {"y", t.Y, 0}, {"width", t.Width, MinSceneTile}, {"height", t.Height, MinSceneTile}} {
		if math.IsNaN(size.value) || size.value < size.least || size.value > 1 {
			return Errorf(CodeBadMessage, "Tile %d: %s is %v; it must be %v to 1, as a part of the canvas.", number, size.name, size.value, size.least)
		}
	}
	// Thirds and sevenths do not add up to 1 exactly.
	const slack = 1e-6
	switch {
	case t.X+t.Width > 1+slack:
		return Errorf(CodeBadMessage, "Tile %d: x %v and width %v reach beyond the right edge.", number, t.X, t.Width)
	case t.Y+t.Height > 1+slack:
		return Errorf(CodeBadMessage, "Tile %d: y %v and height %v reach beyond the lower edge.", number, t.Y, t.Height)
	case t.Z < -MaxSceneZ || t.Z > MaxSceneZ:
		return Errorf(CodeBadMessage, "Tile %d: z is %d; it must be %d to %d.", number, t.Z, -MaxSceneZ, MaxSceneZ)
	case t.Fit != "" && t.Fit != FitFill && t.Fit != FitContain:
		return Errorf(CodeBadMessage, "Tile %d: there is no fit %q; there are %q and %q.", number, clip(string(t.Fit)), FitFill, FitContain)
	case !isShow(t.Show):
		return Errorf(CodeBadMessage, "Tile %d: it can't show %q; it can show nothing said, %q, %q, or %q or %q with a member's id behind it.",
			number, clip(t.Show), ShowTalker, ShowScreen, ShowCamera, ShowShared)
	case !isColour(t.Background):
		return Errorf(CodeBadMessage, "Tile %d: the background %q is no colour: write #rrggbb.", number, clip(t.Background))
	}
	return nil
}

func isShow(show string) bool {
	if show == "" || show == ShowTalker || show == ShowScreen {
		return true
	}
	named := strings.HasPrefix(show, ShowCamera) || strings.HasPrefix(show, ShowShared)
	return named && len(show) > len(ShowCamera) && len(show) <= MaxSceneShow
}

func isColour(s string) bool {
	_, _, _, ok := RGB(s)
	return ok || s == ""
}

// RGB returns the parts of a colour as "#rrggbb"; false if it is none.
func RGB(colour string) (r, g, b uint8, ok bool) {
	if len(colour) != 7 || colour[0] != '#' {
		return 0, 0, 0, false
	}
	var value uint32
	for _, c := range []byte(colour[1:]) {
		digit := strings.IndexByte("0123456789abcdefABCDEF", c)
		if digit < 0 {
			return 0, 0, 0, false
		}
		if digit > 15 {
			digit -= 6
		}
		value = value<<4 | uint32(digit)
	}
	return uint8(value >> 16), uint8(value >> 8), uint8(value), true
}

// clip keeps what is quoted in an error short.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
