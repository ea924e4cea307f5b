package peer

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/peer/answer"
)

// candidates lists where a client can reach the server: each of its usable
// addresses by UDP and, if somebody listens there, by TCP; and those by which the
// client has reached it already: a router or container between the two may be
// all that knows them.
func (s *Server) candidates(reached ...netip.AddrPort) []answer.Candidate {
	addrs := s.Addresses()
	for _, a := range reached {
		if !slices.Contains(addrs, a) {
			addrs = append(addrs, a)
		}
	}
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

// Owns tells whether an address is one of this server's, as Addresses lists
// them. It remembers them for a moment.
func (s *Server) Owns(a netip.AddrPort) bool { return slices.Contains(s.remembered(), a) }

// OwnsAddr tells whether one of this server's addresses is of this IP address.
func (s *Server) OwnsAddr(ip netip.Addr) bool {
	return slices.ContainsFunc(s.remembered(), func(a netip.AddrPort) bool { return a.Addr() == ip })
}

// remembered returns Addresses as of a moment ago; the list is not to be changed.
func (s *Server) remembered() []netip.AddrPort {
	now := s.clock.Now()
	s.own.Lock()
	defer s.own.Unlock()
	if s.own.list == nil || now.Sub(s.own.read) > ownAge {
		s.own.list, s.own.read = s.Addresses(), now
	}
	return s.own.list
}

// ownAge is how long Owns relies on what it has read.
const ownAge = 5 * time.Second

// Addresses lists the addresses that the server tells its clients: those
// advertised by the operator, then the machine's own. They are looked up each
// time: a laptop's change.
func (s *Server) Addresses() []netip.AddrPort {
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
