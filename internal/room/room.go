package room

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// maxCommands is how many commands may wait for a room's loop; those who bring
// more wait with them.
const maxCommands = 64

// Room is one call. Its loop is the one goroutine that touches it: it takes
// commands from sessions and mail from the media plane, and emits numbered
// events. The loop never waits for a member. It ends when a host ends the room,
// when nobody was there for a while, or by Rooms.Close.
type Room struct {
	// Constant.
	name     string
	rooms    *Rooms
	options  *Options
	router   Router
	commands chan command
	mailbox  *mailbox
	over     chan struct{} // closed when the loop has ended

	// Owned by the loop.
	settings   api.Settings
	program    api.Program // as the members know it
	mixed      *Program    // what the router mixes; nil for nothing
	members    []*member   // in order of joining
	changed    []*member   // not yet told to the others
	lastTrack  uint64      // number of the last track's id
	chat       []api.ChatLine
	feed       feed
	paths      paths
	emptySince media.Time // valid while there are no members
	bye        *api.Bye   // set when the room shall end
	now        media.Time // read once per turn of the loop
	speakers   []Speaker  // as last encoded
	heard      []byte     // the frame of speakers
}

func newRoom(rs *Rooms, name string) *Room {
	mailbox := newMailbox()
	return &Room{
		name:       name,
		rooms:      rs,
		options:    &rs.options,
		router:     rs.plane.NewRouter(name, mailbox.putProgram),
		commands:   make(chan command, maxCommands),
		mailbox:    mailbox,
		over:       make(chan struct{}),
		settings:   api.Settings{Path: api.PathAuto, Program: &api.ProgramSettings{}},
		program:    api.Program{State: api.ProgramOff},
		feed:       feed{kept: rs.options.Events},
		paths:      newPaths(newID),
		emptySince: rs.clock.Now(),
	}
}

// newID returns a short random name for a member or a session.
func newID() string { return strings.ToLower(rand.Text()[:10]) }

// loop is the room's life.
func (r *Room) loop() {
	defer close(r.over)
	defer r.rooms.forget(r)
	defer r.router.Close()
	timer := time.NewTimer(r.options.EmptyTime)
	defer timer.Stop()
	for r.bye == nil {
		var c command
		select {
		case c = <-r.commands:
		case <-r.mailbox.wake:
		case <-timer.C:
		}
		r.now = r.rooms.clock.Now()
		if c != nil {
			c.run(r)
		}
		// Most mail changes nothing that the paths would look at, and there is
		// much of it in a large room.
		news := r.readMail()
		if r.expire() || news || c != nil || r.paths.due(r.now) || len(r.changed) > 0 {
			r.settle()
		}
		timer.Reset(r.deadline().Sub(r.now))
	}
	for _, m := range r.members {
		m.left = true
		r.recount(m)
		if m.session != nil { // first, or the client takes the end of its media for a fault
			m.session.conn.Close(r.bye)
		}
		m.endpoint.Close()
	}
}

// deadline returns when the loop must turn again at the latest.
func (r *Room) deadline() media.Time {
	if len(r.members) == 0 {
		return r.emptySince.Add(r.options.EmptyTime)
	}
	next := r.now.Add(time.Hour)
	if d := r.paths.deadline(); !d.IsZero() {
		next = min(next, d)
	}
	for _, m := range r.members {
		if m.session == nil {
			next = min(next, m.awaySince.Add(r.options.AwayTime))
		}
	}
	return next
}

// expire removes whom nobody waits for any more, and ends an empty room. It
// reports whether somebody was removed.
func (r *Room) expire() (removed bool) {
	lost := func(m *member) bool {
		return m.session == nil && !r.now.Before(m.awaySince.Add(r.options.AwayTime))
	}
	for i := slices.IndexFunc(r.members, lost); i >= 0; i = slices.IndexFunc(r.members, lost) {
		r.remove(r.members[i], api.CodeTimeout)
		removed = true
	}
	if len(r.members) == 0 && !r.now.Before(r.emptySince.Add(r.options.EmptyTime)) {
		r.bye = &api.Bye{Code: api.CodeEnded}
	}
	return removed
}

// settle draws the conclusions from what has changed: paths first, and what is
// mixed for them, then one event for each member that is not as it was, then what
// the paths ask for.
func (r *Room) settle() {
	r.countPictures()
	orders := r.paths.update(r.now)
	r.mix()
	for _, m := range r.members {
		if !m.path.changed {
			continue
		}
		m.path.changed = false
		r.touch(m)
		if m.path.path != api.PathP2P {
			m.quiet = false
		}
		m.show()
	}
	for _, m := range r.changed {
		r.announce(m)
	}
	r.changed = r.changed[:0]
	for _, o := range orders {
		m := r.member(o.member)
		if m == nil {
			continue
		}
		m.tell(o.message)
		if _, stopped := o.message.(*api.DirectStop); stopped {
			m.held = nil
		}
	}
	r.rooms.counters.addDirect(&r.paths.counts)
}

// touch marks a member whose snapshot is no longer what the others know.
func (r *Room) touch(m *member) {
	if !m.changed {
		m.changed = true
		r.changed = append(r.changed, m)
	}
}

// announce tells everybody how a touched member is now.
func (r *Room) announce(m *member) {
	m.changed = false
	if m.left {
		return
	}
	kind := api.EventMemberChanged
	if m.joining {
		kind, m.joining = api.EventMemberJoined, false
	}
	r.recount(m)
	s := m.snapshot()
	r.emit(api.Event{Kind: kind, MemberID: m.id, Member: &s})
}

// emit numbers an event and sends it to everybody.
func (r *Room) emit(e api.Event) {
	e.Time = r.milliseconds()
	rec := r.feed.add(e)
	r.rooms.counters.events.Add(1)
	for _, m := range r.members {
		m.send(rec.frameFor(m.id))
	}
}

// milliseconds returns the time of this turn since the Unix epoch.
func (r *Room) milliseconds() int64 { return int64(r.now) / int64(time.Millisecond) }

// member returns the member of that id, or nil.
func (r *Room) member(id string) *member {
	for _, m := range r.members {
		if m.id == id {
			return m
		}
	}
	return nil
}

// memberOf returns the member that the session speaks for, or nil if it has
// left or another session has taken over.
func (r *Room) memberOf(s *Session) *member {
	if m := r.member(s.member); m != nil && m.session == s {
		return m
	}
	return nil
}

// track returns the track of that id and its publisher, or nil.
func (r *Room) track(id string) (*track, *member) {
	for _, m := range r.members {
		for _, t := range m.tracks {
			if t.ID == id {
				return t, m
			}
		}
	}
	return nil, nil
}

// snapshot returns the room as a member may see it.
func (r *Room) snapshot(member string) *api.Room {
	s := &api.Room{
		Name:     r.name,
		Number:   r.feed.number,
		Settings: r.settings,
		Program:  r.program,
		Members:  make([]api.Member, 0, len(r.members)),
		Chat:     []api.ChatLine{},
	}
	for _, m := range r.members {
		s.Members = append(s.Members, m.snapshot())
	}
	for _, line := range r.chat {
		if line.To == "" || line.To == member || line.From == member {
			s.Chat = append(s.Chat, line)
		}
	}
	return s
}
