package mixer

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Levels are in dBov.
const (
	quietest = -127
	// floor is below what all strength is the same.
	floor = -70
	// enters is the level at which somebody is to be heard where there is
	// room: not even a whisper is left out.
	enters = -55
	// noVoice is what a packet's level loses if its sender, who marks voice,
	// says that it is none.
	noVoice = 12
	// stays is how long somebody is heard after that.
	stays = 2 * time.Second
	// louder is by how much one must be louder to take another's place, who
	// has had it for tenure.
	louder = 6
	tenure = time.Second
	// A level rises and falls with these time constants.
	rise, fall = 200 * time.Millisecond, 600 * time.Millisecond
)

// presence is how much a voice deserves to be heard.
type presence struct {
	strength float64    // smoothed level, dBov
	at       media.Time // of the last level
	loud     media.Time // when the level was last above enters; zero: never
	since    media.Time // when it began to deserve to be heard
	marks    bool       // the sender sets the V bit
	entered  media.Time
}

// take takes a level in dBov. voice is false if it is known to be none.
func (p *presence) take(now media.Time, dBov float64) {
	if p.at.IsZero() {
		p.strength = floor
	}
	if dBov > enters {
		if !p.deserving(now) {
			p.since = now
		}
		p.loud = now
	}
	p.smooth(now, dBov)
}

// packet takes a packet's level (RFC 6464).
func (p *presence) packet(now media.Time, level uint8, voice bool) {
	p.marks = p.marks || voice
	dBov := -float64(level)
	if p.marks && !voice {
		dBov -= noVoice
	}
	p.take(now, dBov)
}

func (p *presence) smooth(now media.Time, dBov float64) {
	dBov = max(dBov, floor)
	constant := fall
	if dBov > p.strength {
		constant = rise
	}
	elapsed := min(max(now.Sub(p.at), 0), interval*5)
	p.at = now
	p.strength += (dBov - p.strength) * float64(elapsed) / float64(elapsed+constant)
}

// rest lets the strength of a voice that sends nothing fall.
func (p *presence) rest(now media.Time) {
	if !p.at.IsZero() && now.Sub(p.at) > 100*time.Millisecond {
		p.smooth(now, floor)
	}
}

// deserving reports whether the voice should be heard if there is room.
func (p *presence) deserving(now media.Time) bool {
	return !p.loud.IsZero() && now.Sub(p.loud) <= stays
}

// loudness returns the mean level of pcm in dBov, at least quietest.
func loudness(pcm []float32) float64 {
	sum := float32(0)
	for _, x := range pcm {
		sum += x * x
	}
	return max(10*math.Log10(float64(sum)/float64(len(pcm))+1e-13), quietest)
}

// levelOf returns a level in −dBov, 0 to 127 (RFC 6464).
func levelOf(dBov float64) uint8 { return uint8(math.Round(min(max(-dBov, 0), 127))) }
