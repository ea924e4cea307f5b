package sfu

import (
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/algo/layers"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// layerInterval is how often a member's slots are looked at whether
	// other layers would fit better.
	layerInterval = 500 * time.Millisecond
	// meterInterval is how often a stream's bitrate is measured.
	meterInterval = 500 * time.Millisecond
	// patience is how long a slot waits for a stream while nothing comes,
	// before it makes do with a smaller one, and then with one smaller still:
	// the publisher may have rested all, and not have the line for this one.
	patience = time.Second
	// guess is what a stream that does not come yet is believed to take, in
	// bits per pixel and second.
	guess = 2
)

// meter measures a stream's bitrate. It is fed on the publisher's loop and read
// from everywhere.
type meter struct {
	since media.Time   // owned by the publisher's loop
	bytes int64        // owned by the publisher's loop
	seen  atomic.Int64 // media.Time of the latest packet
	rate  atomic.Int64 // bit/s, smoothed; 0: unknown
}

func (m *meter) count(now media.Time, n int) {
	m.seen.Store(int64(now))
	m.bytes += int64(n)
	d := now.Sub(m.since)
	if d < meterInterval {
		return
	}
	rate := m.bytes * 8 * int64(time.Second) / int64(d)
	if old := m.rate.Load(); old > 0 && d < 4*meterInterval {
		rate = (old + rate) / 2
	}
	m.rate.Store(rate)
	m.since, m.bytes = now, 0
}

// alive reports whether packets of a stream came lately.
func (t *Track) alive(now media.Time, stream uint8) bool {
	seen := media.Time(t.meters[stream].seen.Load())
	return !seen.IsZero() && now.Sub(seen) < streamIdle
}

// nearestAlive returns the stream that comes and is nearest to the one wished
// for, a smaller one first; −1 if none comes.
func (t *Track) nearestAlive(now media.Time, wish int8) int8 {
	for i := wish - 1; i >= 0; i-- {
		if t.alive(now, uint8(i)) {
			return i
		}
	}
	for i := wish + 1; i < maxStreams; i++ {
		if t.alive(now, uint8(i)) {
			return i
		}
	}
	return -1
}

// choices lists the streams in which the track can be sent, those that rest
// until somebody wants them included. While it is muted they take nothing of the
// line, but stay chosen, so that it goes on at once.
func (t *Track) choices(dst []layers.Choice) []layers.Choice {
	info := t.info.Load()
	for i := range max(1, min(len(info.Layers), maxStreams)) {
		c := layers.Choice{Layer: media.Layer{Stream: uint8(i)}, Bitrate: media.Bitrate(t.meters[i].rate.Load())}
		if i < len(info.Layers) {
			l := &info.Layers[i]
			c.Size = l.Size
			if c.Bitrate == 0 {
				c.Bitrate = max(l.Bitrate, media.Bitrate(guess*l.Size.Area()))
			}
		}
		if t.muted.Load() {
			c.Bitrate = 0
		}
		dst = append(dst, c)
	}
	if info.Kind == media.Video {
		// No picture at all is worse than a queue: the least one stays until
		// half of it doesn't get through.
		dst[0].Bitrate /= 2
	}
	return dst
}

// review shares the line out over the slots, and does so again later while
// there are pictures: streams come and go, and what the line carries is not
// known at first.
func (c *connection) review(now media.Time) {
	var slots []*Slot
	var list []layers.Slot
	estimate, known := c.peer.Estimate()
	again := false
	if !known {
		estimate = layers.Unlimited
	}
	for _, s := range c.slots {
		if s.track == nil {
			continue
		}
		l := layers.Slot{Origin: s.track.Info().Origin, Choices: s.track.choices(nil), Shown: s.size, Current: int(s.current)}
		if s.track.kind == media.Audio && l.Origin != media.ScreenAudio {
			l.Origin = media.Microphone
		}
		again = again || s.track.kind == media.Video
		slots, list = append(slots, s), append(list, l)
	}
	c.peer.SetWanted(max(layers.Allocate(estimate, list), c.hoped()))
	c.tellLine(now, estimate, known, list)
	for i, s := range slots {
		s.aim(now, int8(list[i].Target))
	}
	if again {
		c.timer.Set(now.Add(layerInterval))
	}
}

// aim sets the stream that shall flow, or layers.Paused, and one that will do
// until that comes, or comes again: a publisher whose line gets thin stops its
// largest streams.
func (s *Slot) aim(now media.Time, target int8) {
	stopgap := int8(-1)
	if target != s.target {
		s.aimed = now
	}
	if target >= 0 && !s.track.alive(now, uint8(target)) {
		stopgap = s.track.nearestAlive(now, target)
		if waited := now.Sub(s.aimed); stopgap < 0 && target > 0 && waited >= patience && !s.track.muted.Load() {
			stopgap = max(0, target-int8(min(waited/patience, maxStreams)))
		}
	}
	if target == s.target && stopgap == s.stopgap {
		return
	}
	fresh := target >= 0 && target != s.target && target != s.current || stopgap >= 0 && stopgap != s.current
	s.target, s.stopgap = target, stopgap
	switch {
	case target == layers.Paused:
		s.current = -1
		s.setStatus(api.SlotPaused)
	case s.status == api.SlotPaused:
		s.setStatus(api.SlotWaiting)
	}
	s.track.fanOf(s.conn.loop).update()
	if fresh {
		s.wantKeyFrame(now)
	}
}
