package mcu

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

// mix is a process that mixes, the tracks that go into it, and those that come
// out of it. It belongs to the program's loop.
type mix struct {
	// Constant.
	program *Program
	process Process
	over    chan struct{} // closed by end

	outputs atomic.Pointer[outputs] // replaced by the loop

	inputs     map[media.TrackID]*input
	lastNumber uint32
	sizes      int          // how often the picture's size has changed
	told       link.Program // to the process
	up_        bool         // there is a process that knows told
	downSince  media.Time   // since when there was none; it is set at the start
	offered    bool         // the program's names stand for the outputs
	changed    atomic.Bool  // the outputs have news for the process
}

// input is a track that goes into the mix.
type input struct {
	number  uint32
	tap     Tap
	size    media.Dimensions // that the process wants
	leftOut bool             // it brought the process down
	failed  string           // the process can't decode it, and why
}

// feed hands a track's packets to the process (media.Sink).
type feed struct {
	process Process
	number  uint32
}

// WritePacket hands a packet over (media.Sink).
func (f feed) WritePacket(_ media.Time, p *media.Packet) { f.process.WritePacket(f.number, p) }

// newMix begins a process.
func newMix(p *Program, now media.Time) (*mix, error) {
	m := &mix{
		program: p, over: make(chan struct{}), inputs: make(map[media.TrackID]*input), downSince: now,
	}
	m.outputs.Store(newOutputs(p.router, p.wish.renditions(), 0, m.hasNews))
	process, err := p.opt.Start(handler{p, m})
	if err != nil {
		m.outputs.Load().end()
		return nil, err
	}
	m.process = process
	return m, nil
}

// hasNews lets the loop look at what the outputs want. From any goroutine.
func (m *mix) hasNews() {
	if m.changed.Swap(true) {
		return
	}
	select {
	case m.program.wake <- struct{}{}:
	default:
	}
}

// update brings the process up to date with the wish.
func (m *mix) update(now media.Time, w *Wish) {
	if !slices.Equal(m.outputs.Load().streams, w.renditions()) {
		m.resize(w)
	}
	m.changed.Store(false)
	m.attach(w)
	for _, in := range m.inputs {
		in.tap.Aim(now, in.size)
	}
	if !m.up_ {
		return
	}
	if next := m.describe(w); !reflect.DeepEqual(next, m.told) && m.process.Write(next) {
		m.told = next
	}
	for _, output := range m.outputs.Load().keyFrames() {
		m.process.Write(link.KeyFrame{Output: output})
	}
}

// resize replaces the outputs by ones of other sizes, which are other tracks.
func (m *mix) resize(w *Wish) {
	old := m.outputs.Load()
	m.sizes++
	o := newOutputs(m.program.router, w.renditions(), m.sizes, m.hasNews)
	o.inherit(old)
	m.outputs.Store(o)
	if m.offered {
		o.offer()
	}
	old.end()
}

// attach taps the tracks of the wish, and no others.
func (m *mix) attach(w *Wish) {
	here := make(map[media.TrackID]bool)
	for _, member := range w.Members {
		for _, t := range member.Tracks {
			here[t.ID] = true
			if m.inputs[t.ID] != nil {
				continue
			}
			m.lastNumber++
			if tap, ok := m.program.router.Tap(t.ID, feed{m.process, m.lastNumber}); ok {
				m.inputs[t.ID] = &input{number: m.lastNumber, tap: tap}
			}
		}
	}
	for id, in := range m.inputs {
		if !here[id] {
			in.tap.Close()
			delete(m.inputs, id)
		}
	}
}

// describe puts the wish into the process's words.
func (m *mix) describe(w *Wish) link.Program {
	s := &w.Settings
	program := link.Program{
		Width: s.Width, Height: s.Height, FPS: s.FPS, Layout: string(s.Layout), Levelling: !s.Unlevelled,
		Listeners: listeners(w), Sound: true, Video: m.outputs.Load().renditions(m.offered),
	}
	if s.Scene != nil {
		program.Scene, _ = json.Marshal(s.Scene) // it came as JSON
	}
	for _, member := range w.Members {
		to := link.Member{ID: member.ID, Name: member.Name, Hand: member.Hand}
		for _, t := range member.Tracks {
			in := m.inputs[t.ID]
			if in == nil {
				continue
			}
			track := link.Track{
				Number: in.number, ID: t.ID, Origin: t.Origin, Kind: t.Kind, Muted: t.Muted, LeftOut: in.leftOut,
			}
			for _, l := range t.Layers {
				track.Streams = append(track.Streams, l.Size)
			}
			to.Tracks = append(to.Tracks, track)
		}
		program.Members = append(program.Members, to)
	}
	return program
}

