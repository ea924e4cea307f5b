package main

import (
	"net"
	"net/netip"
	"net/url"

	"github.com/tutti-rtc/tutti/internal/config"
)

// greet prints where to go. A person on a terminal gets a QR code for the phone
// as well; a program that reads along gets the same links, one a line.
func greet(t *terminal, c config.Config, addr netip.AddrPort) {
	scheme := "http"
	if c.ServeTLS() {
		scheme = "https"
	}
	link := func(host netip.Addr, port uint16) string {
		u := url.URL{Scheme: scheme, Host: netip.AddrPortFrom(host, port).String(), Path: "/"}
		return u.String()
	}
	if !c.Beyond() {
		t.printf("tutti %s is ready. Open\n\n    %s\n\n", version(), link(addr.Addr(), addr.Port()))
		return
	}
	shared := reachable(c, addr)
	t.printf("tutti %s is ready. Open\n\n", version())
	for _, a := range shared {
		t.printf("    %s\n", link(a.Addr(), a.Port()))
	}
	if t.interactive() && len(shared) > 0 {
		t.printf("\n%s", qrCode(link(shared[0].Addr(), shared[0].Port())))
	}
	switch {
	case !c.ServeTLS():
		t.printf("\n%s\n", withoutTLS)
	case c.TLS.Cert == "":
		t.printf("\n%s\n", selfSigned)
	}
	if c.Access.Secret != "" {
		t.printf("\n%s\n", wantsTokens)
	}
	t.printf("\n")
}

const selfSigned = `The certificate was made by this server, so browsers warn at the first visit: on
a phone tap "Advanced" or "Show Details", then continue to the site. Calls are
encrypted either way; the warning is that nobody vouches for who this server is.
With a certificate of your own (--tls-cert, --tls-key) there is none.`

const withoutTLS = `TLS is off (--tls off): on pages without https browsers give no camera and no
microphone. Use this only behind a proxy that does TLS.`

const wantsTokens = `Members need a token: tutti token --room ROOM --name NAME --link LINK`

// reachable lists the addresses by which others get here, the likeliest first:
// those the operator named, then those of this machine.
func reachable(c config.Config, addr netip.AddrPort) []netip.AddrPort {
	var list []netip.AddrPort
	for _, public := range c.Network.PublicIP {
		port := public.Port()
		if port == 0 {
			port = addr.Port()
		}
		list = append(list, netip.AddrPortFrom(public.Addr(), port))
	}
	if !addr.Addr().IsUnspecified() {
		return append(list, netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()))
	}
	if lan, ok := outward(); ok {
		list = append(list, netip.AddrPortFrom(lan, addr.Port()))
	}
	return append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port()))
}

// outward is this machine's address on the network that leads out: what the
// kernel would send from. Nothing is sent; the address asked for is one of
// those reserved for documentation (RFC 5737).
func outward() (netip.Addr, bool) {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return firstAddress()
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), true
}

// firstAddress is for machines on a network that leads nowhere.
func firstAddress() (netip.Addr, bool) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, false
	}
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if addr := prefix.Addr(); err == nil && addr.Is4() && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() {
			return addr, true
		}
	}
	return netip.Addr{}, false
}
