package relay

import (
	"encoding/binary"
	"net/netip"

	"github.com/pion/stun/v4"
)

// binding answers a Binding request: where it came from (RFC 8489 §12), and by
// which of our addresses it shall be told so (RFC 5780 §7.2). One with
// credentials is a check of a peer's, not ours.
func (s *Server) binding(r *request) {
	if s.req.Contains(stun.AttrMessageIntegrity) || s.req.Contains(stun.AttrMessageIntegritySHA256) || s.req.Contains(stun.AttrUsername) {
		s.stats.Malformed++
		return
	}
	source, target := r.from, r.from
	for _, a := range s.req.Attributes {
		ok := true
		switch {
		case a.Type == stun.AttrChangeRequest && s.discovers(r.from):
			source.Local, ok = s.changed(r.from.Local, a.Value)
		case a.Type == stun.AttrResponsePort && s.discovers(r.from):
			if ok = len(a.Value) >= 2 && binary.BigEndian.Uint16(a.Value) != 0; ok {
				target.Remote = netip.AddrPortFrom(r.from.Remote.Addr(), binary.BigEndian.Uint16(a.Value))
			}
		case a.Type == stun.AttrPadding: // we send none: it would only help a flood (RFC 5780 §7.6)
		case a.Type.Required():
			s.fail(r, stun.CodeUnknownAttribute, stun.UnknownAttributes{a.Type})
			return
		}
		if !ok {
			s.fail(r, stun.CodeBadRequest)
			return
		}
	}
	s.stats.Bindings++
	attributes := []stun.Setter{xorAddress{stun.AttrXORMappedAddress, r.from.Remote}}
	if s.discovers(r.from) {
		attributes = append(attributes,
			plainAddress{stun.AttrResponseOrigin, source.Local},
			plainAddress{stun.AttrOtherAddress, s.other(r.from.Local)})
	}
	r.from = Tuple{Transport: r.from.Transport, Remote: target.Remote, Local: source.Local, Conn: r.from.Conn}
	s.succeed(r, attributes...)
}

// discovers tells whether a client can find out about its NAT here: by UDP, and
// with a second address of the same family.
func (s *Server) discovers(from Tuple) bool {
	return s.opts.Alternate.IsValid() && from.Transport == UDP && from.Local.IsValid() &&
		s.opts.Alternate.Addr().Is4() == from.Local.Addr().Is4()
}

// other returns the address and port that differ from those the client used, for
// both; the alternate's own if that was used.
func (s *Server) other(local netip.AddrPort) netip.AddrPort {
	alternate, main := s.opts.Alternate, s.opts.Main
	addr, port := alternate.Addr(), alternate.Port()
	if local.Addr() == addr {
		addr = main.Addr()
	}
	if local.Port() == port {
		port = main.Port()
	}
	return netip.AddrPortFrom(addr, port)
}

// The flags of CHANGE-REQUEST (RFC 5780 §7.2).
const (
	changeIP   = 4
	changePort = 2
)

// changed returns the address from which a client wants to hear.
func (s *Server) changed(local netip.AddrPort, flags []byte) (netip.AddrPort, bool) {
	if len(flags) != 4 {
		return local, false
	}
	other := s.other(local)
	addr, port := local.Addr(), local.Port()
	if flags[3]&changeIP != 0 {
		addr = other.Addr()
	}
	if flags[3]&changePort != 0 {
		port = other.Port()
	}
	return netip.AddrPortFrom(addr, port), true
}

// classic tells whether a message is a Binding request of the first STUN (RFC
// 3489), which has no cookie. Such clients are still about.
func classic(msg []byte) bool {
	return len(msg) >= messageHeader && len(msg) < 200 &&
		binary.BigEndian.Uint16(msg) == 1 &&
		int(binary.BigEndian.Uint16(msg[2:])) == len(msg)-messageHeader &&
		binary.BigEndian.Uint32(msg[4:]) != magicCookie
}

// answerClassic answers it (RFC 3489 §8.1), from the address that it asks for.
func (s *Server) answerClassic(from Tuple, msg []byte, out *Output) {
	if from.Transport != UDP {
		s.stats.Malformed++
		return
	}
	source, discovers := from.Local, s.discovers(from)
	for attrs := msg[messageHeader:]; len(attrs) >= attributeHeader; {
		kind, size := binary.BigEndian.Uint16(attrs), int(binary.BigEndian.Uint16(attrs[2:]))
		if size > len(attrs)-attributeHeader {
			break
		}
		if stun.AttrType(kind) == stun.AttrChangeRequest && size == 4 {
			if flags := attrs[attributeHeader:][:size]; flags[3]&(changeIP|changePort) != 0 {
				if !discovers {
					return // from where it shall come it can't: silence tells so
				}
				source, _ = s.changed(from.Local, flags)
			}
		}
		attrs = attrs[min(len(attrs), attributeHeader+padded(size)):]
	}
	s.stats.Bindings++
	reply := []byte{1, 1, 0, 0}
	reply = append(reply, msg[4:messageHeader]...)
	reply = appendAddress(reply, stun.AttrMappedAddress, from.Remote)
	if source.IsValid() {
		reply = appendAddress(reply, stun.AttrSourceAddress, source)
	}
	if discovers {
		reply = appendAddress(reply, stun.AttrChangedAddress, s.other(from.Local))
	}
	binary.BigEndian.PutUint16(reply[2:], uint16(len(reply)-messageHeader))
	out.client(Tuple{Transport: from.Transport, Remote: from.Remote, Local: source}, reply)
}

// appendAddress appends an address attribute that is not XORed.
func appendAddress(b []byte, kind stun.AttrType, a netip.AddrPort) []byte {
	ip := a.Addr().AsSlice()
	b = binary.BigEndian.AppendUint16(b, uint16(kind))
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(ip)))
	b = append(b, 0, byte(familyOf(a.Addr())))
	b = binary.BigEndian.AppendUint16(b, a.Port())
	return append(b, ip...)
}
