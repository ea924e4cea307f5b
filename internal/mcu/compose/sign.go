package compose

import (
	"image"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
)

// sign is a small picture that is laid over others: I420 with opacity, its
// colours multiplied by it. Both sides are even. It does not change.
type sign struct {
	width, height int
	y, u, v       []byte
	opacity       []byte // of luma
	half          []byte // of chroma
}

// newSign makes a sign of a picture.
func newSign(m *image.RGBA) *sign {
	w, h := m.Rect.Dx()&^1, m.Rect.Dy()&^1
	s := &sign{
		width: w, height: h,
		y: make([]byte, w*h), opacity: make([]byte, w*h),
		u: make([]byte, w*h/4), v: make([]byte, w*h/4), half: make([]byte, w*h/4),
	}
	for y := 0; y < h; y += 2 {
		for x := 0; x < w; x += 2 {
			var sum [4]float64
			for _, d := range [4]image.Point{{}, {1, 0}, {0, 1}, {1, 1}} {
				p := m.Pix[m.PixOffset(m.Rect.Min.X+x+d.X, m.Rect.Min.Y+y+d.Y):]
				luma, _, _ := convert(float64(p[0]), float64(p[1]), float64(p[2]), float64(p[3])/255)
				i := (y+d.Y)*w + x + d.X
				s.y[i], s.opacity[i] = uint8(luma+0.5), p[3]
				for k := range sum {
					sum[k] += float64(p[k]) / 4
				}
			}
			_, u, v := convert(sum[0], sum[1], sum[2], sum[3]/255)
			i := y/2*(w/2) + x/2
			s.u[i], s.v[i], s.half[i] = uint8(u+0.5), uint8(v+0.5), uint8(sum[3]+0.5)
		}
	}
	return s
}

// draw lays the sign on a picture, at even coordinates. What lies outside of it
// is cut off.
func (s *sign) draw(dst *picture.Picture, at image.Point) {
	r := image.Rect(0, 0, s.width, s.height).Add(at).Intersect(image.Rect(0, 0, dst.Width&^1, dst.Height&^1))
	if r.Empty() {
		return
	}
	from := r.Min.Sub(at)
	lay(dst.Y[r.Min.Y*dst.StrideY+r.Min.X:], dst.StrideY, s.y, s.opacity, s.width, from, r.Size())
	from, size := from.Div(2), r.Size().Div(2)
	half := r.Min.Y/2*dst.StrideUV + r.Min.X/2
	lay(dst.U[half:], dst.StrideUV, s.u, s.half, s.width/2, from, size)
	lay(dst.V[half:], dst.StrideUV, s.v, s.half, s.width/2, from, size)
}

// lay lays a part of a sign's plane on another plane.
func lay(dst []byte, stride int, plane, opacity []byte, width int, from, size image.Point) {
	for y := range size.Y {
		at := (from.Y+y)*width + from.X
		row, value, over := dst[y*stride:][:size.X], plane[at:][:size.X], opacity[at:][:size.X]
		for x, o := range over {
			switch o {
			case 0:
			case 255:
				row[x] = value[x]
			default:
				t := uint32(row[x])*uint32(255-o) + 128
				row[x] = value[x] + uint8((t+t>>8)>>8)
			}
		}
	}
}

// kind tells signs of different looks apart.
type kind uint8

const (
	kindPlate  kind = iota // a name at the bottom
	kindNote               // small letters on a picture
	kindWords              // small letters on an avatar's ground
	kindAvatar             // a disc with initials
	kindHand
)

// signKey is all that a sign's pixels depend on.
type signKey struct {
	kind  kind
	muted bool
	size  int // of letters, or the side of a disc
	width int // at most, in pixels
	text  string
}

const (
	// maxSigns and maxSignBytes bound the signs that are kept.
	maxSigns     = 512
	maxSignBytes = 16 << 20
	// maxText bounds, in bytes, what is looked at of a text.
	maxText = 256
)

// kept is a sign in the cache.
type kept struct {
	sign *sign
	used uint64
}

// signs makes signs, and keeps those that were used lately.
type signs struct {
	faces *text.Faces
	kept  map[signKey]*kept
	bytes int
	clock uint64 // counts uses
	made  uint64
}

func (s *signs) init(faces *text.Faces) {
	s.faces, s.kept = faces, map[signKey]*kept{}
}

// of returns the sign of a key, and makes it if need be.
func (s *signs) of(k signKey) *sign {
	s.clock++
	if e, ok := s.kept[k]; ok {
		e.used = s.clock
		return e.sign
	}
	made := s.render(k)
	s.made++
	s.bytes += made.bytes()
	for len(s.kept) > 0 && (len(s.kept) >= maxSigns || s.bytes > maxSignBytes) {
		s.forget()
	}
	s.kept[k] = &kept{made, s.clock}
	return made
}

// forget drops the sign that was not used for longest.
func (s *signs) forget() {
	var oldest signKey
	first := true
	for k, e := range s.kept {
		if first || e.used < s.kept[oldest].used {
			oldest, first = k, false
		}
	}
	s.bytes -= s.kept[oldest].sign.bytes()
	delete(s.kept, oldest)
}

func (s *sign) bytes() int { return 2*len(s.y) + 3*len(s.u) }
