package compose

import (
	"image"
	"slices"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
)

// state is a tile as it was drawn, or is to be.
type state struct {
	tile     Tile // without its picture
	pictured bool
	source   image.Point // the picture's size
	rect     image.Rectangle
	alpha    uint8
	frame    frame
	plates   plates

	redraw  bool   // all of it
	changed bool   // its own picture did
	signed  bool   // its signs or frame alone did
	below   []byte // what its rounded corners lie on, saved
	above   bool   // it lies above another tile
	stays   bool   // once drawn: it is there again
}

// compare makes the states of tiles, and finds what they differ in from those
// drawn.
func (c *Canvas) compare(tiles []Tile) {
	c.next = c.next[:0]
	for i := range tiles {
		c.add(&tiles[i])
	}
	for i := range c.next {
		s := &c.next[i]
		for j := range c.next[:i] {
			s.above = s.above || c.next[j].rect.Overlaps(s.rect)
		}
	}
	// position follows the drawn tiles: one found before it has come up or
	// gone down.
	position := 0
	for i := range c.next {
		s := &c.next[i]
		j := c.find(s.tile.ID)
		if j < 0 {
			c.rebuild(s.rect)
			continue
		}
		c.differ(s, &c.drawn[j], j < position)
		position = max(position, j)
		c.drawn[j].stays = true
	}
	for i := range c.drawn {
		if !c.drawn[i].stays {
			c.rebuild(c.drawn[i].rect)
		}
	}
}

// find returns where among the drawn tiles one is, or −1.
func (c *Canvas) find(id string) int {
	for i := range c.drawn {
		if c.drawn[i].tile.ID == id {
			return i
		}
	}
	return -1
}

// add appends the state of a tile, in memory used before.
func (c *Canvas) add(t *Tile) {
	n := len(c.next)
	if n < cap(c.next) {
		c.next = c.next[:n+1]
	} else {
		c.next = append(c.next, state{})
	}
	s := &c.next[n]
	*s = state{tile: *t, below: s.below[:0], rect: even(t.Rect, c.bounds), alpha: opacity(t.Opacity)}
	if usable(t.Picture) {
		s.pictured, s.source = true, image.Pt(t.Picture.Width, t.Picture.Height)
	}
	s.tile.Picture = nil
	if s.alpha == 0 {
		s.rect = image.Rectangle{}
	}
	s.frame = c.look.frame(s.rect, c.bounds, t.Talking)
	s.plates = c.plates(s)
}

// usable reports whether a picture is one that can be drawn.
func usable(p *picture.Picture) bool { return p != nil && p.Width >= 2 && p.Height >= 2 }

// opacity returns 0 to 255 for 0 to 1.
func opacity(o float64) uint8 {
	if !(o > 0) { // NaN too
		return 0
	}
	return uint8(min(o, 1)*255 + 0.5)
}

// differ finds what changed from old to s.
func (c *Canvas) differ(s, old *state, moved bool) {
	if moved || s.rect != old.rect || s.alpha != old.alpha || s.above != old.above {
		c.rebuild(old.rect)
		c.rebuild(s.rect)
		return
	}
	a, b := &s.tile, &old.tile
	s.below, old.below = old.below, s.below
	s.changed = a.Version != b.Version && s.pictured || s.pictured != old.pictured || s.source != old.source ||
		s.pictured && (a.Fit != b.Fit || turnsOf(a.Orientation) != turnsOf(b.Orientation))
	s.signed = s.frame != old.frame || s.plates != old.plates
	s.redraw = s.changed || s.signed
	if s.signed && !s.changed {
		c.markSigns(old)
		c.markSigns(s)
	}
}

// rebuild notes that a part of the picture is to be drawn from the ground up.
func (c *Canvas) rebuild(r image.Rectangle) {
	if !r.Empty() && !slices.ContainsFunc(c.rebuilt, func(q image.Rectangle) bool { return r.In(q) }) {
		c.rebuilt = append(c.rebuilt, r)
	}
}

// spread finds the tiles to be drawn again because of others: those that lie in
// a part to be rebuilt, and those above one that is drawn.
func (c *Canvas) spread() {
	for again := true; again; {
		again = false
		for i := range c.next {
			s := &c.next[i]
			if !s.redraw && c.disturbed(i) {
				s.redraw, again = true, true
			}
			if s.redraw && s.alpha < 255 {
				n := len(c.rebuilt)
				c.rebuild(s.rect)
				again = again || len(c.rebuilt) > n
			}
		}
	}
}

// disturbed reports whether what is drawn elsewhere touches a tile.
func (c *Canvas) disturbed(i int) bool {
	s := &c.next[i]
	for _, r := range c.rebuilt {
		if r.Overlaps(s.rect) {
			return true
		}
	}
	for j := range c.next[:i] {
		if c.next[j].redraw && c.next[j].rect.Overlaps(s.rect) {
			return true
		}
	}
	return false
}

// mark marks the macroblocks that may change, and reports whether any may.
// Tiles drawn because of others come out as they were: only what made it
// necessary counts.
func (c *Canvas) mark() (changed bool) {
	for _, r := range c.rebuilt {
		c.markRect(r)
		changed = true
	}
	for i := range c.next {
		s := &c.next[i]
		if s.changed {
			c.markRect(s.rect)
		}
		changed = changed || s.redraw
	}
	return changed
}

// markRect marks the macroblocks in r.
func (c *Canvas) markRect(r image.Rectangle) {
	r = r.Intersect(c.bounds)
	if r.Empty() {
		return
	}
	for y := r.Min.Y / 16; y <= (r.Max.Y-1)/16; y++ {
		row := c.active[y*c.columns:]
		for x := r.Min.X / 16; x <= (r.Max.X-1)/16; x++ {
			row[x] = 1
		}
	}
}

// markSigns marks a tile's signs and its frame.
func (c *Canvas) markSigns(s *state) {
	for _, p := range s.plates {
		c.markRect(p.rect().Add(s.rect.Min))
	}
	r, depth := s.rect, s.frame.block
	c.markRect(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+depth))
	c.markRect(image.Rect(r.Min.X, r.Max.Y-depth, r.Max.X, r.Max.Y))
	c.markRect(image.Rect(r.Min.X, r.Min.Y, r.Min.X+depth, r.Max.Y))
	c.markRect(image.Rect(r.Max.X-depth, r.Min.Y, r.Max.X, r.Max.Y))
}
