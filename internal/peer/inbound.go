package peer

import (
	"time"

	"github.com/pion/rtcp"

	"github.com/tutti-rtc/tutti/internal/algo/jitter"
	"github.com/tutti-rtc/tutti/internal/algo/nack"
	"github.com/tutti-rtc/tutti/internal/algo/seqmap"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// keyFrameInterval is how often a key frame is asked for at most, per stream:
// one serves all viewers who asked meanwhile.
const keyFrameInterval = time.Second

// inbound is one RTP stream that comes in, repaired by its RTX stream.
type inbound struct {
	receiver *Receiver
	index    uint8 // simulcast stream
	ssrc     uint32

	seqs    seqmap.Unwrapper
	ticks   seqmap.TicksUnwrapper
	depack  wire.Depacketizer
	losses  *nack.Tracker    // nil where the client can't send again
	report  *jitter.Receiver // nil before the first packet
	recent  window
	capture captureClock

	keyFrame struct {
		wanted bool
		asked  media.Time // last time
		firSeq uint8
	}
	stats ReceiverStats
}

// take takes one decrypted packet. rtx tells that it is a retransmission whose
// header h was already restored to the original's.
func (in *inbound) take(now media.Time, p *media.Packet, h *wire.Header, rtx bool) {
	f := &in.receiver.formats[h.PayloadType&0x7f]
	if f.codec == 0 || f.primary != 0 {
		in.stats.Refused++
		return
	}
	seq, verdict := in.seqs.Unwrap(h.SequenceNumber)
	switch verdict {
	case seqmap.Rejected:
		in.stats.Refused++
		return
	case seqmap.Restarted:
		in.recent = window{}
		if in.report != nil {
			in.report.Restart()
		}
		if in.losses != nil {
			in.losses.Reset()
		}
	}
	if !in.recent.add(seq) {
		in.stats.Duplicates++
		return
	}
	p.Arrival, p.Seq, p.Timestamp = now, seq, in.ticks.Unwrap(h.Timestamp)
	p.Codec, p.Marker, p.Layer.Stream = f.codec, h.Marker, in.index
	p.Captured = in.capture.at(now, p.Timestamp, f.codec.ClockRate())
	if err := in.depack.Describe(p); err != nil && len(p.Payload) > 0 {
		in.stats.Refused++
		return
	}
	if p.KeyFrame && p.FrameStart && !rtx {
		in.keyFrame.wanted = false // it serves whoever waited for leave to ask
	}
	in.stats.Packets++
	in.stats.Bytes += uint64(len(p.Payload))
	if rtx {
		in.stats.Retransmissions++
	} else {
		if in.report == nil {
			in.report = jitter.New(f.codec.ClockRate())
		}
		in.report.Received(now, seq, p.Timestamp)
		in.askKeyFrame(now)
	}
	if f.nack && in.losses == nil {
		in.losses = nack.New(nack.Options{})
	}
	if in.losses != nil {
		in.losses.Received(now, seq, p.KeyFrame && p.FrameStart)
	}
	if in.receiver.sink != nil {
		in.receiver.sink.WritePacket(now, p)
	}
}

// wantKeyFrame notes a wish, or fulfils it if none went out lately.
func (in *inbound) wantKeyFrame(now media.Time) {
	in.keyFrame.wanted = true
	in.askKeyFrame(now)
}

// askKeyFrame asks if it is wanted and may be asked for now. Before the first
// packet there is nobody to hear it: that either begins a key frame or lets this
// be asked at once.
func (in *inbound) askKeyFrame(now media.Time) {
	k := &in.keyFrame
	if !k.wanted || in.report == nil || !k.asked.IsZero() && now.Sub(k.asked) < keyFrameInterval {
		return
	}
	k.wanted, k.asked = false, now
	in.stats.KeyFrames++
	up := &in.receiver.peer.up
	if in.receiver.supportsPLI() {
		up.feedback = append(up.feedback, &rtcp.PictureLossIndication{SenderSSRC: up.ssrc, MediaSSRC: in.ssrc})
	} else {
		up.feedback = append(up.feedback, &rtcp.FullIntraRequest{
			SenderSSRC: up.ssrc, MediaSSRC: in.ssrc,
			FIR: []rtcp.FIREntry{{SSRC: in.ssrc, SequenceNumber: k.firSeq}},
		})
		k.firSeq++
	}
	up.flushFeedback(now)
}

func (r *Receiver) supportsPLI() bool {
	for i := range r.media.Codecs {
		if r.media.Codecs[i].PLI {
			return true
		}
	}
	return false
}

// deadline returns when advance has something to do, or zero.
func (in *inbound) deadline() media.Time {
	var at media.Time
	if in.losses != nil {
		at = in.losses.Deadline()
	}
	if in.keyFrame.wanted && in.report != nil {
		at = earliest(at, in.keyFrame.asked.Add(keyFrameInterval))
	}
	return at
}

// advance asks again for what is missing.
func (in *inbound) advance(now media.Time, rtt time.Duration) {
	if in.losses != nil {
		up := &in.receiver.peer.up
		up.missing = in.losses.Due(now, rtt, up.missing[:0])
		if len(up.missing) > 0 {
			seqs := make([]uint16, len(up.missing))
			for i, s := range up.missing {
				seqs[i] = uint16(s)
			}
			up.feedback = append(up.feedback, &rtcp.TransportLayerNack{
				SenderSSRC: up.ssrc, MediaSSRC: in.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
			})
		}
		if in.losses.WantsKeyFrame() && in.receiver.media.Kind == media.Video {
			in.keyFrame.wanted = true
		}
	}
	in.askKeyFrame(now)
}

// window remembers which of the last packets came, to drop duplicates. The
// zero value is ready.
type window struct {
	top  media.Seq // highest so far
	bits [windowSize / 64]uint64
	used bool
}

const windowSize = 2048 // packets

// add notes a packet and reports whether it is new.
func (w *window) add(s media.Seq) bool {
	if !w.used {
		w.used, w.top = true, s
	}
	if s <= w.top-windowSize {
		return false
	}
	for w.top < s {
		w.top++
		w.bits[w.top/64%(windowSize/64)] &^= 1 << (w.top % 64)
	}
	word, mask := &w.bits[s/64%(windowSize/64)], uint64(1)<<(s%64)
	if *word&mask != 0 {
		return false
	}
	*word |= mask
	return true
}

// captureClock maps a stream's timestamps to when they were captured, on the
// server's clock. Sender reports pair timestamps with the client's clock (RFC
// 3550 §6.4.1); how that runs against ours is learned by the peer.
type captureClock struct {
	known     bool
	ntp       media.Time // on the client's clock
	timestamp media.Ticks
	offset    *clockOffset // the peer's
}

// at returns when a packet was captured; its arrival without a sender report.
func (c *captureClock) at(arrival media.Time, t media.Ticks, rate int) media.Time {
	if !c.known || c.offset == nil || !c.offset.known {
		return arrival
	}
	d := time.Duration(int64(t-c.timestamp) * int64(time.Second) / int64(rate))
	at := c.ntp.Add(d + c.offset.value)
	if gap := arrival.Sub(at); gap < -maxCaptureAge || gap > maxCaptureAge {
		return arrival // the report makes no sense
	}
	return at
}

// maxCaptureAge is how far a capture time may be from the arrival.
const maxCaptureAge = 10 * time.Second

// clockOffset is how far the server's clock is ahead of the client's: the
// smallest seen in its sender reports, so one way's delay included.
type clockOffset struct {
	known bool
	value time.Duration
}

func (c *clockOffset) observe(arrival, ntp media.Time) {
	if d := arrival.Sub(ntp); !c.known || d < c.value || d > c.value+time.Second {
		c.known, c.value = true, d
	}
}
