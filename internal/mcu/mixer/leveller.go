package mixer

import "math"

const (
	// Momentary loudness is over 400 ms, short-term over 3 s (EBU Tech 3341),
	// in frames.
	momentary, shortTerm = 20, 150
	// audible is below what nothing is measured, LUFS.
	audible = -50
	// gate is by how much something must be quieter than what was measured
	// so far to be a pause (BS.1770: 10 LU).
	gate = 10
	// lively is by how much the loudest of the last seconds must be above
	// the quietest for it to be a voice: noise is never raised.
	lively = 10
	// raise and lower are the steps of gain: 3 dB/s up, 6 down.
	raise, lower = 3.0 / 50, 6.0 / 50
	// The gain's limits, dB.
	minGain, maxGain = -20, 20
	// floors times floorFrames is in how long the quietest frame is looked
	// for: 2.4 s.
	floors, floorFrames = 4, 30
	// enough is how much must have been measured for the gain to move.
	enough = 25
)

// leveller brings one track to a target loudness, slowly.
type leveller struct {
	filter weighting
	gain   float64 // dB, of the last frame's end

	recent [momentary]float64 // energy of frames
	at     int
	sum    float64

	voiced  [shortTerm]float64 // energy of frames that are no pause
	voicedN int                // how many there were, in all
	energy  float64            // sum of them

	lows  [floors]float64 // the quietest frame of each stretch
	low   int
	count int // frames in the stretch
	seen  int // stretches that ended
}

// level brings pcm, a frame, towards the target in LUFS. raises tells whether
// it may be made louder.
func (l *leveller) level(pcm []float32, target float64, raises bool) {
	l.measure(pcm)
	want := l.gain
	if l.voicedN >= enough {
		want = min(max(target-l.loudness(), minGain), maxGain)
	}
	switch {
	case want < l.gain:
		l.glide(pcm, max(want, l.gain-lower))
	case want > l.gain && (!raises && l.gain >= 0 || !l.alive()):
		l.glide(pcm, l.gain)
	default:
		l.glide(pcm, min(want, l.gain+raise))
	}
}

// release brings the gain back to 0 dB.
func (l *leveller) release(pcm []float32) {
	l.glide(pcm, min(max(0, l.gain-lower), l.gain+raise))
}

// glide changes the gain within pcm.
func (l *leveller) glide(pcm []float32, to float64) {
	a, b := decibels(l.gain), decibels(to)
	l.gain = to
	if a == 1 && b == 1 {
		return
	}
	step := (b - a) / frame
	for i := 0; i < len(pcm); i += channels {
		a += step
		pcm[i] *= a
		pcm[i+1] *= a
	}
}

func decibels(dB float64) float32 {
	if dB == 0 {
		return 1
	}
	return float32(math.Pow(10, dB/20))
}

func lufs(energy float64) float64 { return -0.691 + 10*math.Log10(energy+1e-12) }

// loudness returns the short-term loudness of what is no pause, LUFS.
func (l *leveller) loudness() float64 {
	return lufs(l.energy / float64(min(l.voicedN, shortTerm)))
}

// measure takes a frame into account.
func (l *leveller) measure(pcm []float32) {
	e := l.filter.energy(pcm)
	l.sum += e - l.recent[l.at]
	l.recent[l.at] = e
	if l.at = (l.at + 1) % momentary; l.at == 0 {
		l.sum = 0 // anew, against rounding
		for _, x := range l.recent {
			l.sum += x
		}
	}
	l.floor(e)
	now := lufs(max(l.sum, 0) / momentary)
	if now < audible || l.voicedN >= enough && now < l.loudness()-gate && lufs(e) < l.loudness()-gate {
		return
	}
	place := &l.voiced[l.voicedN%shortTerm]
	l.energy = max(l.energy+e-*place, 0)
	*place = e
	l.voicedN++
}

// floor follows the quietest frames.
func (l *leveller) floor(e float64) {
	if l.count == 0 {
		l.lows[l.low] = e
	}
	l.lows[l.low] = min(l.lows[l.low], e)
	if l.count++; l.count == floorFrames {
		l.low, l.count, l.seen = (l.low+1)%floors, 0, l.seen+1
	}
}

// alive reports whether what is heard goes up and down as voices do.
func (l *leveller) alive() bool {
	if l.seen == 0 {
		return false
	}
	low := l.lows[0]
	for _, x := range l.lows[1:min(l.seen, floors)] {
		low = min(low, x)
	}
	return lufs(max(l.sum, 0)/momentary) > max(lufs(low)+lively, audible)
}

// weighting is the K-weighting of ITU-R BS.1770-4 at 48 kHz: a shelf and a high
// pass.
type weighting struct {
	shelf, pass [channels]biquad
}

const (
	shelfB0, shelfB1, shelfB2 = 1.53512485958697, -2.69169618940638, 1.19839281085285
	shelfA1, shelfA2          = -1.69065929318241, 0.73248077421585
	passA1, passA2            = -1.99004745483398, 0.99007225036621 // b is 1, −2, 1
)

type biquad struct{ z1, z2 float64 }

// energy returns the weighted mean square of a frame, summed over channels.
func (w *weighting) energy(pcm []float32) float64 {
	left, same := w.channel(pcm, 0), true
	for i := 0; i < len(pcm); i += channels {
		same = same && pcm[i] == pcm[i+1]
	}
	if same {
		w.shelf[1], w.pass[1] = w.shelf[0], w.pass[0]
		return 2 * left
	}
	return left + w.channel(pcm, 1)
}

func (w *weighting) channel(pcm []float32, c int) float64 {
	s, p, sum := w.shelf[c], w.pass[c], 0.0
	for i := c; i < len(pcm); i += channels {
		x := float64(pcm[i])
		y := shelfB0*x + s.z1
		s.z1 = shelfB1*x - shelfA1*y + s.z2
		s.z2 = shelfB2*x - shelfA2*y
		z := y + p.z1
		p.z1 = -2*y - passA1*z + p.z2
		p.z2 = y - passA2*z
		sum += z * z
	}
	const tiny = 1e-30 // slower than slow to compute with
	if sum < tiny {
		s, p = biquad{}, biquad{}
	}
	w.shelf[c], w.pass[c] = s, p
	return sum / float64(len(pcm)/channels)
}
