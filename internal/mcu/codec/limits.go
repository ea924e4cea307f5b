package codec

import (
	"fmt"
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// The largest picture that decoders take, so that no stranger's stream can ask
// for gigabytes.
const (
	MaxSide = 4096        // pixels, in width and in height
	MaxArea = 3840 * 2160 // pixels
)

// CheckSize returns ErrBroken, wrapped, for a picture that is empty or beyond
// the limits.
func CheckSize(d media.Dimensions) error {
	if d.Width <= 0 || d.Height <= 0 || d.Width > MaxSide || d.Height > MaxSide || d.Area() > MaxArea {
		return fmt.Errorf("%w: %d×%d pixels", ErrBroken, d.Width, d.Height)
	}
	return nil
}

// CheckEncoderSize returns an error for a size that can't be encoded: I420 in
// pairs of pixels, of at least one macroblock.
func CheckEncoderSize(d media.Dimensions) error {
	if d.Width%2 != 0 || d.Height%2 != 0 || d.Width < 16 || d.Height < 16 {
		return fmt.Errorf("an encoder wants even sizes from 16×16, not %d×%d", d.Width, d.Height)
	}
	return CheckSize(d)
}

// Planes are where a C library keeps a decoded I420 picture.
type Planes struct {
	Y, U, V           unsafe.Pointer
	StrideY, StrideUV int // bytes
}

// Lend makes p a view of planes of the given size. No byte is copied: p is good
// for as long as the library leaves the planes alone. It returns ErrBroken,
// wrapped, for a picture beyond the limits or without colours.
func Lend(p *picture.Picture, planes Planes, size media.Dimensions) error {
	if err := CheckSize(size); err != nil {
		return err
	}
	chroma := media.Dimensions{Width: (size.Width + 1) / 2, Height: (size.Height + 1) / 2}
	if planes.Y == nil || planes.U == nil || planes.V == nil || planes.StrideY < size.Width || planes.StrideUV < chroma.Width {
		return fmt.Errorf("%w: not in three planes", ErrBroken)
	}
	*p = picture.Picture{
		Width: size.Width, Height: size.Height, StrideY: planes.StrideY, StrideUV: planes.StrideUV,
		Y: unsafe.Slice((*byte)(planes.Y), planes.StrideY*size.Height),
		U: unsafe.Slice((*byte)(planes.U), planes.StrideUV*chroma.Height),
		V: unsafe.Slice((*byte)(planes.V), planes.StrideUV*chroma.Height),
	}
	return nil
}
