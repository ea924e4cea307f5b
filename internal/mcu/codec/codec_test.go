package codec

import (
	"errors"
	"testing"
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

func TestWhatALibraryLendsIsSeenInPlace(t *testing.T) {
	planes := make([]byte, 3*64*8)
	at := func(i int) unsafe.Pointer { return unsafe.Pointer(&planes[i*64*8]) }
	var p picture.Picture
	whole := Planes{Y: at(0), U: at(1), V: at(2), StrideY: 64, StrideUV: 40}
	if err := Lend(&p, whole, media.Dimensions{Width: 61, Height: 7}); err != nil {
		t.Fatal(err)
	}
	p.Fill(1, 2, 3)
	if planes[6*64+60] != 1 || planes[64*8+3*40+30] != 2 || planes[2*64*8] != 3 || planes[61] != 0 {
		t.Error("the planes are painted in other places")
	}
	for name, c := range map[string]struct {
		planes Planes
		size   media.Dimensions
	}{
		"empty":       {whole, media.Dimensions{Width: 0, Height: 8}},
		"too wide":    {whole, media.Dimensions{Width: 4098, Height: 8}},
		"too large":   {whole, media.Dimensions{Width: 4096, Height: 4096}},
		"grey":        {Planes{Y: at(0), StrideY: 64, StrideUV: 32}, media.Dimensions{Width: 64, Height: 8}},
		"overlapping": {Planes{Y: at(0), U: at(1), V: at(2), StrideY: 32, StrideUV: 32}, media.Dimensions{Width: 64, Height: 8}},
		"in one line": {Planes{Y: at(0), U: at(1), V: at(2), StrideY: 64}, media.Dimensions{Width: 64, Height: 8}},
	} {
		if err := Lend(&p, c.planes, c.size); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
