package mixer

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Stats counts what happened to all tracks since the mixer was made.
type Stats struct {
	Packets    uint64 // taken
	Unwanted   uint64 // of unknown or muted tracks
	Broken     uint64 // that are no Opus or could not be decoded
	Duplicates uint64
	Late       uint64 // that came after their time
	Lost       uint64 // that were missing when they were needed
	Recovered  uint64 // lost ones replaced by what the next told about them
	Skipped    uint64 // left out because the delay had grown too much
	Restarts   uint64 // streams that began anew
	Decoded    uint64 // packets
	Encoded    uint64 // frames of mixes
	// Concealed is what was made up for losses and pauses of the network;
	// Shortened and Lengthened what was taken out or repeated to change the
	// delay. In samples of 1/48000 s.
	Concealed, Shortened, Lengthened uint64
	MissedTicks                      uint64
	CodecErrors                      uint64 // codecs that could not be made or failed

	// What there is now.
	Decoders, Encoders int
	Heard              int // streams in the mix
}

// Stats returns what was counted so far.
func (m *Mixer) Stats() Stats {
	st := m.stats
	for _, s := range m.streams {
		if s.play != nil {
			st.Decoders++
		}
		if s.stage != out {
			st.Heard++
		}
	}
	for _, o := range m.outlets {
		if o.encoder != nil {
			st.Encoders++
		}
	}
	return st
}

// forgotten is after how long without packets a track tells nothing about
// capture times any more.
const forgotten = 3 * time.Second

// Heard returns when what the last Tick played of a member was captured, on the
// server's clock: its picture should be of the same time. It tells so too of a
// microphone that isn't in the mix but sends, as if it were. ok is false if
// nothing is known: the member has no sound.
func (m *Mixer) Heard(member string) (captured media.Time, ok bool) {
	s := m.of(member)
	if s == nil {
		return 0, false
	}
	return s.heard(m.tick), true
}

// Delay returns how long the member's sound waits from when it would have
// arrived at the earliest to when it is mixed; 0 if it has none.
func (m *Mixer) Delay(member string) time.Duration {
	s := m.of(member)
	if s == nil {
		return 0
	}
	return s.delay(m.tick)
}

// of returns the member's stream that a picture of it belongs to: the
// microphone rather than the screen.
func (m *Mixer) of(member string) *stream {
	var found *stream
	for _, s := range m.streams {
		if s.source.Member != member || s.gone || s.source.Muted || s.lately.arrival.IsZero() || m.tick.Sub(s.lately.arrival) > forgotten {
			continue
		}
		if found == nil || s.voice != nil {
			found = s
		}
	}
	return found
}

// Talkers appends those who speak to dst, who leads the conversation first: a
// cough doesn't change the order.
func (m *Mixer) Talkers(dst []Talker) []Talker {
	for _, v := range m.voices {
		if s := m.byTrack[v.ID()]; s != nil {
			dst = append(dst, Talker{Member: s.source.Member, Level: v.DBov()})
		}
	}
	return dst
}

// fadeCurve fills curve with a raised cosine from 0 to 1.
func fadeCurve(curve []float32) {
	for i := range curve {
		curve[i] = float32(0.5 - 0.5*math.Cos(math.Pi*(float64(i)+0.5)/float64(len(curve))))
	}
}
