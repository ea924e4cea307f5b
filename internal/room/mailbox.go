package room

import (
	"sync"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// What may wait of one member's data messages. The room's loop takes them out
// faster than a network brings them in; the bounds are for when it can't.
const (
	maxWaitingData  = 1024
	maxWaitingBytes = 4 << 20
)

// mailbox brings what the media plane tells to the room's loop without ever
// blocking the media plane. It is bounded because news replace older news of
// the same thing; only data messages queue up, and are dropped above a bound.
type mailbox struct {
	wake chan struct{} // constant, of capacity 1; receives when mail came

	mu      sync.Mutex
	full    []*inbox     // guarded by mu; those with mail, in order
	program *api.Program // guarded by mu; nil: no news
}

// inbox is a member's part of the mailbox.
type inbox struct {
	member *member // constant

	mail   mail // guarded by mailbox.mu
	queued bool // guarded by mailbox.mu; is in mailbox.full
}

// mail is all that one member's endpoint told since the loop last looked.
type mail struct {
	member    *member
	connected *bool // nil: no news
	slots     map[string]api.SlotState
	layers    map[string]*api.Layers
	arrived   map[media.TrackID]*media.TrackInfo
	data      []*Data
	dataBytes int
	speakers  []Speaker // valid if heard
	heard     bool
	line      *Line // nil: no news
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// put takes a notice in and reports false if it had to be dropped.
func (b *mailbox) put(in *inbox, n Notice) bool {
	b.mu.Lock()
	kept := in.mail.add(n)
	if !in.queued {
		in.queued = true
		b.full = append(b.full, in)
	}
	b.mu.Unlock()
	b.rouse()
	return kept
}

// putProgram takes in how the room's program fares.
func (b *mailbox) putProgram(p api.Program) {
	b.mu.Lock()
	b.program = &p
	b.mu.Unlock()
	b.rouse()
}

// takeProgram returns what was told of the program since the last call, or nil.
func (b *mailbox) takeProgram() *api.Program {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.program
	b.program = nil
	return p
}

// rouse wakes the loop.
func (b *mailbox) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox of what concerns members.
func (b *mailbox) take() []mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []mail
	for _, in := range b.full {
		in.mail.member = in.member
		all = append(all, in.mail)
		in.mail, in.queued = mail{}, false
	}
	b.full = b.full[:0]
	return all
}

func (m *mail) add(n Notice) bool {
	if n.Connected || n.Lost {
		m.connected = &n.Connected
	}
	for _, s := range n.Slots {
		if m.slots == nil {
			m.slots = make(map[string]api.SlotState)
		}
		m.slots[s.Slot] = s
	}
	if n.Layers != nil {
		if m.layers == nil {
			m.layers = make(map[string]*api.Layers)
		}
		m.layers[n.Layers.Track] = n.Layers
	}
	if n.Arrived != nil {
		if m.arrived == nil {
			m.arrived = make(map[media.TrackID]*media.TrackInfo)
		}
		m.arrived[n.Arrived.ID] = n.Arrived
	}
	if n.Line != nil {
		m.line = n.Line
	}
	if n.Speakers != nil {
		m.speakers, m.heard = n.Speakers, true
	}
	if n.Data == nil {
		return true
	}
	if len(m.data) == maxWaitingData || m.dataBytes+len(n.Data.Message) > maxWaitingBytes {
		return false
	}
	m.data = append(m.data, n.Data)
	m.dataBytes += len(n.Data.Message)
	return true
}
