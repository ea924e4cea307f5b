// Package speaker tells from the audio levels that packets carry (RFC 6464) who
// speaks now, who is loudest, and who leads the conversation.
//
// It decodes nothing and knows no members, only tracks. A Detector is a plain
// state machine owned by the goroutine that calls it; it starts none.
package speaker

import (
	"cmp"
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Options shape a Detector. The zero value works. Levels are in dBov: 0 is the
// loudest, −127 silence.
type Options struct {
	// Start is the smoothed level above which somebody begins to speak; 0
	// stands for −45. Stop is the one below which a speaker falls silent; 0
	// stands for −52.
	Start, Stop float64
	// Hangover is how long a speaker stays one after falling silent, so that
	// a breath does not count; 0 stands for 600 ms.
	Hangover time.Duration
	// Margin is by how many dB one must be louder than another to move
	// ahead; 0 stands for 4.
	Margin float64
	// Takeover is how long one must speak to move ahead of a leader who
	// still speaks, so that a cough does not count; 0 stands for 500 ms.
	Takeover time.Duration
	// Interval is how often the lists are made while somebody speaks; 0
	// stands for 200 ms. When somebody begins, they are made at once.
	Interval time.Duration
}

const (
	// floor is the level of silence: smoothing does not start below it.
	floor = -70
	// The level rises and falls with these time constants.
	attack, release = 40 * time.Millisecond, 200 * time.Millisecond
	// stale is after how long without packets a track is silent: senders
	// with discontinuous transmission just stop.
	stale = 100 * time.Millisecond
)

// Voice is the loudness of one track. Its methods belong to the Detector's owner.
type Voice struct {
	id media.TrackID // constant

	detector *Detector // nil once removed

	level    float64 // smoothed, dBov
	at       media.Time
	marks    bool // the sender sets the V bit
	speaking bool
	since    media.Time // when it began to speak
	loud     media.Time // when it was last above Stop
}

// Detector compares the voices of one room.
type Detector struct {
	opt Options // constant

	ranked   []*Voice // who leads first; silent ones keep their place
	made     media.Time
	deadline media.Time
	speaking int
}

// New returns a detector without voices.
func New(o Options) *Detector {
	o.Start = cmp.Or(o.Start, -45)
	o.Stop = cmp.Or(o.Stop, -52)
	o.Hangover = cmp.Or(o.Hangover, 600*time.Millisecond)
	o.Margin = cmp.Or(o.Margin, 4)
	o.Takeover = cmp.Or(o.Takeover, 500*time.Millisecond)
	o.Interval = cmp.Or(o.Interval, 200*time.Millisecond)
	return &Detector{opt: o}
}

// Add begins to listen to a track.
func (d *Detector) Add(id media.TrackID) *Voice {
	v := &Voice{id: id, detector: d, level: floor}
	d.ranked = append(d.ranked, v)
	return v
}

// Remove forgets a voice.
func (d *Detector) Remove(v *Voice) {
	if i := slices.Index(d.ranked, v); i >= 0 {
		d.ranked = slices.Delete(d.ranked, i, i+1)
		v.detector = nil
		if v.speaking {
			d.speaking--
		}
	}
}

// ID returns the voice's track.
func (v *Voice) ID() media.TrackID { return v.id }

// DBov returns the smoothed level, −70 to 0.
func (v *Voice) DBov() float64 { return v.level }

// Speaking reports whether the voice is on the list of speakers.
func (v *Voice) Speaking() bool { return v.speaking }

// Heard takes a packet's level in −dBov, 0 to 127, and its V bit (RFC 6464 §3).
// From a sender that sets that bit, what comes without it is noise.
func (v *Voice) Heard(now media.Time, level uint8, voice bool) {
	if level == media.NoLevel || v.detector == nil {
		return
	}
	v.marks = v.marks || voice
	target := -float64(level)
	if v.marks && !voice {
		target = floor
	}
	v.smooth(now, max(target, floor))
	if v.level > v.detector.opt.Stop {
		v.loud = now
	}
	if !v.speaking && v.level > v.detector.opt.Start {
		v.speaking, v.since = true, now
		v.detector.speaking++
		v.detector.deadline = now
	}
}

// smooth moves the level towards target for the time since the last packet.
func (v *Voice) smooth(now media.Time, target float64) {
	constant := release
	if target > v.level {
		constant = attack
	}
	elapsed := min(now.Sub(v.at), stale)
	v.at = now
	v.level += (target - v.level) * float64(elapsed) / float64(elapsed+constant)
}

// Deadline returns when Update is due, or zero for never: while nobody speaks,
// nothing needs to be done.
func (d *Detector) Deadline() media.Time { return d.deadline }

// Update makes the lists anew if it is time, and reports whether who speaks, or
// in which order, has changed.
func (d *Detector) Update(now media.Time) (changed bool) {
	if d.deadline.IsZero() || now.Before(d.deadline) {
		return false
	}
	d.deadline = 0
	for _, v := range d.ranked {
		if now.Sub(v.at) >= stale && v.level > floor {
			v.smooth(now, floor)
		}
		switch {
		case v.speaking && now.Sub(v.loud) > d.opt.Hangover:
			v.speaking, changed = false, true
			d.speaking--
		case v.speaking && v.since.After(d.made):
			changed = true
		}
	}
	d.made = now
	if d.rank(now) {
		changed = true
	}
	if d.speaking > 0 {
		d.deadline = now.Add(d.opt.Interval)
	}
	return changed
}

// rank moves those who got louder ahead, and reports whether it did.
func (d *Detector) rank(now media.Time) (moved bool) {
	for i := 1; i < len(d.ranked); i++ {
		for j := i; j > 0 && d.passes(now, d.ranked[j], d.ranked[j-1], j == 1); j-- {
			d.ranked[j], d.ranked[j-1] = d.ranked[j-1], d.ranked[j]
			moved = true
		}
	}
	return moved
}

// passes reports whether v moves ahead of w, who leads the conversation or not.
// The silent keep the order in which they spoke last.
func (d *Detector) passes(now media.Time, v, w *Voice, leads bool) bool {
	switch {
	case !v.speaking:
		return false
	case !w.speaking:
		return true
	case leads && now.Sub(v.since) < d.opt.Takeover:
		return false
	}
	return v.level > w.level+d.opt.Margin
}

// Loudest appends up to n tracks to dst: those who speak, who leads first, and
// then those who spoke last. It is what to put in n slots for sound.
func (d *Detector) Loudest(n int, dst []media.TrackID) []media.TrackID {
	for _, v := range d.ranked[:min(n, len(d.ranked))] {
		dst = append(dst, v.id)
	}
	return dst
}

// Speakers appends those who speak now to dst, who leads first.
func (d *Detector) Speakers(dst []*Voice) []*Voice {
	for _, v := range d.ranked {
		if v.speaking {
			dst = append(dst, v)
		}
	}
	return dst
}

// Dominant returns who leads the conversation: the last one to do so while
// nobody speaks, and nil before anybody did.
func (d *Detector) Dominant() *Voice {
	if len(d.ranked) == 0 || d.ranked[0].since.IsZero() {
		return nil
	}
	return d.ranked[0]
}
