package sfu

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Layer choice.
const (
	// enough is the part of the shown size that a layer must fill: a little
	// upscaling is cheaper than the next layer.
	enough = 0.8
	// layerInterval is how often a member's slots are looked at whether
	// another layer would fit better.
	layerInterval = 500 * time.Millisecond
	// patience is how long a stream that was asked for may stay away before
	// another is taken.
	patience = 2 * time.Second
)

// fittingStream returns the smallest stream that fills the size shown, or the
// largest. A size of zero shows anything, so the smallest.
func fittingStream(_ media.Time, t *Track, size media.Dimensions, _ int8) int8 {
	layers := t.Info().Layers
	for i, l := range layers {
		if i == len(layers)-1 || i == maxStreams-1 {
			return int8(i)
		}
		if float64(l.Size.Width) >= enough*float64(size.Width) || float64(l.Size.Height) >= enough*float64(size.Height) {
			return int8(i)
		}
	}
	return 0
}
