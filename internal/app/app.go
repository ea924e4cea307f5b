// Package app is the composition root: it makes the parts of a tutti server
// from its configuration, joins them, and takes them down in order. It alone
// imports them all, and holds no logic of calls.
//
// A Server owns the goroutine that serves HTTP; all others belong to the parts.
package app

import (
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/auth"
	"github.com/tutti-rtc/tutti/internal/config"
	"github.com/tutti-rtc/tutti/internal/doctor"
	"github.com/tutti-rtc/tutti/internal/httpd"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/room"
	"github.com/tutti-rtc/tutti/internal/signal"
	"github.com/tutti-rtc/tutti/internal/turn"
	"github.com/tutti-rtc/tutti/internal/udp"
)

// Server is a tutti server that listens.
type Server struct {
	// Constant.
	config config.Config
	log    *slog.Logger
	media  *peer.Server
	turn   *turn.Server
	where  *locator
	local  localAddrs
	mixers *mixers
	rooms  *room.Rooms
	signal *signal.Handler
	doctor *doctor.Handler
	http   *httpd.Server
	addr   netip.AddrPort

	serving sync.WaitGroup
}

// Options are what a Server needs beside its configuration.
type Options struct {
	// Client is the built web client; nil if there is none.
	Client fs.FS
	// Version is shown at /version and to clients.
	Version string
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
}

// New opens the port and serves. Its errors say which setting to look at.
func New(cfg config.Config, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Run.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder can't be made (--data): %w", err)
	}
	s := &Server{config: cfg, log: o.Log}
	var certificate *httpd.Certificate
	if cfg.ServeTLS() {
		var err error
		if certificate, err = s.certificate(); err != nil {
			return nil, err
		}
	}
	ln, err := net.Listen("tcp", cfg.Network.Listen.AddrPort.String())
	if err != nil {
		return nil, fmt.Errorf("the address can't be listened on (--listen): %w", err)
	}
	s.addr = netip.MustParseAddrPort(ln.Addr().String())
	if err := s.compose(ln, certificate, o); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	s.serving.Go(s.http.Serve)
	return s, nil
}

// compose makes the parts, from the media server up to the port's TCP side.
func (s *Server) compose(ln net.Listener, certificate *httpd.Certificate, o Options) error {
	limits := s.config.Limits
	advertise := make([]netip.AddrPort, 0, len(s.config.Network.PublicIP))
	for _, a := range s.config.Network.PublicIP {
		advertise = append(advertise, a.AddrPort)
	}
	proxies := make([]netip.Prefix, 0, len(s.config.Network.Proxies))
	for _, p := range s.config.Network.Proxies {
		proxies = append(proxies, p.Prefix)
	}
	if err := s.openMedia(advertise, certificate); err != nil {
		return err
	}
	s.mixers = newMixers(limits.MaxMixers, s.log)
	s.rooms = room.New(mediaPlane{s.media, s.mixers}, room.Options{
		Limits: api.Limits{
			MessageBytes: limits.MaxMessageBytes, MessageRate: int(limits.MessageRate),
			Tracks: limits.MaxTracks, Members: limits.MaxMembers, DataBytes: limits.MaxDataBytes,
		},
		Rooms: limits.MaxRooms, HostsByToken: s.config.Access.Secret != "",
		Server: "tutti " + o.Version, Log: o.Log,
	})
	s.signal = signal.New(s.rooms, signal.Options{
		Authenticator: door{s.config.Access.Secret}, Locate: s.where.locate, Log: o.Log,
	})
	s.doctor = doctor.New(s.media, doctor.Options{Version: o.Version, Look: s.place, Log: o.Log})
	var err error
	s.http, err = httpd.New(ln, httpd.Options{
		Client: o.Client, Signal: s.signal, Doctor: s.doctor, Certificate: certificate,
		ICETCP: func(c net.Conn) {
			if err := s.media.ServeTCP(c); err != nil {
				s.log.Debug("an ICE-TCP connection ended", "remote", c.RemoteAddr(), "cause", err)
			}
		},
		TURN: func(c net.Conn, secure bool) {
			if err := s.turn.ServeStream(c, secure); err != nil {
				s.log.Debug("a TURN connection ended", "remote", c.RemoteAddr(), "cause", err)
			}
		},
		Secret: s.config.Access.Secret, Metrics: s.metrics, MaxWaiting: limits.MaxPending,
		MaxPerSource: limits.MaxPerSource, TrustedProxies: proxies,
		Version: map[string]string{"name": "tutti", "version": o.Version}, Log: o.Log,
	})
	if err != nil {
		return errors.Join(err, s.turn.Close(), s.media.Close())
	}
	return nil
}

