package compose

import (
	"math"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
)

// mask is what a frame does to the pixels near its tile's edges.
type mask struct {
	frame   frame
	corners [4]corner // left and right of the top, of the bottom
}

// corner holds weights of 0 to 255 for a corner's pixels, those of luma first,
// and then those of chroma.
type corner struct {
	shape []uint8 // of the whole tile, over what is below
	inner []uint8 // of the picture, over the margin
	ring  []uint8 // of the ring, over the picture
}

// maxMasks bounds the shapes that are kept: a scene has a few, a moving one some
// more.
const maxMasks = 64

// masks keeps the masks made so far.
type masks struct{ kept map[frame]*mask }

func (m *masks) of(f frame) *mask {
	if kept, ok := m.kept[f]; ok {
		return kept
	}
	if m.kept == nil || len(m.kept) >= maxMasks {
		m.kept = map[frame]*mask{}
	}
	made := &mask{frame: f}
	for i := range made.corners {
		made.corners[i] = f.corner(i&1 != 0, i&2 != 0)
	}
	m.kept[f] = made
	return made
}

// corner makes one corner's weights.
func (f frame) corner(right, bottom bool) corner {
	marginX, marginY := f.left, f.top
	if right {
		marginX = f.right
	}
	if bottom {
		marginY = f.bottom
	}
	n := f.block
	var c corner
	for i := range n * n {
		// In steps from the tile's own corner, whichever that is.
		x, y := float64(i%n)+0.5, float64(i/n)+0.5
		if right {
			x = float64(n) - x
		}
		if bottom {
			y = float64(n) - y
		}
		outer := float64(f.radius + min(marginX, marginY))
		in := rounded(x-float64(marginX), y-float64(marginY), float64(f.radius))
		c.shape = append(c.shape, weight(rounded(x, y, outer)))
		c.inner = append(c.inner, weight(in))
		ring := uint8(0)
		if f.ring > 0 {
			ring = 255 - weight(in-float64(f.ring))
		}
		c.ring = append(c.ring, ring)
	}
	c.shape, c.inner, c.ring = halved(c.shape, n), halved(c.inner, n), halved(c.ring, n)
	return c
}

// rounded returns how far inside a rounded corner a point is, in pixels,
// negative for outside. The corner's edges are the axes.
func rounded(x, y, radius float64) float64 {
	if x < radius && y < radius {
		return radius - math.Hypot(radius-x, radius-y)
	}
	return min(x, y)
}

// weight returns how much of a pixel is inside, whose middle is so far inside.
func weight(inside float64) uint8 { return uint8(min(max(inside+0.5, 0), 1)*255 + 0.5) }

// halved appends the means of two by two weights: those for chroma.
func halved(w []uint8, n int) []uint8 {
	for y := 0; y < n; y += 2 {
		for x := 0; x < n; x += 2 {
			i := y*n + x
			w = append(w, uint8((int(w[i])+int(w[i+1])+int(w[i+n])+int(w[i+n+1])+2)/4))
		}
	}
	return w
}

// below is what a tile's corners lie on: plain ground, or what was saved.
type below struct {
	plain  bool
	ground yuv
	saved  []byte
}

// save appends what a picture's corners hold.
func (m *mask) save(dst []byte, p *picture.Picture) []byte {
	for i := range 4 {
		for _, b := range m.blocks(p, i) {
			for y := range b.side {
				dst = append(dst, b.plane[y*b.stride:][:b.side]...)
			}
		}
	}
	return dst
}

// restore puts back what was saved.
func (m *mask) restore(p *picture.Picture, saved []byte) {
	for i := range 4 {
		for _, b := range m.blocks(p, i) {
			for y := range b.side {
				saved = saved[copy(b.plane[y*b.stride:][:b.side], saved):]
			}
		}
	}
}

// block is the part of a plane that holds a corner.
type block struct {
	plane        []byte
	stride, side int
}

// blocks returns a corner's parts of the three planes.
func (m *mask) blocks(p *picture.Picture, i int) [3]block {
	n := m.frame.block
	if n == 0 {
		return [3]block{}
	}
	x, y := (i&1)*(p.Width-n), (i>>1)*(p.Height-n)
	half := y/2*p.StrideUV + x/2
	return [3]block{
		{p.Y[y*p.StrideY+x:], p.StrideY, n},
		{p.U[half:], p.StrideUV, n / 2},
		{p.V[half:], p.StrideUV, n / 2},
	}
}

