package compose

import (
	"image"
	"image/color"
	"math"
	"strings"

	"github.com/tutti-rtc/tutti/internal/media"
)

// The colours are those of the web client's dark look.
var (
	surfaceRGB = color.RGBA{0x18, 0x1b, 0x1f, 0xff}
	accentRGB  = color.RGBA{0xf0, 0xa2, 0x02, 0xff}
	onAccent   = color.RGBA{0x1b, 0x1d, 0x20, 0xff}
	plateRGB   = color.RGBA{0x10, 0x12, 0x14, 0xff}
	textRGB    = color.RGBA{0xf2, 0xf3, 0xf5, 0xff}
	quietRGB   = color.RGBA{0xa3, 0xab, 0xb5, 0xff}
	dangerRGB  = color.RGBA{0xff, 0x7b, 0x80, 0xff}

	surface = toYUV(surfaceRGB)
	accent  = toYUV(accentRGB)
)

// plateOpacity is how much of a plate's colour covers the picture.
const plateOpacity = 0.78

// Stage is the colour behind the tiles, if nobody asks for another.
var Stage = color.RGBA{0x10, 0x12, 0x14, 0xff}

// look holds the sizes that follow the canvas's, in pixels.
type look struct {
	scale                float64 // 1 at 1280×720
	margin, ring, radius int
}

func lookFor(size media.Dimensions) look {
	scale := math.Sqrt(float64(size.Width) * float64(size.Height) / (1280 * 720))
	px := func(v float64, least int) int { return max(least, int(math.Round(v*scale))) }
	return look{scale: scale, margin: px(2, 1), ring: px(3, 2), radius: px(10, 3)}
}

// letters returns the size of a tile's letters.
func (l *look) letters(tile image.Point) int {
	high := float64(min(tile.Y, tile.X)) / l.scale
	return max(10, int(math.Round(l.scale*(11+high*0.0185))))
}

// leastTile is the height in letters below which a tile has no plate.
const leastTile = 4

// placed is a sign and where it is, from the tile's corner.
type placed struct {
	sign *sign
	at   image.Point
}

func (p placed) rect() image.Rectangle {
	if p.sign == nil {
		return image.Rectangle{}
	}
	return image.Rect(0, 0, p.sign.width, p.sign.height).Add(p.at)
}

// plates are the signs of a tile.
type plates [4]placed

// plates returns the signs that a tile is to have.
func (c *Canvas) plates(s *state) (out plates) {
	size := s.rect.Size()
	if s.rect.Empty() {
		return out
	}
	letters := c.look.letters(size)
	words := max(9, letters*7/8)
	name, note := bounded(s.tile.Name), bounded(s.tile.Note)
	if c.signs.faces == nil {
		name, note = "", ""
	}
	f := s.frame
	gap := max(4, letters/2)
	left, top, bottom := f.left+gap, f.top+gap, size.Y-f.bottom-gap
	width := size.X - f.left - f.right - 2*gap
	if size.Y >= leastTile*letters && width >= 2*letters {
		if strings.TrimSpace(name) != "" || s.tile.Muted {
			sign := c.plate(kindPlate, s.tile.Muted, letters, width, name)
			bottom -= sign.height
			out[2] = placed{sign, image.Pt(left&^1, bottom&^1)}
		}
		if s.tile.Hand {
			sign := c.signs.of(signKey{kind: kindHand, size: letters * 2})
			out[3] = placed{sign, image.Pt(left&^1, top&^1)}
			left += sign.width + gap/2
			width -= sign.width + gap/2
		}
	} else {
		note = ""
	}
	if !s.pictured {
		out[0], out[1] = c.avatar(size, bottom, name, note, words)
	}
	if strings.TrimSpace(note) != "" && out[1].sign == nil && width >= 2*letters {
		out[1] = placed{c.plate(kindNote, false, words, width, note), image.Pt(left&^1, top&^1)}
	}
	return out
}

// plate returns a plate at most so wide.
func (c *Canvas) plate(k kind, muted bool, letters, width int, text string) *sign {
	// What fits is the same for all widths, and so is kept once.
	if whole := c.signs.of(signKey{k, muted, letters, unbounded, text}); whole.width <= width {
		return whole
	}
	return c.signs.of(signKey{k, muted, letters, width &^ 7, text})
}

// unbounded is a width that no name reaches in letters of usual size.
const unbounded = 2048

// avatar returns the signs of a tile without a picture: a disc with initials,
// and a note below it if there is room above the height of bottom.
func (c *Canvas) avatar(size image.Point, bottom int, name, note string, letters int) (disc, words placed) {
	side := min(size.X, size.Y) * 42 / 100 &^ 3
	if side < 8 {
		return
	}
	at := func(s *sign, y int) placed { return placed{s, image.Pt((size.X-s.width)/2&^1, y&^1)} }
	sign := c.signs.of(signKey{kind: kindAvatar, size: side, text: name})
	y := (size.Y - side) / 2
	disc = at(sign, y)
	if strings.TrimSpace(note) == "" || size.X < 6*letters {
		return disc, words
	}
	line := c.plate(kindWords, false, letters, size.X-2*letters, note)
	y -= line.height / 2
	if below := y + side + letters/2; y > letters/2 && below+line.height <= bottom {
		return at(sign, y), at(line, below)
	}
	return disc, words
}

// bounded cuts what is far longer than any line.
func bounded(text string) string { return text[:min(len(text), maxText)] }
