package bwe

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// burstTime is how close together packets are sent, or arrive faster
	// than they were sent, to count as one group (rmcat-gcc §5.2).
	burstTime = 5 * time.Millisecond
	// maxBurst bounds how long a group may go on arriving.
	maxBurst = 100 * time.Millisecond
)

// group is a burst of packets: mostly a picture.
type group struct {
	firstSent, lastSent       media.Time
	firstArrival, lastArrival media.Time
}

// delta is the distance between two groups' first packets. (libwebrtc takes the
// last ones; these come later the larger the picture is, which looks like a
// queue when a sender of little becomes one of much.)
type delta struct {
	send, arrival time.Duration
	at            media.Time // arrival of the later group
}

// grouper joins packets to groups.
type grouper struct {
	current, previous group
}

// add takes a packet. When it begins a new group, the distance between the two
// groups before it is returned.
func (g *grouper) add(p Packet) (d delta, ok bool) {
	c := &g.current
	switch {
	case c.firstSent.IsZero():
		*c = newGroup(p)
	case p.Sent.Before(c.firstSent): // reordered across groups: tells nothing
	case g.joins(p):
		c.lastSent = max(c.lastSent, p.Sent)
		c.lastArrival = max(c.lastArrival, p.Arrival)
	default:
		if prev := &g.previous; !prev.firstSent.IsZero() {
			d = delta{send: c.firstSent.Sub(prev.firstSent), arrival: c.firstArrival.Sub(prev.firstArrival), at: c.firstArrival}
			ok = d.arrival >= 0
		}
		g.previous, *c = *c, newGroup(p)
	}
	return d, ok
}

func newGroup(p Packet) group { return group{p.Sent, p.Sent, p.Arrival, p.Arrival} }

// joins reports whether a packet belongs to the current group.
func (g *grouper) joins(p Packet) bool {
	c := &g.current
	if p.Sent.Sub(c.firstSent) <= burstTime {
		return true
	}
	send, arrival := p.Sent.Sub(c.lastSent), p.Arrival.Sub(c.lastArrival)
	return arrival < send && arrival <= burstTime && p.Arrival.Sub(c.firstArrival) < maxBurst
}
