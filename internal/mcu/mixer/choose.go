package mixer

import (
	"math"

	"github.com/tutti-rtc/tutti/internal/media"
)

// choose decides who is heard in the next frame. Where there is room, whoever
// makes a sound enters at once; else the louder one does.
func (m *Mixer) choose() {
	screens, talkers := 0, 0
	for _, s := range m.streams {
		switch {
		case s.gone || s.source.Muted || !m.reaches(s):
			s.leave()
		case s.source.Origin == media.ScreenAudio:
			if screens++; screens <= maxScreens {
				s.enter(m.tick)
			} else {
				s.leave()
			}
		case s.stage == in || s.stage == coming:
			if !s.presence.deserving(m.tick) || talkers == m.opt.Talkers {
				s.leave()
				continue
			}
			talkers++
		}
	}
	for {
		next := m.strongest()
		if next == nil {
			return
		}
		if talkers < m.opt.Talkers {
			talkers++
			next.enter(m.tick)
			continue
		}
		weakest := m.weakest()
		if weakest == nil || next.presence.strength < weakest.presence.strength+louder {
			return
		}
		weakest.leave()
		next.enter(m.tick)
	}
}

// reaches reports whether anybody but its publisher hears a stream.
func (m *Mixer) reaches(s *stream) bool {
	return m.shared || len(m.listeners) > 1 || !m.listeners[s.source.Member]
}

// strongest returns who deserves most to enter the mix, or nil.
func (m *Mixer) strongest() *stream {
	var best *stream
	strength := math.Inf(-1)
	for _, s := range m.streams {
		if s.stage == out && s.voice != nil && !s.gone && s.presence.strength > strength &&
			s.presence.deserving(m.tick) && m.reaches(s) {
			best, strength = s, s.presence.strength
		}
	}
	return best
}

// weakest returns who of those heard for long enough deserves it least, or nil.
func (m *Mixer) weakest() *stream {
	var worst *stream
	strength := math.Inf(1)
	for _, s := range m.streams {
		if s.stage == in && s.voice != nil && s.presence.strength < strength && m.tick.Sub(s.presence.entered) >= tenure {
			worst, strength = s, s.presence.strength
		}
	}
	return worst
}

func (s *stream) enter(now media.Time) {
	if s.stage == out {
		s.stage = coming
		s.presence.entered = now
	}
}

func (s *stream) leave() {
	if s.stage != out {
		s.stage = leaving
	}
}
