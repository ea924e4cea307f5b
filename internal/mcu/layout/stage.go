package layout

import (
	"cmp"
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// hold is how long a talker leads at least, so that the picture does not
	// jump with each word.
	hold = 2 * time.Second
	// ghosts bounds how many tiles that are on their way out are drawn.
	ghosts = 64
)

// Stage is the arrangement of one picture over time: people keep their places,
// changes are smooth, talkers take turns slowly. The zero Stage is empty and
// ready; what it is given first appears at once.
type Stage struct {
	in     Input // as last given; the slices are the stage's own, Talker is who leads
	talker string
	since  media.Time // when the leader last changed; zero before there was one

	started bool     // something was shown on this canvas
	target  []Tile   // sorted by height
	motions []motion // those of target and those on their way out, in drawing order
	shown   []Tile   // lent
}

// Update takes what the picture is made of from now on. An input like the last
// one costs little.
func (s *Stage) Update(now media.Time, in Input) {
	changed := s.take(in)
	s.talker = in.Talker
	if s.lead(now) || changed {
		s.arrange(now)
	}
}

// take keeps the input, and reports whether anything but the talker changed.
func (s *Stage) take(in Input) bool {
	same := s.in.Size == in.Size && s.in.Layout == in.Layout && s.in.Scene == in.Scene && slices.Equal(s.in.Items, in.Items)
	if same {
		return false
	}
	if s.in.Size != in.Size {
		s.motions, s.started = s.motions[:0], false // nothing moves from another canvas's pixels
	}
	s.in.Size, s.in.Layout, s.in.Scene = in.Size, in.Layout, in.Scene
	s.in.Items = append(s.in.Items[:0], in.Items...)
	items := cast{in: s.in}
	s.in.Talked = slices.DeleteFunc(s.in.Talked, func(member string) bool { return items.camera(member) < 0 })
	s.in.Shared = slices.DeleteFunc(s.in.Shared, func(id string) bool { return items.item(id) < 0 })
	for i := range s.in.Items {
		if item := &s.in.Items[i]; item.Screen && !slices.Contains(s.in.Shared, item.ID) {
			s.in.Shared = slices.Insert(s.in.Shared, 0, item.ID)
		}
	}
	return true
}

// lead lets who talks lead as soon as the one before has had their time, and
// reports whether the leader changed.
func (s *Stage) lead(now media.Time) bool {
	items := cast{in: s.in}
	next := s.talker
	if next == "" || items.camera(next) < 0 {
		next = s.in.Talker
	}
	stays := s.in.Talker != "" && items.camera(s.in.Talker) >= 0
	switch {
	case !stays && items.camera(next) < 0:
		next = ""
	case stays && now.Sub(s.since) < hold:
		return false
	}
	if next == s.in.Talker {
		return false
	}
	s.in.Talker, s.since = next, now
	if next != "" {
		s.in.Talked = slices.DeleteFunc(s.in.Talked, func(member string) bool { return member == next })
		s.in.Talked = slices.Insert(s.in.Talked, 0, next)
	}
	return true
}

// arrange begins the change to the arrangement of the present input.
func (s *Stage) arrange(now media.Time) {
	s.target = Place(s.in, s.target)
	for i := range s.motions {
		m := &s.motions[i]
		if at := slices.IndexFunc(s.target, m.tile.is); at >= 0 {
			m.turn(now, s.target[at], 1)
		} else {
			m.turn(now, m.tile, 0)
		}
	}
	for i := range s.target {
		if slices.ContainsFunc(s.motions, func(m motion) bool { return m.tile.is(s.target[i]) }) {
			continue
		}
		s.motions = append(s.motions, enter(now, s.target[i], !s.started))
	}
	s.started = s.started || len(s.target) > 0
	s.sweep(now)
	slices.SortStableFunc(s.motions, func(a, b motion) int {
		return cmp.Or(cmp.Compare(a.tile.Z, b.tile.Z), cmp.Compare(a.to, b.to), cmp.Compare(a.tile.Cell, b.tile.Cell))
	})
}

// sweep drops the tiles that are out, and the oldest of those on their way if
// they are too many.
func (s *Stage) sweep(now media.Time) {
	s.motions = slices.DeleteFunc(s.motions, func(m motion) bool { return m.to == 0 && !m.moving(now) })
	leaving := len(s.motions) - len(s.target)
	for ; leaving > ghosts; leaving-- {
		oldest := -1
		for i := range s.motions {
			if m := &s.motions[i]; m.to == 0 && (oldest < 0 || m.start.Before(s.motions[oldest].start)) {
				oldest = i
			}
		}
		s.motions = slices.Delete(s.motions, oldest, oldest+1)
	}
}

// Tiles returns what is to be drawn at now, in drawing order: by height, and
// what fades out first. The slice is lent until the next call of a method.
func (s *Stage) Tiles(now media.Time) []Tile {
	if s.lead(now) {
		s.arrange(now)
	}
	s.sweep(now)
	s.shown = s.shown[:0]
	for i := range s.motions {
		s.shown = append(s.shown, s.motions[i].at(now, s.in.Size))
	}
	return s.shown
}

// Settled returns the tiles as they will be once nothing moves any more: the
// sizes to ask of publishers. The slice is lent until the next call of a method.
func (s *Stage) Settled() []Tile { return s.target }

// Moving reports whether Tiles will change after now without another Update:
// as long as it does, the picture must be drawn anew.
func (s *Stage) Moving(now media.Time) bool {
	for i := range s.motions {
		if s.motions[i].moving(now) {
			return true
		}
	}
	return false
}

// Deadline returns when somebody who talks will take the lead, which Tiles then
// begins to show; zero for never.
func (s *Stage) Deadline() media.Time {
	items := cast{in: s.in}
	if s.talker == "" || s.talker == s.in.Talker || items.camera(s.talker) < 0 || s.since.IsZero() {
		return 0
	}
	return s.since.Add(hold)
}
