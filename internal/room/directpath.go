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

// directCounts counts what became of direct connections.
type directCounts struct{ starts, ups, failures int64 }

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

// review ends the session if it may not go on. One that carries the call goes
// on while signalling or the way through the server is lost: it is then all
// that the two have.
func (p *paths) review(now media.Time, people []*pathMember, obstacle api.PathReason) {
	s := p.session
	switch {
	case s == nil:
	case obstacle != "":
		p.stop(obstacle)
	case pairOf(people) != s.ends:
		p.stop(api.ReasonProving)
	case s.up:
	case !all(people, func(m *pathMember) bool { return m.connected }):
		p.stop(api.ReasonMediaUnproven)
	case !all(people, func(m *pathMember) bool { return !m.away }):
		p.stop(api.ReasonProving)
	case !now.Before(s.since.Add(directTimeout)):
		p.fail(now, api.ReasonDirectFailed)
	}
}

// try starts a session between the two members if it is time for one, and
// otherwise returns the reason why not yet.
func (p *paths) try(now media.Time, people []*pathMember) api.PathReason {
	pair := pairOf(people)
	if p.record.ends != pair {
		p.record = directRecord{ends: pair, reason: api.ReasonProving}
	}
	r := &p.record
	if p.crowded {
		p.crowded = false
		r.notBefore = max(r.notBefore, now.Add(directSettle))
	}
	switch {
	case !all(people, func(m *pathMember) bool { return m.connected }):
		return api.ReasonMediaUnproven
	case !all(people, func(m *pathMember) bool { return !m.away }):
		return r.reason
	case now.Before(r.notBefore):
		p.wake = r.notBefore
		return r.reason
	}
	p.session = &directSession{id: p.newID(), ends: pair, since: now}
	p.counts.starts++
	for _, m := range people {
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

// pairOf returns the ids of two members, the smaller first.
func pairOf(people []*pathMember) [2]string {
	a, b := people[0].id, people[1].id
	return [2]string{min(a, b), max(a, b)}
}

func all(people []*pathMember, ok func(*pathMember) bool) bool {
	return !slices.ContainsFunc(people, func(m *pathMember) bool { return !ok(m) })
}
