package ice

import (
	"fmt"
	"net/netip"
)

// Proto is the transport below ICE.
type Proto uint8

// The transports: UDP, and TCP with RFC 4571 framing (RFC 6544).
const (
	UDP Proto = iota + 1
	TCP
)

// String returns the transport as an SDP candidate names it.
func (p Proto) String() string {
	switch p {
	case UDP:
		return "udp"
	case TCP:
		return "tcp"
	}
	return "unknown"
}

// Relay is how a client reaches the relay (TURN) through which it comes.
type Relay uint8

// The ways to a relay; NoRelay is for clients that come by themselves.
const (
	NoRelay Relay = iota
	RelayUDP
	RelayTCP
	RelayTLS
	RelayDTLS
)

// String returns the transport as W3C's relayProtocol names it; "" for NoRelay.
func (r Relay) String() string {
	switch r {
	case RelayUDP:
		return "udp"
	case RelayTCP:
		return "tcp"
	case RelayTLS:
		return "tls"
	case RelayDTLS:
		return "dtls"
	}
	return ""
}

// Address is where a message came from and where its answer goes: the two ends
// of a candidate pair. It is comparable.
type Address struct {
	Proto  Proto
	Remote netip.AddrPort
	// Local is the server's address the client used; invalid if the socket
	// does not tell.
	Local netip.Addr
	// Conn tells TCP connections, and relayed clients, apart; 0 for the
	// server's own UDP socket.
	Conn uint64
	// Relay is how a relayed client reaches its relay.
	Relay Relay
}

// String returns the address for a log line.
func (a Address) String() string { return fmt.Sprintf("%s %s", a.Proto, a.Remote) }
