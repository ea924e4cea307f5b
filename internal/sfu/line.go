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
	c.line = lineNews{told: line, at: now}
	c.endpoint.notify(Notice{Line: &line})
}

// news reports whether a line differs enough from the one told before.
func (l *Line) news(now Line) bool {
	differs := func(a, b media.Bitrate) bool { return max(a-b, b-a)*100 > lineStep*max(a, b) }
	return l.Short != now.Short || differs(l.Estimate, now.Estimate) || differs(l.Needed, now.Needed)
}
