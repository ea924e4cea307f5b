package room

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a server's rooms over a plane without media. Its stories are told in
// virtual time, and each step ends with every loop at rest.
type house struct {
	t     *testing.T
	rooms *Rooms
	plane *plane
}

// story runs one in a bubble.
func story(t *testing.T, o Options, tell func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, o)
		defer h.rooms.Close()
		tell(t, h)
	})
}

func newHouse(t *testing.T, o Options) *house {
	p := newPlane()
	return &house{t: t, rooms: New(p, o), plane: p}
}

// client is one person's page. It keeps its own picture of the room, from the
// snapshot and the events alone.
type client struct {
	h       *house
	t       *testing.T
	session *Session
	id, key string
	lastID  uint32

	mu    sync.Mutex
	said  []api.Message // guarded by mu; by the server, in order, no events or replies
	reply map[uint32]api.Message
	room  *api.Room
	bye   *api.Bye
	deaf  bool // the connection is lost
}

// Send takes what the server says, as a browser would: from JSON.
func (c *client) Send(frame []byte) {
	m, id, err := api.DecodeServer(frame)
	if err != nil {
		c.t.Errorf("the server sent what a client can't read: %v\n%s", err, frame)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deaf || c.bye != nil {
		return
	}
	switch m := m.(type) {
	case *api.Welcome:
		if m.Room != nil {
			c.room = m.Room
		}
		c.reply[id] = m
	case *api.Event:
		if c.room == nil {
			c.t.Errorf("event %d came before the room", m.Number)
			return
		}
		apply(c.t, c.room, m)
	default:
		if id != 0 {
			c.reply[id] = m
		} else {
			c.said = append(c.said, m)
		}
	}
}

func (c *client) Close(bye *api.Bye) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bye == nil {
		c.bye = bye
	}
}

// apply is how a client follows a room: the plain model that the room's own
// snapshot is held against.
func apply(t *testing.T, r *api.Room, e *api.Event) {
	if e.Number != r.Number+1 {
		t.Errorf("event %d came after %d", e.Number, r.Number)
	}
	r.Number = e.Number
	member := func(id string) *api.Member {
		i := slices.IndexFunc(r.Members, func(m api.Member) bool { return m.ID == id })
		if i < 0 {
			t.Errorf("event %d (%s) is about member %q, whom nobody knows", e.Number, e.Kind, id)
			return &api.Member{}
		}
		return &r.Members[i]
	}
	switch e.Kind {
	case api.EventMemberJoined:
		r.Members = append(r.Members, *e.Member)
	case api.EventMemberChanged:
		*member(e.MemberID) = *e.Member
	case api.EventMemberLeft:
		member(e.MemberID)
		r.Members = slices.DeleteFunc(r.Members, func(m api.Member) bool { return m.ID == e.MemberID })
	case api.EventTrackPublished:
		m := member(e.Track.Member)
		m.Tracks = append(m.Tracks, *e.Track)
	case api.EventTrackChanged, api.EventTrackUnpublished:
		m := member(e.Track.Member)
		i := slices.IndexFunc(m.Tracks, func(t api.Track) bool { return t.ID == e.Track.ID })
		switch {
		case i < 0:
			t.Errorf("event %d is about track %q, which nobody knows", e.Number, e.Track.ID)
		case e.Kind == api.EventTrackChanged:
			m.Tracks[i] = *e.Track
		default:
			m.Tracks = slices.Delete(m.Tracks, i, i+1)
		}
	case api.EventChat:
		if e.Chat != nil {
			r.Chat = append(r.Chat, *e.Chat)
		}
	case api.EventSettings:
		r.Settings = *e.Settings
	case api.EventProgram:
		r.Program = *e.Program
	case api.EventEnded:
	default:
		t.Errorf("event %d is of kind %q, which no client knows", e.Number, e.Kind)
	}
}

// after lets time pass.
func (h *house) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// visitor returns a page that has not joined yet.
func (h *house) visitor() *client {
	return &client{h: h, t: h.t, reply: make(map[uint32]api.Message)}
}

// join enters the room "stage" as somebody who may do everything.
func (h *house) join(name string) *client {
	h.t.Helper()
	return h.joinAs(name, Everything())
}

func (h *house) joinAs(name string, g Grant) *client {
	h.t.Helper()
	c := h.visitor()
	if err := c.enter(&api.Join{Room: "stage", Name: name, Direct: true}, g); err != nil {
		h.t.Fatalf("%s can't join: %v", name, err)
	}
	return c
}

// connected returns somebody who has joined and whose media came through.
func (h *house) connected(name string) *client {
	h.t.Helper()
	c := h.join(name)
	c.notify(Notice{Connected: true})
	return c
}

