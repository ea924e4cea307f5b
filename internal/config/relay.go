package config

import (
	"errors"
	"time"
)

// Relay says what the STUN and TURN server does, which is on the same port.
type Relay struct {
	STUNAlternate Alternate     `name:"stun-alternate" placeholder:"ADDR[:PORT]" help:"Second address of this machine, of the same family as the first, for finding out what kind of NAT a client is behind (RFC 5780). Without a port it is the next one."`
	TURN          string        `name:"turn" default:"on" enum:"on,off" help:"Relay for clients that reach this server by TURN only. It leads to this server's own media and opens no port."`
	Peers         string        `name:"turn-relay" default:"off" enum:"off,ports,shared" help:"Relay to other addresses too, for programs that make credentials with --turn-secret: ports gives each allocation a port of --turn-relay-ports, shared lets allocations share a few of them. Private and reserved addresses, and this server's own, are refused."`
	Ports         PortRange     `name:"turn-relay-ports" default:"49152-49407" placeholder:"MIN-MAX" help:"UDP and TCP ports for --turn-relay."`
	Allow         []Prefix      `name:"turn-allow-peer" placeholder:"PREFIX" help:"Network that --turn-relay reaches although it is private or reserved. Repeatable, or separated by commas."`
	Secret        string        `name:"turn-secret" placeholder:"SECRET" help:"Key that makes TURN credentials, for programs that hand them out themselves (the REST convention). Without it the server makes one at each start."`
	Realm         string        `name:"turn-realm" default:"tutti" help:"Realm of TURN credentials."`
	UserQuota     int           `name:"turn-user-quota" default:"64" help:"TURN allocations of one user. Credentials that this server hands out name the client's address as the user."`
	Quota         int           `name:"turn-quota" default:"10000" help:"TURN allocations in all."`
	Bandwidth     int           `name:"turn-bandwidth" default:"10000" help:"Kilobits per second of one TURN allocation, each way; 0 means no limit."`
	MaxLifetime   time.Duration `name:"turn-max-lifetime" default:"1h" help:"How long a TURN allocation may live without being refreshed."`
	Alternate     AddrPort      `name:"turn-alternate" placeholder:"ADDR:PORT" help:"TURN server to which this one sends new clients while it stops."`
}

// Enabled reports whether there is a TURN server.
func (r Relay) Enabled() bool { return r.TURN != "off" }

func (r Relay) validate() error {
	switch {
	case r.Secret != "" && len(r.Secret) < minSecret:
		return errors.New("--turn-secret is too short: take at least 16 random characters, for example from `openssl rand -hex 32`")
	case r.Peers != "" && r.Peers != "off" && r.Secret == "":
		return errors.New("--turn-relay needs --turn-secret: credentials that this server hands to members lead to its own media only, so whoever shall reach other peers gets theirs from a program that knows the secret")
	case !r.Enabled() && r.Peers != "off":
		return errors.New("--turn-relay needs --turn on")
	case r.Peers == "off" && len(r.Allow) > 0:
		return errors.New("--turn-allow-peer is of use with --turn-relay only")
	case r.UserQuota < 1 || r.Quota < 1 || r.Quota > 30_000:
		return errors.New("--turn-user-quota and --turn-quota must be at least 1, and the latter at most 30000; --turn off ends all relaying")
	case len(r.Realm) > 127:
		return errors.New("--turn-realm must have at most 127 bytes")
	case r.Bandwidth < 0:
		return errors.New("--turn-bandwidth must be 0, for no limit, or more")
	case r.MaxLifetime < time.Minute:
		return errors.New("--turn-max-lifetime must be at least 1m")
	}
	return nil
}
