package relay

import (
	"fmt"
	"net/netip"
)

// Transport is how a client reaches the server.
type Transport uint8

// The transports.
const (
	UDP Transport = iota
	TCP
	TLS
	DTLS
)

// String returns the transport as W3C's relayProtocol names it.
func (t Transport) String() string {
	switch t {
	case UDP:
		return "udp"
	case TCP:
		return "tcp"
	case TLS:
		return "tls"
	case DTLS:
		return "dtls"
	}
	return "unknown"
}

// stream tells whether the transport keeps order and loses nothing.
func (t Transport) stream() bool { return t == TCP || t == TLS }

// Tuple is the 5-tuple between a client and the server (RFC 8656 §2). It is
// comparable. IPv4 addresses are never v4-mapped.
type Tuple struct {
	Transport Transport
	// Remote is the client's address, Local the server's that it used.
	Remote, Local netip.AddrPort
	// Conn tells streams apart, and is 0 on UDP and DTLS.
	Conn uint64
}

// String returns the tuple for a log line.
func (t Tuple) String() string { return fmt.Sprintf("%s %s", t.Transport, t.Remote) }

// family is the number of an address family in STUN (RFC 8656 §18.6).
type family uint8

const (
	ipv4 family = 1
	ipv6 family = 2
)

func familyOf(a netip.Addr) family {
	if a.Unmap().Is4() {
		return ipv4
	}
	return ipv6
}
