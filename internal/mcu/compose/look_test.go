package compose

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/media"
)

// lookIn is a folder for pictures of scenes, for people to look at:
// go test ./internal/mcu/compose -run Scenes -look /tmp/look
var lookIn = flag.String("look", "", "folder to save pictures of scenes in")

// people are names as they come.
var people = []string{
	"Ada Lovelace", "王小明", "👩‍💻 Kim", "Jonas Erik Lindqvist", "陈伟 (Wei)", "さくら", "김민준", "محمد علي",
	"Zoë", "Dr. Maximiliane Freifrau von Hohenstein-Rosenberg", "Юлия", "李娜 🎻", "שרה", "अमित शर्मा", "T", "Nguyễn Thị Hoa",
}

// grid places n tiles on a canvas as the layout does.
func grid(n int, size media.Dimensions) []Tile {
	columns := 1
	for columns*columns < n {
		columns++
	}
	rows := (n + columns - 1) / columns
	cells := max(columns, rows)
	w, h := size.Width/cells&^1, size.Height/cells&^1
	left, top := (size.Width-columns*w)/2&^1, (size.Height-rows*h)/2&^1
	tiles := make([]Tile, n)
	for i := range tiles {
		in := min(columns, n-i/columns*columns) // in this row
		x := left + (columns-in)*w/2&^1 + i%columns*w
		y := top + i/columns*h
		tiles[i] = Tile{
			ID: fmt.Sprint("m", i), Rect: image.Rect(x, y, x+w, y+h), Opacity: 1,
			Orientation: media.NoOrientation, Name: people[i%len(people)],
		}
	}
	return tiles
}

// portrait paints what might come from a camera.
func portrait(w, h, seed int) *picture.Picture {
	p := picture.New(w, h)
	for y := range h {
		for x := range w {
			v := 70 + 90*x/w + 40*y/h + (seed*37)%40
			cx, cy := float64(x-w/2), float64(y-h*4/10)
			r := float64(h) / 5
			if cx*cx+cy*cy*0.7 < r*r {
				v = 190
			} else if cx*cx*0.4+(cy-2.6*r)*(cy-2.6*r)*0.5 < r*r {
				v = 60 + seed*29%100
			}
			p.Y[y*p.StrideY+x] = byte(min(v, 235))
		}
	}
	for y := range h / 2 {
		for x := range w / 2 {
			p.U[y*p.StrideUV+x] = byte(128 + seed*53%40 - 20)
			p.V[y*p.StrideUV+x] = byte(128 + seed*31%40 - 20)
			cx, cy := float64(2*x-w/2), float64(2*y-h*4/10)
			if r := float64(h) / 5; cx*cx+cy*cy*0.7 < r*r {
				p.U[y*p.StrideUV+x], p.V[y*p.StrideUV+x] = 110, 150
			}
		}
	}
	return p
}

// save writes a picture as PNG.
func save(t *testing.T, p *picture.Picture, name string) {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	part := func(v float64) uint8 { return uint8(min(max(v, 0), 255) + 0.5) }
	for y := range p.Height {
		for x := range p.Width {
			luma := 1.164 * (float64(p.Y[y*p.StrideY+x]) - 16)
			u, v := float64(p.U[y/2*p.StrideUV+x/2])-128, float64(p.V[y/2*p.StrideUV+x/2])-128
			m.SetRGBA(x, y, color.RGBA{part(luma + 1.596*v), part(luma - 0.392*u - 0.813*v), part(luma + 2.017*u), 255})
		}
	}
	f, err := os.Create(filepath.Join(*lookIn, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
}

func TestScenesAreDrawnInAllSizes(t *testing.T) {
	faces := text.NewFaces()
	for _, size := range []media.Dimensions{{Width: 1280, Height: 720}, {Width: 640, Height: 360}} {
		for _, n := range []int{1, 2, 3, 4, 6, 9, 16} {
			tiles := grid(n, size)
			for i := range tiles {
				tiles[i].Muted, tiles[i].Talking, tiles[i].Hand = i%3 == 1, i == 0, i == 2 || i == 5
				if i%4 != 1 {
					tiles[i].Picture, tiles[i].Version = portrait(640, 360+120*(i%2), i), 1
				}
				if i == 1 {
					tiles[i].Note = "Weak connection"
				}
				if i == 3 {
					tiles[i].Note = "网络不佳"
				}
			}
			c := New(size, nil, faces)
			if !c.Draw(Stage, tiles) {
				t.Errorf("%d tiles: nothing was drawn", n)
			}
			if *lookIn != "" {
				save(t, c.Picture(), fmt.Sprintf("%dx%d-%02d", size.Width, size.Height, n))
			}
		}
		c := New(size, nil, faces)
		w, h := size.Width, size.Height
		c.Draw(Stage, []Tile{
			{ID: "s", Rect: image.Rect(0, 0, w, h), Opacity: 1, Fit: Contain, Picture: portrait(1024, 768, 3), Orientation: media.NoOrientation, Name: "Ada Lovelace"},
			{ID: "p", Rect: image.Rect(w*7/10&^1, h*7/10&^1, w*97/100&^1, h*97/100&^1), Opacity: 1, Picture: portrait(640, 360, 6), Name: "王小明", Talking: true, Orientation: 1},
			{ID: "q", Rect: image.Rect(w*6/10&^1, h*1/10&^1, w*9/10&^1, h*4/10&^1), Opacity: 0.6, Name: "Zoë"},
		})
		if *lookIn != "" {
			save(t, c.Picture(), fmt.Sprintf("%dx%d-pip", w, h))
		}
	}
}
