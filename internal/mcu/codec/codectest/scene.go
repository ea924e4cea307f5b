package codectest

import (
	"image"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
)

// Scene returns n frames of 1280×720 as a mixer composes them: nine tiles, each
// a film with a camera's noise, on a still ground.
func Scene(n int) []*picture.Picture {
	tile := Film(420, 234, n+9)
	scene := make([]*picture.Picture, n)
	for i := range scene {
		scene[i] = picture.New(1280, 720)
		for t := range 9 {
			at := image.Pt(4+t%3*426, 4+t/3*238)
			scene[i].Window(image.Rectangle{Min: at, Max: at.Add(image.Pt(420, 234))}).Copy(tile[i+t])
		}
		noise(scene[i], uint32(i))
	}
	return scene
}

// noise adds what nothing predicts, of ±2.
func noise(p *picture.Picture, seed uint32) {
	x := seed*2654435761 + 1
	for i := range p.Y {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p.Y[i] += byte(x>>16&3) - byte(x>>24&3)/2
	}
}
