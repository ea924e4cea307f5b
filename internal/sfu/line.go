package sfu

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/algo/layers"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// lineInterval is how often news of the line are told at most.
	lineInterval = 500 * time.Millisecond
	// lineStep is by how much, in percent, an estimate has to change to be
	// news.
	lineStep = 20
)

// lineNews is what was told of a line last.
type lineNews struct {
	told Line
	at   media.Time
	// short is what was needed when the line was last told to be short.
	short media.Bitrate
}

// hoped returns what the line is probed for beyond what is sent: a member who has
// the program since its line was short shall have the others' tracks again once
// it carries them with something to spare.
func (c *connection) hoped() media.Bitrate {
	if _, fill := c.endpoint.wished(); fill != FillProgram {
		return 0
	}
	return c.line.short * 14 / 10
}

// tellLine tells how the line fares, if that is news. list has been allocated.
func (c *connection) tellLine(now media.Time, estimate media.Bitrate, known bool, list []layers.Slot) {
	var line Line
	if known {
		line.Estimate = estimate
	}
	for i := range list {
		s := &list[i]
		if len(s.Choices) == 0 {
			continue
		}
		line.Needed += s.Choices[0].Bitrate
		if s.Origin != media.Microphone && s.Origin != media.ScreenAudio {
			line.Needed += s.Choices[0].Bitrate // choices halves it
		}
		line.Short = line.Short || s.Target == layers.Paused
	}
	told := &c.line.told
	if !told.news(line) || now.Sub(c.line.at) < lineInterval || c.endpoint.connection() != c {
		return
	}
	c.line.told, c.line.at = line, now
	if line.Short {
		c.line.short = line.Needed
	}
	c.endpoint.notify(Notice{Line: &line})
}

// news reports whether a line differs enough from the one told before.
func (l *Line) news(now Line) bool {
	differs := func(a, b media.Bitrate) bool { return max(a-b, b-a)*100 > lineStep*max(a, b) }
	return l.Short != now.Short || differs(l.Estimate, now.Estimate) || differs(l.Needed, now.Needed)
}
