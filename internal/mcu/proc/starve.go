package proc

import (
	"bytes"
	"strconv"
	"time"
)

// turn is what the system tells of a thread: how long it ran and how long it
// waited for a processor so far, and whether it waits for one, or for a disk, or
// runs.
type turn struct {
	ran, waited time.Duration
	wants       bool
}

// hunger tells how long a process did not get to run, though it wanted to.
type hunger struct {
	turns map[int]turn // by thread, at the last look; nil before the first
}

// look takes the threads' turns and the time since the last look, and returns
// how much of it the worst-off thread was kept waiting.
func (h *hunger) look(elapsed time.Duration, turns map[int]turn) (starved time.Duration) {
	for id, now := range turns {
		before, known := h.turns[id]
		if !known {
			continue
		}
		starved = max(starved, now.waited-before.waited)
		if now.wants && before.wants {
			// Its wait counts when it is over only.
			starved = max(starved, elapsed-(now.ran-before.ran))
		}
	}
	h.turns = turns
	return min(starved, elapsed)
}

// readTurn makes a turn of what Linux says in a thread's schedstat and stat.
func readTurn(schedstat, stat []byte) (t turn, ok bool) {
	fields := bytes.Fields(schedstat)
	if len(fields) < 2 {
		return turn{}, false
	}
	ran, err1 := strconv.ParseInt(string(fields[0]), 10, 64)
	waited, err2 := strconv.ParseInt(string(fields[1]), 10, 64)
	// The state is behind the name, which may hold anything.
	_, state, found := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	if err1 != nil || err2 != nil || !found || len(state) == 0 {
		return turn{}, false
	}
	return turn{time.Duration(ran), time.Duration(waited), state[0] == 'R' || state[0] == 'D'}, true
}
