package peer

import (
	"encoding/binary"

	"github.com/pion/rtcp"

	"github.com/tutti-rtc/tutti/internal/algo/jitter"
	"github.com/tutti-rtc/tutti/internal/media"
)

// maxRTCP is the largest compound packet the server sends, in bytes.
const maxRTCP = 1200

// sendRTCP seals packets and queues them, split into as many compounds as fit.
func (p *Peer) sendRTCP(now media.Time, packets []rtcp.Packet) {
	to := p.selected.Load()
	if p.keys == nil || to == nil {
		return
	}
	for len(packets) > 0 {
		n, size := 0, 0
		for n < len(packets) && (n == 0 || size+packets[n].MarshalSize() <= maxRTCP) {
			size += packets[n].MarshalSize()
			n++
		}
		if raw, err := rtcp.Marshal(packets[:n]); err == nil && size+srtpTrailer <= media.MaxPacketSize {
			out := &p.loop.out
			if sealed, err := p.keys.out.EncryptRTCP(out.space(media.MaxPacketSize)[:0], raw, nil); err == nil {
				out.commit(*to, len(sealed))
			}
		}
		packets = packets[n:]
	}
}

// handleRTCP takes an SRTCP packet.
func (p *Peer) handleRTCP(now media.Time, b []byte) {
	if p.keys == nil {
		return
	}
	ssrc, ok := p.up.reporters.admits(b, 4)
	if !ok {
		p.up.refuse()
		return
	}
	plain, err := p.keys.in.DecryptRTCP(nil, b, nil)
	if err != nil {
		p.up.refuse()
		return
	}
	p.up.reporters[ssrc] = struct{}{}
	p.takeRTCP(now, plain)
}

// takeRTCP takes a decrypted compound.
func (p *Peer) takeRTCP(now media.Time, plain []byte) {
	for len(plain) > 0 {
		var h rtcp.Header
		if err := h.Unmarshal(plain); err != nil || (int(h.Length)+1)*4 > len(plain) {
			p.up.refuse()
			return
		}
		n := (int(h.Length) + 1) * 4
		p.handleReport(now, &h, plain[:n])
		plain = plain[n:]
	}
	p.schedule(now)
}

// handleReport takes one packet of a compound.
func (p *Peer) handleReport(now media.Time, h *rtcp.Header, b []byte) {
	if h.Type == rtcp.TypeTransportSpecificFeedback && h.Count == rtcp.FormatTCC {
		if len(b) > twccHeader {
			p.down.arrivals(now, b[twccHeader:])
		}
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		p.up.refuse()
		return
	}
	for _, packet := range packets {
		switch r := packet.(type) {
		case *rtcp.SenderReport:
			p.up.senderReport(now, r)
			p.down.receptionReports(now, r.Reports)
		case *rtcp.ReceiverReport:
			p.down.receptionReports(now, r.Reports)
		case *rtcp.TransportLayerNack:
			p.down.nack(now, r)
		case *rtcp.PictureLossIndication:
			p.down.keyFrameWanted(now, r.MediaSSRC)
		case *rtcp.FullIntraRequest:
			for _, e := range r.FIR {
				p.down.keyFrameWanted(now, e.SSRC)
			}
		}
	}
}

// twccHeader is what stands before the feedback control information: the RTCP
// header and two SSRCs (RFC 4585 §6.1).
const twccHeader = 12

// senderReport learns how a stream's timestamps relate to the client's clock.
func (u *upstream) senderReport(now media.Time, r *rtcp.SenderReport) {
	s, ok := u.streams[r.SSRC]
	if !ok || s.rtx {
		return
	}
	ntp := media.TimeFromNTP(r.NTPTime)
	u.offset.observe(now, ntp)
	s.in.capture.known, s.in.capture.ntp = true, ntp
	s.in.capture.timestamp = s.in.ticks.Unwrap(r.RTPTime)
	if s.in.report != nil {
		s.in.report.SenderReport(now, r.NTPTime)
	}
}

// report builds the receiver reports of all streams that got something since
// the last ones (RFC 3550 §6.4.2).
func (u *upstream) report(now media.Time) {
	var blocks []rtcp.ReceptionReport
	for _, in := range u.order {
		if in.report == nil {
			continue
		}
		if r, ok := in.report.Report(now); ok {
			blocks = append(blocks, receptionReport(in.ssrc, r))
		}
	}
	const maxBlocks = 31
	for len(blocks) > 0 {
		n := min(len(blocks), maxBlocks)
		u.feedback = append(u.feedback, &rtcp.ReceiverReport{SSRC: u.ssrc, Reports: blocks[:n]})
		blocks = blocks[n:]
	}
}

func receptionReport(ssrc uint32, r jitter.Report) rtcp.ReceptionReport {
	return rtcp.ReceptionReport{
		SSRC: ssrc, FractionLost: r.FractionLost, TotalLost: uint32(r.CumulativeLost) & 0xffffff,
		LastSequenceNumber: r.HighestSeq, Jitter: r.Jitter,
		LastSenderReport: r.LastSR, Delay: r.DelaySinceLastSR,
	}
}

// reportArrivals builds the transport-wide feedback that is due.
func (u *upstream) reportArrivals(now media.Time) {
	for u.arrivals.Next(now, &u.told) {
		raw := make([]byte, twccHeader, 128)
		raw = u.told.Append(raw)
		h := rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: uint16(len(raw)/4 - 1)}
		head, err := h.Marshal()
		if err != nil {
			return
		}
		copy(raw, head)
		binary.BigEndian.PutUint32(raw[4:], u.ssrc)
		binary.BigEndian.PutUint32(raw[8:], u.numbered)
		packet := rtcp.RawPacket(raw)
		u.feedback = append(u.feedback, &packet)
	}
}
