package mixer

import "math"

const (
	// seam is over how long two pieces of sound are crossfaded: 5 ms.
	seam = 5 * millisecond
	// Sound that repeats itself with a period from shortestLag to longestLag
	// can be made shorter or longer by one.
	shortestLag, longestLag = seam, 15 * millisecond
	// alike is the correlation of two pieces that may stand for each other.
	alike = 0.85
	// hushed is the largest sample of a pause: −50 dBFS.
	hushed = 0.003
	// thin is by what samples are skipped in the search for a period.
	thin = 4
)

// shorten removes up to most samples from pcm so that it isn't heard, and
// returns how many: pauses lose anything, voices lose a period.
func shorten(pcm []float32, most int) int {
	lag := removable(pcm, most)
	if lag == 0 {
		return 0
	}
	n := len(pcm) / channels
	crossfade(pcm[:seam*channels], pcm[:seam*channels], pcm[lag*channels:])
	copy(pcm[seam*channels:], pcm[(lag+seam)*channels:n*channels])
	return lag
}

// lengthen repeats up to most samples of the first n of pcm, which has room for
// twice as many, and returns how many.
func lengthen(pcm []float32, n, most int) int {
	lag := removable(pcm[:n*channels], most)
	if lag == 0 {
		return 0
	}
	// What follows the lag is put off; over it fades in what is at 0.
	copy(pcm[(lag+seam)*channels:(n+lag)*channels], pcm[seam*channels:n*channels])
	at := pcm[lag*channels : (lag+seam)*channels]
	crossfade(at, at, pcm)
	return lag
}

// crossfade goes from a to b within dst.
func crossfade(dst, a, b []float32) {
	for i := range dst {
		w := (float32(i/channels) + 0.5) / seam
		dst[i] = a[i] + (b[i]-a[i])*w
	}
}

// removable returns how many samples can be taken out at the beginning of pcm,
// or repeated there: 0 for none.
func removable(pcm []float32, most int) int {
	n := len(pcm) / channels
	most = min(most, n-seam)
	if most < shortestLag {
		return 0
	}
	if peak(pcm) < hushed {
		return most
	}
	return period(pcm, min(most, longestLag))
}

// period returns the lag at which pcm is most like its beginning, or 0.
func period(pcm []float32, most int) int {
	const window = 5 * millisecond
	n := len(pcm) / channels
	most = min(most, n-window)
	best, lag := alike, 0
	for l := shortestLag; l <= most; l += thin {
		if c := correlation(pcm, l, window, thin); c > best {
			best, lag = c, l
		}
	}
	if lag == 0 {
		return 0
	}
	coarse := lag
	best = 0
	for l := max(coarse-thin+1, 1); l < min(coarse+thin, most+1); l++ {
		if c := correlation(pcm, l, window, 1); c > best {
			best, lag = c, l
		}
	}
	return lag
}

// correlation compares the first n samples of pcm with those lag later, −1 to
// 1, looking at every step-th.
func correlation(pcm []float32, lag, n, step int) float64 {
	var xy, xx, yy float32
	for i := 0; i < n; i += step {
		x := pcm[i*channels] + pcm[i*channels+1]
		y := pcm[(i+lag)*channels] + pcm[(i+lag)*channels+1]
		xy += x * y
		xx += x * x
		yy += y * y
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return float64(xy) / math.Sqrt(float64(xx)*float64(yy))
}
