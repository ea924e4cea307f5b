package relay

import (
	"encoding/binary"
	"net/netip"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/policy"
)

// channelHeader is the size of ChannelData's header: number and length (RFC 8656
// §12.4).
const channelHeader = 4

// channelData relays a ChannelData message of a client.
func (s *Server) channelData(now media.Time, from Tuple, msg []byte, out *Output) {
	n := int(binary.BigEndian.Uint16(msg[2:]))
	a := s.byTuple[from]
	if a == nil || n > len(msg)-channelHeader {
		s.stats.Malformed++
		return
	}
	c := a.channels[binary.BigEndian.Uint16(msg)]
	if c == nil || !c.expires.After(now) || !a.permits(now, c.peer.Addr()) {
		s.stats.Unpermitted++
		return
	}
	s.relay(now, a, c.peer, c.own, msg[channelHeader:channelHeader+n], out)
}

// sendIndication relays a Send indication (RFC 8656 §11.1). s.req is not sealed.
func (s *Server) sendIndication(now media.Time, from Tuple, out *Output) {
	a := s.byTuple[from]
	attr, named := s.req.Attributes.Get(stun.AttrXORPeerAddress)
	data, filled := s.req.Attributes.Get(stun.AttrData)
	peer, ok := s.peerOf(attr)
	for _, other := range s.req.Attributes {
		if other.Type.Required() && other.Type != stun.AttrXORPeerAddress && other.Type != stun.AttrData {
			ok = false // DONT-FRAGMENT among them
		}
	}
	if a == nil || a.tcp || !named || !filled || !ok {
		s.stats.Malformed++
		return
	}
	if !a.permits(now, peer.Addr()) {
		s.stats.Unpermitted++
		return
	}
	verdict := s.opts.Policy.Check(peer)
	if verdict == policy.Denied || verdict == policy.Allowed && a.ownOnly {
		s.stats.Forbidden++
		return
	}
	// s.req is read anew for the next message: what is to be sent is kept.
	s.relay(now, a, peer, verdict == policy.Own, out.keep(data.Value), out)
}

// relay sends a client's packet to its peer.
func (s *Server) relay(now media.Time, a *allocation, peer netip.AddrPort, own bool, data []byte, out *Output) {
	if !a.up.take(now, s.bytesPerSecond(), float64(len(data))) {
		s.stats.Limited++
		return
	}
	relay, _ := a.relayOf(peer.Addr().Is4())
	if own {
		out.Own = append(out.Own, ToOwn{a.id, relay.Addr, a.tuple.Transport, peer, data})
	} else {
		if relay.Shared && !s.ends[relay.ID].claim(now, peer, a) {
			s.stats.Ambiguous++
			return
		}
		out.Peers = append(out.Peers, ToPeer{relay.ID, peer, data})
	}
	s.stats.Up++
	s.stats.UpBytes += uint64(len(data))
}

func (s *Server) bytesPerSecond() float64 { return float64(s.opts.Bandwidth) / 8 }

// FromPeer takes a datagram that came to a relay socket.
func (s *Server) FromPeer(now media.Time, r RelayID, peer netip.AddrPort, data []byte, out *Output) {
	e := s.ends[r]
	if e == nil {
		return // it has just been closed
	}
	a, ambiguous := e.ownerOf(now, peer)
	switch {
	case ambiguous:
		s.stats.Ambiguous++
	case a == nil || !a.permits(now, peer.Addr()):
		s.stats.Unpermitted++
	default:
		s.deliver(now, a, peer, data, out)
	}
}

// FromOwn takes a datagram of this server's own media for an allocation.
func (s *Server) FromOwn(now media.Time, id AllocationID, peer netip.AddrPort, data []byte, out *Output) {
	a := s.byID[id]
	if a == nil || !a.permits(now, peer.Addr()) {
		s.stats.Unpermitted++
		return
	}
	s.deliver(now, a, peer, data, out)
}

// deliver sends a peer's packet to the client: by the peer's channel, else as a
// Data indication (RFC 8656 §11.3, §12.6).
func (s *Server) deliver(now media.Time, a *allocation, peer netip.AddrPort, data []byte, out *Output) {
	if len(data) > maxData || !a.down.take(now, s.bytesPerSecond(), float64(len(data))) {
		s.stats.Limited++
		return
	}
	s.stats.Down++
	s.stats.DownBytes += uint64(len(data))
	if c := a.byPeer[peer]; c != nil && c.expires.After(now) {
		var head [channelHeader]byte
		binary.BigEndian.PutUint16(head[:], c.number)
		binary.BigEndian.PutUint16(head[2:], uint16(len(data)))
		padding := 0
		if a.tuple.Transport.stream() { // RFC 8656 §12.5
			padding = padded(len(data)) - len(data)
		}
		out.client(a.tuple, head[:], data, zeros[:padding])
		return
	}
	s.begin(stun.NewType(stun.MethodData, stun.ClassIndication), s.transaction())
	s.peer.IP = appendIP(s.ip[:0], peer.Addr())
	s.peer.Port = int(peer.Port())
	if s.peer.AddToAs(&s.res, stun.AttrXORPeerAddress) != nil {
		panic("BUG: a peer without an address")
	}
	s.res.Add(stun.AttrData, data)
	out.client(a.tuple, s.res.Raw)
}

// maxData is the largest packet that a peer may send: what fits a Data
// indication's length, with room for its other attribute.
const maxData = 65_000

var zeros [3]byte

func appendIP(b []byte, a netip.Addr) []byte {
	if a.Is4() {
		v4 := a.As4()
		return append(b, v4[:]...)
	}
	v6 := a.As16()
	return append(b, v6[:]...)
}
