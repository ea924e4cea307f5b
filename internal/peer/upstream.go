package peer

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/pion/rtcp"

	"github.com/tutti-rtc/tutti/internal/algo/twcc"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// Intervals of what the server sends back to a publisher.
const (
	reportInterval   = time.Second            // receiver reports
	feedbackInterval = 50 * time.Millisecond  // transport-wide feedback
	defaultRTT       = 100 * time.Millisecond // before it is measured
)

// maxBound bounds the SSRCs that one client may make us follow.
const maxBound = 128

// maxSources bounds the SSRCs of a client's packets for which SRTP keeps a state
// of its own, for as long as the session lasts.
const maxSources = 1024

// sources are SSRCs of packets that were authentic.
type sources map[uint32]struct{}

// admits reports whether a packet may be decrypted that has its SSRC at an
// offset; the SSRC is to be added if the packet is authentic.
func (s sources) admits(b []byte, offset int) (ssrc uint32, ok bool) {
	if len(b) < offset+4 {
		return 0, false
	}
	ssrc = binary.BigEndian.Uint32(b[offset:])
	_, known := s[ssrc]
	return ssrc, known || len(s) < maxSources
}

// upstream is what a peer receives: the streams of all its receivers.
type upstream struct {
	peer      *Peer
	ssrc      uint32 // of our own feedback
	streams   map[uint32]bound
	sources   sources    // of RTP
	reporters sources    // of RTCP
	order     []*inbound // all streams, in the order of their first packet
	offset    clockOffset
	rtt       time.Duration
	arrivals  *twcc.Recorder // nil until the first numbered packet
	reportAt  media.Time     // zero: nothing to report
	told      twcc.Feedback  // scratch
	numbered  uint32         // SSRC of the latest packet with a transport-wide number
	feedback  []rtcp.Packet  // gathered in this turn
	missing   []media.Seq    // scratch
	refused   uint64         // packets that can't be decrypted or belong nowhere
}

// UpStats are a peer's counters of what it receives, beside those of its
// receivers.
type UpStats struct {
	Streams int    // that came, simulcast streams counted singly
	Refused uint64 // packets that can't be decrypted or read, or belong nowhere
}

// refuse counts a packet that makes no sense here.
func (u *upstream) refuse() {
	u.refused++
	u.peer.server.drops.refused.Add(1)
}

// UpStats returns the counters so far. It must be called on the loop.
func (p *Peer) UpStats() UpStats {
	return UpStats{Streams: len(p.up.order), Refused: p.up.refused}
}

// bound says whose stream an SSRC is.
type bound struct {
	in  *inbound
	rtx bool // it repairs in
}

func (u *upstream) init(p *Peer) {
	u.peer, u.ssrc, u.rtt = p, newSSRC(), defaultRTT
	u.streams = make(map[uint32]bound)
	u.sources, u.reporters = make(sources), make(sources)
}

// stream returns the receiver's stream with this index, made on first use.
func (u *upstream) stream(r *Receiver, index int) *inbound {
	if in := r.streams[index]; in != nil {
		return in
	}
	in := &inbound{receiver: r, index: uint8(index)}
	in.capture.offset = &u.offset
	r.streams[index] = in
	u.order = append(u.order, in)
	return in
}

func (u *upstream) bind(ssrc uint32, r *Receiver, index int) {
	in := u.stream(r, index)
	if old := in.ssrc; old != ssrc && old != 0 { // the client began anew
		delete(u.streams, old)
		fresh := inbound{receiver: r, index: in.index}
		fresh.capture.offset, fresh.stats, fresh.keyFrame = &u.offset, in.stats, in.keyFrame
		fresh.seqs = in.seqs
		*in = fresh
	}
	in.ssrc = ssrc
	if len(u.streams) < maxBound {
		u.streams[ssrc] = bound{in: in}
	}
}

func (u *upstream) bindRTX(ssrc uint32, r *Receiver, index int) {
	if len(u.streams) < maxBound {
		u.streams[ssrc] = bound{in: u.stream(r, index), rtx: true}
	}
}

// handleRTP takes an SRTP packet.
func (u *upstream) handleRTP(now media.Time, b []byte) {
	if u.peer.keys == nil {
		return // media may overtake the end of the handshake; it is sent again
	}
	ssrc, ok := u.sources.admits(b, 8)
	if !ok {
		u.refuse()
		return
	}
	p := u.peer.server.packets.Get()
	defer p.Release()
	plain, err := u.peer.keys.in.DecryptRTP(p.Buffer()[:0], b, &u.peer.header)
	if err != nil {
		u.refuse()
		return
	}
	u.sources[ssrc] = struct{}{}
	u.takeRTP(now, p, plain)
}

