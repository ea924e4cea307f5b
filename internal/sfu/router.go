package sfu

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

// Notice is what an endpoint tells its owner. Exactly one field is set.
type Notice struct {
	// Connected and Lost tell whether media can flow between member and
	// server.
	Connected, Lost bool
	// Slots lists slots whose state changed.
	Slots []api.SlotState
	// Layers tells which simulcast streams of the member's track somebody
	// receives.
	Layers *api.Layers
	// Arrived tells that a track's media came, with its codec.
	Arrived *media.TrackInfo
	// Data is a message of one of the member's data channels, by its label.
	Data *Data
	// Line tells how the line to the member fares.
	Line *Line
	// Speakers is the room's list of talkers, the loudest first; not nil.
	Speakers []Speaker
}

// Line is what is known of the line to a member.
type Line struct {
	// Estimate is what it carries, 0 if unknown, and Needed what the least
	// quality of all that the member's view names takes.
	Estimate, Needed media.Bitrate
	// Short tells that pictures are left out for lack of it.
	Short bool
}

// Data is one data channel message, the receiver's to keep.
type Data struct {
	Label   string
	Message []byte
}

// Router forwards the tracks of one room among its endpoints. Its methods may
// be called from any goroutine but a loop.
type Router struct {
	// Constant.
	server   *peer.Server
	speakers speakers
	numbers  atomic.Uint32 // of tracks, one for each connection that brings one

	mu        sync.RWMutex // guards what follows
	closed    bool
	tracks    map[media.TrackID]*Track
	offers    map[media.TrackID][]media.TrackID // what a name stands for; see Offer
	endpoints map[*Endpoint]struct{}
}

// NewRouter returns the router of a new room.
func NewRouter(s *peer.Server) *Router {
	r := &Router{
		server: s, tracks: make(map[media.TrackID]*Track), endpoints: make(map[*Endpoint]struct{}),
	}
	loops := s.Loops()
	r.speakers.init(r, loops[int(randomBits())%len(loops)])
	return r
}

// Attach makes the media side of a member. What happens to it is told to
// notify, from any of the server's goroutines; notify must not block.
func (r *Router) Attach(member string, notify func(Notice)) (*Endpoint, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, peer.ErrClosed
	}
	e := &Endpoint{router: r, member: member, notify: notify}
	r.endpoints[e] = struct{}{}
	return e, nil
}

// Close ends all endpoints. It is idempotent.
func (r *Router) Close() {
	r.mu.Lock()
	r.closed = true
	list := r.list()
	r.mu.Unlock()
	for _, e := range list {
		e.Close()
	}
	r.speakers.stop()
}

// list returns the endpoints; r.mu must be held.
func (r *Router) list() []*Endpoint {
	list := make([]*Endpoint, 0, len(r.endpoints))
	for e := range r.endpoints {
		list = append(list, e)
	}
	return list
}

func (r *Router) all() []*Endpoint {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.list()
}

// track returns a track by its id, or nil.
func (r *Router) track(id media.TrackID) *Track {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.tracks[id]
}

// Source returns a published track for those who take its packets otherwise
// than in a slot.
func (r *Router) Source(id media.TrackID) (media.Source, bool) {
	t := r.track(id)
	return t, t != nil
}

func (r *Router) addTrack(t *Track) {
	r.mu.Lock()
	r.tracks[t.id] = t
	r.mu.Unlock()
	if t.kind == media.Audio {
		r.fillAudio()
	}
}

// removeTrack ends a track: its slots show nothing any more.
func (r *Router) removeTrack(t *Track) {
	r.mu.Lock()
	if r.tracks[t.id] == t {
		delete(r.tracks, t.id)
	}
	r.mu.Unlock()
	for _, e := range r.all() {
		e.onLoop(func(now media.Time, c *connection) { c.drop(now, t) })
	}
	t.close()
	if t.kind == media.Audio {
		r.speakers.remove(t)
		r.fillAudio()
	}
}

func (r *Router) removeEndpoint(e *Endpoint) {
	r.mu.Lock()
	delete(r.endpoints, e)
	r.mu.Unlock()
}

// loudest returns the audio tracks in the order in which they deserve a slot.
func (r *Router) loudest() []*Track {
	order := r.speakers.loudest()
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*Track, 0, len(order))
	for _, id := range order {
		if t := r.tracks[id]; t != nil {
			list = append(list, t)
		}
	}
	return list
}

// fillAudio lets all endpoints look at their audio slots anew.
func (r *Router) fillAudio() {
	for _, e := range r.all() {
		e.update()
	}
}

func (r *Router) tellSpeakers(list []Speaker) {
	for _, e := range r.all() {
		e.notify(Notice{Speakers: list})
	}
}

// muted lets the slots that show a track know that it was muted or unmuted.
func (r *Router) muted(t *Track, muted bool) {
	for _, e := range r.all() {
		e.onLoop(func(now media.Time, c *connection) { c.mute(now, t, muted) })
	}
}

// randomBits returns 32 of them.
func randomBits() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:])
}
