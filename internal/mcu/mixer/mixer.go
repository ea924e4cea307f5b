package mixer

import (
	"cmp"
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/algo/speaker"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Options shape a Mixer. The zero value works.
type Options struct {
	// Talkers is how many microphones are heard at once, at most; 0 stands
	// for 5.
	Talkers int
	// Target is the loudness that each voice is brought to, LUFS; 0 stands
	// for −18.
	Target float64
	// NoLevelling leaves voices as loud as they come.
	NoLevelling bool
}

// Source is a track that may be heard.
type Source struct {
	Track  media.TrackID
	Member string // who publishes it, and doesn't hear it
	// Origin decides whether it is always heard (ScreenAudio) or competes
	// with other microphones.
	Origin media.Origin
	Muted  bool // its packets are not looked at
}

// Mix is 20 ms of encoded sound.
type Mix struct {
	// Without is the member for whom it is, and whose own sound is not in
	// it; empty for the shared mix, which is for everybody else.
	Without string
	// Payload is one Opus packet. It is lent until the next Tick.
	Payload []byte
	// Timestamp grows by 960 from one Tick to the next, and by a multiple of
	// it where Ticks were missed. It is the same in all mixes of a Tick.
	Timestamp media.Ticks
	// Level is in −dBov, 0 to 127, and Voice tells whether somebody in the
	// mix speaks (RFC 6464).
	Level uint8
	Voice bool
}

// Talker is somebody who speaks.
type Talker struct {
	Member string
	Level  float64 // dBov, −70 to 0
}

const (
	// maxScreens is how many tracks of screen sound are heard.
	maxScreens = 8
	// maxUnlevelled is how many microphones that aren't heard and send no
	// level are decoded at once to find theirs; after probeTicks it is
	// another's turn.
	maxUnlevelled, probeTicks = 8, 10
	// late is by how much a Tick may be late without the time between being
	// given up.
	late = 200 * time.Millisecond
)

// Mixer makes one room's sound.
type Mixer struct {
	opt      Options
	decoders func(media.TrackID) (Decoder, error)
	encoders func() (Encoder, error)

	streams   []*stream
	byTrack   map[media.TrackID]*stream
	listeners map[string]bool // members who hear the program and may talk
	shared    bool            // somebody else hears it too
	detector  *speaker.Detector
	voices    []*speaker.Voice // of the last Update

	kernel  *interpolator
	curve   [frame]float32 // a fade in, raised cosine
	bus     [frame * channels]float32
	scratch [frame * channels]float32
	past    [primes][frame * channels]float32 // the bus of the last Ticks
	primer  [frame * channels]float32
	outlets []*outlet // the shared one first
	mixes   []Mix

	tick      media.Time // nominal time of the last Tick
	deadline  media.Time
	timestamp media.Ticks
	stats     Stats
}

// New returns a mixer without sources and listeners. It makes decoders and
// encoders when somebody is heard, and closes those that it doesn't need.
func New(o Options, decoders func(media.TrackID) (Decoder, error), encoders func() (Encoder, error)) *Mixer {
	m := &Mixer{
		decoders: decoders, encoders: encoders,
		byTrack:  map[media.TrackID]*stream{},
		detector: speaker.New(speaker.Options{}),
		kernel:   newInterpolator(),
		outlets:  []*outlet{{}},
	}
	fadeCurve(m.curve[:])
	m.SetOptions(o)
	return m
}

// SetOptions changes the options. What is heard changes gently.
func (m *Mixer) SetOptions(o Options) {
	o.Talkers = cmp.Or(max(o.Talkers, 0), 5)
	o.Target = cmp.Or(o.Target, -18)
	m.opt = o
}

// SetSources replaces the list of tracks. Those that are gone fade out with the
// next Tick.
func (m *Mixer) SetSources(sources []Source) {
	for _, s := range m.streams {
		s.gone = true
	}
	for _, src := range sources {
		s := m.byTrack[src.Track]
		if s == nil {
			s = &stream{stats: &m.stats}
			m.byTrack[src.Track] = s
			m.streams = append(m.streams, s)
		}
		s.gone = false
		s.source = src
		m.hear(s)
	}
	for _, s := range m.streams {
		if s.gone {
			delete(m.byTrack, s.source.Track)
			m.unhear(s)
		}
	}
	m.sweep()
}

// hear lets the detector listen to microphones that aren't muted.
func (m *Mixer) hear(s *stream) {
	if s.source.Muted || s.source.Origin == media.ScreenAudio {
		m.unhear(s)
	} else if s.voice == nil {
		s.voice = m.detector.Add(s.source.Track)
	}
}

func (m *Mixer) unhear(s *stream) {
	if s.voice != nil {
		m.detector.Remove(s.voice)
		m.voices = slices.DeleteFunc(m.voices, func(v *speaker.Voice) bool { return v == s.voice })
		s.voice = nil
	}
	s.presence = presence{}
}

// SetListeners replaces the list of members who hear the program and may be
// heard in it: each gets a mix without itself while it is. shared tells whether
// somebody else hears it, too. Where nobody does, nothing is decoded.
func (m *Mixer) SetListeners(members []string, shared bool) {
	m.listeners = make(map[string]bool, len(members))
	for _, member := range members {
		m.listeners[member] = true
	}
	m.shared = shared
}

// WritePacket takes a packet of a track. p is lent for the call; its payload is
// Opus, whatever its Codec says.
func (m *Mixer) WritePacket(now media.Time, track media.TrackID, p *media.Packet) {
	s := m.byTrack[track]
	if s == nil || s.source.Muted {
		m.stats.Unwanted++
		return
	}
	m.stats.Packets++
	s.write(now, p)
}

// Deadline returns when the next Tick is due; zero before the first.
func (m *Mixer) Deadline() media.Time { return m.deadline }

// Tick makes the next 20 ms of every mix that somebody hears. The mixes are
// lent until the next Tick. A Tick that comes late counts as if it had come in
// time, until it is later than 200 ms.
func (m *Mixer) Tick(now media.Time) []Mix {
	m.beat(now)
	m.mixes = m.mixes[:0]
	for _, s := range m.streams {
		s.filled = false
		s.presence.rest(m.tick)
	}
	if m.shared || len(m.listeners) > 0 {
		m.probe()
		m.choose()
		m.mix()
		m.encode()
	} else {
		m.pause()
	}
	if m.detector.Update(m.tick) || len(m.voices) == 0 {
		m.voices = m.detector.Speakers(m.voices[:0])
	}
	m.sweep()
	return m.mixes
}

// beat finds the nominal time of this Tick.
func (m *Mixer) beat(now media.Time) {
	if m.deadline.IsZero() {
		m.deadline = now
	}
	m.timestamp += frame
	if missed := now.Sub(m.deadline) / interval; missed*interval > late {
		m.stats.MissedTicks += uint64(missed)
		m.timestamp += media.Ticks(missed) * frame
		m.deadline = m.deadline.Add(missed * interval)
	}
	m.tick = m.deadline
	m.deadline = m.deadline.Add(interval)
}

// probe decodes microphones whose packets carry no level, so as to learn it:
// all that are heard, and some of the others in turn.
func (m *Mixer) probe() {
	n := 0
	for _, s := range m.streams {
		if s.voice != nil && s.unlevelled && s.stage == out {
			n++
		}
	}
	turn, i := int(m.timestamp/frame/probeTicks), 0
	for _, s := range m.streams {
		if s.voice == nil || !s.unlevelled {
			continue
		}
		if s.stage == out {
			i++
			if (i+turn)%n >= maxUnlevelled {
				continue
			}
		}
		if !m.fill(s) {
			continue
		}
		dBov := loudness(s.play.out[:])
		s.presence.take(m.tick, dBov)
		s.voice.Heard(m.tick, levelOf(dBov), false)
	}
}

// fill makes the next frame of a stream's sound. It reports whether there is
// any, be it silence.
func (m *Mixer) fill(s *stream) bool {
	if s.filled {
		return true
	}
	if !s.arrivals.started {
		return false
	}
	if s.play == nil {
		if m.tick.Before(s.retryAt) {
			return false
		}
		d, err := m.decoders(s.source.Track)
		if err != nil {
			m.stats.CodecErrors++
			s.retryAt = m.tick.Add(time.Second)
			return false
		}
		s.play = newPlayer(d, s.queue.highest-queueSize+1)
	} else if m.tick.Sub(s.playAt) > interval {
		s.play.begin(s.queue.highest - queueSize + 1)
	}
	s.playAt, s.filled = m.tick, true
	s.fill(m.tick, m.kernel)
	return true
}

// mix puts what is heard on the bus, and leaves each stream's part in its
// play.out.
func (m *Mixer) mix() {
	clear(m.bus[:])
	for _, s := range m.streams {
		if s.stage == out {
			continue
		}
		if !m.fill(s) {
			s.step()
			continue
		}
		pcm := s.play.out[:]
		if !s.play.quiet {
			s.soundAt = m.tick
			m.level(s, pcm)
			m.fade(s.stage, pcm)
			for i, x := range pcm {
				m.bus[i] += x
			}
		}
		s.step()
	}
}

func (m *Mixer) level(s *stream, pcm []float32) {
	if m.opt.NoLevelling {
		s.level.release(pcm)
		return
	}
	// Of film and music on a screen, only what is too loud is changed; a
	// sender's own word that this is no voice counts, too.
	s.level.level(pcm, m.opt.Target, s.source.Origin != media.ScreenAudio)
}

// fade fades a frame in or out.
func (m *Mixer) fade(at stage, pcm []float32) {
	switch at {
	case coming:
		for i := range pcm {
			pcm[i] *= m.curve[i/channels]
		}
	case leaving:
		for i := range pcm {
			pcm[i] *= m.curve[frame-1-i/channels]
		}
	}
}

// step takes a stream to where its fade led.
func (s *stream) step() {
	switch s.stage {
	case coming:
		s.stage = in
	case leaving:
		s.stage = out
	}
}

// pause takes everybody out of the mix that nobody hears.
func (m *Mixer) pause() {
	for _, s := range m.streams {
		s.stage = out
	}
}

// sweep forgets streams that are gone and have faded out, and closes codecs that
// were not used for long.
func (m *Mixer) sweep() {
	for _, s := range m.streams {
		if s.play != nil && s.stage == out && (s.gone || m.tick.Sub(s.playAt) > keepPlayer) {
			s.play.decoder.Close()
			s.play = nil
		}
	}
	m.streams = slices.DeleteFunc(m.streams, func(s *stream) bool { return s.gone && s.stage == out })
	m.outlets = slices.DeleteFunc(m.outlets, m.expired)
}

// Close closes all codecs. The mixer must not be used any more.
func (m *Mixer) Close() {
	for _, s := range m.streams {
		if s.play != nil {
			s.play.decoder.Close()
		}
	}
	for _, o := range m.outlets {
		o.close()
	}
	m.streams, m.outlets = nil, nil
}
