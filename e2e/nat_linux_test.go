package e2e

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// kind is a client's way to the internet, and what it does to packets.
type kind struct {
	name string
	nat  nat
	// Of UDP: what the port that the world sees depends on, and what it depends
	// on whether a packet is let in. A firewall without NAT has only the latter.
	mapping, filtering dependence
	udp                fate
	tcp                fate // at ports other than 443
	plain              fate // what is not TLS, at 443
	only6              bool // IPv6 in the place of IPv4
	carrier            bool // the home's router is behind another one
}

// dependence is on what of the other end a choice of a NAT depends (RFC 4787
// §4.1 and §5). More is worse for two who want to meet.
type dependence int

const (
	onNothing dependence = iota
	onAddress
	onPort // and on the address
)

func (d dependence) String() string { return [...]string{"nothing", "address", "port"}[d] }

// fate is what becomes of packets.
type fate int

const (
	pass fate = iota
	vanish
	bounce // the sender is told
)

func (f fate) String() string { return [...]string{"pass", "vanish", "bounce"}[f] }

// kinds are those of the lab, from the kindest on.
func kinds() []kind {
	return []kind{
		{name: "open"},
		{name: "full-cone", nat: fullCone},
		{name: "address-restricted", nat: addressRestricted, filtering: onAddress},
		{name: "port-restricted", nat: portRestricted, filtering: onPort},
		{name: "symmetric", nat: symmetric, mapping: onPort, filtering: onPort},
		{name: "carrier", nat: portRestricted, filtering: onPort, carrier: true},
		{name: "ipv6", nat: wall6, filtering: onPort, only6: true},
		{name: "lossy", nat: lossy, filtering: onPort},
		{name: "udp-blocked", nat: udpBlocked, udp: vanish},
		{name: "udp-rejected", nat: udpRejected, udp: bounce},
		{name: "only-443", nat: only443, udp: vanish, tcp: vanish},
		{name: "only-tls", nat: onlyTLS, udp: vanish, tcp: vanish, plain: bounce},
	}
}

// meets reports whether packets of two clients can find a way between them
// without help, once each knows how the world sees the other. The first packet
// of one opens its own NAT for the other's. It fails when one is seen by a new
// port for each whom it sends to, and the other lets in only the port that it
// has sent to, which nobody can know.
func (k kind) meets(other kind) bool {
	return k.udp == pass && other.udp == pass && k.shares(other) &&
		(k.mapping == onNothing || other.filtering != onPort) &&
		(other.mapping == onNothing || k.filtering != onPort)
}

// shares reports whether the two have a family of addresses in common. Who is
// on the internet itself has both.
func (k kind) shares(other kind) bool {
	return k.only6 == other.only6 || k.nat == none || other.nat == none
}

func kindNamed(t *testing.T, name string) kind {
	t.Helper()
	for _, k := range kinds() {
		if k.name == name {
			return k
		}
	}
	t.Fatalf("there is no kind %q", name)
	return kind{}
}

// nat is what a router does.
type nat int

const (
	none nat = iota
	fullCone
	addressRestricted
	portRestricted
	symmetric
	lossy
	udpBlocked
	udpRejected
	only443
	onlyTLS
	wall6 // a firewall for IPv6, which has no NAT
)

// rules are what a kind adds to the chains that all routers have. $wan is the
// router's address there.
type rules struct {
	pass  string // in forward, before what comes unasked is dropped
	in    string // where the addresses of destinations are replaced
	learn string // what goes out, with the address it has at home
	out   string // where the addresses of sources are replaced
}

// rules are for nftables, and rest on its ways: a source keeps its port in
// masquerade when that is free, whomever it sends to, and answers are let in by
// the connection they belong to. That is a port-restricted NAT. A map of who
// sent from which port, to anybody or to this address, lets others in too.
func (n nat) rules() rules {
	r := rules{out: `oifname "wan" masquerade`}
	switch n {
	case fullCone:
		r.learn = `oifname "wan" meta l4proto udp update @cone { udp sport : ip saddr }`
		// From inside too, and then the sender is seen by its address outside.
		r.in = `ip daddr $wan meta l4proto udp dnat to udp dport map @cone`
		r.out += "\n" + `iifname "lan" oifname "lan" ct status dnat snat to $wan`
	case addressRestricted:
		r.learn = `oifname "wan" meta l4proto udp update @known { udp sport . ip daddr : ip saddr }`
		r.in = `iifname "wan" meta l4proto udp dnat to udp dport . ip saddr map @known`
	case symmetric:
		r.out = `oifname "wan" masquerade fully-random`
	case lossy:
		// TCP would mend it, in its own time.
		r.pass = `meta l4proto udp numgen random mod 100 < 5 drop`
	case udpBlocked:
		r.pass = `meta l4proto udp drop`
	case udpRejected:
		r.pass = `meta l4proto udp reject`
	case only443:
		r.pass = "meta l4proto udp drop\nct direction original tcp dport != 443 drop"
	case onlyTLS:
		// A connection is marked by its first byte: that of a handshake.
		r.pass = `meta l4proto udp drop
			ct direction original tcp dport != 443 drop
			ct direction original ct mark 0 @ih,0,8 0x16 ct mark set 1
			ct direction original ct mark 0 @ih,0,8 0-255 reject with tcp reset`
	}
	return r
}

// setUp gives a router its rules, in the place of others.
//
// What comes to the router itself unasked is dropped before the kernel notes it
// as a connection. It would hold the port which the packet came to, and a client
// that sends to the same place from that port a moment later, as two who meet
// do, would get another one.
func (n nat) setUp(router *namespace, wan netip.Addr) error {
	if n == wall6 {
		_, err := router.feed(`table ip6 wall {
			chain forward { type filter hook forward priority 0; iifname "wan" ct state new drop; }
		}`, "nft", "-f", "-")
		return err
	}
	r := n.rules()
	_, err := router.feed(strings.ReplaceAll(fmt.Sprintf(`flush ruleset
		table ip nat {
			map cone { type inet_service : ipv4_addr; flags dynamic,timeout; timeout 1m; }
			map known { type inet_service . ipv4_addr : ipv4_addr; flags dynamic,timeout; timeout 1m; }
			chain forward {
				type filter hook forward priority 0
				%s
				iifname "wan" ct state new ct status & dnat == 0 drop
			}
			chain input {
				type filter hook input priority 0
				iifname "wan" meta l4proto { tcp, udp } ct state new drop
			}
			chain in { type nat hook prerouting priority dstnat; %s; }
			chain learn { type filter hook postrouting priority 90; %s; }
			chain out {
				type nat hook postrouting priority srcnat
				%s
			}
		}`, r.pass, r.in, r.learn, r.out), "$wan", wan.String()), "nft", "-f", "-")
	return err
}
