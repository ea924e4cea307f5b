package proc

import (
	"slices"
	"time"
)

const (
	// patience is after how long without a heartbeat a mixer is taken for
	// hanging, unless Options say otherwise.
	patience = 700 * time.Millisecond
	// maxPatience is what it grows to when it proves to be too short.
	maxPatience = 3 * time.Second
	// startPatience is how long a mixer may take to be ready, and until its
	// first heartbeat.
	startPatience = 10 * time.Second
	// looks is how many times a watchdog looks within its patience.
	looks = 8
)

// watchdog judges by heartbeats and marks whether a process hangs. It reads no
// clock: whoever owns it tells how much time has gone by.
type watchdog struct {
	patience time.Duration // constant

	beats   uint64 // heard at the last look
	silence time.Duration
	marks   [Workers]uint64 // seen at the last look
	stuck   [Workers]time.Duration
}

// interval is how often look is to be called.
func (w *watchdog) interval() time.Duration { return w.patience / looks }

// look takes the time since the last look, how much of it the process did not get
// to run though it wanted to, the number of heartbeats so far and the marks as
// they are now, and reports whether the process hangs. Of time in which it
// starved a quarter counts, and of a look that comes late only a part: where the
// server did not get to run, the mixer can't be blamed for the same.
func (w *watchdog) look(elapsed, starved time.Duration, beats uint64, marks *[Workers]uint64) (hangs bool) {
	elapsed = min(max(elapsed-starved, elapsed/4), 2*w.interval())
	w.silence += elapsed
	if beats != w.beats {
		w.beats, w.silence = beats, 0
	}
	limit := w.patience
	if beats == 0 {
		limit = max(startPatience, w.patience)
	}
	hangs = w.silence >= limit
	for i, mark := range marks {
		_, in := inside(mark)
		switch {
		case in && mark == w.marks[i]:
			w.stuck[i] += elapsed
		default:
			w.stuck[i] = 0
		}
		hangs = hangs || w.stuck[i] >= w.patience
	}
	w.marks = *marks
	return hangs
}

// uneasy reports whether the next look may matter.
func (w *watchdog) uneasy() bool {
	return w.silence >= w.patience/4 || slices.ContainsFunc(w.stuck[:], func(d time.Duration) bool { return d >= w.patience/4 })
}

// suspects are the tracks in whose decoding workers have been stuck for at least
// half of the patience.
func (w *watchdog) suspects() []uint32 {
	var list []uint32
	for i, mark := range w.marks {
		if track, in := inside(mark); in && w.stuck[i] >= w.patience/2 {
			list = append(list, track)
		}
	}
	return list
}

// suspects are the tracks that a process was decoding when it died.
func suspects(marks *[Workers]uint64) []uint32 {
	var list []uint32
	for _, mark := range marks {
		if track, in := inside(mark); in {
			list = append(list, track)
		}
	}
	return list
}
