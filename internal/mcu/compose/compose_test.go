package compose

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/media"
)

var hd = media.Dimensions{Width: 1280, Height: 720}

// plain returns a picture of one colour.
func plain(w, h int, y, u, v byte) *picture.Picture {
	p := picture.New(w, h)
	p.Fill(y, u, v)
	return p
}

// at returns the colour of a canvas's pixel.
func at(c *Canvas, x, y int) yuv {
	p := c.Picture()
	i := y/2*p.StrideUV + x/2
	return yuv{p.Y[y*p.StrideY+x], p.U[i], p.V[i]}
}

func near(a, b yuv) bool {
	d := func(x, y uint8) bool { return max(x, y)-min(x, y) <= 3 }
	return d(a.y, b.y) && d(a.u, b.u) && d(a.v, b.v)
}

func TestATileShowsItsPicture(t *testing.T) {
	c := New(hd, nil, text.NewFaces())
	tiles := grid(4, hd)
	for i := range tiles {
		tiles[i].Picture, tiles[i].Version = plain(640, 360, byte(100+20*i), byte(90+10*i), 140), 1
	}
	if !c.Draw(Stage, tiles) {
		t.Error("a first picture is no change")
	}
	for i, tile := range tiles {
		m := tile.Rect.Min.Add(tile.Rect.Size().Div(2))
		if got, want := at(c, m.X, m.Y), (yuv{byte(100 + 20*i), byte(90 + 10*i), 140}); got != want {
			t.Errorf("tile %d shows %v in the middle, want %v", i, got, want)
		}
		if got := at(c, tile.Rect.Min.X, m.Y); got != toYUV(Stage) {
			t.Errorf("tile %d: its margin is %v, want the stage's colour", i, got)
		}
	}
}

func TestATalkerHasARing(t *testing.T) {
	c := New(hd, nil, text.NewFaces())
	tiles := grid(4, hd)
	for i := range tiles {
		tiles[i].Picture, tiles[i].Version = plain(640, 360, 100, 128, 128), 1
	}
	tiles[2].Talking = true
	c.Draw(Stage, tiles)
	ring := func(i int) yuv {
		r := tiles[i].Rect
		return at(c, r.Max.X-c.look.margin-2, r.Min.Y+r.Dy()/2)
	}
	if got := ring(2); got.y != accent.y || !near(got, accent) && got.u > 90 {
		t.Errorf("the talker's edge is %v, want the accent %v", got, accent)
	}
	if got := ring(0); got != (yuv{100, 128, 128}) {
		t.Errorf("the edge of one who is silent is %v", got)
	}
	tiles[2].Talking = false
	if !c.Draw(Stage, tiles) {
		t.Error("that the talker fell silent is no change")
	}
	if got := ring(2); got != (yuv{100, 128, 128}) {
		t.Errorf("a ring stays behind: %v", got)
	}
}

func TestANameStandsOnADarkPlate(t *testing.T) {
	c := New(hd, nil, text.NewFaces())
	for _, name := range people {
		tile := Tile{
			ID: "a", Rect: image.Rect(0, 0, 640, 360), Opacity: 1, Name: name, Version: 1,
			Picture: plain(640, 360, 180, 128, 128), Orientation: media.NoOrientation,
		}
		c.Draw(Stage, []Tile{tile})
		plate := c.drawn[0].plates[2].rect()
		if plate.Empty() || !plate.In(tile.Rect) {
			t.Fatalf("%s: the plate is at %v", name, plate)
		}
		if got := at(c, plate.Min.X+4, plate.Min.Y+plate.Dy()/2).y; got > 70 {
			t.Errorf("%s: the plate's ground is %d, not dark", name, got)
		}
		bright := 0
		for y := plate.Min.Y; y < plate.Max.Y; y++ {
			for x := plate.Min.X; x < plate.Max.X; x++ {
				if at(c, x, y).y > 190 {
					bright++
				}
			}
		}
		if bright < 5 {
			t.Errorf("%s: the plate has no letters", name)
		}
	}
}

