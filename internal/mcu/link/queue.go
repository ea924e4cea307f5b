package link

import "sync"

// queue holds the records that wait to be written, one behind the other. It is
// bounded in bytes, by rule: pictures fill three quarters of it, sound the rest,
// and messages are never refused; where they fill eight times as much, nobody
// reads them. It may be used from any goroutine.
type queue struct {
	wake     chan struct{} // constant, of capacity 1; receives when there is something to take
	capacity int           // constant; in bytes

	mu     sync.Mutex
	filled []byte // guarded by mu
	over   bool   // guarded by mu; nothing more is taken in
}

func newQueue(capacity int) *queue {
	return &queue{wake: make(chan struct{}, 1), capacity: capacity}
}

// add lets write append to the queue, unless it has ended or holds limit bytes
// already.
func (q *queue) add(limit int, write func([]byte) []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over || len(q.filled) >= limit {
		return false
	}
	q.filled = write(q.filled)
	q.signal()
	return true
}

// ended reports whether the queue takes nothing more in.
func (q *queue) ended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.over
}

// end takes nothing more in. What has queued can still be taken.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = true
	q.signal()
}

// take swaps what has queued for an empty buffer. With over there is nothing to
// come behind it.
func (q *queue) take(empty []byte) (filled []byte, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	filled, q.filled = q.filled, empty[:0]
	return filled, q.over
}

// signal is called with mu held.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
