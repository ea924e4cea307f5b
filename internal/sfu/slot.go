package sfu

import (
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/algo/seqmap"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// Packets that a slot remembers for retransmission.
const (
	videoHistory = 512
	audioHistory = 64
)

// sameWish is within which time a client's wishes for a key frame are one: they
// cost the publisher's loop a call each.
const sameWish = 100 * time.Millisecond

// askAgain is after how long without a key frame a waiting slot asks anew.
const askAgain = 500 * time.Millisecond

// Slot is one of a member's receiving slots: it takes the packets of one track
// and sends them as one unbroken stream. It belongs to its peer's loop.
type Slot struct {
	conn     *connection
	sender   *peer.Sender
	munger   *seqmap.Munger
	pictures *seqmap.Pictures
	codec    media.Codec // of pictures
	payload  struct {    // type, of the codec that flows
		codec media.Codec
		pt    uint8
		opus  uint8 // for the primary of RED
	}

	track    *Track        // nil: empty
	name     media.TrackID // under which it was asked for
	old      *Track        // that flows until the first key frame of track; nil: none
	size     media.Dimensions
	current  int8            // stream that flows; −1 before the first packet
	source   seqmap.SourceID // the same, across connections of its publisher
	target   int8            // stream that shall flow; it does from its next key frame on
	stopgap  int8            // stream that may flow while the target does not come; −1: none
	temporal uint8           // highest temporal layer that is sent
	aimed    media.Time      // when the target was set
	asked    media.Time
	wished   media.Time // by the client, last time
	status   api.SlotStatus
	told     api.SlotState
	recent   [4]*Track // that flowed lately, the newest first: for resends
	dropped  uint64    // packets that could not be mapped
}

func newSlot(c *connection, s *peer.Sender) *Slot {
	slot := &Slot{conn: c, sender: s, current: -1, target: -1, stopgap: -1, status: api.SlotEmpty}
	slot.told = slot.state()
	s.SetFeedback(slot)
	return slot
}

// streams returns the streams whose packets the slot needs.
func (s *Slot) streams(t *Track) uint32 {
	var m uint32
	if t == s.old {
		return 1 << (s.source % maxStreams)
	}
	if s.current >= 0 {
		m |= 1 << s.current
	}
	if s.target >= 0 {
		m |= 1 << s.target
	}
	if s.stopgap >= 0 {
		m |= 1 << s.stopgap
	}
	return m
}

// show puts a track in the slot, or nothing, under the name by which the client
// knows it. Which of its streams flows is said by aim. What a name stood for
// before flows on until the first picture of what it stands for now.
func (s *Slot) show(now media.Time, t *Track, name media.TrackID, size media.Dimensions) {
	s.size = size
	if s.track == t && s.name == name {
		return
	}
	flows := s.current >= 0 || s.old != nil
	stay := t != nil && s.track != nil && s.name == name && t.kind == media.Video && flows
	s.letGo(stay)
	s.track, s.name, s.current, s.target, s.stopgap = t, name, -1, -1, -1
	if t == nil {
		s.setStatus(api.SlotEmpty)
		return
	}
	if t == s.old { // the name stands for what flows again, or yet
		s.current, s.old = int8(s.source%maxStreams), nil
	}
	if s.munger == nil {
		s.munger = newMunger(t.kind)
	}
	s.remember(t)
	s.temporal = 7
	switch {
	case t.muted.Load():
		s.setStatus(api.SlotMuted)
	case s.current >= 0:
		s.setStatus(api.SlotLive)
	case s.old == nil:
		s.setStatus(api.SlotWaiting)
	}
	t.fanOf(s.conn.loop).add(s)
}

// mute pauses the slot, or lets it go on from the next key frame, which may have
// been faster than this news.
func (s *Slot) mute(now media.Time, muted bool) {
	s.dropOld()
	switch {
	case muted:
		s.current = -1
		s.track.fanOf(s.conn.loop).update()
		s.setStatus(api.SlotMuted)
	case s.current < 0:
		s.setStatus(api.SlotWaiting)
		s.wantKeyFrame(now)
	}
}

// letGo takes the track out of the slot. If it is to stay, what flows goes on.
func (s *Slot) letGo(stay bool) {
	track := s.track
	switch {
	case !stay:
		s.dropOld()
	case s.current >= 0: // or an older one flows yet
		s.dropOld()
		s.old, track = track, nil
		s.old.fanOf(s.conn.loop).update()
	}
	if track != nil {
		s.track = nil
		track.fanOf(s.conn.loop).remove(s)
	}
}

// dropOld ends what flows in the place of the track.
func (s *Slot) dropOld() {
	if old := s.old; old != nil {
		s.old = nil
		old.fanOf(s.conn.loop).remove(s)
	}
}

func newMunger(k media.Kind) *seqmap.Munger {
	o := seqmap.Options{
		ClockRate: 90000, History: videoHistory,
		// In the lower half: a receiver that misses packets before the first
		// wrap would guess its count wrong (RFC 3711 §3.3.1).
		FirstSeq: uint16(randomBits()) >> 1, FirstTimestamp: randomBits(),
	}
	if k == media.Audio {
		o.ClockRate, o.History = 48000, audioHistory
	}
	return seqmap.NewMunger(o)
}

func (s *Slot) remember(t *Track) {
	at := slices.Index(s.recent[:], t)
	if at < 0 {
		at = len(s.recent) - 1
	}
	copy(s.recent[1:at+1], s.recent[:at])
	s.recent[0] = t
}

// wantKeyFrame asks the publisher for a key frame of the stream to come. One
// that came before the client can be sent anything would be lost, and the next
// is a second away: Connected asks then.
func (s *Slot) wantKeyFrame(now media.Time) {
	if s.track == nil || s.track.kind != media.Video || s.target < 0 || !s.conn.connected {
		return
	}
	s.asked = now
	s.track.RequestKeyFrame(now, media.Layer{Stream: uint8(s.target)})
	if s.stopgap >= 0 && s.stopgap != s.current {
		s.track.RequestKeyFrame(now, media.Layer{Stream: uint8(s.stopgap)})
	}
}

// forward decides on one packet and, if it is to be sent, appends it to f.out.
func (s *Slot) forward(now media.Time, p *media.Packet, d *parsed, f *fan) {
	stream, src := int8(p.Layer.Stream), f.track.source(p.Layer.Stream)
	flows := stream == s.current && src == s.source && (p.Codec == s.payload.codec || s.track.kind == media.Audio)
	if f.track == s.old {
		if src != s.source || p.Codec != s.payload.codec {
			return
		}
	} else if !flows && !s.switchTo(now, src, p) {
		return
	}
	if len(p.Payload) == 0 || !d.ok {
		s.munger.Drop(src, p.Seq)
		return
	}
	if p.Layer.Temporal > s.temporal && !s.munger.Reserved(src, p.Seq) {
		s.munger.Drop(src, p.Seq)
		s.pictures.Drop(src, picture(p, d))
		return
	}
	out, ok := s.munger.Map(seqmap.In{
		Source: src, Seq: p.Seq, Timestamp: p.Timestamp, At: p.Captured, Marker: p.Marker,
	})
	if !ok {
		s.dropped++
		return
	}
	o, ok := s.outgoing(src, p, d, f)
	if !ok {
		s.dropped++
		return
	}
	o.Seq, o.Timestamp = uint16(out.Seq), uint32(out.Timestamp)
	f.out = append(f.out, o)
}

// switchTo moves the slot to a packet's stream if the packet allows it, and
// reports whether it is to be sent.
func (s *Slot) switchTo(now media.Time, src seqmap.SourceID, p *media.Packet) bool {
	stream := int8(p.Layer.Stream)
	if stream != s.target && stream != s.stopgap || !s.sender.Ready() {
		return false
	}
	if s.track.kind == media.Video && !(p.KeyFrame && p.FrameStart) {
		if now.Sub(s.asked) > askAgain {
			s.wantKeyFrame(now)
		}
		return false
	}
	if !s.take(p) {
		s.setStatus(api.SlotUnsupported)
		return false
	}
	s.munger.Switch(src)
	if s.pictures != nil {
		s.pictures.Switch(src)
	}
	s.dropOld()
	s.current, s.source = stream, src
	if stream == s.target {
		s.stopgap = -1
	}
	s.track.fanOf(s.conn.loop).update()
	s.setStatus(api.SlotLive)
	return true
}

// take prepares the slot for a packet's codec. It is false if the client can't
// receive it.
func (s *Slot) take(p *media.Packet) bool {
	info := s.track.Info()
	pt, ok := s.sender.PayloadType(p.Codec, info.Fmtp)
	opus, hasOpus := s.sender.PayloadType(media.Opus, "")
	if p.Codec == media.RED && hasOpus { // the primary can always be sent by itself
		ok = true
	}
	if !ok {
		return false
	}
	s.payload.codec, s.payload.pt, s.payload.opus = p.Codec, pt, opus
	if s.codec != p.Codec && p.Codec.Kind() == media.Video {
		s.codec, s.pictures = p.Codec, seqmap.NewPictures(p.Codec)
	}
	return true
}

// outgoing makes the packet to send but for its numbers. What it points to is
// in the packet or in f.scratch.
func (s *Slot) outgoing(src seqmap.SourceID, p *media.Packet, d *parsed, f *fan) (peer.Outgoing, bool) {
	// Audio may turn from Opus to RED and back at any packet; a picture in
	// another codec is one of before the last switch, sent again.
	if s.payload.codec != p.Codec && (s.track.kind == media.Video || !s.take(p)) {
		return peer.Outgoing{}, false
	}
	o := peer.Outgoing{
		Marker: p.Marker, PayloadType: s.payload.pt, Captured: p.Captured,
		AudioLevel: p.AudioLevel, Voice: p.Voice, Orientation: p.Orientation,
		Dependency: p.Dependency, Payload: p.Payload,
	}
	start := len(f.scratch)
	switch p.Codec {
	case media.RED:
		s.unwrapRED(&o, &d.red)
	case media.VP8, media.VP9, media.AV1, media.H264:
		pic, ok := s.pictures.Map(src, picture(p, d))
		if !ok {
			return o, false
		}
		f.scratch = renumber(f.scratch, &o, p, d, pic)
		if p.Codec == media.VP8 || p.Codec == media.VP9 {
			o.Descriptor = f.scratch[start:]
		} else if len(f.scratch) > start {
			o.Dependency = f.scratch[start:]
		}
	}
	return o, true
}

// unwrapRED sends the primary alone where the client lacks RED, or has given
// Opus another number than the publisher (the blocks would name the wrong one).
func (s *Slot) unwrapRED(o *peer.Outgoing, r *wire.RED) {
	if o.PayloadType == 0 || r.Primary.PayloadType != s.payload.opus {
		o.PayloadType, o.Payload = s.payload.opus, r.Primary.Payload
	}
}

// picture returns the numbers in a packet that count frames.
func picture(p *media.Packet, d *parsed) seqmap.Picture {
	switch p.Codec {
	case media.VP8:
		if d.vp8.I {
			return seqmap.Picture{Number: d.vp8.PictureID, Bits: idBits(d.vp8.M), TL0: d.vp8.TL0PICIDX}
		}
	case media.VP9:
		if d.vp9.I {
			return seqmap.Picture{Number: d.vp9.PictureID, Bits: idBits(d.vp9.M), TL0: d.vp9.TL0PICIDX}
		}
	case media.AV1, media.H264:
		if len(p.Dependency) >= 3 {
			return seqmap.Picture{Number: wire.FrameNumber(p.Dependency), Bits: 16}
		}
	}
	return seqmap.Picture{}
}

func idBits(wide bool) uint8 {
	if wide {
		return 15
	}
	return 7
}

// renumber appends the rewritten payload descriptor or dependency descriptor.
func renumber(dst []byte, o *peer.Outgoing, p *media.Packet, d *parsed, pic seqmap.Picture) []byte {
	switch p.Codec {
	case media.VP8:
		v := d.vp8
		if v.I {
			v.SetPictureID(pic.Number)
		}
		if v.L {
			v.SetTL0PICIDX(pic.TL0)
		}
		o.Payload = p.Payload[v.HeaderLength:]
		return wire.AppendVP8Descriptor(dst, &v)
	case media.VP9:
		v := d.vp9
		if v.I {
			v.SetPictureID(pic.Number)
		}
		v.TL0PICIDX = pic.TL0
		o.Payload = p.Payload[v.HeaderLength:]
		return wire.AppendVP9Descriptor(dst, &v)
	case media.AV1, media.H264:
		if len(p.Dependency) >= 3 {
			start := len(dst)
			dst = append(dst, p.Dependency...)
			wire.SetFrameNumber(dst[start:], pic.Number)
		}
	}
	return dst
}

// send hands a batch to the peer.
func (s *Slot) send(now media.Time, batch []peer.Outgoing) {
	s.sender.Write(now, batch)
	if s.status != api.SlotLive {
		s.setStatus(api.SlotLive)
	}
}

// Nack sends packets again that the client misses (peer.Feedback).
func (s *Slot) Nack(now media.Time, seqs []uint16) {
	if s.munger == nil || s.track == nil {
		return
	}
	rtt := s.conn.peer.RTT()
	f := s.track.fanOf(s.conn.loop)
	for _, seq := range seqs {
		origin, ok := s.munger.Resend(now, rtt, seq)
		if !ok {
			continue
		}
		s.resend(now, origin, f)
	}
}

func (s *Slot) resend(now media.Time, origin seqmap.Origin, f *fan) {
	t := s.recentTrack(origin.Source)
	if t == nil {
		return
	}
	p, ok := t.Resend(now, uint8(origin.Source%maxStreams), origin.Seq)
	if !ok {
		return
	}
	defer p.Release()
	var d parsed
	d.read(p)
	f.scratch = f.scratch[:0]
	o, ok := s.outgoing(origin.Source, p, &d, f)
	if !ok {
		return
	}
	o.Seq, o.Timestamp, o.Marker = uint16(origin.Out), uint32(p.Timestamp+origin.Shift), origin.Marker
	o.Retransmission = true
	f.out = append(f.out[:0], o)
	s.sender.Write(now, f.out)
}

func (s *Slot) recentTrack(src seqmap.SourceID) *Track {
	for _, t := range s.recent {
		if t != nil && t.number.Load() == uint32(src)/maxStreams {
			return t
		}
	}
	return nil
}

// KeyFrameWanted passes the client's wish on (peer.Feedback).
func (s *Slot) KeyFrameWanted(now media.Time) {
	if s.track == nil || now.Sub(s.wished) < sameWish {
		return
	}
	s.wished = now
	if s.current >= 0 {
		s.track.RequestKeyFrame(now, media.Layer{Stream: uint8(s.current)})
	}
	if s.old != nil {
		s.old.RequestKeyFrame(now, media.Layer{Stream: uint8(s.source % maxStreams)})
	}
	if s.target != s.current {
		s.wantKeyFrame(now)
	}
}

// setStatus notes what the slot shows; the endpoint tells the room. A slot of a
// connection that was replaced is silent: another one has its name.
func (s *Slot) setStatus(st api.SlotStatus) {
	s.status = st
	if now := s.state(); now != s.told && s.conn.endpoint.connection() == s.conn {
		s.told = now
		s.conn.endpoint.notify(Notice{Slots: []api.SlotState{now}})
	}
}

func (s *Slot) state() api.SlotState {
	st := api.SlotState{Slot: s.sender.MID(), Status: s.status}
	if s.track != nil {
		st.Track = string(s.name)
		if layers := s.track.Info().Layers; s.current >= 0 && int(s.current) < len(layers) {
			st.RID = layers[s.current].RID
		}
	}
	return st
}
