package client

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// TrackOptions describe a track to publish. Codec is needed.
type TrackOptions struct {
	Codec Codec
	// Fmtp stands in for the codec's usual format parameters (RFC 8866 §6.15).
	Fmtp string
	// Origin is OriginOther if empty.
	Origin api.Origin
	// Width and Height are the full size of the picture; 0 if not known.
	Width, Height int
	// Layers makes it simulcast: one stream for each, named by its RID.
	Layers []api.Layer
	Muted  bool
	// KeyFrame is called, from a goroutine of the track, when the server asks
	// for a key frame of a layer (RTCP PLI or FIR). It must not block.
	KeyFrame func(rid string)
}

// LocalTrack is a track that the client publishes. Its methods may be called
// from any goroutine; frames of one layer must come from one at a time.
type LocalTrack struct {
	// Constant.
	room    *Room
	options TrackOptions
	layers  []*localLayer

	muted      atomic.Bool
	level      atomic.Uint32 // the audio-level extension's byte, plus 1; 0 for none
	extensions atomic.Pointer[extensionIDs]
	direct     atomic.Pointer[directOut]  // nil where it is not sent directly
	idle       atomic.Bool                // the server need not get it: it is received directly
	wanted     atomic.Pointer[api.Layers] // as the server last said; nil before

	mu  sync.Mutex // guards the following
	id  string
	mid string
}

// localLayer is one RTP stream of a track.
type localLayer struct {
	rid   string
	track *webrtc.TrackLocalStaticRTP

	skipped    uint16         // packets that the server did not get; owned by the writer
	mu         sync.Mutex     // guards the following, used by WriteSample only
	packetizer rtp.Packetizer // made by the first sample
	written    time.Duration  // what the samples so far have lasted
}

// extensionIDs are those negotiated for the track's header extensions; 0 for
// those that were not.
type extensionIDs struct{ mid, rid, level uint8 }

// Sample is one encoded frame.
type Sample struct {
	// RID is the layer it belongs to; empty without simulcast.
	RID  string
	Data []byte
	// Duration is how long the frame lasts.
	Duration time.Duration
}

// maxPayload keeps packets with extensions and SRTP's tag below 1280 bytes.
const maxPayload = 1200

// Publish announces a track. It negotiates if no prepared sender is free or the
// track is simulcast.
func (r *Room) Publish(ctx context.Context, o TrackOptions) (*LocalTrack, error) {
	t, err := r.newLocalTrack(o)
	if err != nil {
		return nil, err
	}
	unlock, err := r.lockMedia(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	r.mu.Lock()
	p := r.peer
	r.mu.Unlock()
	needsOffer, err := p.place(t)
	if err == nil && needsOffer {
		err = r.negotiate(ctx, p, nil)
	}
	if err == nil {
		err = r.announce(ctx, p, t)
	}
	if err != nil {
		p.release(t)
		return nil, fmt.Errorf("publish %s: %w", o.Codec, err)
	}
	r.mu.Lock()
	r.tracks = append(r.tracks, t)
	r.mu.Unlock()
	r.reviewDirect()
	return t, nil
}

func (r *Room) newLocalTrack(o TrackOptions) (*LocalTrack, error) {
	capability, err := o.Codec.capability(o.Fmtp)
	if err != nil {
		return nil, err
	}
	if o.Origin == "" {
		o.Origin = api.OriginOther
	}
	t := &LocalTrack{room: r, options: o}
	t.muted.Store(o.Muted)
	rids := []string{""}
	if len(o.Layers) > 0 {
		rids = rids[:0]
	}
	for _, l := range o.Layers {
		rids = append(rids, l.RID)
	}
	name := string(o.Origin)
	for _, rid := range rids {
		var options []func(*webrtc.TrackLocalStaticRTP)
		if rid != "" {
			options = append(options, webrtc.WithRTPStreamID(rid))
		}
		track, err := webrtc.NewTrackLocalStaticRTP(capability, name, "tutti", options...)
		if err != nil {
			return nil, err
		}
		t.layers = append(t.layers, &localLayer{rid: rid, track: track})
	}
	return t, nil
}

// announce tells the server that the track's m-line carries it from now on.
func (r *Room) announce(ctx context.Context, p *peer, t *LocalTrack) error {
	s := p.senderOf(t)
	if s.refused != nil {
		return s.refused
	}
	mid := s.transceiver.Mid()
	reply, err := r.request(ctx, &api.Publish{
		MID: mid, Origin: t.options.Origin, Muted: t.muted.Load(),
		Width: t.options.Width, Height: t.options.Height, Layers: t.options.Layers,
	})
	if err != nil {
		return err
	}
	published, ok := reply.(*api.Published)
	if !ok {
		return fmt.Errorf("the server answered publish with %s", reply.MessageType())
	}
	t.mu.Lock()
	t.id, t.mid = published.Track.ID, mid
	t.mu.Unlock()
	t.extensions.Store(s.extensions())
	return nil
}

// ID returns the track's id in the room. It changes with StateRejoined.
func (t *LocalTrack) ID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.id
}

