package engine

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/mixer"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

const (
	// firstMix is the output number of the first member's own mix; those
	// below it are the server's to give.
	firstMix = 1 << 16
	// late is by how much a frame of sound may be late until it counts as made
	// now.
	late = 200 * time.Millisecond
	// maxWait is how long a voice waits for its pictures at most.
	maxWait = 300 * time.Millisecond
	// ticksPerHeartbeat is how many frames of 20 ms there are in one.
	ticksPerHeartbeat = int(link.HeartbeatInterval / (20 * time.Millisecond))
)

// sound makes the mixes. Its ticks are driven by the sound goroutine; packets and
// wishes come from the link's.
type sound struct {
	engine *Engine // constant

	mu     sync.Mutex
	mixer  *mixer.Mixer             // guarded by mu
	tracks map[uint32]media.TrackID // guarded by mu
	marks  map[media.TrackID]uint32 // guarded by mu
	ticked media.Time               // guarded by mu; when the last frame was made
	heard  []mixer.Talker           // guarded by mu; scratch
	talk   []string                 // guarded by mu; members who talk, the loudest first

	// Owned by the sound goroutine.
	outputs map[string]*soundOutput // by the member without whom the mix is
	last    uint32                  // output number given
	pool    media.PacketPool
	cost    time.Duration
	mixed   uint64
}

// soundOutput is a mix on its way to the server.
type soundOutput struct {
	number uint32
	seq    media.Seq
	used   media.Time
}

func newSound(e *Engine) *sound {
	s := &sound{
		engine: e, tracks: make(map[uint32]media.TrackID), marks: make(map[media.TrackID]uint32),
		outputs: map[string]*soundOutput{"": {}}, last: firstMix,
	}
	s.mixer = mixer.New(mixer.Options{}, s.newDecoder, s.newEncoder)
	return s
}

// set takes what the server wants.
func (s *sound) set(p *link.Program) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tracks)
	clear(s.marks)
	var sources []mixer.Source
	for _, m := range p.Members {
		for _, t := range m.Tracks {
			if t.Kind != media.Audio || t.LeftOut {
				continue
			}
			s.tracks[t.Number], s.marks[t.ID] = t.ID, t.Number
			sources = append(sources, mixer.Source{Track: t.ID, Member: m.ID, Origin: t.Origin, Muted: t.Muted})
		}
	}
	s.mixer.SetOptions(mixer.Options{Talkers: p.Talkers, NoLevelling: !p.Levelling})
	s.mixer.SetSources(sources)
	s.mixer.SetListeners(p.Listeners, p.Sound)
}

// take takes a member's packet.
func (s *sound) take(now media.Time, number uint32, p *media.Packet) {
	if p.Codec == media.RED { // what is redundant came before, or is concealed
		var red wire.RED
		if wire.ParseRED(p.Payload, &red) != nil {
			return
		}
		p.Codec, p.Payload = media.Opus, red.Primary.Payload
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := s.tracks[number]; ok {
		s.mixer.WritePacket(now, id, p)
	}
}

// runSound makes a frame of sound every 20 ms, and heartbeats while the pictures'
// loop turns as well.
func (e *Engine) runSound() {
	runtime.LockOSThread() // what it costs is told by the thread's clock
	defer runtime.UnlockOSThread()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		select {
		case <-timer.C:
		case <-e.done:
			return
		}
		now := e.opt.Clock.Now()
		next := e.sound.turn(now)
		if n%ticksPerHeartbeat == 0 && e.pictures.turned.Swap(false) {
			e.heartbeat(e.stats())
		}
		timer.Reset(e.opt.Clock.Until(next))
	}
}

// turn makes the frames that are due and returns when the next one is.
func (s *sound) turn(now media.Time) media.Time {
	begin := startStopwatch()
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh bool
	for due := s.mixer.Deadline(); !due.After(now); due = s.mixer.Deadline() {
		s.ticked = max(due, now-media.Time(late))
		mixes := s.mixer.Tick(now)
		for i := range mixes {
			fresh = s.write(s.ticked, &mixes[i]) || fresh
		}
	}
	if s.forget(now) || fresh {
		s.tellMixes()
	}
	s.listen()
	s.cost += begin.lap()
	return s.mixer.Deadline()
}

// write sends a mix, and reports whether it is a new one.
func (s *sound) write(now media.Time, m *mixer.Mix) (fresh bool) {
	o := s.outputs[m.Without]
	if o == nil {
		s.last++
		o = &soundOutput{number: s.last}
		s.outputs[m.Without], fresh = o, true
	}
	o.seq++
	o.used = now
	p := s.pool.Get()
	defer p.Release()
	p.Arrival, p.Captured, p.Codec = now, now, media.Opus
	p.Seq, p.Timestamp = o.seq, m.Timestamp
	p.KeyFrame, p.FrameStart, p.FrameEnd, p.LayerSync = true, true, true, true
	p.AudioLevel, p.Voice = m.Level, m.Voice
	p.Payload = append(p.Buffer()[:0], m.Payload...)
	s.mixed++
	s.engine.send(o.number, p)
	return fresh
}

// forget drops the mixes that are not made any more, and reports whether there
// were any.
func (s *sound) forget(now media.Time) (gone bool) {
	for member, o := range s.outputs {
		if member != "" && now.Sub(o.used) > 100*time.Millisecond {
			delete(s.outputs, member)
			gone = true
		}
	}
	return gone
}

// tellMixes tells the server who has a mix of its own.
func (s *sound) tellMixes() {
	var m link.Mixes
	for _, member := range slices.Sorted(maps.Keys(s.outputs)) {
		if member != "" {
			m.Outputs = append(m.Outputs, link.Mix{Output: s.outputs[member].number, Member: member})
		}
	}
	_ = s.engine.link.Write(m) // an ended link ends Run
}

// listen notes, for the pictures, who talks and how late everybody is heard.
func (s *sound) listen() {
	s.heard = s.mixer.Talkers(s.heard[:0])
	s.talk = s.talk[:0]
	for _, t := range s.heard {
		s.talk = append(s.talk, t.Member)
	}
}

// lateness returns how long after its capture a member's sound is heard; false
// if it is not.
func (s *sound) lateness(member string) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	captured, ok := s.mixer.Heard(member)
	if !ok {
		return 0, false
	}
	return s.ticked.Sub(captured), true
}

// wait lets a member's sound wait for its pictures, which are whole so long after
// their capture.
func (s *sound) wait(member string, pictures time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	captured, ok := s.mixer.Heard(member)
	if !ok {
		return
	}
	// What is between capture and heard, but for the wait, is the way here.
	way := s.ticked.Sub(captured) - s.mixer.Delay(member)
	s.mixer.Hold(member, min(max(pictures-way, 0), maxWait))
}

// talkers appends the members who talk, the loudest first.
func (s *sound) talkers(dst []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(dst, s.talk...)
}

// concealed returns how many frames were made up.
func (s *sound) concealed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mixer.Stats().Concealed / codec.FrameSamples
}

func (s *sound) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mixer.Close()
}
