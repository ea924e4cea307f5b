// Package config is what `tutti serve` can be told: one name for each setting,
// given as a flag (--max-rooms), else in the environment (TUTTI_MAX_ROOMS),
// else in a YAML file (max-rooms). Unknown names are errors that suggest the
// nearest known one.
//
// It holds plain values. Only app and cmd import it: every other package has
// Options of its own, which app fills from here. It starts no goroutine.
package config

import (
	"errors"
	"log/slog"
	"time"
)

//go:generate go test -run TestReferencePageIsCurrent -update .

// Config is everything that can be set, by section. The tags are those of kong.
type Config struct {
	File    string  `name:"config" type:"path" placeholder:"FILE" help:"YAML file with settings, named as the flags are."`
	Network Network `embed:"" group:"Network"`
	TLS     TLS     `embed:"" group:"TLS"`
	Access  Access  `embed:"" group:"Access"`
	Limits  Limits  `embed:"" group:"Limits"`
	Relay   Relay   `embed:"" group:"STUN and TURN"`
	Run     Run     `embed:"" group:"Running"`
}

// Network says where the server is.
type Network struct {
	Listen   Listen    `default:"127.0.0.1:8080" placeholder:"ADDR:PORT" help:"Address and port for everything, TCP and UDP. An empty address means all of the machine's."`
	PublicIP []Address `name:"public-ip" placeholder:"ADDR[:PORT]" help:"Address at which clients reach this server beside its own, such as that of a router that maps the port. Repeatable, or separated by commas."`
	Proxies  []Prefix  `name:"proxy-protocol" placeholder:"PREFIX" help:"Address or network of load balancers that begin each TCP connection with a PROXY protocol header (version 1 or 2), which says who the client is. Their connections without one are refused. Repeatable, or separated by commas."`
}

// TLS says how connections are protected. The media always is.
type TLS struct {
	Mode string `name:"tls" default:"auto" enum:"auto,on,off" help:"Serve HTTPS: auto means beyond loopback only. Browsers give camera and microphone to pages on https and localhost alone, so switch it off only behind a proxy that does TLS."`
	Cert string `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate chain, PEM. Read again when it changes. Without it a self-signed certificate is made and kept in the data folder."`
	Key  string `name:"tls-key" type:"path" placeholder:"FILE" help:"The certificate's private key, PEM."`
}

// Access says who may come in.
type Access struct {
	Secret string `placeholder:"SECRET" help:"Key that signs access tokens, at least 16 characters. With it nobody joins without a token (see tutti token). Other users of this machine can see flags: prefer the environment or the file."`
	Open   bool   `help:"Listen beyond loopback without a secret: everybody who reaches the server can make rooms."`
}

// Limits bound what clients can ask for.
type Limits struct {
	MaxRooms        int `default:"1000" help:"Rooms at one time."`
	MaxMembers      int `default:"1000" help:"Members in one room."`
	MaxTracks       int `default:"16" help:"Tracks that one member publishes."`
	MaxPeers        int `default:"10000" help:"Media connections to this server."`
	MaxMixers       int `default:"0" help:"Rooms that are mixed at one time; 0: two for each core."`
	MaxMessageBytes int `default:"262144" help:"Bytes of one signalling message; an offer with many slots is the largest."`
	MessageRate     int `default:"50" help:"Signalling messages per second of one member; twice as many may come in a burst."`
	MaxDataBytes    int `default:"65536" help:"Bytes of one data channel message."`
	MaxPending      int `default:"1024" help:"Silent TCP connections: those that have not said what they are, and those between two requests. The one that is silent longest makes room. One client address has a quarter of them at most."`
	MaxPerSource    int `default:"1024" help:"TCP connections from one IPv4 address or one IPv6 /64. Those from this machine itself, such as of a reverse proxy, are not counted."`
}

// Run says how the process behaves.
type Run struct {
	Data            string        `default:"./tutti-data" type:"path" placeholder:"DIR" help:"Folder for what must survive a restart."`
	ShutdownTimeout time.Duration `default:"10s" help:"How long a stop waits for calls to be told and connections to close."`
	LogLevel        slog.Level    `default:"info" placeholder:"LEVEL" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat       string        `default:"text" enum:"text,json" help:"Form of the log on standard error: text or json."`
}

// minSecret is the least length of a secret, in bytes: what can't be guessed
// offline from one token.
const minSecret = 16

// Validate reports the first setting that makes no sense beside the others.
// kong calls it.
func (c Config) Validate() error {
	switch {
	case c.Access.Secret != "" && len(c.Access.Secret) < minSecret:
		return errors.New("--secret is too short: anybody who holds a token could find it out. Take at least 16 random characters, for example from `openssl rand -hex 32`")
	case c.Access.Secret != "" && c.Access.Open:
		return errors.New("--open and --secret contradict each other: with a secret every member needs a token, so leave one out")
	case c.Beyond() && c.Access.Secret == "" && !c.Access.Open:
		return errors.New("listening on " + c.Network.Listen.String() + " lets everybody who reaches this machine make rooms. Set --secret, so that members need a token (see `tutti token`), or --open if that is what you want")
	case (c.TLS.Cert == "") != (c.TLS.Key == ""):
		return errors.New("--tls-cert and --tls-key belong together: give both or neither")
	case c.TLS.Mode == "off" && c.TLS.Cert != "":
		return errors.New("--tls off leaves no use for --tls-cert: leave one out")
	}
	if err := c.Relay.validate(); err != nil {
		return err
	}
	return c.Limits.validate()
}

func (l Limits) validate() error {
	for _, limit := range []struct {
		name string
		n    int
	}{
		{"max-rooms", l.MaxRooms},
		{"max-members", l.MaxMembers},
		{"max-tracks", l.MaxTracks},
		{"max-peers", l.MaxPeers},
		{"max-message-bytes", l.MaxMessageBytes},
		{"message-rate", l.MessageRate},
		{"max-data-bytes", l.MaxDataBytes},
		{"max-pending", l.MaxPending},
		{"max-per-source", l.MaxPerSource},
	} {
		if limit.n < 1 {
			return errors.New("--" + limit.name + " must be at least 1")
		}
	}
	if l.MaxMixers < 0 {
		return errors.New("--max-mixers must be at least 1, or 0 for two mixers for each core")
	}
	return nil
}

// Beyond reports whether the server can be reached from other machines.
func (c Config) Beyond() bool { return !c.Network.Listen.Addr().IsLoopback() }

// ServeTLS reports whether the server speaks HTTPS.
func (c Config) ServeTLS() bool {
	switch c.TLS.Mode {
	case "on":
		return true
	case "off":
		return false
	}
	return c.Beyond() || c.TLS.Cert != ""
}
