package mixer

import (
	"math"
	"testing"
)

func TestSoundReadFasterStaysClean(t *testing.T) {
	in := newInterpolator()
	for hz, want := range map[float64]float64{200: -75, 1000: -65, 4000: -62, 8000: -60, 12000: -60} {
		for _, rate := range []float64{1.005, 0.995, 1.0003} {
			line := make([]float32, 4*frame*channels)
			for i := range line {
				line[i] = float32(math.Sin(2 * math.Pi * hz * float64(i/channels-taps/2+1) / sampleRate))
			}
			pcm := make([]float32, frame*channels)
			in.read(pcm, line, 0.3, rate)
			worst := 0.0
			for i := range frame {
				ideal := math.Sin(2 * math.Pi * hz * (0.3 + float64(i)*rate) / sampleRate)
				worst = max(worst, math.Abs(float64(pcm[2*i])-ideal), math.Abs(float64(pcm[2*i+1])-ideal))
			}
			if dB(worst) > want {
				t.Errorf("%v Hz at speed %v: an error of %.1f dB, want %v", hz, rate, dB(worst), want)
			}
		}
	}
}

// vowel is a voice of a pitch.
func vowel(pitch float64, n int) []float32 {
	pcm := make([]float32, n*channels)
	for i := range n {
		x := 0.0
		for h := 1.0; h < 12; h++ {
			x += 0.2 * math.Sin(2*math.Pi*pitch*h*float64(i)/sampleRate+h*h) / h
		}
		pcm[2*i], pcm[2*i+1] = float32(x), float32(x)
	}
	return pcm
}

func TestVoicesLoseOrGainPeriods(t *testing.T) {
	for _, pitch := range []float64{75, 120, 200, 310} {
		left := func(pcm []float32) []float32 {
			x := make([]float32, len(pcm)/2)
			for i := range x {
				x[i] = pcm[2*i]
			}
			return x
		}
		whole := func(lag int) bool { // of periods, within 5 % of one
			p := float64(lag) * pitch / sampleRate
			return math.Abs(p-math.Round(p)) < 0.05
		}
		pcm := vowel(pitch, frame)
		most := jump(left(pcm)) * 1.1
		cut := shorten(pcm, longest)
		if cut == 0 || !whole(cut) {
			t.Errorf("%v Hz: %d samples were taken out", pitch, cut)
		}
		if j := jump(left(pcm[:(frame-cut)*channels])); j > most {
			t.Errorf("%v Hz: a click of %.3f, where the voice moves by %.3f", pitch, j, most)
		}
		pcm = append(vowel(pitch, frame), make([]float32, frame*channels)...)
		grown := lengthen(pcm, frame, longest)
		if grown == 0 || !whole(grown) {
			t.Errorf("%v Hz: %d samples were repeated", pitch, grown)
		}
		if j := jump(left(pcm[:(frame+grown)*channels])); j > most {
			t.Errorf("%v Hz: a click of %.3f, where the voice moves by %.3f", pitch, j, most)
		}
	}
}

func TestNoiseIsNotStretchedButPausesAre(t *testing.T) {
	s, quiet := noise(1, 0.2), noise(2, 0.001)
	for _, c := range []struct {
		s    signal
		want int
	}{{s, 0}, {quiet, 300}} {
		pcm := make([]float32, 2*frame*channels)
		for i := range frame {
			pcm[2*i] = c.s(int64(i))
			pcm[2*i+1] = pcm[2*i]
		}
		if got := shorten(pcm[:frame*channels], 300); got != c.want {
			t.Errorf("%d samples were taken out, want %d", got, c.want)
		}
		if got := lengthen(pcm, frame-c.want, 300); got != c.want {
			t.Errorf("%d samples were repeated, want %d", got, c.want)
		}
		if got := shorten(pcm[:frame*channels], 100); got != 0 {
			t.Errorf("%d samples were taken out, where a seam takes more", got)
		}
	}
}