// MID returns the tag of the m-line that carries the track.
func (t *LocalTrack) MID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mid
}

// Muted reports whether the track is muted, by its owner or by a host.
func (t *LocalTrack) Muted() bool { return t.muted.Load() }

// SetMuted mutes or unmutes the track. What is written while it is muted is
// dropped.
func (t *LocalTrack) SetMuted(ctx context.Context, muted bool) error {
	if err := t.room.do(ctx, &api.Mute{Track: t.ID(), Muted: muted}); err != nil {
		return fmt.Errorf("mute: %w", err)
	}
	t.muted.Store(muted)
	return nil
}

// SetAudioLevel says how loud the next packets are, in −dBov from 0 (loudest)
// to 127 (silence), and whether they hold voice (RFC 6464). The server chooses
// by it who is heard.
func (t *LocalTrack) SetAudioLevel(level uint8, voice bool) {
	v := min(level, 127)
	if voice {
		v |= 0x80
	}
	t.level.Store(uint32(v) + 1)
}

// Unpublish ends the track; its sender is free for another one.
func (t *LocalTrack) Unpublish(ctx context.Context) error {
	r := t.room
	unlock, err := r.lockMedia(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	r.mu.Lock()
	r.tracks = slices.DeleteFunc(r.tracks, func(other *LocalTrack) bool { return other == t })
	p := r.peer
	r.mu.Unlock()
	r.reviewDirect()
	p.release(t)
	if err := r.do(ctx, &api.Unpublish{Track: t.ID()}); err != nil {
		return fmt.Errorf("unpublish: %w", err)
	}
	return nil
}

// WriteSample sends one encoded frame: a VP8, VP9 or AV1 frame, an H.264 access
// unit with start codes, or an Opus packet. It paces nothing: call it when the
// frame is due.
func (t *LocalTrack) WriteSample(s Sample) error {
	l := t.layer(s.RID)
	if l == nil {
		return fmt.Errorf("the track has no layer %q", s.RID)
	}
	if t.muted.Load() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	clock := l.track.Codec().ClockRate
	if l.packetizer == nil {
		l.packetizer = rtp.NewPacketizerWithOptions(maxPayload, t.options.Codec.payloader(), rtp.NewRandomSequencer(), clock)
	}
	begin := ticks(l.written, clock)
	l.written += s.Duration
	samples := uint32(ticks(l.written, clock) - begin)
	for _, p := range l.packetizer.Packetize(s.Data, samples) {
		if err := t.write(l, p); err != nil {
			return err
		}
	}
	return nil
}

// ticks converts d to units of a clock rate in Hz, without rounding errors that
// add up.
func ticks(d time.Duration, rate uint32) int64 {
	seconds, rest := d/time.Second, d%time.Second
	return int64(seconds)*int64(rate) + int64(rest)*int64(rate)/int64(time.Second)
}

// WriteRTP sends one packet on a layer (rid is empty without simulcast). SSRC,
// payload type and the extensions that the client owns (mid, rid, audio level)
// are filled in; p keeps the extensions.
func (t *LocalTrack) WriteRTP(rid string, p *rtp.Packet) error {
	l := t.layer(rid)
	if l == nil {
		return fmt.Errorf("the track has no layer %q", rid)
	}
	if t.muted.Load() {
		return nil
	}
	return t.write(l, p)
}

func (t *LocalTrack) layer(rid string) *localLayer {
	for _, l := range t.layers {
		if l.rid == rid {
			return l
		}
	}
	return nil
}

func (t *LocalTrack) write(l *localLayer, p *rtp.Packet) error {
	if d := t.direct.Load(); d != nil && d.rid == l.rid {
		d.write(p, t.level.Load())
	}
	if t.idle.Load() {
		l.skipped++
		return nil
	}
	// The server sees no gap where nothing was lost.
	number := p.SequenceNumber
	defer func() { p.SequenceNumber = number }()
	p.SequenceNumber -= l.skipped
	if x := t.extensions.Load(); x != nil {
		if l.rid != "" && x.mid != 0 && x.rid != 0 {
			if err := p.SetExtension(x.mid, []byte(t.MID())); err != nil {
				return err
			}
			if err := p.SetExtension(x.rid, []byte(l.rid)); err != nil {
				return err
			}
		}
		if level := t.level.Load(); level != 0 && x.level != 0 {
			if err := p.SetExtension(x.level, []byte{uint8(level - 1)}); err != nil {
				return err
			}
		}
	}
	return l.track.WriteRTP(p)
}
