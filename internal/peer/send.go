package peer

import (
	"encoding/binary"
	"strings"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// maxEqualising is how many bytes of RTP padding a packet may get so that it
// is as long as its neighbours and goes out in one burst with them. Encoders
// split frames into packets that differ by a few bytes.
const maxEqualising = 12

// Feedback takes what the client says about a slot, on the peer's loop.
type Feedback interface {
	// Nack asks for packets again, by their sequence numbers in the slot
	// (RFC 4585 §6.2.1). seqs is lent for the call.
	Nack(now media.Time, seqs []uint16)
	// KeyFrameWanted says that the client can't decode (PLI or FIR).
	KeyFrameWanted(now media.Time)
}

// Sender is one of the client's receiving slots: an m-line on which the server
// sends. It belongs to its peer's loop, and so do its methods.
type Sender struct {
	peer     *Peer
	mid      string
	media    *answer.Media
	feedback Feedback

	rtxSeq  uint16
	packets uint32 // sent, for the sender report (RFC 3550 §6.4.1)
	octets  uint32
	last    struct { // packet sent
		payloadType uint8
		timestamp   uint32
		captured    media.Time
	}
	reported uint32 // packets at the last sender report
}

// Outgoing is one packet to send in a slot. All of it is lent for the call.
type Outgoing struct {
	Seq         uint16
	Timestamp   uint32
	Marker      bool
	PayloadType uint8
	// Retransmission sends the packet by RTX (RFC 4588).
	Retransmission bool
	// Captured is when the signal was captured; see media.Packet.
	Captured media.Time
	// AudioLevel and Voice are as in media.Packet.
	AudioLevel  uint8
	Voice       bool
	Orientation uint8
	// Dependency is the dependency descriptor to send, or empty.
	Dependency []byte
	// Descriptor and Payload make up the RTP payload: first the payload
	// descriptor, rewritten for the slot (or empty), then the rest.
	Descriptor, Payload []byte

	padding bool // nothing but padding, on the RTX stream
}

// configure takes over what an offer and its answer say of the m-line.
func (s *Sender) configure(m *answer.Media) { s.media = m }

// MID returns the m-line's identification tag.
func (s *Sender) MID() string { return s.mid }

// Kind returns whether the slot takes audio or video.
func (s *Sender) Kind() media.Kind { return s.media.Kind }

// SetFeedback sets who is told what the client says of this slot.
func (s *Sender) SetFeedback(f Feedback) { s.feedback = f }

// PayloadType returns the number that the client gave to a codec. For H.264 a
// format of the same profile is preferred; fmtp is the publisher's. It is false
// if the client can't receive the codec.
func (s *Sender) PayloadType(c media.Codec, fmtp string) (uint8, bool) {
	var pt uint8
	found := false
	for i := range s.media.Codecs {
		m := &s.media.Codecs[i]
		if m.Codec != c {
			continue
		}
		if same := profile(m.Fmtp) == profile(fmtp); !found || same {
			pt, found = m.PayloadType, true
			if same {
				break
			}
		}
	}
	return pt, found
}

// profile returns what tells two formats of a codec apart: H.264's profile_idc
// and constraints (RFC 6184 §8.1), VP9's profile-id.
func profile(fmtp string) string {
	for param := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		switch {
		case key == "profile-level-id" && len(value) == 6:
			return strings.ToLower(value[:4])
		case key == "profile-id":
			return value
		}
	}
	return ""
}

// Ready reports whether packets can be sent.
func (s *Sender) Ready() bool { return s.peer.keys != nil && s.peer.selected.Load() != nil }

