package mixer

import (
	"math"
	"testing"
	"time"
)

// meter measures integrated loudness as ITU-R BS.1770-4 says, of mono sound
// played on both sides.
func meter(pcm []float32) float64 {
	y := filter(filter(pcm, shelving()), highPass())
	var blocks []float64
	for i := 0; i+19200 <= len(y); i += 4800 { // 400 ms, overlapping by 75 %
		sum := 0.0
		for _, x := range y[i : i+19200] {
			sum += x * x
		}
		blocks = append(blocks, 2*sum/19200)
	}
	gated := func(above float64) float64 {
		sum, n := 0.0, 0.0
		for _, b := range blocks {
			if -0.691+10*math.Log10(b) > above {
				sum, n = sum+b, n+1
			}
		}
		return -0.691 + 10*math.Log10(sum/n)
	}
	return gated(gated(-70) - 10)
}

type section [5]float64 // b0 b1 b2 a1 a2

// shelving is BS.1770's first filter, from its analogue prototype.
func shelving() section {
	const f, gain, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
	k := math.Tan(math.Pi * f / sampleRate)
	vh := math.Pow(10, gain/20)
	vb := math.Pow(vh, 0.4996667741545416)
	a0 := 1 + k/q + k*k
	return section{(vh + vb*k/q + k*k) / a0, 2 * (k*k - vh) / a0, (vh - vb*k/q + k*k) / a0, 2 * (k*k - 1) / a0, (1 - k/q + k*k) / a0}
}

func highPass() section {
	const f, q = 38.13547087602444, 0.5003270373238773
	k := math.Tan(math.Pi * f / sampleRate)
	a0 := 1 + k/q + k*k
	return section{1, -2, 1, 2 * (k*k - 1) / a0, (1 - k/q + k*k) / a0}
}

func filter[T float32 | float64](pcm []T, c section) []float64 {
	y := make([]float64, len(pcm))
	var x1, x2, y1, y2 float64
	for i, v := range pcm {
		x := float64(v)
		y[i] = c[0]*x + c[1]*x1 + c[2]*x2 - c[3]*y1 - c[4]*y2
		x1, x2, y1, y2 = x, x1, y[i], y1
	}
	return y
}

func TestTheWeightingIsThatOfTheStandard(t *testing.T) {
	for _, c := range []struct {
		hz   int64
		want float64
	}{{997, -0.01}, {100, -1.8}, {60, -2.1 - 1.4}, {3000, 2.5}, {10000, 3.3}} {
		s, pcm := tone(c.hz, 1), make([]float32, frame*channels)
		var w weighting
		var y []float32
		energy := 0.0
		for n := range int64(100) {
			for i := range int64(frame) {
				pcm[2*i] = s(n*frame + i) // one side alone: 0 dBFS are −3.01 LUFS
				y = append(y, pcm[2*i])
			}
			if e := w.energy(pcm); n >= 50 {
				energy += e / 50
			}
		}
		standard := 10 * math.Log10(sum2(filter(filter(y, shelving()), highPass())[50*frame:]))
		if got := 10 * math.Log10(energy); math.Abs(got-standard) > 0.02 {
			t.Errorf("%d Hz: %.2f dB, by the standard %.2f", c.hz, got, standard)
		}
		if c.hz == 997 && math.Abs(lufs(energy)+3.01) > 0.02 {
			t.Errorf("997 Hz at 0 dBFS are %.2f LUFS", lufs(energy))
		}
	}
}

// sum2 returns the mean square.
func sum2(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return sum / float64(len(x))
}

// at returns an amplitude with which speech has a loudness.
func at(loudness float64) float64 {
	s, pcm := speech(3, 0.1), make([]float32, 12*sampleRate)
	for i := range pcm {
		pcm[i] = s(int64(i))
	}
	return 0.1 * math.Pow(10, (loudness-meter(pcm))/20)
}

func TestVoicesBecomeEquallyLoud(t *testing.T) {
	for _, loud := range []float64{-35, -25, -18, -10} {
		k := newStudio(t, Options{})
		k.say("ann", speech(3, at(loud)))
		k.mixer.SetListeners(nil, true)
		k.run(12 * time.Second)
		k.forget()
		k.run(12 * time.Second)
		if got := meter(k.heard[""]); math.Abs(got+18) > 2 {
			t.Errorf("a talker of %.0f LUFS is heard at %.1f", loud, got)
		} else {
			t.Logf("a talker of %.0f LUFS is heard at %.1f", loud, got)
		}
	}
}

