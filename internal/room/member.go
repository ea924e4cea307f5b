package room

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// maxNameChars bounds the names of rooms and people.
const maxNameChars = 64

// member is a person or program in the room. It is owned by the room's loop.
type member struct {
	id, key  string   // constant
	grant    Grant    // constant
	joined   int64    // constant; milliseconds since the Unix epoch
	endpoint Endpoint // constant
	inbox    inbox    // see mailbox

	session   *Session   // the signalling connection; nil while away
	awaySince media.Time // valid while session is nil

	name    string
	role    api.Role
	hand    bool
	tracks  []*track
	left    bool    // is a member no more
	joining bool    // the others do not know it yet
	changed bool    // is in Room.changed
	counted counted // in Stats

	wishes []SlotWish               // of the last View
	quiet  bool                     // of the last View, until the path changes
	slots  map[string]api.SlotState // as the endpoint told last
	layers map[string]*api.Layers   // by track, as the endpoint told last

	path      *pathMember // its part of Room.paths
	relayed   directCount
	held      [][]byte // Direct messages that came while away
	reports   allowance
	dataError media.Time // when the last refused data message was answered
}

// counted is as what a member is counted in Stats.
type counted struct{ members, tracks, away, direct, mixed int }

// directCount counts what a member has sent to the other end of a session.
type directCount struct {
	session  string
	messages int
}

// present reports whether there is a client to send to.
func (m *member) present() bool { return m.session != nil && m.session.welcomed }

// send sends a frame to the member's client, if it has one now.
func (m *member) send(frame []byte) {
	if m.present() {
		m.session.conn.Send(frame)
	}
}

// tell sends a message that is no event. A client that was away is told the
// state that came of it by resync.
func (m *member) tell(message api.Message) {
	if m.present() {
		m.session.conn.Send(encode(0, message))
	}
}

// snapshot returns what everybody may know of the member.
func (m *member) snapshot() api.Member {
	s := api.Member{
		ID:     m.id,
		Name:   m.name,
		Role:   m.role,
		Path:   m.path.path,
		Reason: m.path.reason,
		Pinned: m.path.pinned(),
		Hand:   m.hand,
		Viewer: m.path.viewer,
		Away:   m.session == nil,
		Tracks: make([]api.Track, 0, len(m.tracks)),
		Joined: m.joined,
	}
	for _, t := range m.tracks {
		s.Tracks = append(s.Tracks, t.Track)
	}
	return s
}

// show tells the endpoint what to send to the member. It is silent towards a
// member on a direct path once the client has said in a View that it hears the
// others there, and never before: make before break.
func (m *member) show() {
	fill := FillTalkers
	switch {
	case !m.grant.CanSubscribe, m.quiet && m.path.path == api.PathP2P:
		fill = FillNothing
	case m.path.path == api.PathMCU:
		fill = FillProgram
	}
	m.endpoint.View(m.wishes, fill)
}

// resync tells a client that resumed what it missed besides events.
func (m *member) resync(s *directSession) {
	if len(m.slots) > 0 {
		slots := &api.Slots{}
		for _, state := range m.slots {
			slots.Slots = append(slots.Slots, state)
		}
		sortSlots(slots.Slots)
		m.tell(slots)
	}
	for _, t := range m.tracks {
		if l := m.layers[t.ID]; l != nil {
			m.tell(l)
		}
	}
	switch {
	case s != nil && slices.Contains(s.ends[:], m.id):
		m.tell(s.start(m.id))
	case m.path.stopped != nil:
		m.tell(m.path.stopped)
	}
	for _, frame := range m.held {
		m.send(frame)
	}
	m.held = nil
}

func sortSlots(slots []api.SlotState) {
	slices.SortFunc(slots, func(a, b api.SlotState) int { return cmp.Compare(a.Slot, b.Slot) })
}

// checkName refuses names that can't be shown.
func checkName(whose, name string) error {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > maxNameChars {
		return api.Errorf(api.CodeBadName, "The name of the %s must have 1 to %d characters; this one has %d.", whose, maxNameChars, n)
	}
	visible := false
	for _, r := range name {
		if !unicode.IsGraphic(r) && r != '\u200d' { // joins emoji
			return api.Errorf(api.CodeBadName, "The name of the %s holds a character that can't be shown (%U).", whose, r)
		}
		visible = visible || !unicode.IsSpace(r)
	}
	if !visible {
		return api.Errorf(api.CodeBadName, "The name of the %s consists of spaces only.", whose)
	}
	return nil
}
