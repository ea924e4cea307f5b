package engine

import "github.com/tutti-rtc/tutti/internal/media"

// block is the side of a macroblock in pixels.
const block = 16

// blocks returns how many macroblocks cover a picture, across and down.
func blocks(size media.Dimensions) (columns, rows int) {
	return (size.Width + block - 1) / block, (size.Height + block - 1) / block
}

// shrink tells which macroblocks of a picture that is scaled from another change
// with those of the other that do. dst is used again if it is large enough.
func shrink(dst, active []byte, from, to media.Dimensions) []byte {
	columns, rows := blocks(to)
	wide, high := blocks(from)
	if len(dst) != columns*rows {
		dst = make([]byte, columns*rows)
	}
	clear(dst)
	for y := range rows {
		// What scaling filters reach is a pixel or two beyond.
		top, bottom := reach(y, to.Height, from.Height, high)
		for x := range columns {
			left, right := reach(x, to.Width, from.Width, wide)
			for row := top; row <= bottom && dst[y*columns+x] == 0; row++ {
				for column := left; column <= right; column++ {
					if active[row*wide+column] != 0 {
						dst[y*columns+x] = 1
						break
					}
				}
			}
		}
	}
	return dst
}

// reach returns the first and the last macroblock of n, along a side of from
// pixels, that show in the i-th one along a side of to pixels.
func reach(i, to, from, n int) (first, last int) {
	const filter = 2
	first = max(i*block*from/to-filter, 0) / block
	last = ((i+1)*block*from/to + filter) / block
	return first, min(last, n-1)
}
