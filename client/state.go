package client

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/tutti-rtc/tutti/api"
)

// chatKept is how many chat lines a snapshot keeps.
const chatKept = 500

// roomState is what the client knows of the room and of its own slots. Its
// values are replaced, never changed, so that snapshots can be given out.
type roomState struct {
	mu      sync.Mutex
	changed chan struct{}            // guarded by mu; closed and replaced at each change
	room    api.Room                 // guarded by mu
	slots   map[string]api.SlotState // guarded by mu
}

func newRoomState() *roomState {
	return &roomState{changed: make(chan struct{}), slots: map[string]api.SlotState{}}
}

// reset takes a snapshot that the server sent.
func (s *roomState) reset(room api.Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = room
	s.announce()
}

// event applies ev and reports whether it was news. A number that does not
// follow the last one is an error: events are numbered without gaps.
func (s *roomState) event(ev *api.Event) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ev.Number <= s.room.Number {
		return false, nil
	}
	if ev.Number != s.room.Number+1 {
		return false, fmt.Errorf("event %d came after event %d: some are missing", ev.Number, s.room.Number)
	}
	s.room = apply(s.room, ev)
	s.announce()
	return true, nil
}

// setSlots takes what the server says of some slots.
func (s *roomState) setSlots(slots []api.SlotState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range slots {
		s.slots[slot.Slot] = slot
	}
	s.announce()
}

// forgetSlots is called when a new connection takes the old one's place.
func (s *roomState) forgetSlots() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.slots)
	s.announce()
}

func (s *roomState) slot(mid string) api.SlotState {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot, ok := s.slots[mid]; ok {
		return slot
	}
	return api.SlotState{Slot: mid, Status: api.SlotEmpty}
}

// slotOf returns the state of the slot in which a track is; an empty one if it
// is in none.
func (s *roomState) slotOf(track string) api.SlotState {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range s.slots {
		if slot.Track == track {
			return slot
		}
	}
	return api.SlotState{Status: api.SlotEmpty}
}

// touch wakes those who wait, for a change outside the room's state.
func (s *roomState) touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announce()
}

func (s *roomState) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *roomState) snapshot() (api.Room, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room, s.changed
}

// wait returns the first snapshot, from now on, that ok accepts. ok is called
// after changes of the room and of the slots.
func (s *roomState) wait(ctx context.Context, ended <-chan struct{}, ok func(api.Room) bool) (api.Room, error) {
	for {
		room, changed := s.snapshot()
		if ok(room) {
			return room, nil
		}
		select {
		case <-changed:
		case <-ended:
			return room, ErrClosed
		case <-ctx.Done():
			return room, context.Cause(ctx)
		}
	}
}

// apply returns room after ev. It shares with room what ev leaves alone.
func apply(room api.Room, ev *api.Event) api.Room {
	room.Number = ev.Number
	switch ev.Kind {
	case api.EventMemberJoined, api.EventMemberChanged:
		if ev.Member != nil {
			room.Members = putMember(room.Members, *ev.Member)
		}
	case api.EventMemberLeft:
		room.Members = slices.DeleteFunc(slices.Clone(room.Members), func(m api.Member) bool { return m.ID == ev.MemberID })
	case api.EventTrackPublished, api.EventTrackChanged, api.EventTrackUnpublished:
		if ev.Track != nil {
			room.Members = putTrack(room.Members, *ev.Track, ev.Kind == api.EventTrackUnpublished)
		}
	case api.EventChat:
		if ev.Chat != nil {
			room.Chat = append(slices.Clip(room.Chat), *ev.Chat)
			room.Chat = room.Chat[max(0, len(room.Chat)-chatKept):]
		}
	case api.EventSettings:
		if ev.Settings != nil {
			room.Settings = *ev.Settings
		}
	case api.EventProgram:
		if ev.Program != nil {
			room.Program = *ev.Program
		}
	case api.EventEnded:
	}
	return room
}

// putMember adds or replaces m. Tracks that m leaves out stay.
func putMember(members []api.Member, m api.Member) []api.Member {
	members = slices.Clone(members)
	i := slices.IndexFunc(members, func(old api.Member) bool { return old.ID == m.ID })
	if i < 0 {
		return append(members, m)
	}
	if m.Tracks == nil {
		m.Tracks = members[i].Tracks
	}
	members[i] = m
	return members
}

// putTrack adds, replaces or removes t among its member's tracks.
func putTrack(members []api.Member, t api.Track, remove bool) []api.Member {
	members = slices.Clone(members)
	i := slices.IndexFunc(members, func(m api.Member) bool { return m.ID == t.Member })
	if i < 0 {
		return members
	}
	tracks := slices.Clone(members[i].Tracks)
	j := slices.IndexFunc(tracks, func(old api.Track) bool { return old.ID == t.ID })
	switch {
	case remove && j >= 0:
		tracks = slices.Delete(tracks, j, j+1)
	case remove:
	case j >= 0:
		tracks[j] = t
	default:
		tracks = append(tracks, t)
	}
	members[i].Tracks = tracks
	return members
}
