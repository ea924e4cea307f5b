package compose

import (
	"image"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// paint draws what is to be drawn, from the ground up.
func (c *Canvas) paint(tiles []Tile) {
	ground := toYUV(c.background)
	// First what lies below corners is put back, from the top down: not all
	// of it need be drawn again.
	for i := len(c.next) - 1; i >= 0; i-- {
		if s := &c.next[i]; s.redraw && len(s.below) > 0 {
			c.masks.of(s.frame).restore(view(&c.views.target, c.picture, s.rect), s.below)
		}
	}
	for _, r := range c.rebuilt {
		if !c.covered(r) {
			view(&c.views.target, c.picture, r)
			c.views.target.Fill(ground.y, ground.u, ground.v)
		}
	}
	for i := range c.next {
		if s := &c.next[i]; s.redraw && !s.rect.Empty() {
			c.paintTile(s, &tiles[i])
		}
	}
}

// covered reports whether a tile hides all of r, its corners aside, which do not
// need what is below.
func (c *Canvas) covered(r image.Rectangle) bool {
	for i := range c.next {
		if s := &c.next[i]; s.alpha == 255 && !s.above && r.In(s.rect) {
			return true
		}
	}
	return false
}

// paintTile draws a tile whole. What lies below is there already.
func (c *Canvas) paintTile(s *state, t *Tile) {
	c.stats.Tiles++
	dst := view(&c.views.target, c.picture, s.rect)
	mask := c.masks.of(s.frame)
	under := below{plain: true, ground: toYUV(c.background)}
	if s.above || s.alpha < 255 {
		s.below = mask.save(s.below[:0], dst)
		under = below{saved: s.below}
	}
	if s.alpha == 255 {
		c.paintOn(dst, s, t)
		mask.paint(dst, under, toYUV(c.background))
		return
	}
	layer := view(&c.views.layer, c.scratch, image.Rectangle{Max: s.rect.Size()})
	c.paintOn(layer, s, t)
	mask.paint(layer, under, toYUV(c.background))
	mix(dst, layer, s.alpha)
}

// paintOn draws what is inside a tile's frame.
func (c *Canvas) paintOn(dst *picture.Picture, s *state, t *Tile) {
	if s.pictured {
		c.stats.Pictures++
		c.paintPicture(dst, t)
	} else {
		dst.Fill(surface.y, surface.u, surface.v)
	}
	for _, p := range s.plates {
		if p.sign != nil {
			p.sign.draw(dst, p.at)
		}
	}
}

// paintPicture draws a tile's picture, turned upright, and fitted.
func (c *Canvas) paintPicture(dst *picture.Picture, t *Tile) {
	turns := turnsOf(t.Orientation)
	seen := image.Pt(t.Picture.Width, t.Picture.Height)
	if turns&1 != 0 {
		seen.X, seen.Y = seen.Y, seen.X
	}
	size := image.Pt(dst.Width, dst.Height)
	part := seen
	if t.Fit == Contain {
		if inner := inside(seen, size); inner.Size() != size {
			ground := toYUV(c.background)
			dst.Fill(ground.y, ground.u, ground.v)
			dst = view(&c.views.inner, dst, inner)
			size = inner.Size()
		}
	} else {
		part = crop(seen, size)
		if tile := t.Rect.Size(); tile.X >= size.X && tile.Y >= size.Y {
			part = behind(crop(seen, tile), tile, size)
		}
	}
	if turns&1 != 0 {
		part.X, part.Y = part.Y, part.X
	}
	src := view(&c.views.source, t.Picture, centred(part, image.Pt(t.Picture.Width, t.Picture.Height)))
	if turns == 0 {
		c.scale(dst, src)
		return
	}
	if turns&1 != 0 {
		size.X, size.Y = size.Y, size.X
	}
	if c.turned == nil {
		side := max(c.picture.Width, c.picture.Height)
		c.turned = picture.New(side, side)
	}
	lying := view(&c.views.lying, c.turned, image.Rectangle{Max: size})
	c.scale(lying, src)
	rotate(dst, lying, turns)
}

// turnsOf returns by how many quarter turns, clockwise, a picture is to be
// turned to stand upright.
func turnsOf(orientation uint8) int {
	if orientation == media.NoOrientation {
		return 0
	}
	return int(orientation & 3)
}

// crop returns the largest part of a picture that has the shape of size. Its
// sides are even.
func crop(p, size image.Point) image.Point {
	part := p
	if p.X*size.Y > size.X*p.Y {
		part.X = (p.Y*size.X + size.Y/2) / size.Y
	} else {
		part.Y = (p.X*size.Y + size.X/2) / size.X
	}
	part.X, part.Y = min((part.X+1)&^1, p.X&^1), min((part.Y+1)&^1, p.Y&^1)
	return image.Pt(max(part.X, 2), max(part.Y, 2))
}

// behind returns what part of a picture is seen inside a tile's frame, if the
// frame lies on it and does not make it smaller: a picture of the tile's size, or
// of twice that, is then copied or halved and not scaled by an odd factor.
func behind(part, tile, seen image.Point) image.Point {
	within := func(part, tile, seen int) int { return max((part*seen+tile/2)/tile&^1, 2) }
	return image.Pt(within(part.X, tile.X, seen.X), within(part.Y, tile.Y, seen.Y))
}

// inside returns where in size a picture of shape p lies if all of it is to be
// seen. Sides and place are even.
func inside(p, size image.Point) image.Rectangle {
	inner := size
	if p.X*size.Y > size.X*p.Y {
		inner.Y = (p.Y*size.X + p.X/2) / p.X
	} else {
		inner.X = (p.X*size.Y + p.Y/2) / p.Y
	}
	inner.X, inner.Y = min(max((inner.X+1)&^1, 2), size.X), min(max((inner.Y+1)&^1, 2), size.Y)
	return centred(inner, size)
}

// centred returns a part of such a size in the middle of a whole, at even
// coordinates.
func centred(part, whole image.Point) image.Rectangle {
	at := image.Pt((whole.X-part.X)/2&^1, (whole.Y-part.Y)/2&^1)
	return image.Rectangle{Min: at, Max: at.Add(part)}
}

// view makes v the part of p inside r, and returns it. It is p.Window without an
// allocation.
func view(v, p *picture.Picture, r image.Rectangle) *picture.Picture {
	chroma := r.Min.Y/2*p.StrideUV + r.Min.X/2
	*v = picture.Picture{
		Width: r.Dx(), Height: r.Dy(), StrideY: p.StrideY, StrideUV: p.StrideUV,
		Y: p.Y[r.Min.Y*p.StrideY+r.Min.X:], U: p.U[chroma:], V: p.V[chroma:],
	}
	return v
}
