package app

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/auth"
	"github.com/tutti-rtc/tutti/internal/config"
	"github.com/tutti-rtc/tutti/internal/httpd"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
	"github.com/tutti-rtc/tutti/internal/turn"
	"github.com/tutti-rtc/tutti/internal/turn/policy"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
	"github.com/tutti-rtc/tutti/internal/udp"
)

// newTURN makes the STUN and TURN server beside the media server, whose socket it
// shares.
func (s *Server) newTURN(conn *udp.Conn, certificate *httpd.Certificate, secret string) (*turn.Server, error) {
	c := s.config.Relay
	o := turn.Options{
		Conn: conn, Media: ownMedia{s.media}, OwnAddr: s.media.OwnsAddr, Log: s.log,
		MinPort: c.Ports.Min, MaxPort: c.Ports.Max, RelayAddr: s.relayAddr,
		Core: relay.Options{
			Realm: c.Realm, Policy: policy.Policy{Local: s.isLocal},
			// Names that others have made are not known by their hash.
			Anonymity: c.Secret == "",
			UserQuota: c.UserQuota, Quota: c.Quota, MaxLifetime: c.MaxLifetime,
			Bandwidth: media.Bitrate(c.Bandwidth) * 1000,
		},
	}
	if c.Enabled() {
		o.Core.Users = turnUsers{secret}
	}
	for _, p := range c.Allow {
		o.Core.Policy.Allow = append(o.Core.Policy.Allow, p.Prefix)
	}
	switch c.Peers {
	case "ports":
		o.Mode = turn.Ports
	case "shared":
		o.Mode = turn.Shared
	}
	if certificate != nil {
		o.Certificate = certificate.Current
	}
	if a := c.STUNAlternate; a.IsValid() {
		o.Main, o.Alternate = s.mainAndAlternate(a)
	}
	return turn.New(o)
}

// mainAndAlternate are the two addresses for the discovery of NAT behaviour: the
// first of our own that is not the other one, of its family.
func (s *Server) mainAndAlternate(a config.Alternate) (main, alternate netip.AddrPort) {
	alternate = a.AddrPort
	if alternate.Port() == 0 {
		alternate = netip.AddrPortFrom(alternate.Addr(), s.addr.Port()+1)
	}
	own := s.media.Addresses()
	i := slices.IndexFunc(own, func(m netip.AddrPort) bool {
		return m.Addr() != alternate.Addr() && m.Addr().Is4() == alternate.Addr().Is4() && s.isLocal(m.Addr())
	})
	if i >= 0 {
		main = own[i]
	}
	return main, alternate
}

// isLocal tells whether an address is this machine's.
func (s *Server) isLocal(a netip.Addr) bool {
	return slices.Contains(s.local.list(), a) || s.media.OwnsAddr(a)
}

// relayAddr is the address to tell for a relay socket: the operator's public one
// of the family, else the one by which the client has come, else any of ours.
func (s *Server) relayAddr(local netip.Addr, ipv6 bool) netip.Addr {
	for _, a := range s.config.Network.PublicIP {
		if a.Addr().Is6() == ipv6 {
			return a.Addr()
		}
	}
	if local.Is6() == ipv6 {
		return local
	}
	for _, a := range s.local.list() {
		if a.Is6() == ipv6 && a.IsGlobalUnicast() {
			return a
		}
	}
	return netip.Addr{}
}

// turnUsers are all who have credentials of the convention (relay.Users).
type turnUsers struct{ secret string }

// Password returns the password that belongs to a name, if it is of the form.
func (u turnUsers) Password(username string) (string, bool) {
	if _, ok := auth.TURNExpiry(username); !ok {
		return "", false
	}
	return auth.TURNPassword(u.secret, username), true
}

// Expired tells whether the name is too old to open an allocation.
func (u turnUsers) Expired(username string, now media.Time) bool {
	at, _ := auth.TURNExpiry(username)
	return time.Unix(0, int64(now)).After(at)
}

// Account returns whom quotas count, and whether the user may reach this server's
// own media only.
func (u turnUsers) Account(username string) (string, bool) {
	return auth.TURNUser(username), auth.TURNOwnOnly(username)
}

// ownMedia is the media server as package turn sees it (turn.Media).
type ownMedia struct{ server *peer.Server }

// Owns tells whether an address is the media server's.
func (m ownMedia) Owns(a netip.AddrPort) bool { return m.server.Owns(a) }

// Attach opens a client's way to the media server.
func (m ownMedia) Attach(relayed netip.AddrPort, over relay.Transport, reply func([]byte)) (turn.Tunnel, error) {
	t, err := m.server.Attach(relayed, iceRelay(over), reply)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func iceRelay(over relay.Transport) ice.Relay {
	switch over {
	case relay.TCP:
		return ice.RelayTCP
	case relay.TLS:
		return ice.RelayTLS
	case relay.DTLS:
		return ice.RelayDTLS
	}
	return ice.RelayUDP
}

// localAge is how long the machine's addresses are relied on.
const localAge = 5 * time.Second

// localAddrs are the machine's addresses. A laptop's change, and asking the
// system for each packet would be dear.
type localAddrs struct {
	mu   sync.Mutex // guards the following
	at   time.Time
	last []netip.Addr
}

// list returns them as of a moment ago. It is not to be changed.
func (l *localAddrs) list() []netip.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.at) > localAge {
		l.at, l.last = now, nil
		interfaces, _ := net.InterfaceAddrs() // without any nothing is local
		for _, a := range interfaces {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				l.last = append(l.last, p.Addr().Unmap())
			}
		}
	}
	return l.last
}
