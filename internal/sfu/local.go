package sfu

import (
	"slices"

	"github.com/tutti-rtc/tutti/internal/media"
)

// LocalOptions shape a track that is made in this process.
type LocalOptions struct {
	// For is the one member that may be shown the track; empty for all.
	For string
	// KeyFrame is told that somebody needs a key frame of a stream, Wanted
	// which streams somebody receives, as bits. Both may be called from any
	// goroutine and must not block; nil is told nothing.
	KeyFrame func(stream uint8)
	Wanted   func(streams uint32)
}

// local is what tells a track that is made here from a member's.
type local struct {
	LocalOptions
	router *Router
}

// LocalTrack is a track that is made in this process: its packets are written,
// by one goroutine at a time, and not received. It is shown where its name is
// viewed, or one for which it was offered.
type LocalTrack struct{ *Track }

// Publish adds a track that is made in this process. info.ID must be unused, and
// info.Layers list its streams, the smallest first.
func (r *Router) Publish(info media.TrackInfo, o LocalOptions) LocalTrack {
	t := newTrack(r, nil, info)
	t.local = &local{o, r}
	t.codecs.Store(uint32(info.Codec))
	r.mu.Lock()
	r.tracks[t.id] = t
	r.mu.Unlock()
	return LocalTrack{t}
}

// Begin says that the packets to come are numbered anew, as after a restart of
// what makes them. Each slot goes on with the next key frame.
func (t LocalTrack) Begin() {
	t.number.Store(t.router.numbers.Add(1))
	t.forget()
}

// Close ends the track.
func (t LocalTrack) Close() { t.router.removeTrack(t.Track) }

// Offer makes name stand for the first of tracks that a slot can be shown: not
// the member's own, nor one made for another member alone, and in a codec that
// its client has. It replaces what the name stood for; where a slot shows that,
// it goes on until the first picture of the new one. Without tracks the name
// stands for none.
func (r *Router) Offer(name media.TrackID, tracks ...media.TrackID) {
	r.mu.Lock()
	if r.offers == nil {
		r.offers = make(map[media.TrackID][]media.TrackID)
	}
	changed := !slices.Equal(r.offers[name], tracks)
	r.offers[name] = slices.Clone(tracks)
	r.mu.Unlock()
	if changed {
		r.fillAudio()
	}
}

// pick returns the track that a slot shows under a name, or nil.
func (r *Router) pick(name media.TrackID, s *Slot) *Track {
	r.mu.RLock()
	defer r.mu.RUnlock()
	offers, named := r.offers[name]
	if !named {
		if t := r.tracks[name]; t != nil && t.kind == s.sender.Kind() {
			return t
		}
		return nil
	}
	for _, id := range offers {
		if t := r.tracks[id]; t != nil && t.meantFor(s.conn.endpoint) && s.plays(t) {
			return t
		}
	}
	return nil
}

// meantFor reports whether an offered track may be shown to a member.
func (t *Track) meantFor(e *Endpoint) bool {
	if t.local == nil {
		return t.endpoint != e
	}
	return t.local.For == "" || t.local.For == e.member
}

// plays reports whether the slot's client has the track's codec, as far as it is
// known.
func (s *Slot) plays(t *Track) bool {
	if t.kind != s.sender.Kind() {
		return false
	}
	info := t.info.Load()
	if info.Codec == 0 || info.Codec == media.RED {
		return true
	}
	_, ok := s.sender.PayloadType(info.Codec, info.Fmtp)
	return ok
}

// told tells the maker of the track which streams somebody receives.
func (l *local) told(streams uint32) {
	if l.Wanted != nil {
		l.Wanted(streams)
	}
}