// listeners returns the viewers who may be heard themselves: who has no sound
// hears what all hear.
func listeners(w *Wish) (list []string) {
	views := make(map[string]bool, len(w.Viewers))
	for _, id := range w.Viewers {
		views[id] = true
	}
	for _, m := range w.Members {
		if views[m.ID] && slices.ContainsFunc(m.Tracks, func(t MemberTrack) bool { return t.Kind == media.Audio }) {
			list = append(list, m.ID)
		}
	}
	return list
}

// up tells a new process everything.
func (m *mix) up(now media.Time) {
	m.up_, m.told, m.downSince = true, link.Program{}, 0
	m.mixes(nil) // it has not said yet who has one
	for _, in := range m.inputs {
		in.failed = ""
		in.tap.RequestKeyFrame(now)
	}
}

// down notes that there is no process.
func (m *mix) down(now media.Time, cause error, leftOut []uint32) {
	m.program.opt.Log.Warn("a mixer's process has ended and is begun anew", "cause", cause, "left_out", len(leftOut))
	m.up_ = false
	if m.downSince.IsZero() {
		m.downSince = now
	}
	for id, in := range m.inputs {
		if slices.Contains(leftOut, in.number) && !in.leftOut {
			in.leftOut = true
			m.program.opt.Log.Error("a track is left out of the program: decoding it brings the mixer down", "track", id)
		}
	}
}

// message takes what the process says.
func (m *mix) message(now media.Time, message link.Message) {
	switch q := message.(type) {
	case link.Wants:
		m.want(now, q.Tracks)
	case link.KeyFrameWanted:
		if in := m.input(q.Number); in != nil {
			in.tap.RequestKeyFrame(now)
		}
	case link.Mixes:
		m.mixes(q.Outputs)
	case link.Failed:
		if in := m.input(q.Number); in != nil && in.failed == "" {
			in.failed = clip(q.Text)
			m.program.opt.Log.Warn("a track can't be mixed", "number", q.Number, "cause", in.failed)
		}
	}
}

// clip bounds what a process says of a failure.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return cmp.Or(text, "unknown")
}

// mixes takes over who has a mix of its own.
func (m *mix) mixes(list []link.Mix) {
	var viewers []string
	if w := m.program.wish; w != nil {
		viewers = w.Viewers
	}
	o := m.outputs.Load()
	o.mixes(list, viewers, func() {
		if m.offered {
			o.offer()
		}
	})
}

// want takes over the sizes that the process needs.
func (m *mix) want(now media.Time, list []link.Want) {
	for _, in := range m.inputs {
		size := media.Dimensions{}
		for _, w := range list {
			if w.Number == in.number {
				size = media.Dimensions{Width: w.Width, Height: w.Height}
			}
		}
		if size != in.size {
			in.size = size
			in.tap.Aim(now, size)
		}
	}
}

func (m *mix) input(number uint32) *input {
	for _, in := range m.inputs {
		if in.number == number {
			return in
		}
	}
	return nil
}

// leftOutTracks lists what is not in the mix though it should be.
func (m *mix) leftOutTracks() (list []string) {
	for id, in := range m.inputs {
		if in.leftOut || in.failed != "" {
			list = append(list, string(id))
		}
	}
	slices.Sort(list)
	return list
}

// flows reports whether there is something to receive. Once there was, a process
// that is begun anew does not change that.
func (m *mix) flows() bool { return m.offered || m.outputs.Load().flow() }

// failed reports whether there has been no process for too long.
func (m *mix) failed(now media.Time) bool {
	down := !m.downSince.IsZero() && now.Sub(m.downSince) > downTolerance
	if down {
		m.offered = false
	}
	return down
}

// offer makes the program's names stand for the mix.
func (m *mix) offer() {
	if !m.offered {
		m.offered = true
		m.outputs.Load().offer()
	}
}

// end ends the process, the taps and the tracks.
func (m *mix) end() {
	close(m.over)
	m.process.Close()
	for _, in := range m.inputs {
		in.tap.Close()
	}
	m.outputs.Load().end()
}
