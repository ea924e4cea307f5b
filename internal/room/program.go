package room

import (
	"slices"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// isProgram reports whether the id is one of the program's tracks.
func isProgram(id string) bool { return id == api.ProgramVideo || id == api.ProgramAudio }

// countPictures tells the paths how many pictures the others send to each member.
func (r *Room) countPictures() {
	all := 0
	for _, m := range r.members {
		m.path.pictures = 0
		for _, t := range m.tracks {
			if t.Kind == api.KindVideo && !t.Muted {
				m.path.pictures--
				all++
			}
		}
	}
	for _, m := range r.members {
		m.path.pictures += all
	}
}

// mix tells the router what the program is now, if that is not what it knows.
func (r *Room) mix() {
	was, now := r.mixed, r.wanted()
	if was.equal(now) {
		return
	}
	r.mixed = now
	r.router.Mix(now)
	switch {
	case now == nil:
		r.mailbox.takeProgram() // is of the one that was
		r.setProgram(api.Program{State: api.ProgramOff})
	case was == nil:
		r.setProgram(api.Program{State: api.ProgramStarting})
	}
}

// wanted returns what the program is made of, or nil if nobody is to have it.
func (r *Room) wanted() *Program {
	var viewers []string
	for _, m := range r.members {
		if m.path.mixed || m.path.receives(r.now) && m.viewsProgram() {
			viewers = append(viewers, m.id)
		}
	}
	if viewers == nil {
		return nil
	}
	p := &Program{Settings: r.settings.Program.WithDefaults(), Viewers: viewers}
	for _, m := range r.members {
		if len(m.tracks) == 0 {
			continue
		}
		one := ProgramMember{ID: m.id, Name: m.name, Hand: m.hand, Tracks: make([]Publication, 0, len(m.tracks))}
		for _, t := range m.tracks {
			one.Tracks = append(one.Tracks, t.publication())
		}
		p.Members = append(p.Members, one)
	}
	return p
}

// viewsProgram reports whether the member's last View names a track of the
// program.
func (m *member) viewsProgram() bool {
	return slices.ContainsFunc(m.wishes, func(w SlotWish) bool { return isProgram(string(w.Track)) })
}

// setProgram takes over how the program fares.
func (r *Room) setProgram(p api.Program) {
	was := r.program
	if slices.Equal(was.LeftOut, p.LeftOut) && was.State == p.State &&
		was.Width == p.Width && was.Height == p.Height && was.Text == p.Text {
		return
	}
	r.program = p
	r.paths.program = p.State
	r.emit(api.Event{Kind: api.EventProgram, Program: &p})
}

// load takes what a client tells of its burden.
func (r *Room) load(m *member, q *api.Load) error {
	if q.Decode < 0 || q.Dropped < 0 || q.Dropped > 1 {
		return api.Errorf(api.CodeBadMessage, "A load has a decode of 0 and up and a dropped of 0 to 1, not %g and %g.", q.Decode, q.Dropped)
	}
	m.path.weak.report(r.now, m.path.path, q)
	return nil
}

// equal reports whether two programs, or none, are the same.
func (p *Program) equal(o *Program) bool {
	if p == nil || o == nil {
		return p == o
	}
	return p.Settings == o.Settings && slices.Equal(p.Viewers, o.Viewers) &&
		slices.EqualFunc(p.Members, o.Members, ProgramMember.equal)
}

func (m ProgramMember) equal(o ProgramMember) bool {
	return m.ID == o.ID && m.Name == o.Name && m.Hand == o.Hand && slices.EqualFunc(m.Tracks, o.Tracks, Publication.equal)
}

func (p Publication) equal(o Publication) bool {
	return p.MID == o.MID && p.Muted == o.Muted && equalTracks(&p.Track, &o.Track)
}

// equalTracks compares what a room knows of tracks: all but codec and format.
func equalTracks(a, b *media.TrackInfo) bool {
	return a.ID == b.ID && a.Member == b.Member && a.Kind == b.Kind && a.Origin == b.Origin && slices.Equal(a.Layers, b.Layers)
}
