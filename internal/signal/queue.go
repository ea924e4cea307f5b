package signal

import "sync"

// queue holds what waits to be written to one client. It is bounded, and ends
// with a last message. It may be used from any goroutine.
type queue struct {
	wake               chan struct{} // constant, of capacity 1; receives when there is something to take
	messages, capacity int           // constant; bounds in messages and bytes

	mu     sync.Mutex
	frames [][]byte // guarded by mu
	bytes  int      // guarded by mu; of frames
	over   bool     // guarded by mu; nothing more is taken in
	last   []byte   // guarded by mu; to be written last, or nil
}

func newQueue(messages, capacity int) *queue {
	return &queue{wake: make(chan struct{}, 1), messages: messages, capacity: capacity}
}

// add queues a frame. It returns false when the queue is full; a queue that has
// ended swallows everything. A frame above the bound passes if it is alone.
func (q *queue) add(frame []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return true
	}
	if len(q.frames) == q.messages || len(q.frames) > 0 && q.bytes+len(frame) > q.capacity {
		return false
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	q.signal()
	return true
}

// end queues the last frame, if it isn't nil, and forgets those before it if
// discard is set. The first end counts.
func (q *queue) end(last []byte, discard bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return
	}
	if discard {
		q.frames, q.bytes = nil, 0
	}
	q.over, q.last = true, last
	q.signal()
}

// take empties the queue. With over there is nothing to come behind last.
func (q *queue) take() (frames [][]byte, last []byte, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	frames = q.frames
	q.frames, q.bytes = nil, 0
	return frames, q.last, q.over
}

// signal is called with mu held.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
