package mixer

import (
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// flush is how many frames of silence an encoder is given before a fixed
	// packet takes its place.
	flush = 3
	// keepOutlet is how long the encoder of somebody's own mix is kept who is
	// not heard any more.
	keepOutlet = 5 * time.Second
	// primes is how many frames an encoder is given of what was heard before,
	// when it takes over from another: a decoder then hears no seam, as each
	// frame is half guessed from the one before.
	primes = 5
	// nothing is a level below which a mix is silent: −100 dBFS. Taking
	// one's own part out of a sum leaves a rest of rounding.
	nothing = 1e-5
)

// outlet encodes one mix.
type outlet struct {
	member  string // empty: the shared one
	encoder Encoder
	limiter limiter
	silent  int  // frames of silence so far
	still   bool // the last packet was the fixed one
	stale   bool // the encoder doesn't know what was heard before
	usedAt  media.Time
	retryAt media.Time
	packet  []byte
}

// encode makes the mixes that are heard.
func (m *Mixer) encode() {
	own := 0
	for _, s := range m.streams {
		member := s.source.Member
		if m.listeners[member] && m.audible(s) && !m.served(member) {
			own++
			m.emit(m.outlet(member))
		}
	}
	if m.shared || own < len(m.listeners) {
		m.emit(m.outlets[0])
	}
	m.past[m.timestamp/frame%primes] = m.bus
}

// audible reports whether a stream is in the mix, or was just now.
func (m *Mixer) audible(s *stream) bool {
	return !s.soundAt.IsZero() && m.tick.Sub(s.soundAt) <= stays && !s.gone
}

// served reports whether a member has its mix in this Tick already.
func (m *Mixer) served(member string) bool {
	return slices.ContainsFunc(m.mixes, func(x Mix) bool { return x.Without == member })
}

func (m *Mixer) outlet(member string) *outlet {
	for _, o := range m.outlets[1:] {
		if o.member == member {
			return o
		}
	}
	o := &outlet{member: member}
	m.outlets = append(m.outlets, o)
	return o
}

// emit encodes the bus without the outlet's member.
func (m *Mixer) emit(o *outlet) {
	if m.tick.Sub(o.usedAt) > interval {
		o.stale, o.silent, o.still = true, 0, false
	}
	pcm := m.scratch[:]
	copy(pcm, m.bus[:])
	mix := Mix{Without: o.member, Timestamp: m.timestamp}
	for _, s := range m.streams {
		if !s.filled || s.play.quiet || s.soundAt != m.tick {
			continue
		}
		if o.member != "" && s.source.Member == o.member {
			for i, x := range s.play.out {
				pcm[i] -= x
			}
		} else if s.voice == nil || s.voice.Speaking() {
			mix.Voice = true
		}
	}
	quiet := o.limiter.limit(pcm) < nothing
	mix.Level = levelOf(loudness(pcm))
	o.usedAt = m.tick
	mix.Payload = m.payload(o, pcm, quiet)
	m.mixes = append(m.mixes, mix)
}

// payload encodes pcm; silence costs next to nothing.
func (m *Mixer) payload(o *outlet, pcm []float32, quiet bool) []byte {
	if o.silent++; !quiet {
		o.silent = 0
	}
	if o.silent > flush || o.encoder == nil && !m.create(o) {
		o.packet, o.still = append(o.packet[:0], silence...), true
		return o.packet
	}
	if o.stale {
		m.prime(o)
	}
	packet, err := o.encoder.Encode(o.packet[:0], pcm)
	if err != nil || len(packet) == 0 {
		m.stats.CodecErrors++
		packet = append(o.packet[:0], silence...)
	}
	m.stats.Encoded++
	o.packet, o.still, o.stale = packet, false, false
	return packet
}

// prime gives an encoder what its listeners heard before.
func (m *Mixer) prime(o *outlet) {
	before := limiter{}
	for i := range media.Ticks(primes) {
		pcm := m.primer[:]
		if o.still {
			clear(pcm)
		} else {
			copy(pcm, m.past[(m.timestamp/frame+i)%primes][:])
		}
		before.limit(pcm)
		o.packet, _ = o.encoder.Encode(o.packet[:0], pcm)
	}
}

// create makes an outlet's encoder, and reports whether it could.
func (m *Mixer) create(o *outlet) bool {
	if m.tick.Before(o.retryAt) {
		return false
	}
	e, err := m.encoders()
	if err != nil {
		m.stats.CodecErrors++
		o.retryAt = m.tick.Add(time.Second)
		return false
	}
	o.encoder, o.stale = e, true
	return true
}

// expired closes the outlet of somebody who isn't heard any more.
func (m *Mixer) expired(o *outlet) bool {
	if o.member == "" || m.tick.Sub(o.usedAt) <= keepOutlet {
		return false
	}
	o.close()
	return true
}

func (o *outlet) close() {
	if o.encoder != nil {
		o.encoder.Close()
	}
}
