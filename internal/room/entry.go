package room

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"slices"

	"github.com/tutti-rtc/tutti/api"
)

func errResumeLost() error {
	return api.Errorf(api.CodeResumeLost, "This membership is over. Join the room anew.")
}

// admit makes a member.
func (r *Room) admit(c *join) (*member, error) {
	switch {
	case len(r.members) >= r.options.Limits.Members:
		return nil, api.Errorf(api.CodeFull, "This room holds %d members, as many as it may.", len(r.members))
	case r.settings.Locked && !c.arrival.Grant.RoomAdmin:
		return nil, api.Errorf(api.CodeLocked, "The host has locked this room. Ask them to open it.")
	}
	id := newID()
	for r.member(id) != nil {
		id = newID()
	}
	m := &member{
		id:      id,
		key:     rand.Text(),
		grant:   c.arrival.Grant,
		joined:  r.milliseconds(),
		name:    cmp.Or(c.arrival.Grant.Name, c.join.Name),
		role:    api.RoleMember,
		joining: true,
		slots:   make(map[string]api.SlotState),
		layers:  make(map[string]*api.Layers),
	}
	if c.arrival.Grant.RoomAdmin {
		m.role = api.RoleHost
	}
	m.inbox.member = m
	endpoint, err := r.router.Attach(id, func(n Notice) {
		if !r.mailbox.put(&m.inbox, n) {
			r.rooms.counters.dataDropped.Add(1)
		}
	})
	if err != nil {
		r.options.Log.Error("a member's media could not be set up", "room", r.name, "error", err)
		return nil, api.Errorf(api.CodeInternal, "The server could not set up your media. Its log says more.")
	}
	m.endpoint = endpoint
	m.session = &Session{room: r, member: id, endpoint: endpoint, conn: c.conn, reached: c.arrival.Reached}
	m.path = r.paths.join(id, c.join.Direct && c.arrival.Grant.direct())
	m.path.viewer, m.path.deaf = c.join.Viewer, !c.arrival.Grant.CanSubscribe
	r.members = append(r.members, m)
	r.appointHost()
	r.rooms.counters.joins.Add(1)
	return m, nil
}

// resume puts a new connection in the place of a member's lost one.
func (r *Room) resume(c *join) (*member, error) {
	m := r.member(c.join.Resume.Member)
	if m == nil || subtle.ConstantTimeCompare([]byte(m.key), []byte(c.join.Resume.Key)) == 0 {
		return nil, errResumeLost()
	}
	if m.session != nil {
		m.session.conn.Close(&api.Bye{Code: api.CodeReplaced, Text: "You are here by another connection now.", RetryAfter: -1})
	} else {
		r.touch(m) // it is back
	}
	m.session = &Session{room: r, member: m.id, endpoint: m.endpoint, conn: c.conn, reached: c.arrival.Reached}
	m.path.away = false
	r.rooms.counters.resumes.Add(1)
	return m, nil
}

// welcome answers a Join: with a snapshot, or with the events that were missed.
func (r *Room) welcome(m *member, c *join) {
	w := &api.Welcome{
		Version:    api.Version,
		Server:     r.options.Server,
		Member:     m.id,
		Key:        m.key,
		ICEServers: c.arrival.ICEServers,
		Limits:     r.options.Limits,
	}
	var missed []record
	if resume := c.join.Resume; resume != nil {
		w.Resumed = true
		missed = r.feed.since(resume.Number)
	}
	if missed == nil {
		w.Room = r.snapshot(m.id)
	}
	m.session.welcomed = true
	m.send(encode(c.id, w))
	for _, rec := range missed {
		m.send(rec.frameFor(m.id))
	}
	if w.Resumed {
		m.resync(r.paths.session)
	}
}

// remove ends a membership. The caller closes the member's connection.
func (r *Room) remove(m *member, cause api.Code) {
	m.left = true
	m.endpoint.Close()
	r.members = slices.DeleteFunc(r.members, func(other *member) bool { return other == m })
	r.paths.leave(m.id)
	r.recount(m)
	r.rooms.counters.leaves.Add(1)
	r.emit(api.Event{Kind: api.EventMemberLeft, MemberID: m.id, Cause: cause})
	r.appointHost()
	if len(r.members) == 0 {
		r.emptySince = r.now
	}
	people := slices.ContainsFunc(r.members, func(m *member) bool { return !m.path.viewer })
	if r.settings.Locked && !people { // or nobody could come back
		unlocked := r.settings
		unlocked.Locked = false
		r.set(unlocked)
	}
}

// appointHost makes a host where there is none, unless tokens do that: of the
// longest present, rather than of one who has lost the connection. Who came to
// watch is not asked to.
func (r *Room) appointHost() {
	if r.options.HostsByToken {
		return
	}
	if slices.ContainsFunc(r.members, func(m *member) bool { return m.role == api.RoleHost }) {
		return
	}
	i := slices.IndexFunc(r.members, func(m *member) bool { return !m.path.viewer && m.session != nil })
	if i < 0 {
		i = slices.IndexFunc(r.members, func(m *member) bool { return !m.path.viewer })
	}
	if i >= 0 {
		r.members[i].role = api.RoleHost
		r.touch(r.members[i])
	}
}

// recount brings Stats up to date with the member.
func (r *Room) recount(m *member) {
	var now counted
	if !m.left {
		now = counted{members: 1, tracks: len(m.tracks)}
		if m.session == nil {
			now.away = 1
		}
		switch m.path.path {
		case api.PathP2P:
			now.direct = 1
		case api.PathMCU:
			now.mixed = 1
		}
	}
	c := &r.rooms.counters
	c.members.Add(int64(now.members - m.counted.members))
	c.tracks.Add(int64(now.tracks - m.counted.tracks))
	c.away.Add(int64(now.away - m.counted.away))
	c.direct.Add(int64(now.direct - m.counted.direct))
	c.mixed.Add(int64(now.mixed - m.counted.mixed))
	m.counted = now
}
