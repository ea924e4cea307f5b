package peer

import (
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
)

// maxStreams is how many simulcast streams one m-line may carry.
const maxStreams = answer.MaxRIDs

// Receiver is an m-line on which the client sends. It belongs to its peer's
// loop, and so do its methods.
type Receiver struct {
	peer    *Peer
	mid     string
	media   *answer.Media
	sink    media.Sink
	formats [128]format // by payload type
	streams [maxStreams]*inbound
}

// format is what a payload type means.
type format struct {
	codec   media.Codec
	fmtp    string
	primary uint8 // of an RTX payload type: that of the packets it repeats
	nack    bool
	pli     bool
	fir     bool
}

// configure takes over what an offer and its answer say of the m-line.
func (r *Receiver) configure(m *answer.Media) {
	r.media = m
	r.formats = [128]format{}
	for i := range m.Codecs {
		c := &m.Codecs[i]
		f := format{codec: c.Codec, fmtp: c.Fmtp, nack: c.NACK, pli: c.PLI, fir: c.FIR}
		r.formats[c.PayloadType&0x7f] = f
		if c.RTX != 0 {
			f.primary = c.PayloadType
			r.formats[c.RTX&0x7f] = f
		}
	}
	for i, ssrc := range m.SSRCs {
		if len(m.RIDs) == 0 && i < maxStreams {
			r.peer.up.bind(ssrc.Media, r, i)
			if ssrc.RTX != 0 {
				r.peer.up.bindRTX(ssrc.RTX, r, i)
			}
		}
	}
}

// MID returns the m-line's identification tag.
func (r *Receiver) MID() string { return r.mid }

// Kind returns whether the client sends audio or video here.
func (r *Receiver) Kind() media.Kind { return r.media.Kind }

// RIDs returns the names of the simulcast streams in the client's order, or one
// empty name.
func (r *Receiver) RIDs() []string {
	if len(r.media.RIDs) == 0 {
		return []string{""}
	}
	return r.media.RIDs
}

// SetSink sets who takes the packets from now on; nil drops them. Packets of a
// simulcast m-line carry the place of their rid in RIDs as Layer.Stream.
func (r *Receiver) SetSink(s media.Sink) { r.sink = s }

// RequestKeyFrame asks the client for a key frame of one stream. At most one a
// second goes out per stream; a request that comes too early is kept.
func (r *Receiver) RequestKeyFrame(now media.Time, stream uint8) {
	if int(stream) < maxStreams && r.streams[stream] != nil {
		r.streams[stream].wantKeyFrame(now)
		r.peer.schedule(now)
	}
}

// Format returns the format parameters of the codec as negotiated.
func (r *Receiver) Format(c media.Codec) string {
	for i := range r.media.Codecs {
		if r.media.Codecs[i].Codec == c {
			return r.media.Codecs[i].Fmtp
		}
	}
	return ""
}

// Stats returns what was received of one stream, and false before its first
// packet.
func (r *Receiver) Stats(stream uint8) (ReceiverStats, bool) {
	if int(stream) >= maxStreams || r.streams[stream] == nil {
		return ReceiverStats{}, false
	}
	stats := r.streams[stream].stats
	return stats, stats != ReceiverStats{}
}

// ReceiverStats are the counters of one stream.
type ReceiverStats struct {
	Packets         uint64
	Bytes           uint64 // payload
	Retransmissions uint64 // packets that came by RTX
	Duplicates      uint64
	Refused         uint64 // packets that make no sense
	KeyFrames       uint64 // asked for
}

func (r *Receiver) close() { r.sink = nil }
