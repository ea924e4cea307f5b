// Package layers chooses what each of a viewer's slots is sent: the layer that
// fits the size shown and, where the line carries less than all of that, how its
// bits are shared out.
//
// It measures neither bitrates nor the line (see package bwe) and sends nothing.
// It is pure: what stays the same from call to call is in its arguments. It
// starts no goroutine.
package layers

import (
	"math"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Unlimited is the estimate where nobody knows what the line carries.
const Unlimited = media.Bitrate(math.MaxInt64)

// Paused is the Target of a slot that is sent nothing.
const Paused = -1

// How well a layer must fill the size shown; a little upscaling is cheaper than
// the next layer. Between stay and leave, the current layer is kept, so that a
// page that is being resized does not switch to and fro.
const (
	fill  = 0.8 // to be chosen
	stay  = 0.7 // for a larger one not to be chosen
	leave = 0.9 // for a smaller one to be chosen
)

// headroom is how much more than its bitrate must be free, in percent, for a
// layer that is not sent yet.
const headroom = 15

// Choice is one quality in which a track can be sent.
type Choice struct {
	Layer   media.Layer
	Size    media.Dimensions // zero if unknown
	Bitrate media.Bitrate    // of all that is sent for it; zero if unknown
}

// Slot is what is known of one slot, and what is decided for it.
type Slot struct {
	Origin media.Origin
	// Choices lists what the publisher sends now, from the least quality to
	// the best. A track without layers has one.
	Choices []Choice
	// Shown is the size on the viewer's page, in real pixels; zero shows
	// anything, so the least.
	Shown media.Dimensions
	// Current is the choice that is sent now, or Paused.
	Current int

	// Wanted is the choice that fits Shown, and Target the one to send, or
	// Paused. Allocate sets both.
	Wanted, Target int

	done bool // no further step is possible
}

// Fitting returns the least of the choices that fills the size shown, or the
// best; current is the one that is sent now, or Paused. There must be a choice.
func Fitting(choices []Choice, shown media.Dimensions, current int) int {
	i := least(choices, shown, fill)
	switch known := current >= 0 && current < len(choices); {
	case known && i > current && fills(choices[current].Size, shown, stay):
		return current
	case known && i < current:
		return min(least(choices, shown, leave), current)
	}
	return i
}

func least(choices []Choice, shown media.Dimensions, part float64) int {
	for i, c := range choices {
		if fills(c.Size, shown, part) {
			return i
		}
	}
	return len(choices) - 1
}

// fills reports whether a picture, fitted into the size shown, is at least part
// of it: its tighter side decides.
func fills(picture, shown media.Dimensions, part float64) bool {
	return float64(picture.Width) >= part*float64(shown.Width) ||
		float64(picture.Height) >= part*float64(shown.Height)
}

// Allocate shares an estimate out over the slots and returns the least estimate
// at which each would be sent what fits it, headroom included:
//
//  1. sound is always sent;
//  2. then every picture in its least quality, screens first, then the largest;
//  3. then screens are raised to what fits them;
//  4. then the others, step by step: always the one whose picture is stretched
//     the most.
//
// What is sent already is kept as long as it fits; what is not needs headroom.
func Allocate(estimate media.Bitrate, slots []Slot) (wanted media.Bitrate) {
	left, spare := estimate, media.Bitrate(0)
	for i := range slots {
		s := &slots[i]
		s.Wanted, s.Target, s.done = Paused, Paused, len(s.Choices) == 0
		if s.done {
			continue
		}
		s.Wanted = Fitting(s.Choices, s.Shown, s.Current)
		if s.sound() {
			s.Wanted, s.Target, s.done = 0, 0, true
			left -= s.Choices[0].Bitrate
		} else if s.Wanted > s.Current {
			spare = max(spare, s.bitrate(s.Wanted)*headroom/100)
		}
		wanted += s.bitrate(s.Wanted)
	}
	for s := neediest(slots); s != nil; s = neediest(slots) {
		step := s.bitrate(s.Target+1) - s.bitrate(s.Target)
		need := step
		if s.Target+1 > s.Current {
			need += s.bitrate(s.Target+1) * headroom / 100
		}
		if need > left {
			s.done = true
			continue
		}
		left -= step
		s.Target++
		s.done = s.Target >= s.Wanted
	}
	return wanted + spare
}

func (s *Slot) sound() bool {
	return s.Origin == media.Microphone || s.Origin == media.ScreenAudio
}

func (s *Slot) bitrate(choice int) media.Bitrate {
	if choice == Paused {
		return 0
	}
	return s.Choices[choice].Bitrate
}

// neediest returns the slot whose turn it is to be raised by one step, or nil.
func neediest(slots []Slot) *Slot {
	var first *Slot
	for i := range slots {
		if s := &slots[i]; !s.done && (first == nil || s.before(first)) {
			first = s
		}
	}
	return first
}

// before reports whether s is raised before t.
func (s *Slot) before(t *Slot) bool {
	screen := s.Origin == media.ScreenVideo
	switch {
	case (s.Target == Paused) != (t.Target == Paused):
		return s.Target == Paused
	case screen != (t.Origin == media.ScreenVideo):
		return screen
	case s.Target != Paused && s.filled() != t.filled():
		return s.filled() < t.filled()
	}
	return s.Shown.Area() > t.Shown.Area()
}

// filled returns how much of the shown area the target's pixels make up.
func (s *Slot) filled() float64 {
	return float64(s.Choices[s.Target].Size.Area()) / float64(max(s.Shown.Area(), 1))
}
