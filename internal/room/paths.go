package room

import (
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// directTimeout is how long a direct connection may take until both
	// ends report it ready.
	directTimeout = 15 * time.Second
	// directSettle is waited when a crowd became two again: people often
	// come and go in a moment.
	directSettle = 5 * time.Second
	// directProven is how long a direct connection must have carried the
	// call to clear the failures before it.
	directProven = 2 * time.Minute
)

// directBackOff returns how long to wait after the nth failure in a row.
func directBackOff(failures int) time.Duration {
	switch failures {
	case 1:
		return 30 * time.Second
	case 2:
		return 2 * time.Minute
	}
	return 10 * time.Minute
}

// paths decides by which path each member receives the others, and when two of
// them try to connect directly. It is a state machine without a clock: changes
// go in, update draws the conclusions as of now, deadline says when it wants to
// be updated again at the latest.
//
// A member's path is p2p only while both ends of a direct connection have
// reported it ready. Everything else is sfu, with the reason that a person
// would want to hear.
type paths struct {
	newID   func() string // makes session ids
	setting api.Path      // of the room
	members []*pathMember // in order of joining

	session *directSession // that is being tried or carries the call, or nil
	record  directRecord   // of the pair that was tried last
	crowded bool           // there were more than two since the last pair
	wake    media.Time     // see deadline
	orders  []directOrder  // not yet returned by update
	counts  directCounts   // for the reader to take and reset
}

// directCounts counts what became of direct connections.
type directCounts struct{ starts, ups, failures int64 }

// pathMember is what paths knows of a member.
type pathMember struct {
	id        string
	able      bool     // client and grant allow a direct connection
	connected bool     // media has come through between member and server
	away      bool     // no signalling
	pin, wish api.Path // of a host, of the member; PathAuto for none

	path    api.Path // as of the last update
	reason  api.PathReason
	changed bool // path or reason, since the reader reset it
	// stopped is the end of the member's last session, for a client that
	// was away then; nil when a later one was started.
	stopped *api.DirectStop
}

// pinned returns the path that the member is held to, and why.
func (m *pathMember) pinned() (api.Path, api.PathReason) {
	if m.pin != api.PathAuto {
		return m.pin, api.ReasonPinned
	}
	return m.wish, api.ReasonWish
}

// directSession is one direct connection between two members.
type directSession struct {
	id    string
	ends  [2]string // member ids; the first is the smaller and offers
	ready [2]bool
	up    bool       // both were ready
	since media.Time // when it was started, or came up
}

// start returns what tells an end of the session to open it.
func (s *directSession) start(member string) *api.DirectStart {
	if member == s.ends[0] {
		return &api.DirectStart{Session: s.id, Member: s.ends[1], Offer: true}
	}
	return &api.DirectStart{Session: s.id, Member: s.ends[0]}
}

// directRecord is how a pair fared so far.
type directRecord struct {
	ends      [2]string
	failures  int            // in a row
	reason    api.PathReason // of the last failure
	notBefore media.Time     // of the next try
}

// directOrder is a DirectStart or DirectStop for a member.
type directOrder struct {
	member  string
	message api.Message
}

func newPaths(newID func() string) paths {
	return paths{newID: newID, setting: api.PathAuto}
}

