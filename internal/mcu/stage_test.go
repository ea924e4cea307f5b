package mcu

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

// house is a room's fan-out and a mixer's process, both plain.
type house struct {
	t *testing.T

	mu        sync.Mutex
	offers    map[media.TrackID][]media.TrackID // guarded by mu
	tracks    map[media.TrackID]*houseTrack     // guarded by mu
	taps      map[media.TrackID]*houseTap       // guarded by mu
	states    []api.Program                     // guarded by mu
	process   *houseProcess                     // guarded by mu; the latest
	published int                               // guarded by mu; tracks so far
	refuses   error                             // guarded by mu; to start one
	news      []string                          // guarded by mu; offers and ends of tracks, in order
	log       bytes.Buffer                      // written by the program's loop
}

type houseTrack struct {
	house  *house
	info   media.TrackInfo
	opt    TrackOptions
	begun  int
	ended  bool
	wrote  []media.Seq
	stream uint8
}

type houseTap struct {
	sink   media.Sink
	size   media.Dimensions
	asked  int
	closed bool
}

type houseProcess struct {
	house    *house
	handler  ProcessHandler
	dead     bool
	programs []link.Program
	keys     []uint32
	packets  []uint32
	closed   bool
}

func newHouse(t *testing.T) (*house, *Program) {
	h := &house{
		t: t, offers: map[media.TrackID][]media.TrackID{}, tracks: map[media.TrackID]*houseTrack{},
		taps: map[media.TrackID]*houseTap{},
	}
	p := New(h, Options{
		Clock: media.NewClock(),
		Start: h.start,
		Log:   slog.New(slog.NewTextHandler(&h.log, nil)),
		Notify: func(s api.Program) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.states = append(h.states, s)
		},
	})
	t.Cleanup(func() {
		p.Close()
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.process != nil && !h.process.closed {
			t.Error("the process lives on")
		}
		for id, track := range h.tracks {
			if !track.ended {
				t.Errorf("the track %s lives on", id)
			}
		}
		for id, tap := range h.taps {
			if !tap.closed {
				t.Errorf("the tap of %s lives on", id)
			}
		}
	})
	return h, p
}

func (h *house) start(handler ProcessHandler) (Process, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuses != nil {
		return nil, h.refuses
	}
	h.process = &houseProcess{house: h, handler: handler, dead: true}
	return h.process, nil
}

func (h *house) Tap(id media.TrackID, sink media.Sink) (Tap, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.HasPrefix(string(id), "gone") {
		return nil, false
	}
	tap := &houseTap{sink: sink}
	h.taps[id] = tap
	return locked{h, tap}, true
}

// locked is a tap whose calls are under the house's lock.
type locked struct {
	house *house
	tap   *houseTap
}

func (l locked) Aim(_ media.Time, size media.Dimensions) { l.do(func() { l.tap.size = size }) }
func (l locked) RequestKeyFrame(media.Time)              { l.do(func() { l.tap.asked++ }) }
func (l locked) Close()                                  { l.do(func() { l.tap.closed = true }) }
func (l locked) do(f func()) {
	l.house.mu.Lock()
	defer l.house.mu.Unlock()
	f()
}

func (h *house) Publish(info media.TrackInfo, o TrackOptions) Track {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := &houseTrack{house: h, info: info, opt: o}
	h.tracks[info.ID] = t
	h.published++
	return t
}

func (t *houseTrack) WritePacket(_ media.Time, p *media.Packet) {
	t.house.mu.Lock()
	defer t.house.mu.Unlock()
	t.wrote, t.stream = append(t.wrote, p.Seq), p.Layer.Stream
}

func (t *houseTrack) Begin() {
	t.house.mu.Lock()
	defer t.house.mu.Unlock()
	t.begun++
}

func (t *houseTrack) Close() {
	t.house.mu.Lock()
	defer t.house.mu.Unlock()
	t.ended = true
	t.house.news = append(t.house.news, "end "+string(t.info.ID))
}

