package sfu

import (
	"slices"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

// connection is one peer of an endpoint and the slots that came with it. A
// client that begins anew gets another one. But for its constants it belongs to
// the peer's loop.
type connection struct {
	// Constant.
	endpoint *Endpoint
	peer     *peer.Peer
	loop     *peer.Loop

	slots     []*Slot
	timer     *peer.Timer
	connected bool // media can flow
	over      bool
	line      lineNews
}

// Connected tells that media can flow (peer.Handler).
func (c *connection) Connected(now media.Time) {
	c.connected = true
	c.endpoint.notify(Notice{Connected: true})
	for _, s := range c.slots {
		s.wantKeyFrame(now)
	}
}

// Lost tells that the connection is over (peer.Handler).
func (c *connection) Lost(now media.Time) {
	c.detach(now)
	if c.endpoint.connection() == c {
		c.endpoint.notify(Notice{Lost: true})
	}
}

// Data hands a message on (peer.Handler).
func (c *connection) Data(label string, message []byte) {
	c.endpoint.notify(Notice{Data: &Data{Label: label, Message: slices.Clone(message)}})
}

// call runs f on the loop while the connection lasts.
func (c *connection) call(f func(now media.Time)) {
	c.loop.Call(func(now media.Time) {
		if !c.over {
			f(now)
		}
	})
}

// attach takes over what was negotiated.
func (c *connection) attach(now media.Time) {
	if c.over {
		return
	}
	for _, s := range c.peer.Senders() {
		if c.slot(s.MID()) == nil {
			c.slots = append(c.slots, newSlot(c, s))
		}
	}
	c.bind(c.endpoint.publications())
	c.apply(now)
}

// bind joins tracks with the m-lines that carry them.
func (c *connection) bind(list []published) {
	for _, t := range list {
		if r := c.peer.Receiver(t.mid); r != nil {
			t.track.bind(c.peer, r)
		}
	}
}

// detach empties the slots.
func (c *connection) detach(now media.Time) {
	if c.over {
		return
	}
	c.over = true
	c.timer.Stop()
	for _, s := range c.slots {
		s.show(now, nil, "", media.Dimensions{})
	}
}

// slot returns the slot with this tag, or nil.
func (c *connection) slot(mid string) *Slot {
	for _, s := range c.slots {
		if s.sender.MID() == mid {
			return s
		}
	}
	return nil
}

// drop takes a track that ended out of the slots.
func (c *connection) drop(now media.Time, t *Track) {
	for _, s := range c.slots {
		if s.old == t {
			s.dropOld()
		}
		if s.track == t {
			s.show(now, nil, "", media.Dimensions{})
			s.setStatus(api.SlotGone)
		}
	}
}

// mute lets the slots that show a track pause, or go on with a key frame.
func (c *connection) mute(now media.Time, t *Track, muted bool) {
	for _, s := range c.slots {
		if s.track == t {
			s.mute(now, muted)
		}
	}
}

// apply puts the tracks that are wished for into the slots. On the loop.
func (c *connection) apply(now media.Time) {
	wishes, fill := c.endpoint.wished()
	var spare []*Slot
	shown := make(map[*Track]bool)
	for _, s := range c.slots {
		i := slices.IndexFunc(wishes, func(w SlotWish) bool { return w.Slot == s.sender.MID() })
		switch {
		case i >= 0:
			t := c.endpoint.router.pick(wishes[i].Track, s)
			s.show(now, t, wishes[i].Track, wishes[i].Size)
			shown[t] = true
		case s.sender.Kind() == media.Audio && fill == FillTalkers:
			spare = append(spare, s)
		case s.sender.Kind() == media.Audio && fill == FillProgram:
			fill = FillNothing // in the others
			s.show(now, c.endpoint.router.pick(api.ProgramAudio, s), api.ProgramAudio, media.Dimensions{})
		default:
			s.show(now, nil, "", media.Dimensions{})
		}
	}
	c.fill(now, spare, shown)
	c.review(now)
}

// fill puts the loudest talkers into the audio slots that are left. Those that
// are there already keep their slot.
func (c *connection) fill(now media.Time, spare []*Slot, shown map[*Track]bool) {
	var due []*Track
	for _, t := range c.endpoint.router.loudest() {
		if t.endpoint != c.endpoint && !shown[t] && len(due) < len(spare) {
			due = append(due, t)
		}
	}
	spare = slices.DeleteFunc(spare, func(s *Slot) bool {
		i := slices.Index(due, s.track)
		if i >= 0 {
			due = slices.Delete(due, i, i+1)
		}
		return i >= 0
	})
	for i, s := range spare {
		if i < len(due) {
			s.show(now, due[i], due[i].id, media.Dimensions{})
		} else {
			s.show(now, nil, "", media.Dimensions{})
		}
	}
}
