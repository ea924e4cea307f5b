package peer

import (
	"time"

	"github.com/pion/rtcp"

	"github.com/tutti-rtc/tutti/internal/algo/jitter"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// downstream is what a peer is sent: its slots' packets as one flow.
type downstream struct {
	peer     *Peer
	reportAt media.Time // zero: nothing to report
	rtt      time.Duration
	lost     float64 // fraction, from the latest reception reports
	failed   uint64  // packets that could not be built or sealed

	packets, bytes uint64
	estimate       *estimate // nil where the client reports no arrivals
	pace           pace
	resends        resends
	scratch        [5]wire.Extension
	values         [8]byte
}

// maxRTT is the longest round trip that is believed.
const maxRTT = 10 * time.Second

func (d *downstream) init(p *Peer) { d.peer, d.rtt = p, defaultRTT }

// DownStats are a peer's counters and measures of what it is sent.
type DownStats struct {
	Packets, Bytes uint64
	Failed         uint64        // packets that could not be built or sealed
	Overflowed     uint64        // packets dropped because too much waited for the line
	Refused        uint64        // retransmissions that the line can't bear
	RTT            time.Duration // round trip, smoothed
	Lost           float64       // fraction lost, from the latest reports
}

// DownStats returns the counters so far. It must be called on the loop.
func (p *Peer) DownStats() DownStats {
	d := &p.down
	return DownStats{
		Packets: d.packets, Bytes: d.bytes, Failed: d.failed, Overflowed: d.pace.dropped, Refused: d.resends.refused,
		RTT: d.rtt, Lost: d.lost,
	}
}

// RTT returns the round trip to the client. It must be called on the loop.
func (p *Peer) RTT() time.Duration { return p.down.rtt }

// fail counts a packet that could not be built or sealed.
func (d *downstream) fail() {
	d.failed++
	d.peer.server.drops.unsent.Add(1)
}

// sent counts a sealed packet.
func (d *downstream) sent(now media.Time, size int) {
	if d.estimate != nil {
		d.estimate.sent(now, size+udpOverhead)
	}
	d.packets++
	d.bytes += uint64(size)
	if d.reportAt.IsZero() {
		d.reportAt = now.Add(reportInterval)
		d.peer.schedule(now)
	}
}

// extensions returns the header extensions of an outgoing packet. They are
// valid until the next call.
func (d *downstream) extensions(now media.Time, s *Sender, o *Outgoing, pad int) []wire.Extension {
	ext, list, values := &s.media.Extensions, d.scratch[:0], d.values[:0]
	if ext.TransportCC != 0 {
		if d.estimate == nil {
			d.estimate = newEstimate(now)
		}
		size := s.length(o) + pad + overhead
		values = wire.AppendTransportSequence(values, d.estimate.history.Sent(now, size, d.estimate.pacer.Probe()))
		list = append(list, wire.Extension{ID: ext.TransportCC, Value: values[:2]})
	}
	if ext.AudioLevel != 0 && o.AudioLevel != media.NoLevel {
		values = wire.AppendAudioLevel(values, o.AudioLevel, o.Voice)
		list = append(list, wire.Extension{ID: ext.AudioLevel, Value: values[len(values)-1:]})
	}
	if ext.VideoOrientation != 0 && o.Orientation != media.NoOrientation {
		values = append(values, o.Orientation)
		list = append(list, wire.Extension{ID: ext.VideoOrientation, Value: values[len(values)-1:]})
	}
	if ext.DependencyDescriptor != 0 && len(o.Dependency) > 0 {
		list = append(list, wire.Extension{ID: ext.DependencyDescriptor, Value: o.Dependency})
	}
	return list
}

// What a packet has beside payload and padding, in bytes: IP and UDP headers,
// RTP header and extensions, SRTP tag.
const (
	udpOverhead = 28
	overhead    = udpOverhead + 12 + 8 + 16
)

// sender returns the slot that sends with this SSRC, or nil.
func (d *downstream) sender(ssrc uint32) *Sender {
	for _, s := range d.peer.senders {
		if s.media.SSRC == ssrc {
			return s
		}
	}
	return nil
}

func (d *downstream) nack(now media.Time, r *rtcp.TransportLayerNack) {
	s := d.sender(r.MediaSSRC)
	if s == nil || s.feedback == nil {
		return
	}
	for i := range r.Nacks {
		s.feedback.Nack(now, r.Nacks[i].PacketList())
	}
}

func (d *downstream) keyFrameWanted(now media.Time, ssrc uint32) {
	if s := d.sender(ssrc); s != nil && s.feedback != nil {
		s.feedback.KeyFrameWanted(now)
	}
}

// receptionReports takes what the client says of the slots (RFC 3550 §6.4.1).
func (d *downstream) receptionReports(now media.Time, reports []rtcp.ReceptionReport) {
	worst := -1.0
	for i := range reports {
		r := &reports[i]
		if d.sender(r.SSRC) == nil {
			continue
		}
		worst = max(worst, float64(r.FractionLost)/256)
		if rtt, ok := jitter.RoundTrip(now, r.LastSenderReport, r.Delay); ok && rtt < maxRTT {
			d.rtt += (rtt - d.rtt) / 4
			d.peer.up.rtt = d.rtt
		}
	}
	if worst >= 0 {
		d.lost = worst
	}
}

// arrivals takes transport-wide feedback.
func (d *downstream) arrivals(now media.Time, fci []byte) {
	if d.estimate != nil {
		d.estimate.arrivals(now, fci, d.rtt)
	}
}

// reachable reports whether there is a way to the client now; without one its
// line is not tried, and the pace stands still.
func (d *downstream) reachable() bool { return d.peer.selected.Load() != nil }

// deadline returns when advance has something to do, or zero.
func (d *downstream) deadline() media.Time {
	at := d.reportAt
	if d.estimate != nil && d.reachable() {
		at = earliest(at, d.estimate.deadline(len(d.pace.queue) > 0))
	}
	return at
}

// advance tries the line, sends what had to wait and the sender reports that are
// due (RFC 3550 §6.4.1).
func (d *downstream) advance(now media.Time) {
	if d.estimate != nil && d.reachable() {
		d.estimate.advance(now, d.rtt, d.padder() != nil)
		d.release(now)
	}
	if !due(now, d.reportAt) {
		return
	}
	d.reportAt = 0
	var packets []rtcp.Packet
	for _, s := range d.peer.senders {
		if s.packets != s.reported {
			s.reported = s.packets
			packets = append(packets, s.report(now))
		}
	}
	if len(packets) > 0 {
		d.peer.sendRTCP(now, packets)
	}
}

// report returns the slot's sender report as of now.
func (s *Sender) report(now media.Time) *rtcp.SenderReport {
	age := now.Sub(s.last.captured)
	rate := time.Duration(90000)
	if s.media.Kind == media.Audio {
		rate = 48000
	}
	return &rtcp.SenderReport{
		SSRC: s.media.SSRC, NTPTime: now.NTP(),
		RTPTime:     s.last.timestamp + uint32(int64(age*rate/time.Second)),
		PacketCount: s.packets, OctetCount: s.octets,
	}
}