func TestWithoutAPictureThereAreInitials(t *testing.T) {
	c := New(hd, nil, text.NewFaces())
	tile := Tile{ID: "a", Rect: image.Rect(0, 0, 640, 360), Opacity: 1, Name: "王小明"}
	c.Draw(Stage, []Tile{tile})
	if got := at(c, 30, 30); got != surface {
		t.Errorf("the ground is %v, want %v", got, surface)
	}
	if got, want := at(c, 320, 180-70), toYUV(hsl(Hue("王小明"), 0.24, 0.34)); !near(got, want) {
		t.Errorf("the disc is %v, want %v", got, want)
	}
}

func TestInitialsAreThoseOfThePage(t *testing.T) {
	for name, want := range map[string]string{
		"Ada Lovelace": "AL", "Wei": "W", "jonas erik lindqvist": "JL", "王小明": "小明", "陈伟": "陈伟", "": "", "  ": "", "élan": "É",
	} {
		if got := Initials(name); got != want {
			t.Errorf("Initials(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]int{"Wei": 328, "王小明": 251, "": 61} {
		if got := Hue(name); got != want {
			t.Errorf("Hue(%q) = %d, want %d", name, got, want)
		}
	}
}

func TestPicturesAreCroppedOrHaveBars(t *testing.T) {
	c := New(media.Dimensions{Width: 640, Height: 360}, nil, text.NewFaces())
	// A picture twice as high as wide: dark above and below, bright between.
	p := plain(320, 640, 40, 128, 128)
	view(&picture.Picture{}, p, image.Rect(0, 220, 320, 420)).Fill(200, 128, 128)
	tile := Tile{ID: "a", Rect: image.Rect(0, 0, 640, 360), Opacity: 1, Picture: p, Version: 1, Orientation: media.NoOrientation}
	c.Draw(Stage, []Tile{tile})
	if got := at(c, 10, 180).y; got != 200 {
		t.Errorf("cropped, the left edge shows %d, want the picture's middle", got)
	}
	tile.Fit = Contain
	c.Draw(Stage, []Tile{tile})
	if got := at(c, 10, 180); got != toYUV(Stage) {
		t.Errorf("whole, there is no bar on the left but %v", got)
	}
	if got := at(c, 320, 2).y; got != 40 {
		t.Errorf("whole, the upper edge shows %d, want the picture's", got)
	}
}

func TestTurnedCamerasStandUpright(t *testing.T) {
	c := New(media.Dimensions{Width: 320, Height: 240}, nil, text.NewFaces())
	// Quarters: bright where the camera's upper left is.
	p := plain(320, 240, 60, 128, 128)
	view(&picture.Picture{}, p, image.Rect(0, 0, 160, 120)).Fill(200, 90, 170)
	corners := [4]image.Point{{20, 20}, {300, 20}, {300, 220}, {20, 220}}
	for turns := range 4 {
		tile := Tile{ID: "a", Rect: image.Rect(0, 0, 320, 240), Opacity: 1, Picture: p, Version: 1, Orientation: uint8(turns)}
		c.Draw(Stage, []Tile{tile})
		for i, corner := range corners {
			if got, want := at(c, corner.X, corner.Y), (yuv{200, 90, 170}); (got == want) != (i == turns) {
				t.Errorf("turned %d times: corner %d shows %v", turns, i, got)
			}
		}
	}
}

func TestThePlainScalerKeepsShapes(t *testing.T) {
	for _, size := range []image.Point{{320, 180}, {426, 240}, {1280, 720}, {640, 360}, {2, 2}, {639, 359}} {
		// Half dark, half bright, with the edge in the middle.
		src := plain(640, 360, 50, 110, 128)
		view(&picture.Picture{}, src, image.Rect(320, 0, 640, 360)).Fill(200, 150, 128)
		dst := picture.New(size.X, size.Y)
		Scale(dst, src)
		sum := 0
		for y := range size.Y {
			for x := range size.X {
				sum += int(dst.Y[y*dst.StrideY+x])
			}
		}
		if mean := sum / (size.X * size.Y); mean < 124 || mean > 126 {
			t.Errorf("%v: the mean is %d, want 125", size, mean)
		}
		if l, r := dst.Y[0], dst.Y[size.X-1]; l != 50 || r != 200 {
			t.Errorf("%v: the edges are %d and %d, want 50 and 200", size, l, r)
		}
		if l, r := dst.U[0], dst.U[(size.X+1)/2-1]; size.X > 2 && (l != 110 || r != 150) {
			t.Errorf("%v: the edges' chroma is %d and %d, want 110 and 150", size, l, r)
		}
	}
}

func TestWhatDoesNotChangeIsNotDrawn(t *testing.T) {
	scaled := 0
	c := New(hd, func(dst, src *picture.Picture) { scaled++; Scale(dst, src) }, text.NewFaces())
	tiles := grid(9, hd)
	for i := range tiles {
		tiles[i].Picture, tiles[i].Version = plain(426, 240, 100, 128, 128), 1
	}
	c.Draw(Stage, tiles)
	c.Taken()
	scaled = 0
	if c.Draw(Stage, tiles) || scaled != 0 || slices.Contains(c.Active(), 1) {
		t.Errorf("the same scene again: %d pictures were drawn", scaled)
	}
	tiles[4].Version++
	if !c.Draw(Stage, tiles) || scaled != 1 {
		t.Errorf("one new picture: %d were drawn", scaled)
	}
	for i, a := range c.Active() {
		block := image.Rect(i%80*16, i/80*16, i%80*16+16, i/80*16+16)
		if (a == 1) != block.Overlaps(tiles[4].Rect) {
			t.Fatalf("macroblock %v: active is %d", block, a)
		}
	}
	c.Taken()
	tiles[4].Talking = true
	if !c.Draw(Stage, tiles) {
		t.Error("a ring is no change")
	}
	inside := 0
	for _, a := range c.Active() {
		inside += int(a)
	}
	if inside == 0 || inside > 150 {
		t.Errorf("for a ring, %d macroblocks are active", inside)
	}
}

// scene changes tiles at random, as a lively room does.
type scene struct {
	random *rand.Rand
	tiles  []Tile
	serial int
}

func (s *scene) change(size media.Dimensions) {
	r := s.random
	for range 1 + r.IntN(3) {
		switch n := len(s.tiles); {
		case n == 0 || n < 8 && r.IntN(5) == 0:
			s.serial++
			t := Tile{ID: fmt.Sprint(s.serial), Opacity: 1, Name: people[r.IntN(len(people))], Orientation: media.NoOrientation}
			t.Rect = s.rect(size)
			s.tiles = slices.Insert(s.tiles, r.IntN(n+1), t)
		case r.IntN(8) == 0:
			i := r.IntN(n)
			s.tiles = slices.Delete(s.tiles, i, i+1)
		case r.IntN(8) == 0:
			i, j := r.IntN(n), r.IntN(n)
			s.tiles[i], s.tiles[j] = s.tiles[j], s.tiles[i]
		default:
			s.edit(&s.tiles[r.IntN(n)], size)
		}
	}
}

func (s *scene) edit(t *Tile, size media.Dimensions) {
	r := s.random
	switch r.IntN(11) {
	case 0:
		t.Rect = s.rect(size)
	case 1:
		t.Opacity = []float64{0, 0.3, 0.7, 1, 1, 1}[r.IntN(6)]
	case 2:
		t.Talking = !t.Talking
	case 3:
		t.Muted = !t.Muted
	case 4:
		t.Hand = !t.Hand
	case 5:
		t.Note = []string{"", "Weak connection", "网络不佳"}[r.IntN(3)]
	case 6:
		t.Fit = Fit(r.IntN(2))
	case 7:
		t.Orientation = []uint8{0, 1, 2, 3, media.NoOrientation}[r.IntN(5)]
	case 8:
		t.Picture = nil
	default:
		t.Picture = portrait(40+2*r.IntN(60), 40+2*r.IntN(60), r.IntN(100))
		t.Version++
	}
}

func (s *scene) rect(size media.Dimensions) image.Rectangle {
	r := s.random
	if r.IntN(12) == 0 {
		return image.Rect(0, 0, size.Width, size.Height)
	}
	x, y := 2*r.IntN(size.Width/2-10), 2*r.IntN(size.Height/2-10)
	return image.Rect(x, y, x+2+2*r.IntN((size.Width-x)/2), y+2+2*r.IntN((size.Height-y)/2))
}

// nearest is a fast scaler.
func nearest(dst, src *picture.Picture) {
	for y := range dst.Height {
		for x := range dst.Width {
			sx, sy := x*src.Width/dst.Width, y*src.Height/dst.Height
			dst.Y[y*dst.StrideY+x] = src.Y[sy*src.StrideY+sx]
			i, j := y/2*dst.StrideUV+x/2, sy/2*src.StrideUV+sx/2
			dst.U[i], dst.V[i] = src.U[j], src.V[j]
		}
	}
}

func TestPiecewiseAndAtOnceGiveTheSamePicture(t *testing.T) {
	size := media.Dimensions{Width: 480, Height: 270}
	faces := text.NewFaces()
	grounds := []color.RGBA{Stage, Stage, Stage, Stage, Stage, {40, 60, 20, 255}}
	for seed := range uint64(5) {
		s := scene{random: rand.New(rand.NewPCG(seed, 7))}
		c := New(size, nearest, faces)
		before := c.Picture().Clone()
		for step := range 80 {
			s.change(size)
			ground := grounds[s.random.IntN(len(grounds))]
			last := c.Picture().Clone()
			changed := c.Draw(ground, s.tiles)
			fresh := New(size, nearest, faces)
			fresh.Draw(ground, s.tiles)
			if !c.Picture().Equal(fresh.Picture()) {
				t.Fatalf("seed %d, step %d: the picture is not what it would be at once", seed, step)
			}
			if !changed && !c.Picture().Equal(last) {
				t.Fatalf("seed %d, step %d: a change was not told", seed, step)
			}
			checkActive(t, c, before)
			if s.random.IntN(2) == 0 {
				c.Taken()
				before = c.Picture().Clone()
			}
		}
	}
}

// checkActive fails if a macroblock that differs from before is not active.
func checkActive(t *testing.T, c *Canvas, before *picture.Picture) {
	t.Helper()
	p := c.Picture()
	for i, a := range c.Active() {
		r := image.Rect(i%c.columns*16, i/c.columns*16, i%c.columns*16+16, i/c.columns*16+16).Intersect(c.bounds)
		if a == 0 && !p.Window(r).Equal(before.Window(r)) {
			t.Fatalf("macroblock %v has changed and is not active", r)
		}
	}
}

func TestAnImpossibleTileDoesNoHarm(t *testing.T) {
	c := New(media.Dimensions{Width: 322, Height: 182}, nil, text.NewFaces())
	odd := plain(3, 5, 100, 128, 128)
	for _, r := range []image.Rectangle{
		{}, image.Rect(-50, -50, 20, 20), image.Rect(300, 170, 900, 900), image.Rect(1, 1, 2, 2), image.Rect(3, 5, 100, 90),
		image.Rect(10, 10, 5, 5), image.Rect(1000, 1000, 1100, 1100), image.Rect(0, 0, 322, 2), image.Rect(0, 0, 2, 182),
	} {
		for _, p := range []*picture.Picture{nil, odd, plain(1, 1, 1, 1, 1), plain(2, 2, 9, 9, 9)} {
			for turns := range uint8(4) {
				tile := Tile{ID: "a", Rect: r, Opacity: 1, Picture: p, Orientation: turns, Name: "Ada", Hand: true, Note: "x", Talking: true, Version: 1}
				c.Draw(Stage, []Tile{tile, tile})
				tile.Fit, tile.Opacity = Contain, 0.5
				c.Draw(Stage, []Tile{tile})
			}
		}
	}
}

func TestDrawingAllocatesNothing(t *testing.T) {
	c := New(hd, func(dst, src *picture.Picture) { dst.Fill(100, 128, 128) }, text.NewFaces())
	tiles := grid(9, hd)
	for i := range tiles {
		tiles[i].Picture, tiles[i].Muted, tiles[i].Talking = plain(640, 360, 100, 128, 128), true, i == 1
	}
	tiles = append(tiles, Tile{ID: "pip", Rect: image.Rect(600, 300, 920, 480), Opacity: 1, Name: "Wei", Picture: tiles[0].Picture, Orientation: 1})
	draw := func() {
		for i := range tiles {
			tiles[i].Version++
		}
		c.Draw(Stage, tiles)
		c.Taken()
	}
	draw()
	draw()
	if n := testing.AllocsPerRun(20, draw); n > 0 {
		t.Errorf("a picture costs %v allocations", n)
	}
}

func TestWithoutFontsNothingIsWritten(t *testing.T) {
	c := New(hd, nil, nil)
	tiles := grid(4, hd)
	for i := range tiles {
		tiles[i].Note, tiles[i].Hand, tiles[i].Muted = "Weak connection", true, i == 1
	}
	tiles[0].Picture = plain(640, 360, 100, 128, 128)
	if !c.Draw(Stage, tiles) {
		t.Error("nothing was drawn")
	}
	for i, want := range []bool{false, true, false, false} {
		if got := c.drawn[i].plates[2].sign != nil; got != want {
			t.Errorf("tile %d has a plate: %v, want %v", i, got, want)
		}
	}
}

func TestSignsAreBounded(t *testing.T) {
	c := New(media.Dimensions{Width: 320, Height: 180}, nil, text.NewFaces())
	for i := range maxSigns {
		c.Draw(Stage, []Tile{{ID: "a", Rect: image.Rect(0, 0, 320, 180), Opacity: 1, Name: fmt.Sprint("n", i)}})
	}
	if n := len(c.signs.kept); n > maxSigns {
		t.Errorf("%d signs are kept, more than %d", n, maxSigns)
	}
	sum := 0
	for _, e := range c.signs.kept {
		sum += e.sign.bytes()
	}
	if sum != c.signs.bytes || sum > maxSignBytes {
		t.Errorf("%d bytes are kept and %d counted, at most %d", sum, c.signs.bytes, maxSignBytes)
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, n := range []int{1, 4, 9, 16} {
		b.Run(fmt.Sprint("overhead-", n), func(b *testing.B) {
			benchmark(b, n, func(dst, src *picture.Picture) {})
		})
	}
	b.Run("still-9", func(b *testing.B) {
		c := New(hd, nil, text.NewFaces())
		tiles := grid(9, hd)
		for b.Loop() {
			c.Draw(Stage, tiles)
			c.Taken()
		}
	})
	b.Run("plain-scaler-9", func(b *testing.B) { benchmark(b, 9, nil) })
}

func benchmark(b *testing.B, n int, scale func(dst, src *picture.Picture)) {
	c := New(hd, scale, text.NewFaces())
	tiles := grid(n, hd)
	for i := range tiles {
		tiles[i].Picture, tiles[i].Muted, tiles[i].Talking = plain(640, 360, 100, 128, 128), i%2 == 0, i == 1
	}
	for b.Loop() {
		for i := range tiles {
			tiles[i].Version++
		}
		c.Draw(Stage, tiles)
		c.Taken()
	}
}

func TestAPictureOfTheTilesSizeIsCopied(t *testing.T) {
	for _, factor := range []int{1, 2} {
		var dst, src []media.Dimensions
		c := New(media.Dimensions{Width: 1280, Height: 720}, func(d, s *picture.Picture) {
			dst, src = append(dst, d.Size()), append(src, s.Size())
			Scale(d, s)
		}, nil)
		c.Draw(Stage, []Tile{
			{ID: "a", Rect: image.Rect(0, 0, 426, 240), Opacity: 1, Picture: picture.New(factor*426, factor*240), Orientation: media.NoOrientation},
			{ID: "b", Rect: image.Rect(426, 240, 852, 480), Opacity: 1, Picture: picture.New(factor*426, factor*240), Orientation: media.NoOrientation},
		})
		if len(dst) != 2 {
			t.Fatalf("%d pictures were drawn", len(dst))
		}
		for i := range dst {
			if src[i].Width != factor*dst[i].Width || src[i].Height != factor*dst[i].Height {
				t.Errorf("of a picture %d times as large, %v are drawn as %v", factor, src[i], dst[i])
			}
		}
	}
}
