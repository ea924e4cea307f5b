package compose

import "github.com/tutti-rtc/tutti/internal/mcu/picture"

// Scale makes dst show all of src. It is for builds without a library that
// scales, and for tests: plain, and some times slower. What shrinks is averaged
// over the pixels that fall together, what grows is interpolated.
func Scale(dst, src *picture.Picture) {
	if dst.Width == src.Width && dst.Height == src.Height {
		dst.Copy(src)
		return
	}
	scalePlane(plane{dst.Y, dst.StrideY, dst.Width, dst.Height}, plane{src.Y, src.StrideY, src.Width, src.Height})
	dw, dh, sw, sh := (dst.Width+1)/2, (dst.Height+1)/2, (src.Width+1)/2, (src.Height+1)/2
	scalePlane(plane{dst.U, dst.StrideUV, dw, dh}, plane{src.U, src.StrideUV, sw, sh})
	scalePlane(plane{dst.V, dst.StrideUV, dw, dh}, plane{src.V, src.StrideUV, sw, sh})
}

type plane struct {
	pixels                []byte
	stride, width, height int
}

// scalePlane looks at each pixel's area in src, at least one pixel wide and
// high, in 65536ths of a pixel.
func scalePlane(dst, src plane) {
	stepX, stepY := src.width<<16/dst.width, src.height<<16/dst.height
	reachX, reachY := max(stepX, 1<<16), max(stepY, 1<<16)
	for y := range dst.height {
		row := dst.pixels[y*dst.stride:][:dst.width]
		top := y*stepY + stepY/2 - reachY/2
		for x := range row {
			left := x*stepX + stepX/2 - reachX/2
			row[x] = src.mean(left, top, left+reachX, top+reachY)
		}
	}
}

// mean returns the mean of an area, whose edges may lie between pixels and
// outside of the plane, where its border goes on.
func (p plane) mean(left, top, right, bottom int) byte {
	var sum, area uint64
	for y := top >> 16; y<<16 < bottom; y++ {
		high := uint64(min(bottom, (y+1)<<16)-max(top, y<<16)) >> 4
		row := p.pixels[min(max(y, 0), p.height-1)*p.stride:]
		for x := left >> 16; x<<16 < right; x++ {
			w := high * (uint64(min(right, (x+1)<<16)-max(left, x<<16)) >> 4)
			sum += w * uint64(row[min(max(x, 0), p.width-1)])
			area += w
		}
	}
	return byte((sum + area/2) / area)
}
