package netsim

import (
	"net/netip"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// NATKind is how a NAT maps and filters.
type NATKind uint8

// The kinds of NAT.
const (
	// FullCone maps an inside endpoint to one public port for all
	// destinations and lets everybody in.
	FullCone NATKind = iota + 1
	// AddressRestricted lets in those addresses to which the inside endpoint
	// has sent.
	AddressRestricted
	// PortRestricted lets in those addresses and ports.
	PortRestricted
	// Symmetric takes a new public port for each destination and lets in
	// that destination only.
	Symmetric
)

// NATOptions describe a NAT. Kind is needed.
type NATOptions struct {
	Kind NATKind
	// Timeout is how long a mapping lasts without outbound packets; 2 min if
	// zero (RFC 4787 REQ-5 asks for at least that).
	Timeout time.Duration
	// Hairpin lets two inside endpoints meet by their public addresses.
	Hairpin bool
}

const (
	natTimeout = 2 * time.Minute
	natPorts   = 40000 // the first public port
)

// NAT translates between inside endpoints and ports of one public address. It
// belongs to one goroutine.
type NAT struct {
	options  NATOptions
	public   netip.Addr
	next     uint16
	outbound map[flow]*mapping
	inbound  map[uint16]*mapping // by public port
}

// flow is what a mapping is for; to is zero unless the NAT is symmetric.
type flow struct{ from, to netip.AddrPort }

type mapping struct {
	flow  flow
	port  uint16
	used  media.Time
	peers map[netip.AddrPort]bool // those sent to; the port is 0 where only the address counts
}

// NewNAT returns a NAT with the given public address.
func NewNAT(o NATOptions, public netip.Addr) *NAT {
	if o.Timeout == 0 {
		o.Timeout = natTimeout
	}
	n := &NAT{options: o, public: public}
	n.Reset()
	return n
}

// Reset forgets all mappings, as a router does that restarts. The ports it gives
// out next are new ones.
func (n *NAT) Reset() {
	n.outbound, n.inbound = map[flow]*mapping{}, map[uint16]*mapping{}
}

// Outbound returns the public source of a packet that leaves, and opens or
// keeps the mapping.
func (n *NAT) Outbound(now media.Time, from, to netip.AddrPort) netip.AddrPort {
	f := flow{from: from}
	if n.options.Kind == Symmetric {
		f.to = to
	}
	m := n.outbound[f]
	if m == nil || n.expired(now, m) {
		m = n.open(f)
	}
	m.used = now
	m.peers[n.peer(to)] = true
	return netip.AddrPortFrom(n.public, m.port)
}

// Inbound returns the inside destination of a packet that came from outside to
// a public port, and whether it is let in.
func (n *NAT) Inbound(now media.Time, from, to netip.AddrPort) (netip.AddrPort, bool) {
	m := n.inbound[to.Port()]
	if m == nil || n.expired(now, m) {
		return netip.AddrPort{}, false
	}
	if n.options.Kind != FullCone && !m.peers[n.peer(from)] {
		return netip.AddrPort{}, false
	}
	return m.flow.from, true
}

func (n *NAT) expired(now media.Time, m *mapping) bool {
	return now.Sub(m.used) > n.options.Timeout
}

func (n *NAT) open(f flow) *mapping {
	if old := n.outbound[f]; old != nil {
		delete(n.inbound, old.port)
	}
	m := &mapping{flow: f, port: natPorts + n.next%20000, peers: map[netip.AddrPort]bool{}}
	n.next++
	n.outbound[f], n.inbound[m.port] = m, m
	return m
}

// peer is what of an outside endpoint counts for filtering.
func (n *NAT) peer(ap netip.AddrPort) netip.AddrPort {
	if n.options.Kind == AddressRestricted {
		return netip.AddrPortFrom(ap.Addr(), 0)
	}
	return ap
}
