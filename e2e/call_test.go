package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// patience bounds each thing that a Go client waits for.
const patience = 20 * time.Second

// person is a Go client in a room.
type person struct {
	*client.Room
	t      *testing.T
	states chan client.State
	data   chan client.Data

	mu      sync.Mutex
	changed chan struct{}       // guarded by mu; closed and replaced when a watcher has news
	slots   map[string]*watcher // guarded by mu; by slot
}

// enter joins a room for the length of the test. What comes in slots is watched,
// unless the options have a handler of tracks.
func enter(t *testing.T, server string, o client.Options) *person {
	t.Helper()
	p, err := tryEnter(t, server, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryEnter(t *testing.T, server string, o client.Options) (*person, error) {
	t.Helper()
	p := &person{
		t: t, states: make(chan client.State, 64), data: make(chan client.Data, 4096),
		changed: make(chan struct{}), slots: map[string]*watcher{},
	}
	track := o.Handlers.Track
	if track == nil {
		track = p.watch
	}
	o.Handlers = client.Handlers{
		State: func(s client.State) { p.states <- s },
		Data:  func(d client.Data) { p.data <- d },
		Track: track,
	}
	if o.Room == "" {
		o.Room = "stage"
	}
	var err error
	if p.Room, err = client.Join(p.ctx(), server, o); err != nil {
		return nil, err
	}
	t.Cleanup(p.Close)
	return p, nil
}

// ctx ends when patience does.
func (p *person) ctx() context.Context {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	p.t.Cleanup(cancel)
	return ctx
}

// becomes waits for a state of the membership.
func (p *person) becomes(want client.State) {
	p.t.Helper()
	late := time.After(patience)
	var been []client.State
	for {
		select {
		case s := <-p.states:
			if been = append(been, s); s == want {
				return
			}
		case <-late:
			p.t.Fatalf("not %s within %v; it was %v, and is %s in %+v", want, patience, been, p.Member(), p.Snapshot())
		}
	}
}

// sees waits until ok accepts what one of the slots shows. what is for the
// failure.
func (p *person) sees(what string, ok func(view) bool) view {
	p.t.Helper()
	late := time.After(patience)
	for {
		p.mu.Lock()
		changed := p.changed
		var seen []view
		for _, w := range p.slots {
			seen = append(seen, w.view)
		}
		p.mu.Unlock()
		if i := slices.IndexFunc(seen, ok); i >= 0 {
			return seen[i]
		}
		select {
		case <-changed:
		case <-late:
			p.t.Fatalf("%s: not within %v; the slots: %+v; %+v", what, patience, p.Slots(), seen)
		}
	}
}

// forget begins anew with what is seen.
func (p *person) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.slots {
		w.view = view{slot: w.view.slot, kind: w.view.kind}
	}
}

// view is what came in one slot since forget.
type view struct {
	slot    string
	kind    api.Kind
	packets int
	// Of pictures:
	pictures int
	layer    byte   // of the last one
	number   uint32 // of the last one
	gaps     int    // numbers missing between two of one layer
	broken   int    // that were not as they were sent
}

// watcher reads one slot.
type watcher struct{ view view } // guarded by person.mu

// watch is the client's handler of tracks. Its goroutine ends with the room.
func (p *person) watch(track *client.RemoteTrack) {
	p.mu.Lock()
	w := &watcher{view{slot: track.Slot(), kind: api.Kind(track.Kind().String())}}
	p.slots[track.Slot()] = w
	p.mu.Unlock()
	go func() {
		var frame []byte
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			p.mu.Lock()
			w.view.packets++
			if w.view.kind == api.KindVideo {
				frame = w.take(frame, packet)
			}
			close(p.changed)
			p.changed = make(chan struct{})
			p.mu.Unlock()
		}
	}()
}

// take puts packets together to pictures; frame is what there is of the present
// one.
func (w *watcher) take(frame []byte, packet *rtp.Packet) []byte {
	var vp8 codecs.VP8Packet
	payload, err := vp8.Unmarshal(packet.Payload)
	if err != nil {
		return nil // padding
	}
	switch {
	case vp8.S == 1:
		frame = frame[:0]
	case frame == nil:
		return nil // it began before the first packet
	}
	frame = append(frame, payload...)
	if !packet.Marker {
		return frame
	}
	v := &w.view
	layer, number, ok := readPicture(frame)
	switch {
	case !ok:
		v.broken++
	case v.pictures > 0 && layer == v.layer && number != v.number+1:
		v.gaps++
	}
	if ok {
		v.pictures++
		v.layer, v.number = layer, number
	}
	return frame[:0]
}

