package room

import (
	"slices"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Bounds of a View.
const (
	maxSlots     = 64
	maxSlotBytes = 32
)

// handle does what a member's client asks for and returns the reply.
func (r *Room) handle(m *member, message api.Message) (api.Message, error) {
	switch q := message.(type) {
	case *api.Leave:
		r.remove(m, api.CodeLeft)
		return &api.OK{}, nil
	case *api.Publish:
		return r.publish(m, q)
	case *api.Unpublish:
		return ok(r.unpublish(m, q))
	case *api.Mute:
		return ok(r.mute(m, q))
	case *api.View:
		return r.view(m, q)
	case *api.Direct:
		return ok(r.relayDirect(m, q))
	case *api.DirectState:
		return ok(r.directState(m, q))
	case *api.SetPath:
		return ok(r.setPath(m, q))
	case *api.Say:
		return ok(r.say(m, q.To, q.Text))
	case *api.SetHand:
		return ok(r.setHand(m, q.Raised))
	case *api.Rename:
		return ok(r.rename(m, q.Name))
	case *api.Moderate:
		return ok(r.moderate(m, q))
	case *api.Load:
		return ok(r.load(m, q))
	case *api.Report:
		return ok(r.report(m, q))
	case *api.Join:
		return nil, api.Errorf(api.CodeJoined, "You are in the room already.")
	}
	return nil, api.Errorf(api.CodeUnknownType, "A %q is not for a client to send.", message.MessageType())
}

func ok(err error) (api.Message, error) {
	if err != nil {
		return nil, err
	}
	return &api.OK{}, nil
}

func (r *Room) publish(m *member, p *api.Publish) (api.Message, error) {
	if m.path.viewer {
		return nil, api.Errorf(api.CodeForbidden, "You have joined as a viewer, and viewers publish nothing.")
	}
	if !m.grant.mayPublish(p.Origin) {
		return nil, api.Errorf(api.CodeForbidden, "Your token does not allow you to publish from %q.", p.Origin)
	}
	kind, err := checkPublish(p)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(m.tracks, func(t *track) bool { return t.mid == p.MID })
	if i >= 0 { // said again, perhaps after a lost reply, or with other layers
		t := m.tracks[i]
		if t.Kind != kind || t.Origin != p.Origin {
			return nil, api.Errorf(api.CodeConflict, "The m-line %q carries the %s track %s. Unpublish that first.", p.MID, t.Origin, t.ID)
		}
		before := t.Track
		t.announce(p)
		if t.Track != before {
			r.emit(api.Event{Kind: api.EventTrackChanged, MemberID: m.id, Track: t.snapshot()})
		}
		r.republish(m)
		return &api.Published{Track: t.Track}, nil
	}
	if len(m.tracks) >= r.options.Limits.Tracks {
		return nil, api.Errorf(api.CodeFull, "You publish %d tracks, as many as you may. Unpublish one first.", len(m.tracks))
	}
	t := &track{mid: p.MID, Track: api.Track{ID: r.newTrackID(), Member: m.id, Kind: kind, Origin: p.Origin}}
	t.announce(p)
	m.tracks = append(m.tracks, t)
	r.republish(m)
	r.emit(api.Event{Kind: api.EventTrackPublished, MemberID: m.id, Track: t.snapshot()})
	return &api.Published{Track: t.Track}, nil
}

// republish tells the endpoint what the member publishes now.
func (r *Room) republish(m *member) {
	list := make([]Publication, 0, len(m.tracks))
	for _, t := range m.tracks {
		list = append(list, t.publication())
	}
	m.endpoint.Publish(list)
	r.recount(m)
}

func (r *Room) unpublish(m *member, q *api.Unpublish) error {
	t, err := m.own(q.Track)
	if err != nil {
		return err
	}
	m.tracks = slices.DeleteFunc(m.tracks, func(other *track) bool { return other == t })
	delete(m.layers, t.ID)
	r.republish(m)
	r.emit(api.Event{Kind: api.EventTrackUnpublished, MemberID: m.id, Track: t.snapshot()})
	return nil
}

func (r *Room) mute(m *member, q *api.Mute) error {
	t, err := m.own(q.Track)
	if err == nil {
		r.setMuted(m, t, q.Muted)
	}
	return err
}

func (r *Room) setMuted(m *member, t *track, muted bool) {
	if t.Muted == muted {
		return
	}
	t.Muted = muted
	r.republish(m)
	r.emit(api.Event{Kind: api.EventTrackChanged, MemberID: m.id, Track: t.snapshot()})
}

// own returns the member's track of that id.
func (m *member) own(id string) (*track, error) {
	for _, t := range m.tracks {
		if t.ID == id {
			return t, nil
		}
	}
	return nil, api.Errorf(api.CodeNotFound, "You publish no track %.32q.", id)
}

// view tells the endpoint what the member's page shows. A track that has just
// ended is no error: its slot is gone.
func (r *Room) view(m *member, v *api.View) (api.Message, error) {
	if len(v.Slots) > maxSlots {
		return nil, api.Errorf(api.CodeTooLarge, "A view may have %d slots, this one has %d.", maxSlots, len(v.Slots))
	}
	reply := &api.Slots{Slots: make([]api.SlotState, 0, len(v.Slots))}
	wishes := make([]SlotWish, 0, len(v.Slots))
	seen := make(map[string]bool, len(v.Slots))
	for _, s := range v.Slots {
		switch {
		case s.Slot == "" || len(s.Slot) > maxSlotBytes || seen[s.Slot]:
			return nil, api.Errorf(api.CodeBadMessage, "Each slot of a view is named once, by the mid of its m-line; %.32q is not.", s.Slot)
		case !dimension(s.Width) || !dimension(s.Height):
			return nil, api.Errorf(api.CodeBadMessage, "A slot's width and height are 0 to %d pixels, not %d × %d.", maxDimension, s.Width, s.Height)
		case s.Track != "" && !m.grant.CanSubscribe:
			return nil, api.Errorf(api.CodeForbidden, "Your token does not allow you to receive tracks.")
		}
		seen[s.Slot] = true
		state := r.slotState(m, s)
		reply.Slots = append(reply.Slots, state)
		if state.Status == api.SlotGone {
			s.Track = ""
		}
		wishes = append(wishes, SlotWish{Slot: s.Slot, Track: media.TrackID(s.Track), Size: media.Dimensions{Width: s.Width, Height: s.Height}})
	}
	m.wishes, m.quiet = wishes, v.Quiet && m.path.path == api.PathP2P
	m.show()
	return reply, nil
}

// slotState returns what is known of a slot that a client has just asked for.
func (r *Room) slotState(m *member, s api.SlotView) api.SlotState {
	state := api.SlotState{Slot: s.Slot, Track: s.Track, Status: api.SlotWaiting}
	if s.Track == "" {
		state.Status = api.SlotEmpty
		return state
	}
	t, _ := r.track(s.Track)
	known, heard := m.slots[s.Slot]
	program := isProgram(s.Track) && m.path.receives(r.now)
	switch {
	case t == nil && !program:
		state.Status = api.SlotGone
	case heard && known.Track == s.Track:
		state = known
	case t != nil && t.Muted:
		state.Status = api.SlotMuted
	}
	return state
}

// setPath takes a member's wish for itself, or a host's will for another.
func (r *Room) setPath(m *member, q *api.SetPath) error {
	if err := checkPath(q.Path); err != nil {
		return err
	}
	if q.Member == "" || q.Member == m.id {
		m.path.wish = q.Path
		r.touch(m)
		return nil
	}
	if m.role != api.RoleHost {
		return api.Errorf(api.CodeForbidden, "Only a host may pin another member to a path.")
	}
	other := r.member(q.Member)
	if other == nil {
		return errNoMember(q.Member)
	}
	other.path.pin = q.Path
	r.touch(other)
	return nil
}

// checkPath refuses what can't be wished for.
func checkPath(p api.Path) error {
	switch p {
	case api.PathAuto, api.PathP2P, api.PathSFU, api.PathMCU:
		return nil
	}
	return api.Errorf(api.CodeBadMessage, "A path is %q, %q, %q or %q, not %.16q.", api.PathAuto, api.PathP2P, api.PathSFU, api.PathMCU, p)
}

func (r *Room) setHand(m *member, raised bool) error {
	if m.hand != raised {
		m.hand = raised
		r.touch(m)
	}
	return nil
}

func (r *Room) rename(m *member, name string) error {
	if m.grant.Name != "" {
		return api.Errorf(api.CodeForbidden, "Your token gives your name: %s.", m.grant.Name)
	}
	if err := checkName("member", name); err != nil {
		return err
	}
	if m.name != name {
		m.name = name
		r.touch(m)
	}
	return nil
}

func errNoMember(id string) error {
	return api.Errorf(api.CodeNotFound, "There is no member %.32q in this room.", id)
}
