package room

import (
	"slices"
	"strconv"

	"github.com/tutti-rtc/tutti/api"
)

// readMail takes in what the media plane told since the last turn, and reports
// whether any of it may change a path.
func (r *Room) readMail() (news bool) {
	if p := r.mailbox.takeProgram(); p != nil && r.mixed != nil {
		r.setProgram(*p)
		news = true
	}
	for _, l := range r.mailbox.take() {
		if !l.member.left {
			news = news || l.connected != nil || l.line != nil
			r.read(l.member, &l)
		}
	}
	return news
}

func (r *Room) read(m *member, l *mail) {
	if l.connected != nil {
		m.path.connected = *l.connected
	}
	if l.line != nil {
		m.path.thin.tell(r.now, *l.line)
	}
	if len(l.slots) > 0 {
		news := &api.Slots{}
		for slot, state := range l.slots {
			m.slots[slot] = state
			news.Slots = append(news.Slots, state)
		}
		sortSlots(news.Slots)
		m.tell(news)
	}
	for id, info := range l.arrived {
		if t, err := m.own(string(id)); err == nil && t.arrived(info) {
			r.emit(api.Event{Kind: api.EventTrackChanged, MemberID: m.id, Track: t.snapshot()})
		}
	}
	for id, layers := range l.layers {
		if _, err := m.own(id); err == nil {
			m.layers[id] = layers
			m.tell(layers)
		}
	}
	if l.heard {
		m.send(r.speakersFrame(l.speakers))
	}
	for _, d := range l.data {
		r.relayData(m, d)
	}
}

// speakersFrame encodes the list of talkers, which all endpoints are told, once.
func (r *Room) speakersFrame(list []Speaker) []byte {
	if r.heard != nil && slices.Equal(list, r.speakers) {
		return r.heard
	}
	s := &api.Speakers{Speakers: make([]api.Speaker, 0, len(list))}
	for _, one := range list {
		level := min(max(one.Level, 0), 1)
		if level != level { // NaN has no JSON
			level = 0
		}
		s.Speakers = append(s.Speakers, api.Speaker{Member: one.Member, Track: string(one.Track), Level: level})
	}
	r.speakers, r.heard = list, encode(0, s)
	return r.heard
}

// newTrackID returns a name that no track of this room had before.
func (r *Room) newTrackID() string {
	r.lastTrack++
	return "t" + strconv.FormatUint(r.lastTrack, 10)
}
