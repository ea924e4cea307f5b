package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Listen is the address and port to listen on. An unspecified address means all
// of the machine's; port 0 means any free one.
type Listen struct{ netip.AddrPort }

// UnmarshalText takes "127.0.0.1:8080", "[::1]:8080", "localhost:8080" and
// ":8080". Other names are refused: they may mean several addresses.
func (l *Listen) UnmarshalText(text []byte) error {
	s := string(text)
	host, port, ok := cutPort(s)
	if !ok {
		return fmt.Errorf("%q is not ADDRESS:PORT, such as 127.0.0.1:8080, or :8080 for all addresses", s)
	}
	var addr netip.Addr
	var err error
	switch host {
	case "", "*":
		addr = netip.IPv6Unspecified()
	case "localhost":
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default:
		if addr, err = netip.ParseAddr(host); err != nil {
			return fmt.Errorf("%q is not an address of this machine: give it in numbers, such as 192.0.2.10, or leave it out for all", host)
		}
	}
	l.AddrPort = netip.AddrPortFrom(addr, port)
	return nil
}

// Address is an address that clients are told; port 0 means the listening one.
type Address struct{ netip.AddrPort }

// UnmarshalText takes "203.0.113.5", "203.0.113.5:443", "2001:db8::5" and
// "[2001:db8::5]:443".
func (a *Address) UnmarshalText(text []byte) error {
	s := string(text)
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && routable(addr) {
		a.AddrPort = netip.AddrPortFrom(addr.Unmap(), 0)
		return nil
	}
	if ap, err := netip.ParseAddrPort(s); err == nil && routable(ap.Addr()) {
		a.AddrPort = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
		return nil
	}
	return fmt.Errorf("%q is not an address that clients can reach, such as 203.0.113.5 or 203.0.113.5:443", s)
}

// String leaves a port of 0 out.
func (a Address) String() string {
	if a.Port() == 0 {
		return a.Addr().String()
	}
	return a.AddrPort.String()
}

func routable(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsMulticast() && a.Zone() == ""
}

// cutPort splits HOST:PORT; an IPv6 host stands in brackets.
func cutPort(s string) (host string, port uint16, ok bool) {
	at := strings.LastIndexByte(s, ':')
	if at < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(s[at+1:], 10, 16)
	host = s[:at]
	if bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"); bracketed {
		host = host[1 : len(host)-1]
	} else if strings.Contains(host, ":") {
		return "", 0, false
	}
	return host, uint16(n), err == nil
}

// Alternate is a second address to listen on; port 0 means the one after the
// first address's.
type Alternate struct{ Address }

// AddrPort is an address with its port.
type AddrPort struct{ netip.AddrPort }

// UnmarshalText takes "203.0.113.5:3478" and "[2001:db8::5]:3478".
func (a *AddrPort) UnmarshalText(text []byte) error {
	ap, err := netip.ParseAddrPort(string(text))
	if err != nil || !routable(ap.Addr()) || ap.Port() == 0 {
		return fmt.Errorf("%q is not an address with its port, such as 203.0.113.5:3478", text)
	}
	a.AddrPort = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	return nil
}

// Prefix is a network, or one address.
type Prefix struct{ netip.Prefix }

// UnmarshalText takes "10.1.0.0/16", "2001:db8::/32" and "10.1.2.3".
func (p *Prefix) UnmarshalText(text []byte) error {
	s := string(text)
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		p.Prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Errorf("%q is not a network, such as 10.1.0.0/16 or 2001:db8::/32", s)
	}
	p.Prefix = prefix.Masked()
	return nil
}

// PortRange is a range of ports, both ends included.
type PortRange struct{ Min, Max uint16 }

// UnmarshalText takes "49152-65535".
func (r *PortRange) UnmarshalText(text []byte) error {
	low, high, ok := strings.Cut(string(text), "-")
	first, err1 := strconv.ParseUint(low, 10, 16)
	last, err2 := strconv.ParseUint(high, 10, 16)
	if !ok || err1 != nil || err2 != nil || first == 0 || last < first {
		return fmt.Errorf("%q is not a range of ports, such as 49152-65535", text)
	}
	r.Min, r.Max = uint16(first), uint16(last)
	return nil
}

// String returns the range as UnmarshalText takes it.
func (r PortRange) String() string { return fmt.Sprintf("%d-%d", r.Min, r.Max) }
