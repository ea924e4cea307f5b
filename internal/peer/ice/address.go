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

// Address is where a message came from and where its answer goes: the two ends
// of a candidate pair. It is comparable.
type Address struct {
	Proto  Proto
	Remote netip.AddrPort
	// Local is the server's address the client used; invalid if the socket
	// does not tell.
	Local netip.Addr
	// Conn tells TCP connections apart; 0 for UDP.
	Conn uint64
}

// String returns the address for a log line.
func (a Address) String() string { return fmt.Sprintf("%s %s", a.Proto, a.Remote) }
