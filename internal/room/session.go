package room

import (
	"errors"
	"net/netip"

	"github.com/tutti-rtc/tutti/api"
)

// Conn is a client's signalling connection as a room sees it. Its methods may
// be called from any goroutine and return at once.
type Conn interface {
	// Send queues an encoded message; the frame is shared and must not be
	// changed. A connection that can't take it closes itself.
	Send(frame []byte)
	// Close queues the last message and closes the connection behind it.
	// It is idempotent.
	Close(bye *api.Bye)
}

// Session joins a Conn to a member: what the client says goes in, replies and
// events go out by the Conn. It may be used from any goroutine and starts none.
type Session struct {
	room     *Room            // constant
	member   string           // constant
	endpoint Endpoint         // constant
	conn     Conn             // constant
	reached  []netip.AddrPort // constant; see Arrival

	welcomed bool // owned by the room's loop; Welcome was sent, so events may follow
}

// Handle does what the client asks for and sends the reply by the Conn, after
// the events that the request caused. It waits while the room is busy.
func (s *Session) Handle(id uint32, m api.Message) {
	switch m := m.(type) {
	case *api.Ping:
		s.reply(id, &api.Pong{}, nil)
	case *api.Offer:
		// Not in the room's loop: it takes milliseconds.
		answer, err := s.endpoint.Negotiate(m.SDP, s.reached...)
		s.reply(id, answer, err)
	default:
		select {
		case s.room.commands <- &request{s, id, m}:
		case <-s.room.over:
		}
	}
}

// Detach tells that the Conn is closed. The member is away from now on, unless
// it has left or another Conn has taken over.
func (s *Session) Detach() {
	select {
	case s.room.commands <- &detach{s}:
	case <-s.room.over:
	}
}

func (s *Session) reply(id uint32, m api.Message, err error) {
	if err != nil {
		var refusal *api.Error
		if !errors.As(err, &refusal) {
			s.room.options.Log.Error("request failed", "room", s.room.name, "member", s.member, "error", err)
			refusal = api.Errorf(api.CodeInternal, "The server has failed at this request. Its log says more.")
		}
		m = refusal
	}
	s.conn.Send(encode(id, m))
}

// command is what a room's loop takes from its queue.
type command interface{ run(*Room) }

// join makes a member, or takes up a membership.
type join struct {
	conn    Conn
	id      uint32 // of the request
	join    *api.Join
	arrival Arrival
	reply   chan<- joined // of capacity 1
}

type joined struct {
	session *Session
	err     error
}

func (c *join) run(r *Room) {
	enter := r.admit
	if c.join.Resume != nil {
		enter = r.resume
	}
	m, err := enter(c)
	if err != nil {
		c.reply <- joined{err: err}
		return
	}
	// The others first: the snapshot holds all that this has changed.
	r.settle()
	r.welcome(m, c)
	c.reply <- joined{session: m.session}
}

// request is a client's message.
type request struct {
	session *Session
	id      uint32
	message api.Message
}

func (c *request) run(r *Room) {
	m := r.memberOf(c.session)
	if m == nil {
		return // the client was told by Bye
	}
	reply, err := r.handle(m, c.message)
	r.settle()
	c.session.reply(c.id, reply, err)
	if _, ok := c.message.(*api.Leave); ok {
		c.session.conn.Close(&api.Bye{Code: api.CodeLeft, Text: "You have left.", RetryAfter: -1})
	}
}

// detach tells that a client's connection is gone.
type detach struct{ session *Session }

func (c *detach) run(r *Room) {
	if m := r.memberOf(c.session); m != nil {
		m.session, m.awaySince = nil, r.now
		m.path.away = true
		r.touch(m)
	}
}

// end closes the room.
type end struct{ bye *api.Bye }

func (c *end) run(r *Room) { r.bye = c.bye }
