package mixer

import (
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// Sound that is decoded waits in a line of this length.
	lineLength = 2*frame + 2*longest
	// fastest is by how much sound is played faster or slower to change its
	// delay: 0.5 % is 9 cents.
	fastest = 0.005
	// Corrections begin when sound waits by slack longer than it should, and
	// end at settled, or begin when it waits by scarce shorter and end at
	// spare.
	slack, settled, scarce, spare = 6 * millisecond, 1 * millisecond, millisecond / 2, 2 * millisecond
)

// player holds the decoder of a track and the decoded sound that is not yet
// mixed. A track has one while it is decoded.
type player struct {
	decoder Decoder

	line  []float32 // interleaved
	head  int       // the next sample to play; before it are taps/2 played ones
	tail  int       // behind the last one
	frac  float64   // part of a sample by which playing is past head
	drive int       // +1: playing faster, −1: slower, 0: neither

	seq     media.Seq   // to decode next
	next    media.Ticks // timestamp behind the last decoded sample
	idle    bool        // no sound flows: it waits for a packet to begin with
	fresh   bool        // nothing was decoded yet
	dtx     bool        // the last packet told of silence to come
	stalled int         // samples made up since the last packet, while none came
	gain    float32     // of what is being appended: 0 in pauses
	trim    int         // samples to leave out of the next packet
	excess  int64       // delay beyond what is wanted, samples

	captured   media.Time  // of the last packet
	capturedTS media.Ticks // and its timestamp

	out   [frame * channels]float32 // what the last fill gave
	quiet bool                      // it is all zero
}

func newPlayer(d Decoder, first media.Seq) *player {
	p := &player{decoder: d, line: make([]float32, lineLength*channels)}
	p.begin(first)
	return p
}

// begin makes the player wait for sound anew, from a packet on.
func (p *player) begin(first media.Seq) {
	p.seq, p.idle, p.fresh, p.dtx = first, true, true, false
	p.stalled, p.gain, p.trim = 0, 0, 0
	p.head, p.tail, p.frac, p.drive = taps/2, taps/2, 0, 0
	clear(p.line[:p.head*channels])
}

// length returns how much decoded sound waits.
func (p *player) length() int { return p.tail - p.head }

// played returns the timestamp of the sample that is played next.
func (p *player) played() media.Ticks { return p.next - media.Ticks(p.length()) }

// room returns the line behind the tail with place for n samples.
func (p *player) room(n int) []float32 {
	if p.tail+n > lineLength {
		from := p.head - taps/2
		copy(p.line, p.line[from*channels:p.tail*channels])
		p.head, p.tail = p.head-from, p.tail-from
	}
	return p.line[p.tail*channels : (p.tail+n)*channels]
}

// append takes n samples that were put behind the tail. Their gain goes to
// target by step a sample.
func (p *player) append(n int, target, step float32) {
	pcm := p.line[p.tail*channels : (p.tail+n)*channels]
	p.tail += n
	if p.gain == target && target == 1 {
		return
	}
	for i := 0; i < len(pcm); i += channels {
		if p.gain < target {
			p.gain = min(p.gain+step, target)
		} else {
			p.gain = max(p.gain-step, target)
		}
		pcm[i] *= p.gain
		pcm[i+1] *= p.gain
	}
}

// pad appends silence that is not the sender's.
func (p *player) pad(n int) {
	clear(p.room(n))
	p.tail += n
}

// conceal appends n samples, rounded up to what codecs work in, of what the
// decoder makes of a loss, fading out within fade samples.
func (p *player) conceal(n, fade int) int {
	n = min((n+grain-1)/grain*grain, longest)
	pcm := p.room(n)
	if p.decoder.Conceal(pcm) != nil || !(peak(pcm) < insane) {
		clear(pcm)
	}
	p.append(n, 0, 1/float32(fade))
	return n
}

// rate returns how fast to play the next frame.
func (p *player) rate() float64 {
	switch {
	case p.idle:
		p.drive = 0
	case p.drive > 0 && p.excess < settled, p.drive < 0 && p.excess > spare:
		p.drive = 0
	case p.drive == 0 && p.excess > slack:
		p.drive = 1
	case p.drive == 0 && p.excess < -scarce:
		p.drive = -1
	}
	switch {
	case p.drive != 0:
		return 1 + float64(p.drive)*fastest
	case p.frac > 0.5:
		return 1 + (1-p.frac)/frame // so that it ends on a whole sample
	case p.frac > 0:
		return 1 - p.frac/frame
	}
	return 1
}

// needs returns how long the line must be to read a frame at that rate.
func (p *player) needs(rate float64) int {
	if rate == 1 && p.frac == 0 {
		return frame
	}
	return int(p.frac+frame*rate) + 1 + taps/2
}

// read plays one frame.
func (p *player) read(in *interpolator, rate float64) {
	defer p.measure()
	if rate == 1 && p.frac == 0 {
		copy(p.out[:], p.line[p.head*channels:])
		p.head += frame
		return
	}
	end := p.frac + frame*rate
	in.read(p.out[:], p.line[(p.head-taps/2+1)*channels:p.tail*channels], p.frac, rate)
	whole := int(end)
	p.head, p.frac = p.head+whole, end-float64(whole)
	const near = 1e-6
	if p.frac < near {
		p.frac = 0
	} else if p.frac > 1-near {
		p.head, p.frac = p.head+1, 0
	}
}

// measure tells whether anything is to be heard.
func (p *player) measure() {
	p.quiet = true
	for _, x := range p.out {
		if x != 0 {
			p.quiet = false
			return
		}
	}
}
