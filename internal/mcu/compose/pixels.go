package compose

import (
	"image/color"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
)

// yuv is a colour as pictures have it: limited range, BT.601.
type yuv struct{ y, u, v uint8 }

func (c yuv) planes() [3]byte { return [3]byte{c.y, c.u, c.v} }

func toYUV(c color.RGBA) yuv {
	y, u, v := convert(float64(c.R), float64(c.G), float64(c.B), 1)
	return yuv{uint8(y + 0.5), uint8(u + 0.5), uint8(v + 0.5)}
}

// YUV returns a colour as pictures have it: limited range, BT.601.
func YUV(c color.RGBA) (y, u, v uint8) {
	p := toYUV(c)
	return p.y, p.u, p.v
}

// convert turns a premultiplied colour into premultiplied luma and chroma. The
// parts of the colour are 0 to 255, opacity is 0 to 1.
func convert(r, g, b, opacity float64) (y, u, v float64) {
	y = 16*opacity + 0.256788*r + 0.504129*g + 0.097906*b
	u = 128*opacity - 0.148223*r - 0.290993*g + 0.439216*b
	v = 128*opacity + 0.439216*r - 0.367788*g - 0.071427*b
	return max(y, 0), max(u, 0), max(v, 0)
}

// blend returns a for weight 0, b for 255.
func blend(a, b, weight uint8) uint8 {
	t := uint32(a)*uint32(255-weight) + uint32(b)*uint32(weight) + 128
	return uint8((t + t>>8) >> 8)
}

// mix lays src on dst, which is of its size, with an opacity of 0 to 255.
func mix(dst, src *picture.Picture, opacity uint8) {
	w, h := dst.Width, dst.Height
	mixPlane(dst.Y, dst.StrideY, src.Y, src.StrideY, w, h, opacity)
	mixPlane(dst.U, dst.StrideUV, src.U, src.StrideUV, (w+1)/2, (h+1)/2, opacity)
	mixPlane(dst.V, dst.StrideUV, src.V, src.StrideUV, (w+1)/2, (h+1)/2, opacity)
}

func mixPlane(dst []byte, strideDst int, src []byte, strideSrc, width, height int, opacity uint8) {
	for y := range height {
		d := dst[y*strideDst:][:width]
		s := src[y*strideSrc:][:width]
		for x, v := range s {
			d[x] = blend(d[x], v, opacity)
		}
	}
}

// rotate turns src by quarter turns clockwise, 1 to 3. dst is of the size that
// gives.
func rotate(dst, src *picture.Picture, turns int) {
	rotatePlane(dst.Y, dst.StrideY, src.Y, src.StrideY, dst.Width, dst.Height, turns)
	w, h := (dst.Width+1)/2, (dst.Height+1)/2
	rotatePlane(dst.U, dst.StrideUV, src.U, src.StrideUV, w, h, turns)
	rotatePlane(dst.V, dst.StrideUV, src.V, src.StrideUV, w, h, turns)
}

// rotateBlock is the side of the squares in which planes are turned, so that
// both stay in the processor's cache.
const rotateBlock = 16

// rotatePlane fills a plane of width by height from one that lies across, or
// upside down.
func rotatePlane(dst []byte, strideDst int, src []byte, strideSrc, width, height, turns int) {
	var start, stepX, stepY int // in src, as one goes right and down in dst
	switch turns {
	case 1:
		start, stepX, stepY = (width-1)*strideSrc, -strideSrc, 1
	case 2:
		start, stepX, stepY = (height-1)*strideSrc+width-1, -1, -strideSrc
	case 3:
		start, stepX, stepY = height-1, strideSrc, -1
	}
	for y0 := 0; y0 < height; y0 += rotateBlock {
		for x0 := 0; x0 < width; x0 += rotateBlock {
			for y := y0; y < min(y0+rotateBlock, height); y++ {
				row := dst[y*strideDst:][:width]
				at := start + y*stepY + x0*stepX
				for x := x0; x < min(x0+rotateBlock, width); x++ {
					row[x] = src[at]
					at += stepX
				}
			}
		}
	}
}
