package main

import (
	"image"
	"image/color"
	"slices"
)

// A box is a part of a picture's colours, premultiplied.
type box struct{ colours [][4]uint8 }

// widest returns the channel in which the box's colours differ most, and by how
// much.
func (b box) widest() (channel int, width int) {
	for c := range 4 {
		lowest, highest := uint8(255), uint8(0)
		for _, colour := range b.colours {
			lowest, highest = min(lowest, colour[c]), max(highest, colour[c])
		}
		if w := int(highest) - int(lowest); w > width {
			channel, width = c, w
		}
	}
	return channel, width
}

// mean returns the box's mean colour.
func (b box) mean() color.RGBA {
	var sum [4]int
	for _, colour := range b.colours {
		for c, v := range colour {
			sum[c] += int(v)
		}
	}
	n := len(b.colours)
	for c := range sum {
		sum[c] = (sum[c] + n/2) / n
	}
	return color.RGBA{uint8(sum[0]), uint8(sum[1]), uint8(sum[2]), uint8(sum[3])}
}

// reduce gives a picture a palette of at most so many colours, by median cut.
func reduce(src *image.RGBA, colours int) *image.Paletted {
	all := make([][4]uint8, 0, len(src.Pix)/4)
	for i := 0; i < len(src.Pix); i += 4 {
		if src.Pix[i+3] > 0 {
			all = append(all, [4]uint8(src.Pix[i:i+4]))
		}
	}
	boxes := []box{{all}}
	for len(boxes) < colours-1 && len(all) > 0 {
		best, most := 0, 0
		for i, b := range boxes {
			if _, w := b.widest(); w*w*len(b.colours) > most {
				best, most = i, w*w*len(b.colours)
			}
		}
		if most == 0 {
			break
		}
		b := boxes[best]
		channel, _ := b.widest()
		slices.SortFunc(b.colours, func(x, y [4]uint8) int { return int(x[channel]) - int(y[channel]) })
		// Cut in the middle, but not between equals.
		cut := len(b.colours) / 2
		for cut < len(b.colours) && cut > 0 && b.colours[cut][channel] == b.colours[cut-1][channel] {
			cut++
		}
		if cut == len(b.colours) {
			for cut = len(b.colours) / 2; b.colours[cut][channel] == b.colours[cut-1][channel]; cut-- {
			}
		}
		boxes[best] = box{b.colours[:cut]}
		boxes = append(boxes, box{b.colours[cut:]})
	}
	palette := color.Palette{color.RGBA{}}
	for _, b := range boxes {
		if len(b.colours) > 0 {
			palette = append(palette, b.mean())
		}
	}
	out := image.NewPaletted(src.Bounds(), palette)
	for i := range out.Pix {
		p := src.Pix[4*i : 4*i+4]
		out.Pix[i] = uint8(palette.Index(color.RGBA{p[0], p[1], p[2], p[3]}))
	}
	return out
}
