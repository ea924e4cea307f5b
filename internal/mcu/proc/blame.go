package proc

import (
	"slices"
	"sync"
	"time"
)

const (
	// strikeAge is for how long a suspicion counts.
	strikeAge = 10 * time.Minute
	// maxLeftOut bounds the list of tracks that are left out; a process gone
	// wrong could fill it with anything.
	maxLeftOut = 1024
)

// register keeps which tracks were suspected. A track suspected twice is left out. It may be used
// from any goroutine.
type register struct {
	mu      sync.Mutex
	struck  map[uint32]time.Time // guarded by mu; once, and when
	leftOut map[uint32]bool      // guarded by mu
}

// strike takes the suspects of one death and reports whether one of them is left
// out from now on.
func (r *register) strike(now time.Time, suspects []uint32) (left bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.struck == nil {
		r.struck, r.leftOut = make(map[uint32]time.Time), make(map[uint32]bool)
	}
	for track, at := range r.struck {
		if now.Sub(at) > strikeAge {
			delete(r.struck, track)
		}
	}
	suspects = slices.Clone(suspects)
	slices.Sort(suspects)
	for _, track := range slices.Compact(suspects) {
		_, twice := r.struck[track]
		switch {
		case r.leftOut[track]:
		case twice && len(r.leftOut) < maxLeftOut:
			delete(r.struck, track)
			r.leftOut[track], left = true, true
		case len(r.struck) < maxLeftOut:
			r.struck[track] = now
		}
	}
	return left
}

// isLeftOut reports whether the track was suspected twice.
func (r *register) isLeftOut(track uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leftOut[track]
}
