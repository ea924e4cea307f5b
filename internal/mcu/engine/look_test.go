package engine

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/check"
	"github.com/tutti-rtc/tutti/internal/mcu/compose"
	"github.com/tutti-rtc/tutti/internal/mcu/layout"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/media"
)

// lookIn is a folder for the pictures of docs/mixing.md:
// go test ./internal/mcu/engine -run LayoutsAre -look DIR
var lookIn = flag.String("look", "", "folder to save pictures of layouts in")

// actor is a member who can be told from others.
type actor struct {
	id, name string
	wall     color.RGBA // behind whoever it is
	off      bool       // the camera
	muted    bool
	hand     bool
}

// actors are the cast of the pictures. The first one talks.
var actors = []actor{
	{id: "ann3q5w2xe", name: "Ann", wall: color.RGBA{0x4a, 0x5f, 0x73, 255}},
	{id: "ben7c4k6vo", name: "Ben Okri", wall: color.RGBA{0x6b, 0x5a, 0x4a, 255}, muted: true},
	{id: "cat5r2z7uy", name: "Cat", off: true},
	{id: "wei4h3m8qa", name: "王小明", wall: color.RGBA{0x4f, 0x6b, 0x57, 255}},
	{id: "zoe2t6n9ub", name: "Zoë 🎻", wall: color.RGBA{0x8a, 0x5a, 0x80, 255}, muted: true},
	{id: "kim8v5d3re", name: "김민준", wall: color.RGBA{0x3f, 0x7a, 0x80, 255}, hand: true},
}

// sitter paints what a camera might see: a head before a wall.
func sitter(wall color.RGBA) *picture.Picture {
	p := picture.New(640, 360)
	p.Fill(compose.YUV(wall))
	paint := func(c color.RGBA, inside func(x, y float64) bool) {
		luma, u, v := compose.YUV(c)
		for y := range p.Height {
			for x := range p.Width {
				if inside(float64(x-320)/180, float64(y-180)/180) {
					p.Y[y*p.StrideY+x] = luma
					p.U[y/2*p.StrideUV+x/2], p.V[y/2*p.StrideUV+x/2] = u, v
				}
			}
		}
	}
	paint(color.RGBA{wall.R / 2, wall.G / 2, wall.B / 2, 255}, func(x, y float64) bool {
		return x*x/0.5+(y-1.1)*(y-1.1)/0.7 < 1
	})
	paint(color.RGBA{0xd8, 0xb0, 0x94, 255}, func(x, y float64) bool { return x*x/0.09+(y+0.1)*(y+0.1)/0.14 < 1 })
	return p
}

// slide paints what a screen might show.
func slide() *picture.Picture {
	p := picture.New(960, 600)
	p.Fill(compose.YUV(color.RGBA{0xf4, 0xf4, 0xf0, 255}))
	bar := func(x, y, w, h int, c color.RGBA) {
		part := p.Window(image.Rect(x, y, x+w, y+h))
		part.Fill(compose.YUV(c))
	}
	bar(80, 70, 420, 44, color.RGBA{0x20, 0x30, 0x44, 255})
	for i, h := range []int{120, 190, 160, 260, 330} {
		bar(100+150*i, 540-h, 100, h, color.RGBA{0xf0, 0xa2, 0x02, 255})
	}
	return p
}

// nowhere is a Link that leads nowhere.
type nowhere struct{}

func (nowhere) WritePacket(uint32, *media.Packet) bool { return true }
func (nowhere) Write(link.Message) error               { return nil }

// lens scales truly.
type lens struct{ *plain }

func (lens) Scale(dst, src *picture.Picture) { compose.Scale(dst, src) }

// stageOf returns the pictures of an engine that shows the actors, and a screen
// of the first if screen is set.
func stageOf(t *testing.T, l api.Layout, scene *api.Scene, screen bool) *pictures {
	t.Helper()
	clock := media.NewClock()
	e := newEngine(nowhere{}, Options{Clock: clock, Codecs: lens{new(plain)}, Faces: text.NewFaces()})
	t.Cleanup(func() { e.sound.close(); e.pictures.close() })
	e.sound.talk = []string{actors[0].id}
	w := &link.Program{Width: 640, Height: 360, FPS: 30, Layout: string(l)}
	if scene != nil {
		w.Scene, _ = json.Marshal(scene)
	}
	for i, a := range actors {
		m := link.Member{ID: a.id, Name: a.name, Hand: a.hand, Tracks: []link.Track{
			{Number: uint32(10*i + 1), Kind: media.Audio, Origin: media.Microphone, Muted: a.muted},
			{Number: uint32(10*i + 2), Kind: media.Video, Origin: media.Camera, Muted: a.off},
		}}
		if screen && i == 0 {
			m.Tracks = append(m.Tracks, link.Track{Number: 3, Kind: media.Video, Origin: media.ScreenVideo})
		}
		w.Members = append(w.Members, m)
	}
	p := e.pictures
	p.set(w)
	for i, a := range actors {
		p.tracks[uint32(10*i+2)].shown = sitter(a.wall)
	}
	if screen {
		p.tracks[3].shown = slide()
	}
	p.takeWish(clock.Now())
	p.draw(clock.Now().Add(time.Second))
	return p
}