// takeRTP takes a decrypted packet, whose bytes are in p's buffer.
func (u *upstream) takeRTP(now media.Time, p *media.Packet, plain []byte) {
	var h wire.Header
	if wire.ParseHeader(plain, &h) != nil {
		u.refuse()
		return
	}
	u.note(now, &h)
	s, ok := u.streams[h.SSRC]
	if !ok {
		if s, ok = u.identify(&h); !ok {
			u.refuse()
			return
		}
	}
	p.Payload = h.Payload(plain)
	if s.rtx && !u.restore(&h, s.in, p) {
		return
	}
	u.extensions(&h, s.in.receiver, p)
	s.in.take(now, p, &h, s.rtx)
	if u.reportAt.IsZero() {
		u.reportAt = now.Add(reportInterval)
	}
	u.peer.schedule(now)
}

// restore makes the original of a retransmission (RFC 4588 §4).
func (u *upstream) restore(h *wire.Header, in *inbound, p *media.Packet) bool {
	if len(p.Payload) == 0 {
		return false // padding that probes the line
	}
	osn, rest, err := wire.ParseRTX(p.Payload)
	if err != nil {
		u.refuse()
		return false
	}
	f := &in.receiver.formats[h.PayloadType&0x7f]
	if f.primary == 0 {
		u.refuse()
		return false
	}
	h.SequenceNumber, h.PayloadType, p.Payload = osn, f.primary, rest
	return true
}

// note takes down a packet's transport-wide number.
func (u *upstream) note(now media.Time, h *wire.Header) {
	id := u.peer.session.Extensions.TransportCC
	if id == 0 {
		return
	}
	n, err := wire.ParseTransportSequence(h.Extension(id))
	if err != nil {
		return
	}
	if u.arrivals == nil {
		u.arrivals = twcc.NewRecorder(feedbackInterval)
	}
	u.arrivals.Received(now, n)
	u.numbered = h.SSRC
}

// identify finds whose an unknown SSRC is by the packet's mid, rid and
// repaired-rid (RFC 9143 §9.2, RFC 8852 §3).
func (u *upstream) identify(h *wire.Header) (bound, bool) {
	ext := &u.peer.session.Extensions
	mid, err := wire.ParseSDES(h.Extension(ext.MID))
	var r *Receiver
	if err == nil {
		r = u.peer.Receiver(string(mid))
	} else {
		r = u.onlyReceiver(h.PayloadType)
	}
	if r == nil {
		return bound{}, false
	}
	index, rtx := 0, r.formats[h.PayloadType&0x7f].primary != 0
	if len(r.media.RIDs) > 0 {
		id := ext.RID
		if rtx {
			id = ext.RepairedRID
		}
		rid, err := wire.ParseSDES(h.Extension(id))
		if err != nil {
			return bound{}, false
		}
		if index = slices.Index(r.media.RIDs, string(rid)); index < 0 {
			return bound{}, false
		}
	}
	if rtx {
		u.bindRTX(h.SSRC, r, index)
	} else {
		u.bind(h.SSRC, r, index)
	}
	s, ok := u.streams[h.SSRC]
	return s, ok
}

// onlyReceiver returns the receiver that a payload type belongs to if there is
// just one.
func (u *upstream) onlyReceiver(pt uint8) *Receiver {
	var found *Receiver
	for _, r := range u.peer.receivers {
		if r.formats[pt&0x7f].codec != 0 {
			if found != nil {
				return nil
			}
			found = r
		}
	}
	return found
}

// extensions reads the header extensions that travel with the packet.
func (u *upstream) extensions(h *wire.Header, r *Receiver, p *media.Packet) {
	ext := &r.media.Extensions
	for id, value := range h.Extensions() {
		switch id {
		case ext.AudioLevel:
			if level, voice, err := wire.ParseAudioLevel(value); err == nil {
				p.AudioLevel, p.Voice = level, voice
			}
		case ext.DependencyDescriptor:
			p.Dependency = value
		case ext.VideoOrientation:
			if len(value) == 1 {
				p.Orientation = value[0]
			}
		}
	}
}

// deadline returns when advance has something to do, or zero.
func (u *upstream) deadline() media.Time {
	at := u.reportAt
	if u.arrivals != nil {
		at = earliest(at, u.arrivals.Deadline())
	}
	for _, in := range u.order {
		at = earliest(at, in.deadline())
	}
	return at
}

// advance sends the feedback that is due.
func (u *upstream) advance(now media.Time) {
	if u.peer.keys == nil {
		return
	}
	for _, in := range u.order {
		in.advance(now, u.rtt)
	}
	if u.arrivals != nil && due(now, u.arrivals.Deadline()) {
		u.reportArrivals(now)
	}
	if due(now, u.reportAt) {
		u.reportAt = 0
		u.report(now)
	}
	u.flushFeedback(now)
}

// flushFeedback sends what has gathered.
func (u *upstream) flushFeedback(now media.Time) {
	if len(u.feedback) == 0 {
		return
	}
	u.peer.sendRTCP(now, u.feedback)
	clear(u.feedback)
	u.feedback = u.feedback[:0]
}