// paint draws the frame over a tile's picture.
func (m *mask) paint(p *picture.Picture, under below, margin yuv) {
	n := m.frame.block
	if n == 0 {
		return
	}
	margins, rings, grounds := margin.planes(), accent.planes(), under.ground.planes()
	saved := under.saved
	for i := range m.corners {
		from := 0
		for k, b := range m.blocks(p, i) {
			m.corners[i].paint(b, from, colours{grounds[k], margins[k], rings[k]}, saved)
			if !under.plain {
				saved = saved[b.side*b.side:]
			}
			from = n * n // chroma's weights lie behind those of luma
		}
	}
	m.edges(p.Y, p.StrideY, p.Width, p.Height, 1, colours{0, margin.y, accent.y})
	m.edges(p.U, p.StrideUV, p.Width/2, p.Height/2, 2, colours{0, margin.u, accent.u})
	m.edges(p.V, p.StrideUV, p.Width/2, p.Height/2, 2, colours{0, margin.v, accent.v})
}

// colours are those of one plane: of what is below, the margin and the ring.
type colours struct{ ground, margin, ring byte }

// paint draws the corner on one plane, with the weights that begin at from. What
// is below is saved, or the plain ground.
func (k *corner) paint(b block, from int, c colours, saved []byte) {
	n := b.side
	for y := range n {
		row := b.plane[y*b.stride:][:n]
		shape, inner, ring := k.shape[from+y*n:][:n], k.inner[from+y*n:][:n], k.ring[from+y*n:][:n]
		for x := range row {
			ground := c.ground
			if saved != nil {
				ground = saved[y*n+x]
			}
			v := blend(row[x], c.ring, ring[x])
			row[x] = blend(ground, blend(c.margin, v, inner[x]), shape[x])
		}
	}
}

// edges draws the margin and the ring between the corners, on a plane whose
// pixels are step times those of luma.
func (m *mask) edges(plane []byte, stride, width, height, step int, c colours) {
	f := &m.frame
	n := f.block / step
	for d := range f.deep(f.top, step) {
		line(plane[d*stride+n:][:width-2*n], c, f.inside(d, f.top, step), f.ringed(d, f.top, step))
	}
	for d := range f.deep(f.bottom, step) {
		line(plane[(height-1-d)*stride+n:][:width-2*n], c, f.inside(d, f.bottom, step), f.ringed(d, f.bottom, step))
	}
	m.column(plane, stride, width, height, step, false, c)
	m.column(plane, stride, width, height, step, true, c)
}

// column draws the left or the right edge.
func (m *mask) column(plane []byte, stride, width, height, step int, right bool, c colours) {
	f := &m.frame
	margin, from, way := f.left, 0, 1
	if right {
		margin, from, way = f.right, width-1, -1
	}
	n := f.block / step
	for d := range f.deep(margin, step) {
		inside, ring := f.inside(d, margin, step), f.ringed(d, margin, step)
		for y := n; y < height-n; y++ {
			p := &plane[y*stride+from+way*d]
			*p = blend(c.margin, blend(*p, c.ring, ring), inside)
		}
	}
}

// deep returns how many pixels an edge touches.
func (f *frame) deep(margin, step int) int { return (margin + f.ring + step - 1) / step }

// inside returns the weight of the picture, over the margin, for the pixel that
// is the d-th from an edge.
func (f *frame) inside(d, margin, step int) uint8 { return share(d, step, margin, 1<<20) }

// ringed returns the weight of the ring over the picture.
func (f *frame) ringed(d, margin, step int) uint8 {
	if f.ring == 0 {
		return 0
	}
	return share(d, step, 0, margin+f.ring)
}

// share returns how much of a pixel's width lies between two depths.
func share(d, step, from, to int) uint8 {
	n := min((d+1)*step, to) - max(d*step, from)
	return uint8(max(n, 0) * 255 / step)
}

// line draws a row of pixels with one weight.
func line(row []byte, c colours, inside, ring uint8) {
	if inside == 0 || ring == 255 { // of one colour
		v := blend(c.margin, c.ring, inside)
		for x := range row {
			row[x] = v
		}
		return
	}
	for x, v := range row {
		row[x] = blend(c.margin, blend(v, c.ring, ring), inside)
	}
}
