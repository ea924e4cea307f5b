package sfu

import (
	"slices"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// fan hands one track's packets to the slots of one loop. It belongs to that
// loop.
type fan struct {
	track   *Track
	loop    *peer.Loop
	inlet   *peer.Inlet
	slots   []*Slot
	parsed  []parsed        // scratch: what all slots need to know of a batch
	out     []peer.Outgoing // scratch: what one slot sends of a batch
	scratch []byte          // descriptors and extensions of one slot's batch

	streams atomic.Uint32 // that some slot here receives
}

// parsed is what a packet's payload says, read once for all slots.
type parsed struct {
	vp8 wire.VP8Descriptor
	vp9 wire.VP9Descriptor
	red wire.RED
	ok  bool
}

// fanOf returns the track's fan on a loop, made on first use. It must be called
// on the loop.
func (t *Track) fanOf(l *peer.Loop) *fan {
	at := &t.fans[l.Index()]
	f := at.Load()
	if f == nil {
		f = &fan{track: t, loop: l}
		f.inlet = l.NewInlet(f)
		at.Store(f)
	}
	return f
}

// add and remove keep the slots that take the track's packets.
func (f *fan) add(s *Slot) {
	if !slices.Contains(f.slots, s) {
		f.slots = append(f.slots, s)
	}
	f.update()
}

func (f *fan) remove(s *Slot) {
	if i := slices.Index(f.slots, s); i >= 0 {
		f.slots = slices.Delete(f.slots, i, i+1)
	}
	f.update()
}

// update works out which streams are needed here.
func (f *fan) update() {
	var streams uint32
	for _, s := range f.slots {
		streams |= s.streams(f.track)
	}
	if f.streams.Swap(streams) != streams {
		f.track.want()
	}
}

// WritePackets sends a batch to all slots (peer.Fan). A slot's packets are
// written in one go, so that they leave as one burst.
func (f *fan) WritePackets(now media.Time, ps []*media.Packet) {
	f.parse(ps)
	for _, s := range f.slots {
		f.out, f.scratch = f.out[:0], f.scratch[:0]
		for i, p := range ps {
			s.forward(now, p, &f.parsed[i], f)
		}
		if len(f.out) > 0 {
			s.send(now, f.out)
		}
	}
	clear(f.out)
}

// parse reads the payload descriptors of a batch.
func (f *fan) parse(ps []*media.Packet) {
	for len(f.parsed) < len(ps) {
		f.parsed = append(f.parsed, parsed{})
	}
	for i, p := range ps {
		f.parsed[i].read(p)
	}
}

func (d *parsed) read(p *media.Packet) {
	d.ok = true
	switch p.Codec {
	case media.VP8:
		d.ok = wire.ParseVP8(p.Payload, &d.vp8) == nil
	case media.VP9:
		d.ok = wire.ParseVP9(p.Payload, &d.vp9) == nil
	case media.RED:
		d.ok = wire.ParseRED(p.Payload, &d.red) == nil
	}
}
