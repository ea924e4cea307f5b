package httpd

import (
	"container/list"
	"net"
	"sync"
)

// waiting holds the connections from which we wait for something: those that
// have not said what they are, those in the middle of a TLS handshake, and those
// between two requests. There is room for so many, and a quarter of that for one
// source; then the one that has waited longest, of all or of that source, is
// closed. A client with something to say does not wait long, so a crowd of
// silent ones can't keep it out.
type waiting struct {
	max, share int // constant; 0 means no bound

	// mu guards the following.
	mu      sync.Mutex
	closed  bool
	order   *list.List // of waiter, longest first
	place   map[net.Conn]seat
	queues  map[source]*list.List // of waiter, longest first; none is empty
	evicted uint64
}

// waiter is a connection that waits.
type waiter struct {
	conn net.Conn
	from source
}

// seat is where a waiter is.
type seat struct{ order, queue *list.Element }

func newWaiting(max int) *waiting {
	return &waiting{
		max: max, share: (max + 3) / 4,
		order: list.New(), place: make(map[net.Conn]seat), queues: make(map[source]*list.List),
	}
}

// add puts conn at the end. Once the set is closed, so is every newcomer.
func (w *waiting) add(conn net.Conn, from source) {
	victim := conn
	w.mu.Lock()
	if !w.closed {
		victim = w.seatLocked(waiter{conn, from})
	}
	w.mu.Unlock()
	if victim != nil {
		victim.Close()
	}
}

// seatLocked takes a newcomer in and returns who must go for it, or nil.
func (w *waiting) seatLocked(c waiter) (victim net.Conn) {
	if _, here := w.place[c.conn]; here {
		return nil
	}
	queue := w.queues[c.from]
	if queue == nil {
		queue = list.New()
		w.queues[c.from] = queue
	}
	w.place[c.conn] = seat{w.order.PushBack(c), queue.PushBack(c)}
	switch {
	case w.max > 0 && c.from.IsValid() && queue.Len() > w.share:
		victim = queue.Front().Value.(waiter).conn
	case w.max > 0 && w.order.Len() > w.max:
		victim = w.order.Front().Value.(waiter).conn
	default:
		return nil
	}
	w.removeLocked(victim)
	w.evicted++
	return victim
}

// remove takes conn out. It reports whether conn was in: if not, it was closed
// to make room.
func (w *waiting) remove(conn net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.removeLocked(conn)
}

func (w *waiting) removeLocked(conn net.Conn) bool {
	at, here := w.place[conn]
	if !here {
		return false
	}
	from := w.order.Remove(at.order).(waiter).from
	w.queues[from].Remove(at.queue)
	if w.queues[from].Len() == 0 {
		delete(w.queues, from)
	}
	delete(w.place, conn)
	return true
}

// close closes all connections in the set, and those still to come.
func (w *waiting) close() {
	w.mu.Lock()
	w.closed = true
	victims := w.place
	w.place = make(map[net.Conn]seat)
	w.order.Init()
	clear(w.queues)
	w.mu.Unlock()
	for conn := range victims {
		conn.Close()
	}
}

// counts returns how many wait now and how many were closed for lack of room.
func (w *waiting) counts() (now int, evicted uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.order.Len(), w.evicted
}
