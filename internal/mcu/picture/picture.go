// Package picture holds pictures as the mixer's parts hand them to each other:
// 8-bit I420 in memory, whole or a window of a larger one.
//
// It scales nothing and knows no codec. Pictures are plain values owned by
// whoever holds them; the package starts no goroutine.
package picture

import (
	"bytes"
	"image"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Picture is an I420 picture: one plane of luma and two of chroma at half the
// size, in limited range (BT.601). Rows are StrideY and StrideUV bytes apart.
type Picture struct {
	Width, Height     int
	Y, U, V           []byte
	StrideY, StrideUV int
}

// New returns a black picture. Width and height are positive.
func New(width, height int) *Picture {
	cw, ch := (width+1)/2, (height+1)/2
	buf := make([]byte, width*height+2*cw*ch)
	p := &Picture{
		Width: width, Height: height, StrideY: width, StrideUV: cw,
		Y: buf[: width*height : width*height],
		U: buf[width*height : width*height+cw*ch : width*height+cw*ch],
		V: buf[width*height+cw*ch:],
	}
	p.Fill(16, 128, 128)
	return p
}

// Size returns the picture's dimensions.
func (p *Picture) Size() media.Dimensions { return media.Dimensions{Width: p.Width, Height: p.Height} }

// Fill paints the whole picture in one colour.
func (p *Picture) Fill(y, u, v byte) {
	cw, ch := (p.Width+1)/2, (p.Height+1)/2
	fill(p.Y, p.StrideY, p.Width, p.Height, y)
	fill(p.U, p.StrideUV, cw, ch, u)
	fill(p.V, p.StrideUV, cw, ch, v)
}

func fill(plane []byte, stride, width, height int, value byte) {
	for y := range height {
		row := plane[y*stride : y*stride+width]
		for x := range row {
			row[x] = value
		}
	}
}

// Window returns the part of p inside r, which must lie within p and begin at
// even coordinates. It shares p's memory.
func (p *Picture) Window(r image.Rectangle) *Picture {
	if r.Min.X&1 != 0 || r.Min.Y&1 != 0 || !r.In(image.Rect(0, 0, p.Width, p.Height)) || r.Empty() {
		panic("BUG: a window outside its picture, or at odd coordinates")
	}
	chroma := r.Min.Y/2*p.StrideUV + r.Min.X/2
	return &Picture{
		Width: r.Dx(), Height: r.Dy(), StrideY: p.StrideY, StrideUV: p.StrideUV,
		Y: p.Y[r.Min.Y*p.StrideY+r.Min.X:], U: p.U[chroma:], V: p.V[chroma:],
	}
}

// Copy makes p show what q does; both are of one size.
func (p *Picture) Copy(q *Picture) {
	cw, ch := (p.Width+1)/2, (p.Height+1)/2
	for y := range p.Height {
		copy(p.Y[y*p.StrideY:y*p.StrideY+p.Width], q.Y[y*q.StrideY:])
	}
	for y := range ch {
		copy(p.U[y*p.StrideUV:y*p.StrideUV+cw], q.U[y*q.StrideUV:])
		copy(p.V[y*p.StrideUV:y*p.StrideUV+cw], q.V[y*q.StrideUV:])
	}
}

// Clone returns a copy of p with memory of its own.
func (p *Picture) Clone() *Picture {
	q := New(p.Width, p.Height)
	q.Copy(p)
	return q
}

// Equal reports whether p and q show the same, to the byte.
func (p *Picture) Equal(q *Picture) bool {
	if p.Width != q.Width || p.Height != q.Height {
		return false
	}
	cw, ch := (p.Width+1)/2, (p.Height+1)/2
	return equal(p.Y, p.StrideY, q.Y, q.StrideY, p.Width, p.Height) &&
		equal(p.U, p.StrideUV, q.U, q.StrideUV, cw, ch) &&
		equal(p.V, p.StrideUV, q.V, q.StrideUV, cw, ch)
}

func equal(a []byte, strideA int, b []byte, strideB, width, height int) bool {
	for y := range height {
		if !bytes.Equal(a[y*strideA:y*strideA+width], b[y*strideB:y*strideB+width]) {
			return false
		}
	}
	return true
}
