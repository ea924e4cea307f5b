//go:build cgo

package yuv

/*
#cgo LDFLAGS: -lyuv
#include <libyuv/scale.h>
*/
import "C"

import (
	"unsafe"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
)

// Scale makes dst show all of src. Either may be a window of a larger picture;
// they must not overlap. Equal sizes are copied.
func Scale(dst, src *picture.Picture) {
	if dst.Width == src.Width && dst.Height == src.Height {
		dst.Copy(src)
		return
	}
	C.I420Scale(
		at(src.Y), C.int(src.StrideY), at(src.U), C.int(src.StrideUV), at(src.V), C.int(src.StrideUV),
		C.int(src.Width), C.int(src.Height),
		at(dst.Y), C.int(dst.StrideY), at(dst.U), C.int(dst.StrideUV), at(dst.V), C.int(dst.StrideUV),
		C.int(dst.Width), C.int(dst.Height),
		filter(dst, src))
}

// filter is the cheapest that aliases neither faces nor text: boxes where many
// pixels become one, lines between neighbours elsewhere.
func filter(dst, src *picture.Picture) C.enum_FilterMode {
	if dst.Width >= src.Width && dst.Height >= src.Height {
		return C.kFilterBilinear
	}
	return C.kFilterBox
}

func at(plane []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(plane)) }
