package room

import (
	"errors"
	"net/netip"
	"sync"

	"github.com/tutti-rtc/tutti/api"
)

// plane is a media plane without media: it remembers what rooms asked of it,
// and tells them what the test says.
type plane struct {
	mu        sync.Mutex
	endpoints map[string]*endpoint // by member; guarded by mu
	closed    []string             // rooms whose router was closed; guarded by mu
	mixed     *Program             // as asked for last; guarded by mu
	mixes     int                  // how often it was asked for; guarded by mu
	tell      func(api.Program)    // of the last room; guarded by mu
	broken    bool                 // Attach fails
}

func newPlane() *plane { return &plane{endpoints: make(map[string]*endpoint)} }

func (p *plane) NewRouter(room string, notify func(api.Program)) Router {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell = notify
	return &router{p, room}
}

func (p *plane) endpoint(member string) *endpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.endpoints[member]
}

type router struct {
	plane *plane
	room  string
}

func (r *router) Attach(member string, notify func(Notice)) (Endpoint, error) {
	r.plane.mu.Lock()
	defer r.plane.mu.Unlock()
	if r.plane.broken {
		return nil, errors.New("no sockets left")
	}
	e := &endpoint{notify: notify}
	r.plane.endpoints[member] = e
	return e, nil
}

func (r *router) Mix(p *Program) {
	r.plane.mu.Lock()
	defer r.plane.mu.Unlock()
	r.plane.mixed = p
	r.plane.mixes++
}

func (r *router) Close() {
	r.plane.mu.Lock()
	defer r.plane.mu.Unlock()
	r.plane.closed = append(r.plane.closed, r.room)
	r.plane.mixed = nil
}

// endpoint remembers the last of everything. Its fields are read by tests when
// the room is at rest.
type endpoint struct {
	notify func(Notice)

	mu     sync.Mutex
	tracks []Publication
	wishes []SlotWish
	fill   Fill
	views  int
	data   []string
	full   bool // takes no data
	closed bool
}

func (e *endpoint) Negotiate(offer string, _ ...netip.AddrPort) (*api.Answer, error) {
	if offer == "" {
		return nil, api.Errorf(api.CodeBadSDP, "The offer is empty.")
	}
	return &api.Answer{SDP: "answer to " + offer}, nil
}

func (e *endpoint) Publish(tracks []Publication) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tracks = tracks
}

func (e *endpoint) View(slots []SlotWish, fill Fill) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wishes, e.fill = slots, fill
	e.views++
}

func (e *endpoint) SendData(_ bool, msg []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.full || e.closed {
		return false
	}
	e.data = append(e.data, string(msg))
	return true
}

func (e *endpoint) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
}
