package mixer

import "math"

const (
	// ceiling is the largest sample of a mix: −1.5 dBFS, so that what is
	// between samples stays below −1.
	ceiling = 0.84
	// Gain is found for blocks of 2.5 ms.
	block  = grain
	blocks = frame / block
	// recovery is the part of what is missing of the gain that comes back
	// within a block: 150 ms.
	recovery = 2.5 / 150
	// attack is within how many samples the gain falls where a frame begins
	// with a peak: the frame before has gone out.
	attack = 24
)

// limiter keeps a mix below the ceiling.
type limiter struct {
	gain float32 // behind the last frame; 0: 1
}

// limit works on a frame. It returns the largest sample that came in.
func (l *limiter) limit(pcm []float32) (loudest float32) {
	var need [blocks + 1]float32
	calm := l.gain == 0 || l.gain == 1
	for i := range blocks {
		need[i] = 1
		p := peak(pcm[i*block*channels : (i+1)*block*channels])
		loudest = max(loudest, p)
		if p > ceiling {
			need[i], calm = ceiling/p, false
		}
	}
	if calm {
		return loudest
	}
	need[blocks] = 1
	at := l.gain
	if at == 0 {
		at = 1
	}
	for i := range blocks {
		to := min(at+(1-at)*recovery, need[i], need[i+1])
		if to > 0.9999 {
			to = 1
		}
		n := block
		if i == 0 && at > need[0] {
			n = attack
		}
		ramp(pcm[i*block*channels:(i+1)*block*channels], at, to, n)
		at = to
	}
	l.gain = at
	return loudest
}

// ramp takes the gain from a to b within n samples.
func ramp(pcm []float32, a, b float32, n int) {
	step := (b - a) / float32(n)
	for i := 0; i < len(pcm); i += channels {
		if i/channels < n {
			a += step
		} else {
			a = b
		}
		pcm[i] = min(max(pcm[i]*a, -ceiling), ceiling)
		pcm[i+1] = min(max(pcm[i+1]*a, -ceiling), ceiling)
	}
}

// peak returns the largest sample, without its sign. It is that of NaN if there
// is one.
func peak(pcm []float32) float32 {
	// As integers, positive floats are in the same order.
	const abs = 1<<31 - 1
	var a, b, c, d uint32
	for ; len(pcm) >= 4; pcm = pcm[4:] {
		a = max(a, math.Float32bits(pcm[0])&abs)
		b = max(b, math.Float32bits(pcm[1])&abs)
		c = max(c, math.Float32bits(pcm[2])&abs)
		d = max(d, math.Float32bits(pcm[3])&abs)
	}
	for _, x := range pcm {
		a = max(a, math.Float32bits(x)&abs)
	}
	return math.Float32frombits(max(a, b, c, d))
}
