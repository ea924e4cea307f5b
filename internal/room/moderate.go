package room

import (
	"reflect"

	"github.com/tutti-rtc/tutti/api"
)

// moderate does what a host wants.
func (r *Room) moderate(m *member, q *api.Moderate) error {
	if m.role != api.RoleHost {
		return api.Errorf(api.CodeForbidden, "Only a host may do this.")
	}
	switch q.Action {
	case api.ActionMute:
		return r.muteByHost(m, q.Track)
	case api.ActionSettings:
		return r.change(q.Settings)
	case api.ActionEnd:
		r.bye = &api.Bye{Code: api.CodeEnded, Text: "The host has ended this call.", RetryAfter: -1}
		r.emit(api.Event{Kind: api.EventEnded, Cause: api.CodeEnded})
		return nil
	case api.ActionRemove, api.ActionMakeHost, api.ActionLowerHand:
	default:
		return api.Errorf(api.CodeBadMessage, "There is no action %.32q.", q.Action)
	}
	other := r.member(q.Member)
	if other == nil {
		return errNoMember(q.Member)
	}
	switch q.Action {
	case api.ActionRemove:
		if other.session != nil { // before its media end, as when the room does
			other.session.conn.Close(&api.Bye{Code: api.CodeRemoved, Text: "The host has removed you from this call.", RetryAfter: -1})
		}
		r.remove(other, api.CodeRemoved)
	case api.ActionMakeHost:
		if other.role != api.RoleHost {
			other.role = api.RoleHost
			r.touch(other)
		}
	case api.ActionLowerHand:
		return r.setHand(other, false)
	}
	return nil
}

func (r *Room) muteByHost(host *member, id string) error {
	t, owner := r.track(id)
	if t == nil {
		return api.Errorf(api.CodeNotFound, "There is no track %.32q in this room.", id)
	}
	r.setMuted(owner, t, true)
	owner.tell(&api.MutedByHost{Track: t.ID, Member: host.id})
	return nil
}

// change takes the settings that a host wants.
func (r *Room) change(s *api.Settings) error {
	if s == nil {
		return api.Errorf(api.CodeBadMessage, "Moderate lacks its settings.")
	}
	if err := checkPath(s.Path); err != nil {
		return err
	}
	wanted := *s
	switch {
	case s.Program == nil || reflect.DeepEqual(s.Program, r.settings.Program):
		wanted.Program = r.settings.Program
	default:
		if err := s.Program.Validate(); err != nil {
			return err
		}
	}
	r.set(wanted)
	return nil
}

// set takes complete settings. The program's are not changed afterwards: others
// hold them, too.
func (r *Room) set(s api.Settings) {
	if reflect.DeepEqual(r.settings, s) {
		return
	}
	r.settings = s
	r.paths.setting = s.Path
	r.emit(api.Event{Kind: api.EventSettings, Settings: &s})
}
