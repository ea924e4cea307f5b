package video

import (
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

const (
	// windowSize is how many packets may wait for one before them.
	windowSize = 512
	// maxStored is the largest payload that is taken, in bytes, with its
	// dependency descriptor: all that wait are less than 2 MB.
	maxStored = 2048
	// maxFree is how many buffers are kept for packets to come.
	maxFree = 64
)

// entry is what is needed of a packet.
type entry struct {
	payload     []byte
	dependency  []byte
	codec       media.Codec
	temporal    uint8
	spatial     uint8
	orientation uint8
	marker      bool
	key         bool
	start       bool
	sync        bool
	timestamp   media.Ticks
	captured    media.Time
	arrival     media.Time
}

// entryOf returns an entry that shares p's memory.
func entryOf(p *media.Packet) entry {
	return entry{
		payload: p.Payload, dependency: p.Dependency, codec: p.Codec,
		temporal: p.Layer.Temporal & 7, spatial: p.Layer.Spatial, orientation: p.Orientation,
		marker: p.Marker, key: p.KeyFrame, start: p.FrameStart, sync: p.LayerSync,
		timestamp: p.Timestamp, captured: p.Captured, arrival: p.Arrival,
	}
}

// startsPicture reports whether the packet is the first of a picture, or stands
// before all that a decoder needs of it.
func (e *entry) startsPicture() bool {
	return e.start && e.spatial == 0 || e.hasParameters()
}

// startsKeyFrame reports whether decoding may begin with the packet, whatever
// came before.
func (e *entry) startsKeyFrame() bool {
	return e.key && e.startsPicture() && (e.codec != media.H264 || e.hasParameters())
}

// hasParameters reports whether the packet brings H.264 parameter sets. A key
// frame is begun with them only: an IDR slice that overtook them looks like the
// first packet, and a delimiter before them does not look like a key frame.
func (e *entry) hasParameters() bool {
	if e.codec != media.H264 || !e.key {
		return false
	}
	var h wire.H264Payload
	return wire.ParseH264(e.payload, &h) == nil && h.SPS != nil
}

// window holds the packets that can't be taken yet, by their number. Of those
// it has not got, it knows since when.
type window struct {
	slots [windowSize]slot
	free  [][]byte
}

type slot struct {
	entry   // if present
	buffer  []byte
	present bool
	noticed media.Time // when it was found missing
}

func (w *window) at(seq media.Seq) *slot { return &w.slots[seq&(windowSize-1)] }

// holds reports whether a packet is here, of which highest is the last.
func (w *window) holds(seq, highest media.Seq) bool {
	return seq <= highest && w.at(seq).present
}

// reach notes that the packets from first to before end are missing.
func (w *window) reach(now media.Time, first, end media.Seq) {
	for ; first < end; first++ {
		w.at(first).noticed = now
	}
}

// store keeps a copy of e.
func (w *window) store(seq media.Seq, e *entry) {
	s := w.at(seq)
	s.entry, s.present = *e, true
	if n := len(w.free); n > 0 {
		s.buffer, w.free = w.free[n-1], w.free[:n-1]
	}
	s.buffer = append(append(s.buffer[:0], e.payload...), e.dependency...)
	size := len(e.payload)
	s.payload, s.dependency = s.buffer[:size:size], s.buffer[size:]
}

// release forgets a packet that is here.
func (w *window) release(seq media.Seq) {
	s := w.at(seq)
	if len(w.free) < maxFree {
		w.free = append(w.free, s.buffer)
	}
	*s = slot{}
}

// clear forgets the packets from first to last.
func (w *window) clear(first, last media.Seq) {
	for ; first <= last; first++ {
		if w.at(first).present {
			w.release(first)
		}
	}
}
