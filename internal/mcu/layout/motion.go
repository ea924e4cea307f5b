package layout

import (
	"image"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// span is how long a change takes.
	span = 240 * time.Millisecond
	// small is the size at which a new tile begins to grow.
	small = 0.8
)

// box is a rectangle that need not be even.
type box struct{ x, y, width, height float64 }

func boxOf(r image.Rectangle) box {
	return box{float64(r.Min.X), float64(r.Min.Y), float64(r.Dx()), float64(r.Dy())}
}

// even returns the rectangle of even numbers nearest to b inside a canvas. On
// the way to another size the edges are rounded, so that none wavers; on the way
// to one like it the size is kept, so that nothing is scaled anew.
func (b box) even(to image.Rectangle, size media.Dimensions) image.Rectangle {
	x0, x1 := interval(b.x, b.width, to.Dx(), size.Width&^1)
	y0, y1 := interval(b.y, b.height, to.Dy(), size.Height&^1)
	return image.Rect(x0, y0, x1, y1)
}

func interval(from, length float64, to, size int) (int, int) {
	if length == float64(to) {
		a := min(even(from), size-to)
		return a, a + to
	}
	return edges(from, length, size)
}

// motion is a tile on its way.
type motion struct {
	tile  Tile // as it will be, but for the opacity
	from  box
	start media.Time
	// fade and to are the opacity at the start and in the end, 0 or 1.
	fade, to float64
}

// is reports whether both are one tile in two arrangements.
func (t Tile) is(u Tile) bool { return t.Item == u.Item && t.Copy == u.Copy }

// enter returns the motion of a new tile: it fades in and grows, or is there
// at once.
func enter(now media.Time, t Tile, atOnce bool) motion {
	b := boxOf(t.Rect)
	if atOnce {
		return motion{tile: t, from: b, start: now.Add(-span), fade: 1, to: 1}
	}
	w, h := b.width*small, b.height*small
	return motion{tile: t, from: box{b.x + (b.width-w)/2, b.y + (b.height-h)/2, w, h}, start: now, to: 1}
}

// turn makes the motion lead elsewhere from where it is now.
func (m *motion) turn(now media.Time, t Tile, opacity float64) {
	if t.Rect != m.tile.Rect || opacity != m.to {
		m.from, m.fade = m.place(now)
		m.start = now
	}
	m.tile, m.to = t, opacity
}

func (m *motion) moving(now media.Time) bool { return now.Sub(m.start) < span }

// place returns where the tile is now, and its opacity.
func (m *motion) place(now media.Time) (box, float64) {
	p, to := ease(now.Sub(m.start)), boxOf(m.tile.Rect)
	between := func(a, b float64) float64 { return a + (b-a)*p }
	return box{
		between(m.from.x, to.x), between(m.from.y, to.y),
		between(m.from.width, to.width), between(m.from.height, to.height),
	}, between(m.fade, m.to)
}

// at returns the tile as it is drawn now.
func (m *motion) at(now media.Time, size media.Dimensions) Tile {
	t := m.tile
	b, opacity := m.place(now)
	if m.moving(now) {
		t.Rect = b.even(t.Rect, size)
	}
	t.Opacity = opacity
	return t
}

// ease returns how much of a change is done after some time, 0 to 1: fast at
// first, then slower (cubic).
func ease(elapsed time.Duration) float64 {
	left := 1 - min(max(float64(elapsed)/float64(span), 0), 1)
	return 1 - left*left*left
}
