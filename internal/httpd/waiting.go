package httpd

import (
	"container/list"
	"net"
	"sync"
)

// waiting holds the connections from which we wait for something: those that
// have not said what they are, and those between two requests. There is room
// for so many; then the one that has waited longest is closed. A client with
// something to say does not wait, so a crowd of silent ones can't keep it out.
type waiting struct {
	max int // constant; 0 means no bound

	// mu guards the following.
	mu      sync.Mutex
	closed  bool
	order   *list.List // of net.Conn, longest first
	place   map[net.Conn]*list.Element
	evicted uint64
}

func newWaiting(max int) *waiting {
	return &waiting{max: max, order: list.New(), place: make(map[net.Conn]*list.Element)}
}

// add puts conn at the end. Once the set is closed, so is every newcomer.
func (w *waiting) add(conn net.Conn) {
	var victim net.Conn
	w.mu.Lock()
	switch {
	case w.closed:
		victim = conn
	case w.place[conn] == nil:
		w.place[conn] = w.order.PushBack(conn)
		if w.max > 0 && w.order.Len() > w.max {
			victim = w.order.Front().Value.(net.Conn)
			w.removeLocked(victim)
			w.evicted++
		}
	}
	w.mu.Unlock()
	if victim != nil {
		victim.Close()
	}
}

// remove takes conn out, when it is in.
func (w *waiting) remove(conn net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removeLocked(conn)
}

func (w *waiting) removeLocked(conn net.Conn) {
	if at := w.place[conn]; at != nil {
		w.order.Remove(at)
		delete(w.place, conn)
	}
}

// close closes all connections in the set, and those still to come.
func (w *waiting) close() {
	w.mu.Lock()
	w.closed = true
	victims := w.place
	w.place = make(map[net.Conn]*list.Element)
	w.order.Init()
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
