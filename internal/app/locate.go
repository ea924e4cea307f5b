package app

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/auth"
)

// credentialsLife is how long the TURN credentials of a member open allocations:
// longer than anybody stays in one call.
const credentialsLife = 24 * time.Hour

// locator tells clients where this server is, from how they have called it. That
// also shows where it is not: behind a router that nobody told it of.
type locator struct {
	// Constant.
	port      uint16 // that is listened on
	tls       bool
	turn      bool
	secret    string                  // of TURN credentials
	issued    func(username string)   // is told whom they were given
	addresses func() []netip.AddrPort // the server's own and advertised ones
	announced bool                    // the operator said where clients find it
	log       *slog.Logger

	mu     sync.Mutex
	behind netip.AddrPort // guarded by mu; see nat
	isNAT  bool           // guarded by mu
}

// call is how a client has called the server.
type call struct {
	host    string         // name, or address without brackets
	reached netip.AddrPort // the same, if it is an address
	port    uint16
	client  netip.Addr
	proxied bool // by HTTP: what the client sees is the proxy's
}

// hostName is what may stand in the URL of an ICE server.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`)

// callOf reads how a request has called the server. It reports false where that
// can't be told.
func (l *locator) callOf(r *http.Request) (call, bool) {
	c := call{port: 80}
	if l.tls {
		c.port = 443
	}
	host := r.Host
	if name, port, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return c, false
		}
		host, c.port = name, uint16(n)
	}
	c.host = strings.Trim(host, "[]")
	if remote, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.client = remote.Addr().Unmap().WithZone("")
	}
	for _, field := range []string{"Forwarded", "X-Forwarded-For", "Via"} {
		c.proxied = c.proxied || r.Header.Get(field) != ""
	}
	if c.proxied { // TURN does not pass it: the server's own port does
		c.port = l.port
	}
	if addr, err := netip.ParseAddr(c.host); err == nil {
		if addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" {
			return c, false
		}
		c.reached = netip.AddrPortFrom(addr.Unmap(), c.port)
		return c, true
	}
	return c, hostName.MatchString(c.host)
}

// locate returns the ICE servers for a client and the address by which it has
// reached this server (signal.Options.Locate).
func (l *locator) locate(r *http.Request) ([]api.ICEServer, []netip.AddrPort) {
	c, ok := l.callOf(r)
	if !ok {
		return nil, nil
	}
	l.look(c)
	return l.credited(c, credentialsLife), c.ways()
}

// ways are the addresses by which the client is known to have come.
func (c call) ways() []netip.AddrPort {
	if c.reached.IsValid() && !c.proxied && !c.reached.Addr().IsLoopback() {
		return []netip.AddrPort{c.reached}
	}
	return nil
}

// credited are the ICE servers for a client, with credentials that open
// allocations for so long.
func (l *locator) credited(c call, life time.Duration) []api.ICEServer {
	username, password := auth.OwnTURNCredentials(l.secret, c.client.String(), time.Now(), life)
	l.issued(username)
	return l.servers(c, username, password)
}

// servers are the ICE servers at the address that the client calls. Only those
// are named: nothing outside is asked (RFC 7064, RFC 7065).
func (l *locator) servers(c call, username, password string) []api.ICEServer {
	at := net.JoinHostPort(c.host, strconv.Itoa(int(c.port)))
	list := []api.ICEServer{{URLs: []string{"stun:" + at}}}
	if !l.turn {
		return list
	}
	urls := []string{"turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"}
	if l.tls {
		urls = append(urls, "turns:"+at+"?transport=tcp")
	}
	return append(list, api.ICEServer{URLs: urls, Username: username, Credential: password})
}

// look compares how a client calls the server with the addresses that the server
// knows of, and says once what does not fit.
func (l *locator) look(c call) {
	if c.proxied || c.client.IsLoopback() {
		return
	}
	addrs := l.addresses()
	var behind netip.AddrPort
	switch {
	case c.reached.IsValid() && !known(addrs, c.reached.Addr()):
		behind = c.reached
	case l.announced || !public(c.client) || anyPublic(addrs, c.client.Is4()):
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isNAT && (l.behind.IsValid() || !behind.IsValid()) {
		return
	}
	l.isNAT, l.behind = true, behind
	option := "--public-ip ADDRESS"
	if behind.IsValid() {
		option = "--public-ip " + behind.Addr().String()
	}
	l.log.Warn("this server sits behind a router or in a container: clients reach it by an address that is not its own. Those that call it by a name get media by TURN only until you say the address",
		"code", "server_behind_nat", "called", c.host, "set", option)
}

// nat reports whether the server sits behind a NAT that nobody told it of, and by
// which address clients call it, if one did so by its numbers.
func (l *locator) nat() (netip.AddrPort, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.behind, l.isNAT
}

func known(list []netip.AddrPort, addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	for _, a := range list {
		if a.Addr() == addr {
			return true
		}
	}
	return false
}

// sharedSpace is that of carriers' NATs (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// public tells whether an address is of the internet, as far as its number says.
func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !sharedSpace.Contains(a)
}

// anyPublic tells whether one of the family is.
func anyPublic(list []netip.AddrPort, is4 bool) bool {
	for _, a := range list {
		if a.Addr().Is4() == is4 && public(a.Addr()) {
			return true
		}
	}
	return false
}
