package sfu

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/algo/seqmap"
	"github.com/tutti-rtc/tutti/internal/algo/speaker"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
)

// maxStreams is how many simulcast streams a track may have. It is a power of
// two, since stream and track share a seqmap.SourceID.
const maxStreams = 4

// How many packets are kept to be sent again: a second of video at 4 Mbit/s,
// more than a second of audio.
const (
	videoRing = 512
	audioRing = 64
)

// streamIdle is after how long without packets a stream counts as paused.
const streamIdle = 2 * time.Second

// Track is a published track. It is a media.Sink for its publisher's packets
// and a media.Source for those who forward them.
type Track struct {
	// Constant.
	id       media.TrackID
	member   string
	kind     media.Kind
	router   *Router
	endpoint *Endpoint             // nil if the track is made here
	local    *local                // nil if it is a member's
	voice    *speaker.Voice        // of an audio track; guarded by router.speakers.mu
	fans     []atomic.Pointer[fan] // by loop

	// Atomic.
	number atomic.Uint32                   // among the sources of the router's slots
	info   atomic.Pointer[media.TrackInfo] // written while mu is held
	muted  atomic.Bool
	taps   atomic.Pointer[[]*Tap] // written while mu is held
	codecs atomic.Uint32

	meters [maxStreams]meter

	mu       sync.Mutex
	receiver *peer.Receiver // guarded by mu; nil before the first negotiation
	owner    *peer.Peer     // guarded by mu; the receiver's
	rids     []string       // guarded by mu; of the receiver's streams
	wanted   uint32         // guarded by mu; streams that somebody receives, as told

	ringMu sync.Mutex
	rings  [maxStreams]*ring // guarded by ringMu
}

func newTrack(r *Router, e *Endpoint, info media.TrackInfo) *Track {
	t := &Track{
		id: info.ID, member: info.Member, kind: info.Kind,
		router: r, endpoint: e, fans: make([]atomic.Pointer[fan], len(r.server.Loops())),
	}
	t.info.Store(&info)
	t.number.Store(r.numbers.Add(1))
	if t.kind == media.Audio && e != nil {
		r.speakers.add(t)
	}
	return t
}

// Info describes the track as last announced (media.Source).
func (t *Track) Info() media.TrackInfo { return *t.info.Load() }

// source names one stream of the track among all that feed the room's slots.
func (t *Track) source(stream uint8) seqmap.SourceID {
	return seqmap.SourceID(t.number.Load()*maxStreams + uint32(stream))
}

// take is what one connection of the publisher sends of the track: another one
// numbers its packets anew.
type take struct {
	track  *Track
	number uint32
}

// WritePacket hands packets on while no other take has begun (media.Sink).
func (k take) WritePacket(now media.Time, p *media.Packet) {
	if k.track.number.Load() == k.number {
		k.track.WritePacket(now, p)
	}
}

// WritePacket takes a packet from the publisher, on its loop (media.Sink).
func (t *Track) WritePacket(now media.Time, p *media.Packet) {
	stream := p.Layer.Stream
	if stream >= maxStreams || t.muted.Load() {
		return
	}
	t.meters[stream].count(now, len(p.Payload))
	if t.codecs.Load() != uint32(p.Codec) {
		t.arrived(p)
	}
	if t.voice != nil && p.AudioLevel != media.NoLevel {
		t.router.speakers.heard(now, t, p)
	}
	t.keep(p)
	for i := range t.fans {
		if f := t.fans[i].Load(); f != nil && f.streams.Load()&(1<<stream) != 0 {
			f.inlet.Push(p)
		}
	}
	t.pour(now, p)
}

// arrived notes the codec that really comes and tells the room.
func (t *Track) arrived(p *media.Packet) {
	first := t.codecs.Swap(uint32(p.Codec)) == 0
	t.mu.Lock()
	info := t.Info()
	info.Codec = p.Codec
	if t.receiver != nil {
		info.Fmtp = t.receiver.Format(p.Codec)
	}
	t.info.Store(&info)
	t.mu.Unlock()
	if first && t.endpoint != nil {
		t.endpoint.notify(Notice{Arrived: &info})
	}
}

