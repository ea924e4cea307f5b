package peer

import (
	"slices"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// maxHeld is how many packets of a client may wait for the line: some
	// large key frames. When more comes, all is dropped and counted, and a new
	// picture begins.
	maxHeld = 512
	// probePacket is the length of a probe's packets on the wire: RTP padding
	// is at most 255 bytes (RFC 3550 §5.1).
	probePacket = 290
)

// pace holds back video that would only fill the queues of the line: a picture
// leaves at once as a rule, a large key frame in steps.
type pace struct {
	queue   []held
	dropped uint64
}

// held is a packet that waits. It points into its own copy.
type held struct {
	sender *Sender
	packet Outgoing
	pad    int
	data   *datagram
}

// hold keeps a packet if it may not leave yet, and reports whether it did so (or
// dropped it, when too many wait).
func (d *downstream) hold(now media.Time, s *Sender, o *Outgoing, pad int) bool {
	if d.estimate == nil || s.media.Kind != media.Video {
		return false
	}
	if len(d.pace.queue) == 0 && d.estimate.pacer.Budget(now) > 0 {
		return false
	}
	if len(o.Dependency)+len(o.Descriptor)+len(o.Payload) > media.MaxPacketSize {
		return false // it can't be built either
	}
	if len(d.pace.queue) >= maxHeld {
		d.giveUp(now)
		return true
	}
	h := held{sender: s, packet: *o, pad: pad, data: d.peer.server.datagrams.Get().(*datagram)}
	rest := h.data.buf[:0]
	keep := func(b []byte) []byte {
		rest = append(rest, b...)
		return rest[len(rest)-len(b):]
	}
	h.packet.Dependency, h.packet.Descriptor, h.packet.Payload = keep(o.Dependency), keep(o.Descriptor), keep(o.Payload)
	d.pace.queue = append(d.pace.queue, h)
	return true
}

// giveUp drops all that waits and the packet that comes, and asks for a key frame
// in each slot that is torn by it.
func (d *downstream) giveUp(now media.Time) {
	lost := uint64(len(d.pace.queue) + 1)
	d.pace.dropped += lost
	d.peer.server.drops.overflowed.Add(lost)
	d.discard()
	for _, s := range d.peer.senders {
		if s.feedback != nil && s.media.Kind == media.Video {
			s.feedback.KeyFrameWanted(now)
		}
	}
}

// release sends what may leave now, and padding where a probe lacks packets.
func (d *downstream) release(now media.Time) {
	to := d.peer.selected.Load()
	if d.estimate == nil || d.peer.keys == nil || to == nil {
		d.discard()
		return
	}
	n := 0
	for n < len(d.pace.queue) && d.estimate.pacer.Budget(now) > 0 {
		h := &d.pace.queue[n]
		h.sender.seal(now, *to, h.sender.build(now, &h.packet, h.pad, d.peer.loop.out.space(media.MaxPacketSize)[:0]))
		d.peer.server.freeDatagram(h.data)
		n++
	}
	d.pace.queue = slices.Delete(d.pace.queue, 0, n)
	for len(d.pace.queue) == 0 && d.estimate.pacer.Probe() != 0 && d.estimate.pacer.Budget(now) > 0 {
		s := d.padder()
		if s == nil { // the probe goes on with what the slots send
			d.estimate.pacer.Sent(now, probePacket)
			continue
		}
		s.padding(now)
	}
}

// discard gives back all that waits.
func (d *downstream) discard() {
	for i := range d.pace.queue {
		d.peer.server.freeDatagram(d.pace.queue[i].data)
	}
	d.pace.queue = slices.Delete(d.pace.queue, 0, len(d.pace.queue))
}

// padder returns a slot on whose RTX stream padding can be sent, or nil.
func (d *downstream) padder() *Sender {
	for _, s := range d.peer.senders {
		if s.media.Kind == media.Video && s.packets > 0 && s.rtxType(s.last.payloadType) != 0 {
			return s
		}
	}
	return nil
}
