package mcu

import (
	"math"

	"github.com/tutti-rtc/tutti/internal/media"
)

// The rate of a picture of 640 × 360 at 30 a second: faces and text of several
// tiles are readable.
const (
	baseRate = 500_000
	baseArea = 640 * 360
	baseFPS  = 30
)

// rate returns the bitrate for a picture: larger ones and more of them a second
// need more, though not in proportion. 1280 × 720 at 30 take 1.5 Mbit/s.
func rate(size media.Dimensions, fps int) media.Bitrate {
	area := math.Pow(float64(size.Area())/baseArea, 0.8)
	time := math.Pow(float64(fps)/baseFPS, 0.6)
	return media.Bitrate(baseRate * area * time)
}