func (p *paths) join(id string, able bool) {
	p.members = append(p.members, &pathMember{
		id: id, able: able, pin: api.PathAuto, wish: api.PathAuto,
		path: api.PathSFU, reason: api.ReasonAlone,
	})
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

// sessionOf returns the current session if it has this id and the member is one
// of its ends, and the other end.
func (p *paths) sessionOf(member, id string) (s *directSession, other string) {
	s = p.session
	switch {
	case s == nil || s.id != id:
		return nil, ""
	case s.ends[0] == member:
		return s, s.ends[1]
	case s.ends[1] == member:
		return s, s.ends[0]
	}
	return nil, ""
}

// report takes what an end says of the session, and reports whether there is
// such a session.
func (p *paths) report(now media.Time, member, id string, state api.DirectStateKind) bool {
	s, _ := p.sessionOf(member, id)
	if s == nil {
		return false
	}
	switch state {
	case api.DirectReady:
		s.ready[slices.Index(s.ends[:], member)] = true
		if s.ready[0] && s.ready[1] && !s.up {
			s.up, s.since = true, now
			p.record.reason = api.ReasonProving
			p.counts.ups++
		}
	case api.DirectPoor:
		p.fail(now, api.ReasonDirectPoor)
	default:
		p.fail(now, api.ReasonDirectFailed)
	}
	return true
}

// update draws the conclusions from all that has changed and returns what the
// clients are to do. Paths and reasons are in members afterwards.
func (p *paths) update(now media.Time) []directOrder {
	obstacle := p.obstacle()
	p.review(now, obstacle)
	p.wake = 0
	switch {
	case obstacle == api.ReasonMany:
		p.crowded = true
	case obstacle == api.ReasonAlone:
		p.crowded = false
	case obstacle == "" && p.session == nil:
		obstacle = p.try(now)
	}
	if s := p.session; s != nil && !s.up {
		p.wake = s.since.Add(directTimeout)
	}
	path, reason := api.PathSFU, obstacle
	if p.session != nil && p.session.up {
		path, reason = api.PathP2P, api.ReasonTwo
	} else if p.session != nil {
		reason = api.ReasonProving
	}
	for _, m := range p.members {
		m.changed = m.changed || m.path != path || m.reason != reason
		m.path, m.reason = path, reason
	}
	orders := p.orders
	p.orders = nil
	return orders
}

// deadline returns when update must be called again at the latest; zero for
// never.
func (p *paths) deadline() media.Time { return p.wake }

// obstacle returns why nobody may be on a direct path, or "" when there are two
// who may.
func (p *paths) obstacle() api.PathReason {
	switch {
	case len(p.members) < 2:
		return api.ReasonAlone
	case p.setting == api.PathSFU:
		return api.ReasonPinned
	case len(p.members) > 2:
		return api.ReasonMany
	}
	for _, m := range p.members {
		if path, reason := m.pinned(); path == api.PathSFU {
			return reason
		}
	}
	for _, m := range p.members {
		if !m.able {
			return api.ReasonNotSupported
		}
	}
	return ""
}

// review ends the session if it may not go on. One that carries the call goes
// on while signalling or the way through the server is lost: it is then all
// that the two have.
func (p *paths) review(now media.Time, obstacle api.PathReason) {
	s := p.session
	switch {
	case s == nil:
	case obstacle != "":
		p.stop(obstacle)
	case p.pair() != s.ends:
		p.stop(api.ReasonProving)
	case s.up:
	case !p.all(func(m *pathMember) bool { return m.connected }):
		p.stop(api.ReasonMediaUnproven)
	case !p.all(func(m *pathMember) bool { return !m.away }):
		p.stop(api.ReasonProving)
	case !now.Before(s.since.Add(directTimeout)):
		p.fail(now, api.ReasonDirectFailed)
	}
}

// try starts a session between the two members if it is time for one, and
// otherwise returns the reason why not yet.
func (p *paths) try(now media.Time) api.PathReason {
	pair := p.pair()
	if p.record.ends != pair {
		p.record = directRecord{ends: pair, reason: api.ReasonProving}
	}
	r := &p.record
	if p.crowded {
		p.crowded = false
		r.notBefore = max(r.notBefore, now.Add(directSettle))
	}
	switch {
	case !p.all(func(m *pathMember) bool { return m.connected }):
		return api.ReasonMediaUnproven
	case !p.all(func(m *pathMember) bool { return !m.away }):
		return r.reason
	case now.Before(r.notBefore):
		p.wake = r.notBefore
		return r.reason
	}
	p.session = &directSession{id: p.newID(), ends: pair, since: now}
	p.counts.starts++
	for _, m := range p.members {
		m.stopped = nil
		p.orders = append(p.orders, directOrder{m.id, p.session.start(m.id)})
	}
	return api.ReasonProving
}

// fail ends the session and puts the next one off.
func (p *paths) fail(now media.Time, reason api.PathReason) {
	r := &p.record
	if p.session.up && now.Sub(p.session.since) >= directProven {
		r.failures = 0
	}
	r.failures++
	p.counts.failures++
	r.reason = reason
	r.notBefore = now.Add(directBackOff(r.failures))
	p.stop(reason)
}

// stop ends the session.
func (p *paths) stop(reason api.PathReason) {
	stop := &api.DirectStop{Session: p.session.id, Reason: reason}
	for _, end := range p.session.ends {
		if m := p.of(end); m != nil {
			m.stopped = stop
			p.orders = append(p.orders, directOrder{end, stop})
		}
	}
	p.session = nil
}

// pair returns the ids of the two members, the smaller first.
func (p *paths) pair() [2]string {
	a, b := p.members[0].id, p.members[1].id
	return [2]string{min(a, b), max(a, b)}
}

func (p *paths) all(ok func(*pathMember) bool) bool {
	return !slices.ContainsFunc(p.members, func(m *pathMember) bool { return !ok(m) })
}
