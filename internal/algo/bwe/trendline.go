package bwe

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// usage is what the delay says of the path.
type usage uint8

const (
	normal   usage = iota
	overuse        // a queue grows
	underuse       // a queue shrinks
)

// Parameters of libwebrtc's trendline estimator and overuse detector; times in
// milliseconds.
const (
	trendPoints    = 20
	smoothing      = 0.9
	trendGain      = 4
	maxDeltas      = 60
	overuseTime    = 10
	startThreshold = 12.5
	minThreshold   = 6
	maxThreshold   = 600
	maxAdapt       = 15
	adaptUp        = 0.0087
	adaptDown      = 0.039
)

// point is the smoothed delay at an arrival, both in ms.
type point struct{ at, delay float64 }

// trendline fits a line to the delay of the last groups; its slope is positive
// while a queue grows.
type trendline struct {
	points [trendPoints]point // ring
	count  int                // deltas so far
	first  media.Time         // arrival of the first one
	delay  float64            // accumulated, ms
	smooth float64

	usage     usage
	threshold float64 // of the amplified slope, adapted to the path
	adapted   media.Time
	over      float64 // ms of overuse in a row; −1 for none
	overs     int     // deltas of overuse in a row
	before    float64 // slope at the last delta
}

func (t *trendline) reset() { *t = trendline{threshold: startThreshold, over: -1} }

// add takes the distance between two groups and updates usage.
func (t *trendline) add(d delta) {
	if t.count == 0 {
		t.first = d.at
	}
	t.delay += ms(d.arrival - d.send)
	t.smooth = smoothing*t.smooth + (1-smoothing)*t.delay
	t.points[t.count%trendPoints] = point{at: ms(d.at.Sub(t.first)), delay: t.smooth}
	t.count++
	slope := t.before
	if t.count >= trendPoints {
		slope = t.slope()
	}
	t.detect(slope, ms(d.send), d.at)
}

// slope returns that of the least-squares line through the points.
func (t *trendline) slope() float64 {
	var at, delay float64
	for _, p := range t.points {
		at += p.at / trendPoints
		delay += p.delay / trendPoints
	}
	var num, den float64
	for _, p := range t.points {
		num += (p.at - at) * (p.delay - delay)
		den += (p.at - at) * (p.at - at)
	}
	if den == 0 {
		return t.before
	}
	return num / den
}

// detect compares the slope with the threshold (rmcat-gcc §5.4).
func (t *trendline) detect(slope, send float64, now media.Time) {
	amplified := float64(min(t.count, maxDeltas)) * slope * trendGain
	switch {
	case t.count < 2:
		t.usage = normal
		return
	case amplified > t.threshold:
		if t.over < 0 {
			t.over = send / 2 // it began somewhere between the two
		} else {
			t.over += send
		}
		t.overs++
		if t.over > overuseTime && t.overs > 1 && slope >= t.before {
			t.over, t.overs, t.usage = 0, 0, overuse
		}
	case amplified < -t.threshold:
		t.over, t.overs, t.usage = -1, 0, underuse
	default:
		t.over, t.overs, t.usage = -1, 0, normal
	}
	t.before = slope
	t.adapt(amplified, now)
}

// adapt moves the threshold slowly after the slope, so that a path with jitter
// is not taken for a full one, nor starved by a flow that fills queues (§5.4).
func (t *trendline) adapt(amplified float64, now media.Time) {
	elapsed := math.Min(ms(now.Sub(t.adapted)), 100)
	t.adapted = now
	size := math.Abs(amplified)
	if size > t.threshold+maxAdapt {
		return // a step, such as a change of route
	}
	k := adaptUp
	if size < t.threshold {
		k = adaptDown
	}
	t.threshold += k * (size - t.threshold) * elapsed
	t.threshold = math.Min(math.Max(t.threshold, minThreshold), maxThreshold)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
