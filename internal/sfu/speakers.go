package sfu

import (
	"math"
	"sync"

	"github.com/tutti-rtc/tutti/internal/algo/speaker"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

const (
	// maxSpeakers is the length of the list that is told.
	maxSpeakers = 5
	// quietest is the level in dBov that counts as silence in the list.
	quietest = -70
)

// Speaker is one talker.
type Speaker struct {
	Member string
	Track  media.TrackID
	Level  float64 // 0 to 1, linear in decibels
}

// speakers keeps the list of a room's talkers. Voices are heard on their
// publishers' loops; the list is made on one loop, and only while somebody
// speaks.
type speakers struct {
	// Constant.
	router *Router
	loop   *peer.Loop
	timer  *peer.Timer // owned by the loop

	mu       sync.Mutex
	detector *speaker.Detector // guarded by mu
	awake    bool              // guarded by mu: the timer is set
}

func (s *speakers) init(r *Router, l *peer.Loop) {
	s.router, s.loop, s.detector = r, l, speaker.New(speaker.Options{})
	s.timer = l.NewTimer(s.tick)
}

// add begins to listen to a track.
func (s *speakers) add(t *Track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.voice = s.detector.Add(t.id)
}

func (s *speakers) remove(t *Track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.voice == nil {
		return
	}
	s.detector.Remove(t.voice)
}

// heard takes the level of a packet.
func (s *speakers) heard(now media.Time, t *Track, p *media.Packet) {
	s.mu.Lock()
	t.voice.Heard(now, p.AudioLevel, p.Voice)
	wake := !s.awake && !s.detector.Deadline().IsZero()
	s.awake = s.awake || wake
	s.mu.Unlock()
	if wake {
		s.loop.Call(s.tick)
	}
}

// tick makes the list anew, and again later while somebody speaks.
func (s *speakers) tick(now media.Time) {
	s.mu.Lock()
	changed := s.detector.Update(now)
	voices := s.detector.Speakers(nil)
	list := make([]Speaker, 0, maxSpeakers)
	for _, v := range voices[:min(len(voices), maxSpeakers)] {
		list = append(list, Speaker{Track: v.ID(), Level: max(0, 1-v.DBov()/quietest)})
	}
	next := s.detector.Deadline()
	s.awake = !next.IsZero()
	s.mu.Unlock()

	s.timer.Set(next)
	for i := range list {
		if t := s.router.track(list[i].Track); t != nil {
			list[i].Member = t.member
		}
	}
	if changed || len(list) > 0 {
		s.router.tellSpeakers(list)
	}
	if changed {
		s.router.fillAudio()
	}
}

// loudest lists all audio tracks by how much they deserve a slot: who speaks,
// who spoke last, then who came first.
func (s *speakers) loudest() []media.TrackID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.detector.Loudest(math.MaxInt, nil)
}

// stop ends the looking.
func (s *speakers) stop() { s.loop.Call(func(media.Time) { s.timer.Stop() }) }