// pictureSize makes pictures of three packets.
const pictureSize = 3000

// picture is a VP8 frame that is one by its header (RFC 6386 §9.1) and holds
// what readPicture reads, and nothing that a decoder could.
func picture(key bool, layer byte, number uint32) []byte {
	tag := byte(0x11) // shown, and not a key frame
	if key {
		tag = 0x10
	}
	b := []byte{tag, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0, layer}
	b = binary.BigEndian.AppendUint32(b, number)
	return append(b, bytes.Repeat([]byte{byte(number), layer}, (pictureSize-len(b))/2)...)
}

// readPicture reads what picture wrote; ok is false if a byte is not as it was.
func readPicture(b []byte) (layer byte, number uint32, ok bool) {
	if len(b) < 15 {
		return 0, 0, false
	}
	layer, number = b[10], binary.BigEndian.Uint32(b[11:])
	return layer, number, bytes.Equal(b, picture(b[0]&1 == 0, layer, number))
}

// camera publishes numbered pictures until the test ends, with a key frame
// whenever one is asked for.
type camera struct {
	*client.LocalTrack
	wanted map[string]*atomic.Bool // key frames, by rid
}

// films publishes a camera. Without layers it has one stream.
func (p *person) films(layers ...api.Layer) *camera {
	p.t.Helper()
	c := &camera{wanted: map[string]*atomic.Bool{}}
	if len(layers) == 0 {
		c.wanted[""] = &atomic.Bool{}
	}
	for _, l := range layers {
		c.wanted[l.RID] = &atomic.Bool{}
	}
	track, err := p.Publish(p.ctx(), client.TrackOptions{
		Codec: client.VP8, Origin: api.OriginCamera, Layers: layers, Width: 1280, Height: 720,
		KeyFrame: func(rid string) { c.wanted[rid].Store(true) },
	})
	if err != nil {
		p.t.Fatal(err)
	}
	c.LocalTrack = track
	const period = 40 * time.Millisecond
	p.every(period, func(n uint32) error {
		for i, rid := range sortedKeys(c.wanted) {
			key := c.wanted[rid].Swap(false) || n == 0
			sample := client.Sample{RID: rid, Data: picture(key, byte(i), n), Duration: period}
			if err := track.WriteSample(sample); err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

// talks publishes a microphone that sends silence as if it were a voice.
func (p *person) talks() *client.LocalTrack {
	p.t.Helper()
	track, err := p.Publish(p.ctx(), client.TrackOptions{Codec: client.Opus, Origin: api.OriginMicrophone})
	if err != nil {
		p.t.Fatal(err)
	}
	track.SetAudioLevel(30, true)
	const period = 20 * time.Millisecond
	p.every(period, func(uint32) error {
		return track.WriteSample(client.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: period})
	})
	return track
}

// every does something regularly, counting from 0, until the test ends. What
// fails is tried again: between two connections nothing can be sent.
func (p *person) every(period time.Duration, do func(n uint32) error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	p.t.Cleanup(func() { close(stop); <-stopped })
	go func() {
		defer close(stopped)
		tick := time.NewTicker(period)
		defer tick.Stop()
		for n := uint32(0); ; n++ {
			_ = do(n)
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// pictures accepts a slot with this many, all as they were sent and without a
// gap.
func pictures(n int) func(view) bool {
	return func(v view) bool { return v.pictures >= n && v.gaps == 0 && v.broken == 0 }
}

// sounds accepts an audio slot with this many packets.
func sounds(n int) func(view) bool {
	return func(v view) bool { return v.kind == api.KindAudio && v.packets >= n }
}

// String describes a view in failures.
func (v view) String() string {
	return fmt.Sprintf("%s %s: %d packets, %d pictures, the last %d of layer %d; %d gaps, %d broken",
		v.kind, v.slot, v.packets, v.pictures, v.number, v.layer, v.gaps, v.broken)
}