func TestGainMovesSlowly(t *testing.T) {
	k := newStudio(t, Options{})
	k.say("ann", speech(3, at(-35)))
	k.mixer.SetListeners(nil, true)
	gain, moved := 0.0, time.Duration(0)
	k.each = func([]Mix) {
		g := k.mixer.streams[0].level.gain
		if g-gain > 0.061 || gain-g > 0.121 {
			t.Fatalf("the gain moves from %.2f to %.2f dB within a frame", gain, g)
		}
		if g != gain {
			moved = k.now.Sub(start)
		}
		gain = g
	}
	k.run(12 * time.Second)
	if gain < 15 || gain > 19 || moved < 5*time.Second {
		t.Errorf("after %v the gain is %.1f dB", moved, gain)
	}
}

func TestNoiseIsNotRaised(t *testing.T) {
	for name, s := range map[string]signal{"a fan": noise(1, 0.012), "a tone": tone(440, 0.02)} {
		k := newStudio(t, Options{})
		k.say("ann", s)
		k.mixer.SetListeners(nil, true)
		k.run(20 * time.Second)
		if g := k.mixer.streams[0].level.gain; g > 1 {
			t.Errorf("%s is raised by %.1f dB", name, g)
		}
	}
}

func TestPausesDoNotPump(t *testing.T) {
	voice, hiss := speech(3, at(-28)), noise(2, 0.0015)
	k := newStudio(t, Options{})
	k.say("ann", func(i int64) float32 {
		if i%(20*sampleRate) > 10*sampleRate {
			return hiss(i)
		}
		return voice(i) + hiss(i)
	}).level = func() uint8 { return 40 } // always in the mix
	k.mixer.SetListeners(nil, true)
	k.run(10*time.Second + 200*ms)
	gain := k.mixer.streams[0].level.gain
	k.run(9 * time.Second)
	if g := k.mixer.streams[0].level.gain; math.Abs(g-gain) > 0.7 {
		t.Errorf("in a pause the gain goes from %.1f to %.1f dB", gain, g)
	}
}

func TestLevellingCanBeTurnedOff(t *testing.T) {
	k := newStudio(t, Options{})
	k.say("ann", speech(3, at(-10)))
	k.mixer.SetListeners(nil, true)
	k.run(12 * time.Second)
	k.mixer.SetOptions(Options{NoLevelling: true})
	k.run(3 * time.Second)
	k.forget()
	k.run(9 * time.Second)
	if got := meter(k.heard[""]); math.Abs(got+10) > 0.5 {
		t.Errorf("a talker of −10 LUFS is heard at %.1f", got)
	}
	if g := k.mixer.streams[0].level.gain; g != 0 {
		t.Errorf("the gain is %v dB", g)
	}
}

func TestScreenSoundIsOnlyLowered(t *testing.T) {
	k := newStudio(t, Options{})
	k.say("ann", speech(3, at(-30))).source.Origin = 0
	k.senders[0].source.Origin = 4
	k.add()
	k.mixer.SetListeners(nil, true)
	k.run(12 * time.Second)
	if g := k.mixer.streams[0].level.gain; g != 0 {
		t.Errorf("quiet film is raised by %.1f dB", g)
	}
}

func TestPeaksStayBelowTheCeiling(t *testing.T) {
	var l limiter
	pcm := make([]float32, frame*channels)
	amps := []float64{0.5, 0.5, 3, 3, 0.9, 0.1, 0.1, 5, 0.8}
	before := float32(0)
	for n := range int64(90) {
		s := tone(200, amps[n/10])
		for i := range int64(frame) {
			pcm[2*i] = s(n*frame + i)
			pcm[2*i+1] = -pcm[2*i]
		}
		l.limit(pcm)
		if p := peak(pcm); p > ceiling {
			t.Fatalf("frame %d has a peak of %.3f", n, p)
		}
		if n == 5 && peak(pcm) != 0.5 {
			t.Error("what is below the ceiling isn't left alone")
		}
		if n == 29 || n == 39 { // held: a sine stays one
			left := make([]float32, frame)
			for i := range left {
				left[i] = pcm[2*i]
			}
			if a := amplitude(left, 200); math.Abs(dB(a/ceiling)) > 0.3 {
				t.Errorf("a loud tone is heard at %.2f of %.2f", a, ceiling)
			}
		}
		before = pcm[len(pcm)-2]
	}
	_ = before
	for range 100 {
		clear(pcm)
		l.limit(pcm)
	}
	if l.gain != 1 {
		t.Errorf("the gain doesn't come back: %v", l.gain)
	}
}
