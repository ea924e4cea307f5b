package answer

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"
)

// serverSCTPPort is the server's port within DTLS; it means nothing beyond the
// association (RFC 8831 §6.2).
const serverSCTPPort = 5000

// write makes the text of the answer.
func (o *Offer) write(s *Session, l Local) error {
	d := &sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "-", SessionID: s.id, SessionVersion: s.version,
			NetworkType: "IN", AddressType: "IP4", UnicastAddress: "0.0.0.0",
		},
		SessionName:      "-",
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	d.WithPropertyAttribute("ice-lite").WithValueAttribute("ice-options", "ice2 trickle")
	bundle := o.acceptedMIDs(s)
	d.WithValueAttribute("group", "BUNDLE "+strings.Join(bundle, " "))
	d.WithValueAttribute("msid-semantic", " WMS *")
	// For all sections at once: Firefox hangs if a fingerprint is only in the
	// tagged one, where RFC 9143 §7.1.3 would have it.
	d.WithValueAttribute("ice-ufrag", l.Ufrag).WithValueAttribute("ice-pwd", l.Pwd)
	d.WithFingerprint("sha-256", l.Fingerprint)
	for i := range s.Media {
		md := o.sections[i].describe(&s.Media[i], l)
		if s.Media[i].Role != Rejected && s.Media[i].MID == bundle[0] {
			writeCandidates(md, l.Candidates)
		}
		d.WithMedia(md)
	}
	text, err := d.Marshal()
	if err != nil {
		return refuse(BadSDP, "its answer can't be written: %v", err)
	}
	s.SDP = string(text)
	return nil
}

// acceptedMIDs returns the answer's BUNDLE group, in the offer's order.
func (o *Offer) acceptedMIDs(s *Session) []string {
	open := make(map[string]bool)
	for i := range s.Media {
		if s.Media[i].Role != Rejected {
			open[s.Media[i].MID] = true
		}
	}
	var mids []string
	for _, mid := range o.bundle {
		if open[mid] {
			mids = append(mids, mid)
			open[mid] = false
		}
	}
	return mids
}

// describe makes the answer to one section.
func (s *section) describe(m *Media, l Local) *sdp.MediaDescription {
	md := &sdp.MediaDescription{
		MediaName: sdp.MediaName{Media: s.kind, Port: sdp.RangedPort{Value: 9}, Protos: s.protos},
		ConnectionInformation: &sdp.ConnectionInformation{
			NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: "0.0.0.0"},
		},
	}
	if m.MID != "" {
		md.WithValueAttribute("mid", m.MID)
	}
	switch m.Role {
	case Rejected:
		md.MediaName.Port.Value = 0
		md.MediaName.Formats = []string{s.placeholder()}
		md.WithPropertyAttribute("inactive")
	case Data:
		md.MediaName.Formats = []string{s.firstFmt}
		md.WithValueAttribute("sctp-port", fmt.Sprint(serverSCTPPort))
		md.WithValueAttribute("max-message-size", fmt.Sprint(cmp.Or(l.MaxMessageSize, defaultMaxMessageSize)))
	default:
		writeRTP(md, m)
		writeStreams(md, m, l.CNAME)
	}
	if m.Role != Rejected {
		md.WithValueAttribute("setup", "passive") // Pion doesn't look for it above
	}
	return md
}

// placeholder is the format that a rejected section names: there must be one
// (RFC 3264 §6).
func (s *section) placeholder() string {
	if isToken(s.firstFmt) {
		return s.firstFmt
	}
	return "0"
}

// writeCandidates adds where the server can be reached: all there will be.
func writeCandidates(md *sdp.MediaDescription, candidates []Candidate) {
	for i, c := range candidates {
		md.WithValueAttribute("candidate", c.describe(i))
	}
	md.WithPropertyAttribute("end-of-candidates")
}

