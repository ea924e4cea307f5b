package room

import (
	"slices"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// paths decides by which path each member receives the others, and when two of
// them try to connect directly. It is a state machine without a clock: changes
// go in, update draws the conclusions as of now, deadline says when it wants to
// be updated again at the latest.
//
// A member's path is p2p only while both ends of a direct connection have
// reported it ready, and mcu only while the program flows: what a member leaves
// goes on until what it goes to is there. Everything else is sfu, with the reason
// that a person would want to hear.
type paths struct {
	newID   func() string    // makes session ids
	setting api.Path         // of the room
	program api.ProgramState // as the media plane told
	members []*pathMember    // in order of joining

	session *directSession // that is being tried or carries the call, or nil
	record  directRecord   // of the pair that was tried last
	crowded bool           // there were more than two since the last pair
	wake    media.Time     // see deadline
	orders  []directOrder  // not yet returned by update
	counts  directCounts   // for the reader to take and reset
}

// pathMember is what paths knows of a member.
type pathMember struct {
	id        string
	able      bool     // client and grant allow a direct connection
	viewer    bool     // only watches: nobody to the others' paths
	deaf      bool     // may not receive
	connected bool     // media has come through between member and server
	away      bool     // no signalling
	pin, wish api.Path // of a host, of the member; PathAuto for none
	pictures  int      // that the others send and have not muted
	thin      thinLine
	weak      weakDevice
	crowd     bool // the pictures are too many

	path    api.Path // as of the last update
	reason  api.PathReason
	changed bool       // path or reason, since the reader reset it
	since   media.Time // when the path changed
	mixed   bool       // is to have the program, whether it flows or not
	until   media.Time // see receives
	// stopped is the end of the member's last session, for a client that
	// was away then; nil when a later one was started.
	stopped *api.DirectStop
}

// held returns the path that the member is held to by a host, the room's setting
// or its own wish, and why; PathAuto if by nothing that can be kept alone.
func (p *paths) held(m *pathMember) (api.Path, api.PathReason) {
	path, reason := m.wish, api.ReasonWish
	switch {
	case m.pin != api.PathAuto:
		path, reason = m.pin, api.ReasonPinned
	case p.setting == api.PathSFU || p.setting == api.PathMCU:
		path, reason = p.setting, api.ReasonPinned
	}
	if path == api.PathP2P { // which needs two
		path = api.PathAuto
	}
	return path, reason
}

// pinned returns what a host has pinned the member to, else what it wished for.
func (m *pathMember) pinned() api.Path {
	if m.pin != api.PathAuto {
		return m.pin
	}
	return m.wish
}

func newPaths(newID func() string) paths {
	return paths{newID: newID, setting: api.PathAuto, program: api.ProgramOff}
}

func (p *paths) join(id string, able bool) *pathMember {
	m := &pathMember{
		id: id, able: able, pin: api.PathAuto, wish: api.PathAuto,
		path: api.PathSFU, reason: api.ReasonAlone, changed: true,
	}
	p.members = append(p.members, m)
	return m
}

func (p *paths) leave(id string) {
	p.members = slices.DeleteFunc(p.members, func(m *pathMember) bool { return m.id == id })
}

// of returns the member, or nil.
func (p *paths) of(id string) *pathMember {
	for _, m := range p.members {
		if m.id == id {
			return m
		}
	}
	return nil
}

// people returns up to three of the members that are no viewers, which is as many
// as it takes to know that they are many.
func (p *paths) people() []*pathMember {
	var people []*pathMember
	for _, m := range p.members {
		if !m.viewer && len(people) < 3 {
			people = append(people, m)
		}
	}
	return people
}

// update draws the conclusions from all that has changed and returns what the
// clients are to do. Paths and reasons are in members afterwards.
func (p *paths) update(now media.Time) []directOrder {
	people := p.people()
	obstacle := p.obstacle(people)
	p.review(now, people, obstacle)
	p.wake = 0
	switch {
	case obstacle == api.ReasonMany:
		p.crowded = true
	case obstacle == api.ReasonAlone:
		p.crowded = false
	case obstacle == "" && p.session == nil:
		obstacle = p.try(now, people)
	}
	if s := p.session; s != nil && !s.up {
		p.wakeAt(now, s.since.Add(directTimeout))
		obstacle = api.ReasonProving
	}
	for _, m := range p.members {
		m.judge(now)
		path, reason, mixed := p.choose(m, people, obstacle)
		m.mixed = mixed
		m.set(now, path, reason)
		p.wakeAt(now, m.deadline(now))
	}
	orders := p.orders
	p.orders = nil
	return orders
}

// choose returns a member's path and why, and whether it is to have the program.
// obstacle is why two people are not on a direct path.
func (p *paths) choose(m *pathMember, people []*pathMember, obstacle api.PathReason) (path api.Path, reason api.PathReason, mixed bool) {
	if !slices.ContainsFunc(people, func(other *pathMember) bool { return other != m }) {
		return api.PathSFU, api.ReasonAlone, false
	}
	held, why := p.held(m)
	if held == api.PathAuto && p.session != nil && p.session.up && !m.viewer {
		return api.PathP2P, api.ReasonTwo, false
	}
	if held == api.PathAuto {
		why = m.spared()
	}
	switch {
	case held == api.PathSFU:
		return api.PathSFU, why, false
	case m.deaf && m.viewer:
		return api.PathSFU, api.ReasonNotSupported, false
	case m.deaf || why == "":
		return api.PathSFU, obstacle, false
	case p.program.Flows():
		return api.PathMCU, why, true
	case p.program == api.ProgramFailed:
		return api.PathSFU, api.ReasonMixFailed, true
	}
	return api.PathSFU, api.ReasonMixStarting, true
}

// set takes over what was chosen.
func (m *pathMember) set(now media.Time, path api.Path, reason api.PathReason) {
	if m.path != path {
		m.since = now
		if m.path == api.PathMCU {
			m.until = now.Add(mixStay)
		}
	}
	m.changed = m.changed || m.path != path || m.reason != reason
	m.path, m.reason = path, reason
}

// deadline returns when update must be called again at the latest; zero for
// never.
func (p *paths) deadline() media.Time { return p.wake }

// due reports whether that time has come.
func (p *paths) due(now media.Time) bool { return !p.wake.IsZero() && !now.Before(p.wake) }

// wakeAt asks for an update at t, if that is not past.
func (p *paths) wakeAt(now, t media.Time) {
	if t.After(now) && (p.wake.IsZero() || t.Before(p.wake)) {
		p.wake = t
	}
}

// obstacle returns why nobody may be on a direct path, or "" when there are two
// who may.
func (p *paths) obstacle(people []*pathMember) api.PathReason {
	switch {
	case len(people) < 2:
		return api.ReasonAlone
	case len(people) > 2:
		return api.ReasonMany
	}
	for _, m := range people {
		if path, reason := p.held(m); path != api.PathAuto {
			return reason
		}
	}
	for _, m := range people {
		if !m.able {
			return api.ReasonNotSupported
		}
	}
	return ""
}
