package e2e

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// lab is a small internet on one machine, made of namespaces: 203.0.113.0/24 and
// 2001:db8::/64, a server on it, and clients, each behind a way of its own. No
// packet of it touches this machine's interfaces and routes.
type lab struct {
	internet *segment
	sites    int
}

// newLab makes an internet for the length of the test. It needs root.
func newLab(t *testing.T) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making networks needs root")
	}
	for program, pack := range map[string]string{"ip": "iproute2", "nft": "nftables", "conntrack": "conntrack"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, "this needs "+program+": install "+pack)
		}
	}
	sweepNamespaces(t)
	middle := newNamespace(t, "internet")
	// Without NAT, homes are reached through their routers.
	middle.set(t, map[string]string{"ipv6/conf/all/forwarding": "1"})
	unfilterBridges(t, middle)
	return &lab{internet: newSegment(t, middle, "net", 10, "203.0.113.0/24", "2001:db8::/64")}
}

// machine makes one that is on the internet without anything between.
func (l *lab) machine(t *testing.T, name string) (*namespace, []netip.Addr) {
	t.Helper()
	n := newNamespace(t, name)
	return n, l.internet.attach(t, n, "wan")
}

// site is where a client is: its machine, and the routers before it.
type site struct {
	kind   kind
	client *namespace
	addr   netip.Addr // by which its machine calls itself
	home   *segment   // that its machine is on; nil for one on the internet itself
	router *namespace // that stands on the internet; nil without one
	wan    netip.Addr // the router's
}

// homeNet is what every home has: clients behind different routers have the same
// address.
const homeNet = "192.168.1.0/24"

// carrierNet is what a carrier gives to its homes (RFC 6598).
const carrierNet = "100.64.0.0/24"

// site makes a client's side of this kind.
func (l *lab) site(t *testing.T, k kind) *site {
	t.Helper()
	l.sites++
	name := fmt.Sprintf("%d-%s-", l.sites, k.name)
	if k.nat == none {
		client, addrs := l.machine(t, name+"client")
		return &site{kind: k, client: client, addr: addrs[0]}
	}
	if k.carrier {
		top := l.carrier(t, name+"carrier")
		return top.household(t, name, k)
	}
	s := &site{kind: k}
	net := homeNet
	uplink := l.internet
	if k.only6 {
		net = fmt.Sprintf("2001:db8:%x::/64", l.sites)
		uplink = l.internet.only(1)
	}
	s.router, s.wan, s.home = newRouter(t, name+"router", uplink, net, k.nat)
	if k.only6 {
		l.internet.machine.ip(t, "route add "+net+" via "+s.wan.String())
	}
	s.settle(t, name+"client")
	return s
}

// settle gives the site a client's machine.
func (s *site) settle(t *testing.T, name string) {
	t.Helper()
	s.client = newNamespace(t, name)
	s.addr = s.home.attach(t, s.client, "eth0")[0]
}

// neighbour returns another client in the same home.
func (s *site) neighbour(t *testing.T) *site {
	t.Helper()
	other := *s
	other.settle(t, "neighbour")
	return &other
}

// carrier is a router that homes are behind. It lets in what comes to a port in
// use, also from one home to another (RFC 6888 §3, RFC 4787 REQ-9).
type carrier struct {
	router *namespace
	wan    netip.Addr
	homes  *segment
}

func (l *lab) carrier(t *testing.T, name string) *carrier {
	t.Helper()
	c := &carrier{}
	c.router, c.wan, c.homes = newRouter(t, name, l.internet, carrierNet, fullCone)
	return c
}

// household makes a home behind the carrier.
func (c *carrier) household(t *testing.T, name string, k kind) *site {
	t.Helper()
	s := &site{kind: k, router: c.router, wan: c.wan}
	_, _, s.home = newRouter(t, name+"home", c.homes, homeNet, k.nat)
	s.settle(t, name+"client")
	return s
}

// carrierHomes makes two homes behind one carrier.
func (l *lab) carrierHomes(t *testing.T) (a, b *site) {
	t.Helper()
	c, k := l.carrier(t, "carrier"), kindNamed(t, "carrier")
	return c.household(t, "left-", k), c.household(t, "right-", k)
}

// newRouter makes a machine between an uplink and a net of its own.
func newRouter(t *testing.T, name string, uplink *segment, net string, n nat) (*namespace, netip.Addr, *segment) {
	t.Helper()
	r := newNamespace(t, name)
	wan := uplink.attach(t, r, "wan")[0]
	home := newSegment(t, r, "lan", 2, net)
	if wan.Is6() {
		r.set(t, map[string]string{"ipv6/conf/all/forwarding": "1"})
	} else {
		r.set(t, map[string]string{"ipv4/ip_forward": "1"})
	}
	unfilterBridges(t, r)
	if err := n.setUp(r, wan); err != nil {
		t.Fatal(err)
	}
	return r, wan, home
}

// unfilterBridges keeps the firewall from frames that a bridge passes on: it
// would take one that comes back by another port for something new.
func unfilterBridges(t *testing.T, n *namespace) {
	t.Helper()
	n.set(t, map[string]string{"bridge/bridge-nf-call-iptables": "0", "bridge/bridge-nf-call-ip6tables": "0"})
}

// rebind makes the site's router forget whom its ports belong to.
func (s *site) rebind() error {
	_, err := s.router.output("conntrack", "-D", "-p", "udp")
	return err
}

// forgetAfter sets for how many seconds the router remembers a silent port.
func (s *site) forgetAfter(t *testing.T, seconds int) {
	t.Helper()
	s.router.set(t, map[string]string{
		"netfilter/nf_conntrack_udp_timeout":        strconv.Itoa(seconds),
		"netfilter/nf_conntrack_udp_timeout_stream": strconv.Itoa(seconds),
	})
}

// become gives the site's router other ways.
func (s *site) become(n nat) error { return n.setUp(s.router, s.wan) }

// await asks until the answer is yes.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}
