package room

import (
	"github.com/tutti-rtc/tutti/api"
)

// Bounds of what one end of a direct connection may have relayed to the other.
const (
	maxDirectMessages = 512 // in one session
	maxDirectHeld     = 64  // while the other's signalling is lost
)

// relayDirect takes a description or candidate to the other end of the current
// session.
func (r *Room) relayDirect(m *member, d *api.Direct) error {
	s, id := r.paths.sessionOf(m.id, d.Session)
	if s == nil {
		return errNoSession(d.Session)
	}
	if m.relayed.session != s.id {
		m.relayed = directCount{session: s.id}
	}
	if m.relayed.messages == maxDirectMessages {
		return api.Errorf(api.CodeTooFast, "A direct connection may take %d messages of each side.", maxDirectMessages)
	}
	m.relayed.messages++
	other := r.member(id)
	d.From = m.id
	frame := encode(0, d)
	switch {
	case other.present():
		other.send(frame)
	case len(other.held) < maxDirectHeld:
		other.held = append(other.held, frame)
	default:
		return api.Errorf(api.CodeFull, "The other's signalling is lost, and %d messages wait for it already.", maxDirectHeld)
	}
	return nil
}

func (r *Room) directState(m *member, d *api.DirectState) error {
	switch d.State {
	case api.DirectReady, api.DirectPoor, api.DirectFailed:
	default:
		return api.Errorf(api.CodeBadMessage, "A direct connection is %q, %q or %q, not %.16q.", api.DirectReady, api.DirectPoor, api.DirectFailed, d.State)
	}
	if !r.paths.report(r.now, m.id, d.Session, d.State) {
		return errNoSession(d.Session)
	}
	return nil
}

func errNoSession(id string) error {
	return api.Errorf(api.CodeNotFound, "You are no end of a direct connection %.32q now.", id)
}
