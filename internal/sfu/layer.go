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
)

// fittingStream returns the smallest stream that fills the size shown, or the
// largest. A size of zero shows anything, so the smallest.
func fittingStream(t *Track, size media.Dimensions) int8 {
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

// nearestAlive returns the stream that comes and is nearest to the one wished
// for, a smaller one first; −1 if none comes.
func (t *Track) nearestAlive(now media.Time, wish int8) int8 {
	for i := wish - 1; i >= 0; i-- {
		if t.alive(now, uint8(i)) {
			return i
		}
	}
	for i := wish + 1; i < maxStreams; i++ {
		if t.alive(now, uint8(i)) {
			return i
		}
	}
	return -1
}