// scenesOf returns the scenes that a page shows.
func scenesOf(t *testing.T, page string) (list []*api.Scene) {
	t.Helper()
	source, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range check.ReadPage(string(source)).Blocks {
		if b.Lang != "json" {
			continue
		}
		scene := new(api.Scene)
		if err := json.Unmarshal([]byte(b.Text), scene); err != nil {
			t.Fatalf("%s:%d: %v", page, b.Line, err)
		}
		if err := scene.Validate(); err != nil {
			t.Errorf("%s:%d: %v", page, b.Line, err)
		}
		list = append(list, scene)
	}
	return list
}

func TestLayoutsAreDrawnWithTheirPeople(t *testing.T) {
	for _, l := range []api.Layout{
		api.LayoutGrid, api.LayoutSpeaker, api.LayoutPresentation, api.LayoutSideBySide, api.LayoutPictureInPicture, api.LayoutSingle,
	} {
		p := stageOf(t, l, nil, l == api.LayoutPresentation)
		checkWalls(t, p, string(l))
		look(t, p.canvas.Picture(), "layout-"+string(l))
	}
	scenes := scenesOf(t, "../../../docs/mixing.md")
	if len(scenes) < 2 {
		t.Fatalf("the page shows %d scenes", len(scenes))
	}
	for i, scene := range scenes {
		p := stageOf(t, api.LayoutScene, scene, i > 0)
		checkWalls(t, p, fmt.Sprint("scene ", i+1))
		look(t, p.canvas.Picture(), fmt.Sprint("scene-", i+1))
	}
}

// checkWalls compares what is seen at the right of each camera's tile with the
// actor's wall, where no other tile covers it.
func checkWalls(t *testing.T, p *pictures, name string) {
	t.Helper()
	tiles, seen := p.stage.Settled(), 0
	for i, tile := range tiles {
		at := tile.Rect.Min.Add(image.Pt(tile.Rect.Dx()*7/8, tile.Rect.Dy()/3))
		who := slices.IndexFunc(actors, func(a actor) bool { return a.id == tile.Item && !a.off })
		covered := slices.ContainsFunc(tiles[i+1:], func(above layout.Tile) bool { return at.In(above.Rect) })
		if who < 0 || covered {
			continue
		}
		seen++
		want, _, _ := compose.YUV(actors[who].wall)
		canvas := p.canvas.Picture()
		if got := canvas.Y[at.Y*canvas.StrideY+at.X]; max(got, want)-min(got, want) > 4 {
			t.Errorf("%s: where %s should be seen there is %d, not %d", name, actors[who].name, got, want)
		}
	}
	if seen == 0 {
		t.Errorf("%s: nobody is to be seen in %v", name, tiles)
	}
}

// look saves a picture in few colours.
func look(t *testing.T, p *picture.Picture, name string) {
	t.Helper()
	if *lookIn == "" {
		return
	}
	part := func(v float64) uint8 { return uint8(min(max(v, 0), 255)+0.5) &^ 3 }
	full := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	often := make(map[color.RGBA]int)
	for y := range p.Height {
		for x := range p.Width {
			luma := 1.164 * (float64(p.Y[y*p.StrideY+x]) - 16)
			u, v := float64(p.U[y/2*p.StrideUV+x/2])-128, float64(p.V[y/2*p.StrideUV+x/2])-128
			c := color.RGBA{part(luma + 1.596*v), part(luma - 0.392*u - 0.813*v), part(luma + 2.017*u), 255}
			full.SetRGBA(x, y, c)
			often[c]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(often), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(often[b], often[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range colours[:min(256, len(colours))] {
		palette = append(palette, c)
	}
	flat := image.NewPaletted(full.Rect, palette)
	for y := range p.Height {
		for x := range p.Width {
			flat.Set(x, y, full.RGBAAt(x, y))
		}
	}
	f, err := os.Create(filepath.Join(*lookIn, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, flat); err != nil {
		t.Fatal(err)
	}
}