// openMedia opens the UDP port, and makes the media server and the STUN and TURN
// server, which share it.
func (s *Server) openMedia(advertise []netip.AddrPort, certificate *httpd.Certificate) error {
	conn, err := udp.Listen(netip.AddrPortFrom(s.config.Network.Listen.Addr(), s.addr.Port()), udp.Options{})
	if err != nil {
		return fmt.Errorf("the UDP port can't be opened (--listen): %w", err)
	}
	// The media server reads the port before there is a TURN server.
	var relay atomic.Pointer[turn.Server]
	s.media, err = peer.Listen(peer.Options{
		Conn: conn, Advertise: advertise, TCP: true, MaxPeers: s.config.Limits.MaxPeers, Log: s.log,
		Strangers: func(batch []udp.Datagram) {
			if t := relay.Load(); t != nil {
				t.Receive(batch)
			}
		},
	})
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	secret := cmp.Or(s.config.Relay.Secret, cryptorand.Text())
	if s.turn, err = s.newTURN(conn, certificate, secret); err != nil {
		return errors.Join(err, s.media.Close())
	}
	relay.Store(s.turn)
	s.where = &locator{
		port: s.addr.Port(), tls: certificate != nil, turn: s.config.Relay.Enabled(), secret: secret,
		issued: s.turn.Introduce, addresses: s.media.Addresses, log: s.log,
		announced: len(advertise) > 0 || len(s.config.Network.Proxies) > 0,
	}
	return nil
}

// certificate returns the operator's certificate, or one that was made and kept.
func (s *Server) certificate() (*httpd.Certificate, error) {
	if t := s.config.TLS; t.Cert != "" {
		return httpd.FileCertificate(t.Cert, t.Key, s.log)
	}
	var extra []netip.Addr
	for _, a := range s.config.Network.PublicIP {
		extra = append(extra, a.Addr())
	}
	return httpd.SelfSigned(s.config.Run.Data, extra, s.log)
}

// Addr returns the address that is listened on, with its real port.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Close stops the server in order: nobody new comes in, clients are told, and
// connections close, within Config's ShutdownTimeout.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), max(s.config.Run.ShutdownTimeout, time.Second))
	defer cancel()
	s.http.Drain()
	s.turn.Drain(s.config.Relay.Alternate.AddrPort)
	s.rooms.Close()
	// TURN before HTTP, which waits for the streams that came by its port.
	err := errors.Join(s.signal.Shutdown(ctx), s.turn.Close(), s.http.Shutdown(ctx), s.media.Close())
	s.serving.Wait()
	return err
}

// door asks package auth who may come in (signal.Authenticator).
type door struct{ secret string }

// Authenticate returns what the token allows in the room.
func (d door) Authenticate(name, token string) (room.Grant, error) {
	if d.secret == "" {
		return room.Everything(), nil
	}
	g, err := auth.Verify(d.secret, token, time.Now())
	if err == nil {
		err = g.Admit(name)
	}
	if err != nil {
		return room.Grant{}, err
	}
	return room.Grant{
		Name: g.Name, CanPublish: g.Publish, Sources: g.Origins, CanSubscribe: g.Subscribe,
		CanPublishData: g.PublishData, RoomAdmin: g.Admin,
	}, nil
}
