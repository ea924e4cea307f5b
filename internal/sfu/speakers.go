package sfu

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

const (
	// silence is the level, in −dBov, from which on nobody speaks.
	silence = 50
	// speakersInterval is how often the list of speakers may change.
	speakersInterval = 200 * time.Millisecond
	// hangover is how long a speaker stays on the list after the last word.
	hangover = 600 * time.Millisecond
	// maxSpeakers is the length of the list.
	maxSpeakers = 5
)

// Speaker is one talker.
type Speaker struct {
	Member string
	Track  media.TrackID
	Level  float64 // 0 to 1, linear in decibels
}

// speakers keeps the list of a room's talkers. It runs on one loop, and only
// while somebody speaks.
type speakers struct {
	router *Router
	loop   *peer.Loop
	awake  atomic.Bool

	timer *peer.Timer       // owned by the loop, as all that follows
	voice map[*Track]*voice // who spoke lately
	told  []Speaker
}

// voice is one track's smoothed loudness.
type voice struct {
	level float64 // 0 to 1
	since media.Time
}

func (s *speakers) init(r *Router, l *peer.Loop) {
	s.router, s.loop, s.voice = r, l, make(map[*Track]*voice)
	s.timer = l.NewTimer(s.tick)
}

// wake starts to look; it may be called from any goroutine.
func (s *speakers) wake(media.Time) {
	if s.awake.CompareAndSwap(false, true) {
		s.loop.Call(s.tick)
	}
}

// tick works the list out anew, and again later while it is not empty.
func (s *speakers) tick(now media.Time) {
	list := s.measure(now)
	if !slices.Equal(list, s.told) {
		changed := !sameOrder(list, s.told)
		s.told = list
		s.router.tellSpeakers(list)
		if changed {
			s.router.fillAudio()
		}
	}
	if len(s.voice) > 0 {
		s.timer.Set(now.Add(speakersInterval))
		return
	}
	s.awake.Store(false)
}

// measure returns who speaks, the loudest first.
func (s *speakers) measure(now media.Time) []Speaker {
	tracks := s.router.audioTracks()
	for v := range s.voice {
		if !slices.Contains(tracks, v) {
			delete(s.voice, v)
		}
	}
	list := []Speaker{}
	for _, t := range tracks {
		at := media.Time(t.voice.Load())
		if at.IsZero() || now.Sub(at) > hangover || t.muted.Load() {
			delete(s.voice, t)
			continue
		}
		v := s.voice[t]
		if v == nil {
			v = &voice{since: now}
			s.voice[t] = v
		}
		loud := 0.0
		if now.Sub(at) < speakersInterval {
			loud = 1 - float64(t.level.Load())/127
		}
		v.level += (loud - v.level) / 2
		list = append(list, Speaker{Member: t.member, Track: t.id, Level: float64(int(v.level*100)) / 100})
	}
	slices.SortStableFunc(list, func(a, b Speaker) int { return cmp.Compare(b.Level, a.Level) })
	return list[:min(len(list), maxSpeakers)]
}

func sameOrder(a, b []Speaker) bool {
	return slices.EqualFunc(a, b, func(a, b Speaker) bool { return a.Track == b.Track })
}

// stop ends the looking.
func (s *speakers) stop() {
	s.loop.Call(func(media.Time) { s.timer.Stop(); clear(s.voice) })
}
