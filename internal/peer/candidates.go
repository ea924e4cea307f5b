package peer

import (
	"net"
	"net/netip"

	"github.com/tutti-rtc/tutti/internal/peer/answer"
)

// candidates lists where clients can reach the server: each of its usable
// addresses by UDP and, if somebody listens there, by TCP.
func (s *Server) candidates() []answer.Candidate {
	addrs := s.addresses()
	list := make([]answer.Candidate, 0, 2*len(addrs))
	for _, a := range addrs {
		list = append(list, answer.Candidate{Proto: answer.UDP, Addr: a})
	}
	if s.opts.TCP {
		for _, a := range addrs {
			list = append(list, answer.Candidate{Proto: answer.TCP, Addr: a})
		}
	}
	return list
}

// addresses are those advertised by the operator, then the machine's own. They
// are looked up each time: a laptop's change.
func (s *Server) addresses() []netip.AddrPort {
	local := s.conn.LocalAddr()
	var list []netip.AddrPort
	for _, a := range s.opts.Advertise {
		if a.Port() == 0 {
			a = netip.AddrPortFrom(a.Addr(), local.Port())
		}
		list = append(list, a)
	}
	if !local.Addr().IsUnspecified() {
		return append(list, local)
	}
	own, _ := net.InterfaceAddrs() // without any there is nothing to add
	var loopback []netip.AddrPort
	for _, a := range own {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		ap := netip.AddrPortFrom(prefix.Addr().Unmap(), local.Port())
		if ap.Addr().IsLoopback() {
			loopback = append(loopback, ap)
		} else {
			list = append(list, ap)
		}
	}
	if len(list) == 0 { // a machine without a network still serves itself
		return loopback
	}
	return list
}
