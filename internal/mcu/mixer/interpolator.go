package mixer

import "math"

const (
	// taps is how many samples make one in between, an even number.
	taps = 8
	// phases is into how many steps the way from one sample to the next is
	// cut; between steps it is linear.
	phases = 128
)

// interpolator reads sound at any speed near to 1. It is constant.
type interpolator struct {
	kernel [phases + 1][taps]float32 // windowed sinc
}

func newInterpolator() *interpolator {
	in := &interpolator{}
	for i := range in.kernel {
		k, sum := &in.kernel[i], 0.0
		var w [taps]float64
		for j := range k {
			x := float64(j-taps/2+1) - float64(i)/phases
			w[j] = sinc(x) * kaiser(x/(taps/2))
			sum += w[j]
		}
		for j := range k {
			k[j] = float32(w[j] / sum) // a constant stays one
		}
	}
	return in
}

// kaiser is Kaiser's window for x of −1 to 1. Its parameter is chosen for the
// least error up to 12 kHz: less than −60 dB.
func kaiser(x float64) float64 {
	const beta = 6
	return bessel(beta*math.Sqrt(max(0, 1-x*x))) / bessel(beta)
}

// bessel is the modified Bessel function of the first kind, order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// read fills out with samples of line, interleaved stereo. The first one is at
// frac of the way from line's sample taps/2−1 to the next; each is rate samples
// after the one before.
func (in *interpolator) read(out, line []float32, frac, rate float64) {
	for i := 0; i < len(out); i += channels {
		at := frac + float64(i/channels)*rate
		whole := int(at)
		phase := (at - float64(whole)) * phases
		k := int(phase)
		f := float32(phase - float64(k))
		a, b := &in.kernel[k], &in.kernel[k+1]
		x := line[whole*channels : whole*channels+taps*channels]
		var l, r float32
		for j := range a {
			w := a[j] + (b[j]-a[j])*f
			l += w * x[2*j]
			r += w * x[2*j+1]
		}
		out[i], out[i+1] = l, r
	}
}