// writeRTP adds what both roles have.
func writeRTP(md *sdp.MediaDescription, m *Media) {
	switch m.Role {
	case Receive:
		md.WithPropertyAttribute("recvonly")
	case Send:
		md.WithPropertyAttribute("sendonly")
	default:
		md.WithPropertyAttribute("inactive")
	}
	md.WithPropertyAttribute("rtcp-mux")
	if m.ReducedSize {
		md.WithPropertyAttribute("rtcp-rsize")
	}
	for _, c := range m.Codecs {
		md.WithCodec(c.PayloadType, c.Codec.String(), uint32(c.Codec.ClockRate()), uint16(c.Channels), c.Fmtp)
		for _, fb := range c.feedback() {
			md.WithValueAttribute("rtcp-fb", fmt.Sprintf("%d %s", c.PayloadType, fb))
		}
		if c.RTX != 0 {
			md.WithCodec(c.RTX, "rtx", uint32(c.Codec.ClockRate()), 0, fmt.Sprintf("apt=%d", c.PayloadType))
		}
	}
	if m.ExtmapAllowMixed {
		md.WithPropertyAttribute("extmap-allow-mixed")
	}
	for _, line := range m.extmaps {
		md.WithValueAttribute("extmap", line)
	}
}

// feedback lists the codec's a=rtcp-fb values.
func (c *Codec) feedback() []string {
	var list []string
	for _, fb := range []struct {
		agreed bool
		value  string
	}{{c.TransportCC, "transport-cc"}, {c.FIR, "ccm fir"}, {c.NACK, "nack"}, {c.PLI, "nack pli"}} {
		if fb.agreed {
			list = append(list, fb.value)
		}
	}
	return list
}

// writeStreams adds the simulcast streams that the server receives, or the
// stream that it sends.
func writeStreams(md *sdp.MediaDescription, m *Media, cname string) {
	for _, rid := range m.RIDs {
		md.WithValueAttribute("rid", rid+" recv")
	}
	if len(m.RIDs) > 0 {
		md.WithValueAttribute("simulcast", "recv "+strings.Join(m.RIDs, ";"))
	}
	if m.Role != Send {
		return
	}
	// Each slot is a stream of its own: browsers delay the audio and video
	// of one stream to match, and what flows in two slots is not related.
	md.WithValueAttribute("msid", fmt.Sprintf("slot-%s slot-%[1]s", m.MID))
	if m.RTXSSRC != 0 {
		md.WithValueAttribute("ssrc-group", fmt.Sprintf("FID %d %d", m.SSRC, m.RTXSSRC))
	}
	for _, ssrc := range []uint32{m.SSRC, m.RTXSSRC} {
		if ssrc != 0 {
			md.WithValueAttribute("ssrc", fmt.Sprintf("%d cname:%s", ssrc, cname))
		}
	}
}

// describe returns the value of an a=candidate line (RFC 8839 §5.1, RFC 6544
// §4.5). Each address has its own foundation.
func (c Candidate) describe(i int) string {
	proto, tail := "udp", ""
	if c.Proto == TCP {
		proto, tail = "tcp", " tcptype passive"
	}
	priority := c.Priority
	if priority == 0 {
		priority = c.priority(i)
	}
	addr := c.Addr.Addr().Unmap().WithZone("")
	return fmt.Sprintf("%d 1 %s %d %s %d typ host%s", i+1, proto, priority, addr, c.Addr.Port(), tail)
}

// priority computes that of the i-th candidate of the list (RFC 8445 §5.1.2.1;
// RFC 6544 §4.2 for TCP).
func (c Candidate) priority(i int) uint32 {
	const component = 1
	typePreference, localPreference := uint32(126), uint32(65535)
	if c.Proto == TCP {
		typePreference, localPreference = 90, 4<<13|0x1fff // passive
	}
	return typePreference<<24 | (localPreference-min(uint32(i), 0x1fff))<<8 | (256 - component)
}
