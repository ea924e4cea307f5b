package layout

import (
	"image"
	"math"

	"github.com/tutti-rtc/tutti/internal/media"
)

// even rounds to the nearest even number.
func even(v float64) int { return 2 * int(math.Round(v/2)) }

// below returns the even number at or below v.
func below(v float64) int {
	const slack = 1e-6 // what sums of thirds lack
	return int(v+slack) &^ 1
}

func whole(size media.Dimensions) image.Rectangle { return image.Rect(0, 0, size.Width, size.Height) }

// gridCells returns how many cells a grid has at most: 25, or as many as leave
// people to be recognised on a small canvas.
func gridCells(size media.Dimensions) int {
	const most, least, width = 5, 2, 100
	n := max(least, min(most, size.Width/width))
	return n * n
}

// gridRects returns n cells of 16:9, as large as can be, in rows from the upper
// left. The last row is in the middle if it is not full. Cells are not apart:
// 4, 9 and 16 of them on a canvas of 16:9 have a half, a third and a quarter of
// its width, which is what pictures are cheaply scaled to.
func gridRects(size media.Dimensions, n int) []image.Rectangle {
	if n == 1 {
		return []image.Rectangle{whole(size)}
	}
	columns, width := 0, 0.0
	for c := n; c >= 1; c-- {
		if w := slot(size, c, (n+c-1)/c); w > width {
			columns, width = c, w
		}
	}
	rows := (n + columns - 1) / columns
	block := image.Rect(0, 0, below(width), below(width*9/16))
	height := width * 9 / 16
	top := (float64(size.Height) - float64(rows)*height) / 2
	cells := make([]image.Rectangle, 0, n)
	for r := range rows {
		in := min(columns, n-r*columns)
		left := (float64(size.Width) - float64(in)*width) / 2
		for c := range in {
			at := image.Pt(even(left+float64(c)*width), even(top+float64(r)*height))
			cells = append(cells, block.Add(at))
		}
	}
	return cells
}

// slot returns the width of the largest 16:9 that has room columns × rows times.
func slot(size media.Dimensions, columns, rows int) float64 {
	return min(float64(size.Width)/float64(columns), float64(size.Height)/float64(rows)*16/9)
}

// speakerRects returns a large cell and n−1 small ones in a row below it. Full
// says that the large one takes all the room, not only what a camera needs.
func speakerRects(size media.Dimensions, n int, full bool) []image.Rectangle {
	if n == 1 {
		return []image.Rectangle{whole(size)}
	}
	width := slot(size, row, row)
	small := image.Rect(0, 0, below(width), below(width*9/16))
	large := image.Rect(0, 0, size.Width, size.Height-small.Dy())
	if room := below(float64(large.Dy()) * 16 / 9); room < large.Dx() && !full {
		left := even(float64(size.Width-room) / 2)
		large.Min.X, large.Max.X = left, left+room
	}
	cells := append(make([]image.Rectangle, 0, n), large)
	left := (float64(size.Width) - float64(n-1)*width) / 2
	for i := range n - 1 {
		cells = append(cells, small.Add(image.Pt(even(left+float64(i)*width), large.Max.Y)))
	}
	return cells
}

// presentationRects returns a large cell for a screen of any shape and n−1
// small ones in a column to its right, on an upright canvas in a row below.
func presentationRects(size media.Dimensions, n int) []image.Rectangle {
	if n == 1 || size.Width < size.Height {
		return speakerRects(size, n, true)
	}
	width := slot(size, row, row)
	small := image.Rect(0, 0, below(width), below(width*9/16))
	large := image.Rect(0, 0, size.Width-small.Dx(), size.Height)
	cells := append(make([]image.Rectangle, 0, n), large)
	height := width * 9 / 16
	top := (float64(size.Height) - float64(n-1)*height) / 2
	for i := range n - 1 {
		cells = append(cells, small.Add(image.Pt(large.Max.X, even(top+float64(i)*height))))
	}
	return cells
}

// halves returns the canvas for one, and its halves for two: beside each other,
// on an upright canvas one above the other.
func halves(size media.Dimensions, n int) []image.Rectangle {
	first, second := whole(size), whole(size)
	switch {
	case n == 1:
		return []image.Rectangle{first}
	case size.Width < size.Height:
		first.Max.Y = below(float64(size.Height) / 2)
		second.Min.Y = size.Height - first.Max.Y
	default:
		first.Max.X = below(float64(size.Width) / 2)
		second.Min.X = size.Width - first.Max.X
	}
	return []image.Rectangle{first, second}
}

// insetRects returns the canvas, and for two a quarter of its width in the
// lower right corner: names are on the left.
func insetRects(size media.Dimensions, n int) []image.Rectangle {
	cells := []image.Rectangle{whole(size)}
	if n > 1 {
		width := slot(size, 4, 4)
		margin := even(float64(min(size.Width, size.Height)) / 30)
		at := image.Pt(size.Width-margin-below(width), size.Height-margin-below(width*9/16))
		cells = append(cells, image.Rect(0, 0, below(width), below(width*9/16)).Add(at))
	}
	return cells
}
