package probe

import (
	"net"
	"strings"
)

// pathKind is one way of media to the server.
type pathKind struct {
	name string
	// scheme and transport are those of the TURN server's URL (RFC 7065);
	// empty for a way without TURN.
	scheme, transport string
	// candidates are the server's that belong to it, by their protocol.
	candidates string
}

// The kinds of paths, as a Path names them.
const (
	PathUDP     = "udp"
	PathTCP     = "tcp"
	PathTURNUDP = "turn_udp"
	PathTURNTCP = "turn_tcp"
	PathTURNTLS = "turn_tls"
)

// pathKinds are all, in the order in which a client prefers them: TURN is tried
// where the server is not reached without.
var pathKinds = []pathKind{
	{name: PathUDP, candidates: "udp"},
	{name: PathTCP, candidates: "tcp"},
	{name: PathTURNUDP, scheme: "turn", transport: "udp", candidates: "udp"},
	{name: PathTURNTCP, scheme: "turn", transport: "tcp", candidates: "udp"},
	{name: PathTURNTLS, scheme: "turns", transport: "tcp", candidates: "udp"},
}

// turnServer is one of those that the server hands out.
type turnServer struct {
	url, address         string
	username, credential string
}

// servers are the ICE servers handed out, by what is asked of them.
type servers struct {
	stun string // its address; empty if there is none
	turn []turnServer
}

func (s *sight) servers() servers {
	var all servers
	for _, server := range s.info.ICEServers {
		for _, url := range server.URLs {
			scheme, rest, _ := strings.Cut(url, ":")
			address, _, _ := strings.Cut(rest, "?")
			switch scheme {
			case "stun":
				all.stun = address
			case "turn", "turns":
				all.turn = append(all.turn, turnServer{url, address, server.Username, server.Credential})
			}
		}
	}
	if all.stun == "" { // it answers on its port all the same
		all.stun = net.JoinHostPort(s.url.Hostname(), s.mediaPort())
	}
	return all
}

// of returns the TURN server of a kind; false if there is none.
func (a servers) of(kind pathKind) (turnServer, bool) {
	for _, t := range a.turn {
		if strings.HasPrefix(t.url, kind.scheme+":") && strings.HasSuffix(t.url, "?transport="+kind.transport) {
			return t, true
		}
	}
	return turnServer{}, false
}