// keep remembers a packet, to be sent again.
func (t *Track) keep(p *media.Packet) {
	if len(p.Payload) == 0 {
		return
	}
	t.ringMu.Lock()
	defer t.ringMu.Unlock()
	if t.muted.Load() {
		return // or it would outlive the track
	}
	r := t.rings[p.Layer.Stream]
	if r == nil {
		size := audioRing
		if t.kind == media.Video {
			size = videoRing
		}
		r = newRing(size)
		t.rings[p.Layer.Stream] = r
	}
	r.put(p)
}

// Resend returns a packet that was published before (media.Source).
func (t *Track) Resend(_ media.Time, stream uint8, s media.Seq) (*media.Packet, bool) {
	t.ringMu.Lock()
	defer t.ringMu.Unlock()
	if stream >= maxStreams || t.rings[stream] == nil {
		return nil, false
	}
	return t.rings[stream].get(s)
}

// RequestKeyFrame asks the publisher for a key frame (media.Source).
func (t *Track) RequestKeyFrame(_ media.Time, l media.Layer) {
	if t.local != nil {
		if t.local.KeyFrame != nil {
			t.local.KeyFrame(l.Stream)
		}
		return
	}
	t.mu.Lock()
	r, owner := t.receiver, t.owner
	t.mu.Unlock()
	if r != nil && t.kind == media.Video {
		owner.Loop().Call(func(now media.Time) { r.RequestKeyFrame(now, l.Stream) })
	}
}

// bind takes the track's packets from a receiver, on the receiver's loop.
func (t *Track) bind(p *peer.Peer, r *peer.Receiver) {
	t.mu.Lock()
	anew := t.owner != nil && t.owner != p
	t.receiver, t.owner, t.rids = r, p, r.RIDs()
	t.wanted = ^uint32(0) // what is wanted has to be told anew
	t.mu.Unlock()
	if anew {
		t.number.Store(t.router.numbers.Add(1))
		t.forget()
	}
	r.SetSink(take{t, t.number.Load()})
	t.want()
}

// announce takes over what the publisher says of its track, and reports whether
// it was muted or unmuted.
func (t *Track) announce(pub Publication) (turned bool) {
	t.mu.Lock()
	info := t.Info()
	info.Layers = pub.Track.Layers
	t.info.Store(&info)
	t.mu.Unlock()
	return t.muted.Swap(pub.Muted) != pub.Muted
}

// close ends the track: what comes late is no part of it.
func (t *Track) close() {
	t.muted.Store(true)
	t.forget()
}

// forget gives all packets back.
func (t *Track) forget() {
	t.ringMu.Lock()
	defer t.ringMu.Unlock()
	for _, r := range t.rings {
		if r != nil {
			r.clear()
		}
	}
}

// want tells the publisher which streams somebody receives, if that changed.
func (t *Track) want() {
	if t.kind != media.Video {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	streams := t.tapped() // under the lock: the last one to tell has to know best
	for i := range t.fans {
		if f := t.fans[i].Load(); f != nil {
			streams |= f.streams.Load()
		}
	}
	if t.receiver == nil && t.local == nil || streams == t.wanted {
		return
	}
	t.wanted = streams
	if t.local != nil {
		t.local.told(streams)
		return
	}
	active := []string{}
	for i, rid := range t.rids {
		if streams&(1<<i) != 0 {
			active = append(active, rid)
		}
	}
	t.endpoint.notify(Notice{Layers: &api.Layers{Track: string(t.id), Active: active}})
}

// ring keeps the last packets of a stream by sequence number.
type ring struct{ slots []*media.Packet }

func newRing(size int) *ring { return &ring{slots: make([]*media.Packet, size)} }

func (r *ring) put(p *media.Packet) {
	at := &r.slots[int(p.Seq)&(len(r.slots)-1)]
	if *at != nil {
		if (*at).Seq > p.Seq {
			return // too late to be of use
		}
		(*at).Release()
	}
	*at = p.Retain()
}

func (r *ring) get(s media.Seq) (*media.Packet, bool) {
	p := r.slots[int(s)&(len(r.slots)-1)]
	if p == nil || p.Seq != s {
		return nil, false
	}
	return p.Retain(), true
}

func (r *ring) clear() {
	for i, p := range r.slots {
		if p != nil {
			p.Release()
			r.slots[i] = nil
		}
	}
}
