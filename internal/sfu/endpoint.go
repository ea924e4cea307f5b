package sfu

import (
	"errors"
	"net/netip"
	"slices"
	"sync"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
)

// Publication binds a track to the sending m-line that carries it.
type Publication struct {
	MID   string
	Track media.TrackInfo // Codec and Fmtp follow from what arrives
	// Muted tracks are not forwarded.
	Muted bool
}

// SlotWish is what one slot shall show.
type SlotWish struct {
	Slot  string
	Track media.TrackID
	Size  media.Dimensions // as shown, in device pixels
}

// Fill says what the audio slots get that a view does not name.
type Fill uint8

// The kinds of Fill.
const (
	FillTalkers Fill = iota // the loudest talkers
	FillNothing
	FillProgram // the first of them api.ProgramAudio, the others nothing
)

// Endpoint is the media side of one member: a peer, the tracks that it
// publishes, and the slots that it is shown. Its methods may be called from any
// goroutine but a loop.
type Endpoint struct {
	// Constant.
	router *Router
	member string
	notify func(Notice)

	negotiating sync.Mutex // one offer at a time

	mu     sync.Mutex // guards what follows
	closed bool
	conn   *connection // nil before the first offer
	tracks []published
	wishes []SlotWish
	fill   Fill
}

// published is a track of the member and its m-line.
type published struct {
	mid   string
	track *Track
}

// Negotiate answers an offer. A client that comes with a new DTLS certificate
// has begun anew, and so does its peer. reached are addresses by which the
// client is known to have come to the server. Errors are *api.Error.
func (e *Endpoint) Negotiate(offer string, reached ...netip.AddrPort) (*api.Answer, error) {
	e.negotiating.Lock()
	defer e.negotiating.Unlock()
	c, err := e.connection(), error(nil)
	if c == nil {
		if c, err = e.renew(); err != nil {
			return nil, refusal(err)
		}
	}
	s, err := c.peer.Negotiate(offer, reached...)
	if begunAnew(err) {
		if c, err = e.renew(); err == nil {
			s, err = c.peer.Negotiate(offer, reached...)
		}
	}
	if err != nil {
		return nil, refusal(err)
	}
	c.loop.Call(c.attach)
	a := &api.Answer{SDP: s.SDP}
	for _, r := range s.Refused {
		a.Refused = append(a.Refused, api.RefusedMedia{MID: r.MID, Code: code(r.Code), Text: r.Text})
	}
	return a, nil
}

// begunAnew reports whether the offer is one of a new connection.
func begunAnew(err error) bool {
	var refused *answer.Error
	return errors.Is(err, peer.ErrClosed) || errors.As(err, &refused) && refused.Code == answer.MediaChanged
}

// refusal puts an error into the words of the protocol.
func refusal(err error) *api.Error {
	var refused *answer.Error
	switch {
	case errors.As(err, &refused):
		return api.Errorf(code(refused.Code), "%s", refused.Text)
	case errors.Is(err, peer.ErrFull):
		return api.Errorf(api.CodeFull, "The server has as many media connections as it may; try again later.")
	case errors.Is(err, peer.ErrEnded):
		return api.Errorf(api.CodeNotFound, "Your media connection has ended. Make another one.")
	case errors.Is(err, peer.ErrClosed):
		return api.Errorf(api.CodeDraining, "The server is about to stop; join again in a moment.")
	}
	return api.Errorf(api.CodeInternal, "The server could not answer the offer.")
}

func code(c answer.Code) api.Code {
	if c == answer.NoCommonCodec {
		return api.CodeNoCodec
	}
	return api.CodeBadSDP
}

// renew replaces the endpoint's connection.
func (e *Endpoint) renew() (*connection, error) {
	c := &connection{endpoint: e}
	p, err := e.router.server.NewPeer(c)
	if err != nil {
		return nil, err
	}
	c.peer, c.loop = p, p.Loop()
	c.timer = c.loop.NewTimer(c.review)
	e.mu.Lock()
	old, closed := e.conn, e.closed
	if !closed {
		e.conn = c
	}
	e.mu.Unlock()
	if closed {
		p.Close()
		return nil, peer.ErrClosed
	}
	if old != nil {
		old.loop.Call(old.detach)
		old.peer.Close()
	}
	return c, nil
}

// connection returns the present one, or nil.
func (e *Endpoint) connection() *connection {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.conn
}

// publications returns what the member publishes.
func (e *Endpoint) publications() []published {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.tracks)
}

// wished returns what the member's slots shall show.
func (e *Endpoint) wished() (wishes []SlotWish, fill Fill) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wishes, e.fill
}

// onLoop runs f with the present connection on its loop, if there is one.
func (e *Endpoint) onLoop(f func(now media.Time, c *connection)) {
	if c := e.connection(); c != nil {
		c.call(func(now media.Time) { f(now, c) })
	}
}

// update looks at the slots anew.
func (e *Endpoint) update() {
	e.onLoop(func(now media.Time, c *connection) { c.apply(now) })
}

// Publish says which tracks the member sends on which m-lines; it replaces what
// was said before.
func (e *Endpoint) Publish(list []Publication) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	var fresh, gone []published
	var turned []*Track // muted or unmuted; the endpoints that are told need their locks
	for _, old := range e.tracks {
		if !slices.ContainsFunc(list, func(p Publication) bool { return p.Track.ID == old.track.id }) {
			gone = append(gone, old)
		}
	}
	e.tracks = slices.DeleteFunc(e.tracks, func(p published) bool { return slices.Contains(gone, p) })
	for _, pub := range list {
		i := slices.IndexFunc(e.tracks, func(p published) bool { return p.track.id == pub.Track.ID })
		if i < 0 {
			t := newTrack(e.router, e, pub.Track)
			fresh = append(fresh, published{mid: pub.MID, track: t})
			i = len(e.tracks)
			e.tracks = append(e.tracks, fresh[len(fresh)-1])
		}
		if t := e.tracks[i].track; t.announce(pub) {
			turned = append(turned, t)
		}
	}
	c := e.conn
	e.mu.Unlock()
	for _, t := range gone {
		e.router.removeTrack(t.track)
	}
	for _, t := range fresh {
		e.router.addTrack(t.track)
	}
	for _, t := range turned {
		e.router.muted(t, t.muted.Load())
	}
	if c != nil && len(fresh) > 0 {
		c.call(func(media.Time) { c.bind(fresh) })
	}
}

// View says which tracks the member's slots shall show; it replaces what was
// said before. Audio slots not named are filled as fill says.
func (e *Endpoint) View(wishes []SlotWish, fill Fill) {
	e.mu.Lock()
	e.wishes, e.fill = slices.Clone(wishes), fill
	e.mu.Unlock()
	e.update()
}

// SendData sends a message on the member's channel with this label and reports
// whether it was taken.
func (e *Endpoint) SendData(label string, message []byte) bool {
	c := e.connection()
	return c != nil && c.peer.SendData(label, message)
}

// Close ends the connection and the member's tracks. It is idempotent and does
// not wait.
func (e *Endpoint) Close() {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.closed = true
	c, tracks := e.conn, e.tracks
	e.tracks = nil
	e.mu.Unlock()
	e.router.removeEndpoint(e)
	if c != nil {
		c.loop.Call(c.detach)
		c.peer.Close()
	}
	for _, t := range tracks {
		e.router.removeTrack(t.track)
	}
}