func (h *house) Offer(name media.TrackID, tracks ...media.TrackID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offers[name] = tracks
	h.news = append(h.news, "offer "+string(name))
	for _, id := range tracks {
		if t := h.tracks[id]; t != nil && t.ended {
			h.t.Errorf("%s is offered as %s though it has ended", id, name)
		}
	}
}

func (p *houseProcess) WritePacket(number uint32, _ *media.Packet) {
	p.house.mu.Lock()
	defer p.house.mu.Unlock()
	p.packets = append(p.packets, number)
}

func (p *houseProcess) Write(m link.Message) bool {
	p.house.mu.Lock()
	defer p.house.mu.Unlock()
	switch m := m.(type) {
	case link.Program:
		p.programs = append(p.programs, m)
	case link.KeyFrame:
		p.keys = append(p.keys, m.Output)
	}
	return !p.dead
}

func (p *houseProcess) Stats() ProcessStats { return ProcessStats{} }

func (p *houseProcess) Close() {
	p.house.mu.Lock()
	defer p.house.mu.Unlock()
	p.closed = true
}

func (p *houseProcess) ended() bool {
	p.house.mu.Lock()
	defer p.house.mu.Unlock()
	return p.closed
}

// comes up, as a process that has been started.
func (p *houseProcess) comes() {
	p.house.mu.Lock()
	p.dead = false
	p.house.mu.Unlock()
	p.handler.Up()
	synctest.Wait()
}

// dies of tracks that have brought it down before.
func (p *houseProcess) dies(leftOut ...uint32) {
	p.house.mu.Lock()
	p.dead = true
	p.house.mu.Unlock()
	p.handler.Down(errors.New("it was killed"), leftOut)
	synctest.Wait()
}

// sends packets of an output.
func (p *houseProcess) sends(output uint32, c media.Codec, seqs ...media.Seq) {
	for _, seq := range seqs {
		p.handler.Packet(output, &media.Packet{Seq: seq, Codec: c, KeyFrame: true, FrameStart: true})
	}
	synctest.Wait()
}

// plays what makes the program flow.
func (p *houseProcess) plays() {
	p.sends(link.SharedMix, media.Opus, 1)
	p.sends(p.wants()[0].Video[0].Output, media.VP8, 1)
}

// wants returns the programs that the process was told, the latest first.
func (p *houseProcess) wants() []link.Program {
	p.house.mu.Lock()
	defer p.house.mu.Unlock()
	list := slices.Clone(p.programs)
	slices.Reverse(list)
	return list
}

// state returns how the program fares, as told last.
func (h *house) state() api.Program {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.states) == 0 {
		return api.Program{State: api.ProgramOff}
	}
	return h.states[len(h.states)-1]
}

// offered returns what the program's picture stands for.
func (h *house) offered(name media.TrackID) []media.TrackID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offers[name]
}

// ids returns the tracks that live.
func (h *house) ids() (list []media.TrackID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(h.tracks)) {
		if !h.tracks[id].ended {
			list = append(list, id)
		}
	}
	return list
}

// person returns a member with a camera and a microphone.
func person(name string) Member {
	return Member{ID: name, Name: name, Tracks: []MemberTrack{
		{TrackInfo: media.TrackInfo{ID: media.TrackID(name + "-cam"), Kind: media.Video, Origin: media.Camera, Layers: []media.LayerInfo{{Size: media.Dimensions{Width: 640, Height: 360}}}}},
		{TrackInfo: media.TrackInfo{ID: media.TrackID(name + "-mic"), Kind: media.Audio, Origin: media.Microphone}},
	}}
}

// wants returns a wish for the members, with a viewer.
func wants(members ...Member) *Wish {
	return &Wish{Settings: api.ProgramSettings{}.WithDefaults(), Members: members, Viewers: []string{"viewer"}}
}

// viewed lets members view the program, too.
func viewed(w *Wish, members ...string) *Wish {
	w.Viewers = append(w.Viewers, members...)
	return w
}

// set says what is wanted and lets that be done.
func set(p *Program, w *Wish) {
	p.Set(w)
	synctest.Wait()
}

// after lets time go by.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
