// Package policy says which addresses a TURN server may relay to. An open relay
// leads strangers into the operator's own network, so what is not wanted is
// refused in every spelling it has.
//
// It is a pure function of addresses: it opens nothing, resolves nothing and
// starts no goroutine.
package policy

import (
	"encoding/binary"
	"net/netip"
)

// Verdict is what may be done with a peer's address.
type Verdict uint8

// The verdicts. The zero value refuses.
const (
	Denied  Verdict = iota
	Own             // this server's own media: handed over in process
	Allowed         // may be relayed to by a socket
)

// Policy decides. The zero value denies everything.
type Policy struct {
	// Own tells whether an address and port is this server's media. Nil
	// means that none is.
	Own func(netip.AddrPort) bool
	// Relay allows peers beside this server.
	Relay bool
	// Allow lists networks that may be relayed to although they are in the
	// list of what is denied.
	Allow []netip.Prefix
	// Local tells whether an address is this machine's, on whatever port:
	// its services trust what comes from it. Nil means that none is.
	Local func(netip.Addr) bool
}

// Check decides about a peer's address.
func (p *Policy) Check(peer netip.AddrPort) Verdict {
	a := Canonical(peer.Addr())
	if !a.IsValid() || peer.Port() == 0 {
		return Denied
	}
	if p.Own != nil && p.Own(netip.AddrPortFrom(a, peer.Port())) {
		return Own
	}
	return p.relayed(peer.Addr(), a)
}

// CheckAddr decides about all ports of an address: it is Denied only where no
// port is of use. A permission is for an address (RFC 8656 §9).
//
// ownAddr tells whether an address has the server's media on some port.
func (p *Policy) CheckAddr(addr netip.Addr, ownAddr func(netip.Addr) bool) Verdict {
	a := Canonical(addr)
	switch {
	case !a.IsValid():
		return Denied
	case ownAddr != nil && ownAddr(a):
		return Own
	}
	return p.relayed(addr, a)
}

// relayed decides about an address that is not this server's media, as it was
// written and as it is: neither may be refused.
func (p *Policy) relayed(written, canonical netip.Addr) Verdict {
	if !p.Relay || written.Zone() != "" || p.check(written.Unmap()) == Denied {
		return Denied
	}
	return p.check(canonical)
}

func (p *Policy) check(a netip.Addr) Verdict {
	for _, prefix := range p.Allow {
		if prefix.Contains(a) {
			return Allowed
		}
	}
	if p.Local != nil && p.Local(a) {
		return Denied
	}
	for _, prefix := range denied {
		if prefix.Contains(a) {
			return Denied
		}
	}
	return Allowed
}

// denied is what is never somebody's address on the internet (RFC 6890 and its
// registries), and what leads into networks that the operator lives in.
var denied = prefixes(
	"0.0.0.0/8",       // this network: Linux connects it to itself
	"10.0.0.0/8",      // private (RFC 1918)
	"100.64.0.0/10",   // carriers' NATs (RFC 6598)
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, and clouds' metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments (RFC 6890)
	"192.0.2.0/24",    // documentation (RFC 5737)
	"192.88.99.0/24",  // 6to4 relays (RFC 7526)
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks (RFC 2544)
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast

	"::/96",         // unspecified, loopback, v4-compatible
	"::ffff:0:0/96", // v4-mapped: Canonical leaves none
	"64:ff9b::/96",  // NAT64 (RFC 6052)
	"64:ff9b:1::/48",
	"100::/64",      // discard (RFC 6666)
	"2001::/23",     // protocol assignments, Teredo among them
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4 (RFC 3056)
	"3fff::/20",     // documentation (RFC 9637)
	"5f00::/16",     // segment routing (RFC 9602)
	"fc00::/7",      // unique local
	"fe80::/10",     // link-local
	"fec0::/10",     // site-local, long deprecated
	"ff00::/8",      // multicast
)

func prefixes(list ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(list))
	for i, s := range list {
		parsed[i] = netip.MustParsePrefix(s)
	}
	return parsed
}

// The IPv6 prefixes that hold an IPv4 address.
var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour  = netip.MustParsePrefix("2002::/16")
	teredo     = netip.MustParsePrefix("2001::/32")
	compatible = netip.MustParsePrefix("::/96")
)

// Canonical returns the address that one stands for: IPv4 where an IPv6 address
// only wraps one, be it v4-mapped, v4-compatible, NAT64, 6to4 or Teredo. Zones
// are dropped. :: and ::1 stay what they are.
func Canonical(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() || a.IsUnspecified() || a.IsLoopback() {
		return a
	}
	b := a.As16()
	switch {
	case compatible.Contains(a), nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:]))
	case nat64Local.Contains(a): // the longest form, RFC 6052 §2.2
		return netip.AddrFrom4([4]byte(b[12:]))
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:]))
	case teredo.Contains(a): // the client's address, inverted (RFC 4380 §4)
		var v4 [4]byte
		binary.BigEndian.PutUint32(v4[:], ^binary.BigEndian.Uint32(b[12:]))
		return netip.AddrFrom4(v4)
	}
	return a
}
