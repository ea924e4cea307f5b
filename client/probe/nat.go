package probe

import (
	"context"
	"net"
	"net/netip"
)

// Behaviour is how a NAT treats packets to or from different addresses (RFC 4787
// §4.1, §5).
type Behaviour string

// The behaviours. None means that there is no NAT, Unknown that the server has no
// second address to find out with.
const (
	None                    Behaviour = "none"
	EndpointIndependent     Behaviour = "endpoint_independent"
	AddressDependent        Behaviour = "address_dependent"
	AddressAndPortDependent Behaviour = "address_and_port_dependent"
	Unknown                 Behaviour = "unknown"
)

// NAT is what stands between this machine and the server.
type NAT struct {
	// Mapped is the address by which the server sees this machine; empty when
	// UDP does not get through.
	Mapped    string    `json:"mapped,omitempty"`
	Mapping   Behaviour `json:"mapping"`
	Filtering Behaviour `json:"filtering"`
}

// The flags of CHANGE-REQUEST (RFC 5780 §7.2).
const (
	changePort = 2
	changeIP   = 4
)

// discover asks a STUN server, and finds out about the NAT before it.
func (a asker) discover(ctx context.Context, server string) (binding, NAT) {
	nat := NAT{Mapping: Unknown, Filtering: Unknown}
	b := a.bindTo(ctx, server)
	if b.err != nil {
		return b, nat
	}
	nat.Mapped = b.mapped.String()
	switch remote, err := net.ResolveUDPAddr("udp", server); {
	case b.mapped == b.local:
		nat.Mapping = None
	case err == nil && b.other.IsValid():
		nat.Mapping = a.mapping(ctx, addrOf(remote), b.other)
		nat.Filtering = a.filtering(ctx, addrOf(remote))
	}
	return b, nat
}

// mapping compares by which addresses two destinations see one socket (RFC 5780
// §4.3).
func (a asker) mapping(ctx context.Context, primary, other netip.AddrPort) Behaviour {
	s, err := a.openSocket()
	if err != nil {
		return Unknown
	}
	defer s.conn.Close()
	first := s.bind(ctx, primary, 0)
	second := s.bind(ctx, netip.AddrPortFrom(other.Addr(), primary.Port()), 0)
	switch {
	case first.err != nil || second.err != nil:
		return Unknown
	case first.mapped == second.mapped:
		return EndpointIndependent
	}
	third := s.bind(ctx, other, 0)
	switch {
	case third.err != nil:
		return Unknown
	case third.mapped == second.mapped:
		return AddressDependent
	}
	return AddressAndPortDependent
}

// filtering finds out from whom a packet is let in (RFC 5780 §4.4): the server
// answers from where nothing was sent to.
func (a asker) filtering(ctx context.Context, primary netip.AddrPort) Behaviour {
	s, err := a.openSocket()
	if err != nil {
		return Unknown
	}
	defer s.conn.Close()
	if s.bind(ctx, primary, 0).err != nil {
		return Unknown
	}
	if s.bind(ctx, primary, changeIP|changePort).err == nil {
		return EndpointIndependent
	}
	if s.bind(ctx, primary, changePort).err == nil {
		return AddressDependent
	}
	return AddressAndPortDependent
}

// socket sends to several addresses from one.
type socket struct {
	asker
	conn *net.UDPConn
}

func (a asker) openSocket() (socket, error) {
	conn, err := net.ListenUDP("udp", nil)
	return socket{a, conn}, err
}

func (s socket) bind(ctx context.Context, to netip.AddrPort, flags byte) binding {
	m, err := s.ask(ctx, s.conn, func(b []byte) error { _, err := s.conn.WriteToUDPAddrPort(b, to); return err }, flags)
	if err != nil {
		return binding{err: err}
	}
	return read(m, addrOf(s.conn.LocalAddr()))
}