func (c *client) enter(m *api.Join, g Grant) error {
	c.t.Helper()
	c.lastID++
	session, err := c.h.rooms.Join(c, c.lastID, m, Arrival{Grant: g})
	synctest.Wait()
	if err != nil {
		return err
	}
	w, ok := c.reply[c.lastID].(*api.Welcome)
	if !ok {
		c.t.Fatalf("Join was answered by %#v", c.reply[c.lastID])
	}
	c.session, c.id, c.key = session, w.Member, w.Key
	return nil
}

// lose cuts the signalling connection; nothing more arrives.
func (c *client) lose() {
	c.mu.Lock()
	c.deaf = true
	c.mu.Unlock()
	c.session.Detach()
	synctest.Wait()
}

// resume comes back by a new connection, with what the page still knows.
func (c *client) resume() (*client, *api.Welcome, error) {
	again := c.h.visitor()
	room := *c.room
	room.Members, room.Chat = slices.Clone(room.Members), slices.Clone(room.Chat)
	again.room = &room
	err := again.enter(&api.Join{Room: "stage", Resume: &api.Resume{Member: c.id, Key: c.key, Number: c.room.Number}}, Grant{})
	w, _ := again.reply[again.lastID].(*api.Welcome)
	return again, w, err
}

// ask sends a request and returns the reply.
func (c *client) ask(m api.Message) api.Message {
	c.t.Helper()
	c.lastID++
	c.session.Handle(c.lastID, m)
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reply[c.lastID]
}

// must asks for what has to be granted.
func (c *client) must(m api.Message) api.Message {
	c.t.Helper()
	reply := c.ask(m)
	if err, ok := reply.(*api.Error); ok || reply == nil {
		c.t.Fatalf("%s was refused: %v", m.MessageType(), err)
	}
	return reply
}

// refused asks for what has to be refused with a code.
func (c *client) refused(code api.Code, m api.Message) {
	c.t.Helper()
	if err, ok := c.ask(m).(*api.Error); !ok || err.Code != code {
		c.t.Errorf("%s should be refused as %s, the answer is %v", m.MessageType(), code, c.reply[c.lastID])
	}
}

// notify lets the member's endpoint tell something.
func (c *client) notify(n Notice) {
	c.endpoint().notify(n)
	synctest.Wait()
}

func (c *client) endpoint() *endpoint { return c.h.plane.endpoint(c.id) }

// me returns the client as it sees itself in the room.
func (c *client) me() api.Member {
	for _, m := range c.room.Members {
		if m.ID == c.id {
			return m
		}
	}
	return api.Member{}
}

// sees checks the path of the client and its reason.
func (c *client) sees(path api.Path, reason api.PathReason) {
	c.t.Helper()
	if me := c.me(); me.Path != path || me.Reason != reason {
		c.t.Errorf("%s is on %s (%s), want %s (%s)", me.Name, me.Path, me.Reason, path, reason)
	}
}

// told returns the last message of a type that the server said by itself, or
// the zero T.
func told[T api.Message](c *client) (last T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.said {
		if m, ok := m.(T); ok {
			last = m
		}
	}
	return last
}

// forget clears what the server has said so far.
func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = nil
}

// gone checks that the server has closed the connection for a reason.
func (c *client) gone(code api.Code) {
	c.t.Helper()
	if c.bye == nil || c.bye.Code != code {
		c.t.Errorf("the connection should be closed as %s, it is: %v", code, c.bye)
	}
}

// code returns the code of a refusal, or "".
func code(err error) api.Code {
	var refusal *api.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return ""
}

// look is a command that shows the room to a test.
type look struct{ see func(*Room) }

func (l *look) run(r *Room) { l.see(r) }

// look runs see in the loop of the room "stage".
func (h *house) look(see func(*Room)) {
	h.t.Helper()
	h.rooms.mu.Lock()
	r := h.rooms.rooms["stage"]
	h.rooms.mu.Unlock()
	if r == nil {
		h.t.Fatal("there is no room")
	}
	r.commands <- &look{see}
	synctest.Wait()
}

// same checks that a client's picture is the room's own.
func (c *client) same() {
	c.t.Helper()
	c.h.look(func(r *Room) {
		want := r.snapshot(c.id)
		got := *c.room
		// Clients may remember more of the chat than the room does.
		got.Chat = got.Chat[max(0, len(got.Chat)-len(want.Chat)):]
		g, err := json.Marshal(got)
		w, err2 := json.Marshal(want)
		if err != nil || err2 != nil || string(g) != string(w) {
			c.t.Errorf("the events led %s to\n%s\nthe room itself is\n%s", c.id, g, w)
		}
	})
}
