package sfu

import (
	"slices"
	"sync"

	"github.com/tutti-rtc/tutti/internal/algo/layers"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Tap takes a track's packets to a sink that is no slot: the mixer's or a
// recorder's. It chooses the simulcast stream as a slot does and changes it at a
// key frame, so that the sink sees one stream whose Layer.Stream changes there
// and only there; sequence numbers and timestamps are those of each stream. Its
// methods may be called from any goroutine.
type Tap struct {
	// Constant.
	track *Track
	sink  media.Sink

	mu      sync.Mutex
	size    media.Dimensions // guarded by mu; as shown
	current int8             // guarded by mu; stream that flows; −1 before the first packet
	source  uint32           // guarded by mu; the take that current is of
	target  int8             // guarded by mu; stream that shall flow; −1: none
	stopgap int8             // guarded by mu; stream that may flow meanwhile; −1: none
	asked   media.Time       // guarded by mu; for a key frame, last time
}

// Tap lets a sink take a track's packets from now on; false if there is no such
// track. Video flows once Aim has told the size. The sink is called on the
// publisher's loop, one packet at a time but for a publisher that connects anew.
func (r *Router) Tap(id media.TrackID, sink media.Sink) (*Tap, bool) {
	t := r.track(id)
	if t == nil {
		return nil, false
	}
	tap := &Tap{track: t, sink: sink, current: -1, target: -1, stopgap: -1}
	if t.kind == media.Audio {
		tap.target = 0
	}
	t.setTaps(func(taps []*Tap) []*Tap { return append(taps, tap) })
	return tap, true
}

// setTaps replaces the list of taps, which packets read without a lock.
func (t *Track) setTaps(change func([]*Tap) []*Tap) {
	t.mu.Lock()
	var taps []*Tap
	if old := t.taps.Load(); old != nil {
		taps = slices.Clone(*old)
	}
	taps = change(taps)
	t.taps.Store(&taps)
	t.mu.Unlock()
	t.want()
}

// tapped returns the streams that taps take; t.mu may be held.
func (t *Track) tapped() (streams uint32) {
	if taps := t.taps.Load(); taps != nil {
		for _, tap := range *taps {
			streams |= tap.streams()
		}
	}
	return streams
}

func (t *Track) pour(now media.Time, p *media.Packet) {
	if taps := t.taps.Load(); taps != nil {
		for _, tap := range *taps {
			tap.take(now, p)
		}
	}
}

// Source returns what is tapped.
func (t *Tap) Source() media.Source { return t.track }

// Close ends the tap. Packets on their way may still reach the sink.
func (t *Tap) Close() {
	t.track.setTaps(func(taps []*Tap) []*Tap {
		return slices.DeleteFunc(taps, func(other *Tap) bool { return other == t })
	})
}

// Aim chooses the stream for a picture that is shown at this size, and none for
// 0 × 0. It is to be called when that changes and twice a second: streams come
// and go.
func (t *Tap) Aim(now media.Time, size media.Dimensions) {
	if t.track.kind != media.Video {
		return
	}
	before := t.streams()
	t.mu.Lock()
	t.size = size
	t.stopgap = -1
	if size.Area() == 0 {
		t.current, t.target = -1, -1
	} else {
		t.target = int8(layers.Fitting(t.track.choices(nil), size, int(t.current)))
		if !t.track.alive(now, uint8(t.target)) {
			t.stopgap = t.track.nearestAlive(now, t.target)
		}
	}
	t.mu.Unlock()
	if t.streams() != before {
		t.track.want()
		t.wantKeyFrame(now)
	}
}

// wantKeyFrame asks for a key frame of the streams that shall flow.
func (t *Tap) wantKeyFrame(now media.Time) {
	t.mu.Lock()
	t.asked = now
	ask := [2]int8{t.target, t.stopgap}
	current := t.current
	t.mu.Unlock()
	for _, stream := range ask {
		if stream >= 0 && stream != current {
			t.track.RequestKeyFrame(now, media.Layer{Stream: uint8(stream)})
		}
	}
}

// RequestKeyFrame asks the publisher for a key frame of what flows now.
func (t *Tap) RequestKeyFrame(now media.Time) {
	t.mu.Lock()
	stream := t.current
	t.mu.Unlock()
	if stream < 0 {
		t.wantKeyFrame(now)
		return
	}
	t.track.RequestKeyFrame(now, media.Layer{Stream: uint8(stream)})
}

func (t *Tap) streams() (m uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, stream := range [3]int8{t.current, t.target, t.stopgap} {
		if stream >= 0 {
			m |= 1 << stream
		}
	}
	return m
}

// take hands a packet on if it is of the stream that flows, or begins the one
// that shall.
func (t *Tap) take(now media.Time, p *media.Packet) {
	ask, turned := false, false
	t.mu.Lock()
	stream, source := int8(p.Layer.Stream), t.track.number.Load()
	flows := stream == t.current && source == t.source
	if !flows && (stream == t.target || stream == t.stopgap) {
		if t.track.kind == media.Audio || p.KeyFrame && p.FrameStart {
			turned = stream != t.current
			t.current, t.source, flows = stream, source, true
			if stream == t.target {
				t.stopgap = -1
			}
		} else if ask = now.Sub(t.asked) > askAgain; ask {
			t.asked = now
		}
	}
	t.mu.Unlock()
	if flows {
		t.sink.WritePacket(now, p)
	}
	switch {
	case turned:
		t.track.want() // the stream before is not needed any more
	case ask:
		t.track.RequestKeyFrame(now, media.Layer{Stream: uint8(stream)})
	}
}