// Write sends packets, in order. Those of one size leave in one burst, so a
// batch should hold all that is there to send in the slot.
func (s *Sender) Write(now media.Time, batch []Outgoing) {
	to := s.peer.selected.Load()
	if s.peer.keys == nil || to == nil {
		return
	}
	longest := 0
	for i := range batch {
		longest = max(longest, s.length(&batch[i]))
	}
	out, held := &s.peer.loop.out, false
	for i := range batch {
		o := &batch[i]
		if o.Retransmission && !s.peer.down.affords(now, s.length(o)+overhead) {
			continue
		}
		pad := 0
		if gap := longest - s.length(o); gap <= maxEqualising && s.media.Kind == media.Video {
			pad = gap
		}
		if s.peer.down.hold(now, s, o, pad) {
			held = true
			continue
		}
		s.seal(now, *to, s.build(now, o, pad, out.space(media.MaxPacketSize)[:0]))
	}
	if held {
		s.peer.schedule(now)
	}
}

// seal encrypts a packet in place, where the outbox has space, and queues it.
func (s *Sender) seal(now media.Time, to ice.Address, b []byte) {
	if b == nil {
		return
	}
	sealed, err := s.peer.keys.out.EncryptRTP(b[:0], b, &s.peer.header)
	if err != nil {
		s.peer.down.fail()
		return
	}
	s.peer.down.sent(now, len(sealed))
	s.peer.loop.out.commit(to, len(sealed))
}

// padding sends a packet of padding alone on the RTX stream, to try the line.
func (s *Sender) padding(now media.Time) {
	to := s.peer.selected.Load()
	if s.peer.keys == nil || to == nil {
		return
	}
	o := Outgoing{
		PayloadType: s.last.payloadType, Timestamp: s.last.timestamp, Retransmission: true, padding: true,
		AudioLevel: media.NoLevel, Orientation: media.NoOrientation,
	}
	s.seal(now, *to, s.build(now, &o, 255, s.peer.loop.out.space(media.MaxPacketSize)[:0]))
}

// length returns the length of a packet but for what all packets have alike.
func (s *Sender) length(o *Outgoing) int {
	n := len(o.Descriptor) + len(o.Payload)
	if d := len(o.Dependency); d > 0 && s.media.Extensions.DependencyDescriptor != 0 {
		n += d + 3
	}
	if o.Orientation != media.NoOrientation {
		n += 2
	}
	return n
}

// build writes the plain packet into dst, or returns nil if it can't be sent.
func (s *Sender) build(now media.Time, o *Outgoing, pad int, dst []byte) []byte {
	h := wire.Header{
		PayloadType: o.PayloadType, Marker: o.Marker, SequenceNumber: o.Seq,
		Timestamp: o.Timestamp, SSRC: s.media.SSRC, PaddingLength: pad,
	}
	if o.Retransmission {
		if h.PayloadType = s.rtxType(o.PayloadType); h.PayloadType == 0 {
			return nil // the same number must not be sealed twice
		}
		h.SSRC, h.SequenceNumber = s.media.RTXSSRC, s.rtxSeq
		s.rtxSeq++
	} else {
		s.packets++
		s.octets += uint32(len(o.Descriptor) + len(o.Payload))
		s.last.payloadType, s.last.timestamp, s.last.captured = o.PayloadType, o.Timestamp, o.Captured
	}
	b := wire.AppendHeader(dst, &h, s.peer.down.extensions(now, s, o, pad))
	if o.Retransmission && !o.padding {
		b = binary.BigEndian.AppendUint16(b, o.Seq) // OSN (RFC 4588 §4)
	}
	b = append(b, o.Descriptor...)
	b = append(b, o.Payload...)
	if pad > 0 {
		b = wire.AppendPadding(b, pad)
	}
	if len(b)+srtpTrailer > maxDatagram {
		s.peer.down.fail()
		return nil
	}
	return b
}

// maxDatagram is the longest datagram that the server sends: what fits an
// Ethernet frame by IPv6. A longer one would cost a burst its segmentation.
const maxDatagram = 1500 - 40 - 8

// srtpTrailer is the most that sealing adds, in bytes.
const srtpTrailer = 20

func (s *Sender) rtxType(pt uint8) uint8 {
	if s.media.RTXSSRC == 0 {
		return 0
	}
	for i := range s.media.Codecs {
		if s.media.Codecs[i].PayloadType == pt {
			return s.media.Codecs[i].RTX
		}
	}
	return 0
}
