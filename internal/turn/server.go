package turn

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
	"github.com/tutti-rtc/tutti/internal/udp"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// Media is this server's own media port, which is reached in process.
type Media interface {
	// Owns tells whether an address is the media server's, port included.
	Owns(netip.AddrPort) bool
	// Attach opens a way for a client whose relayed address this is, and
	// which reaches the relay over a transport. reply is called with each
	// datagram for the client, from any goroutine; it borrows it.
	Attach(relayed netip.AddrPort, over relay.Transport, reply func(b []byte)) (Tunnel, error)
}

// Tunnel is one client's way to the media server.
type Tunnel interface {
	// Receive takes a datagram of the client, which is borrowed. It does not
	// block.
	Receive(b []byte)
	// Close ends the way. Both are called while the Server is locked, so they
	// must not wait for a reply that is under way.
	Close()
}

// Mode says what relay sockets there are.
type Mode uint8

// The modes.
const (
	// OwnOnly opens none: allocations reach this server's own media.
	OwnOnly Mode = iota
	// Ports gives each allocation a port of its own.
	Ports
	// Shared lets allocations share a few ports. Two clients of one port
	// can't talk to the same address and port of a peer.
	Shared
)

// Options configure a Server.
type Options struct {
	// Conn is the shared UDP socket. The Server only writes to it.
	Conn *udp.Conn
	// Media is this server's own; nil if there is none.
	Media Media
	// Core is passed on to the protocol core; the fields that the Server
	// fills itself are ignored: Policy.Own, Relays, OwnAddr, Main, Alternate
	// and Key.
	Core relay.Options
	// OwnAddr tells whether one of the media server's addresses is of this
	// IP address.
	OwnAddr func(netip.Addr) bool

	// Mode says whether others than the own media may be reached; MinPort and
	// MaxPort bound the relay sockets' ports.
	Mode             Mode
	MinPort, MaxPort uint16
	// RelayAddr returns the address to tell clients for a relay socket, given
	// the one by which the client has come; nil tells that one.
	RelayAddr func(local netip.Addr, ipv6 bool) netip.Addr

	// Main and Alternate are two addresses of this machine with two ports,
	// for the discovery of NAT behaviour (RFC 5780). Conn must listen on Main
	// or on all addresses. Without an Alternate there is no discovery.
	Main, Alternate netip.AddrPort
	// Certificate returns the one for DTLS; nil means no DTLS. It is asked at
	// each handshake.
	Certificate func() *tls.Certificate
	// MaxStreams bounds TCP and TLS connections; default 4096.
	MaxStreams int
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
}

// ErrClosed is returned by a Server that was closed.
var ErrClosed = errors.New("the TURN server is closed")

// Stats counts since the start; the first two are gauges.
type Stats struct {
	relay.Stats
	Streams      int
	Associations int // of DTLS
	// StreamsRefused are connections beyond Options.MaxStreams,
	// StreamDropped messages to clients that read too slowly.
	StreamsRefused, StreamDropped uint64
	// HandshakesRefused are DTLS clients that came when too many were about
	// to.
	HandshakesRefused uint64
}

// Server is a STUN and TURN server. Its methods may be called from any
// goroutine.
type Server struct {
	// Constant.
	opts  Options
	clock media.Clock
	log   *slog.Logger
	port  uint16
	pool  *sockets // nil in mode OwnOnly

	running sync.WaitGroup
	drops   struct{ streams, messages, handshakes atomic.Uint64 }

	mu        sync.Mutex // guards what follows
	closed    bool
	core      *relay.Server
	out       relay.Output
	main      *udp.Gather
	alternate []*alternate
	tunnels   map[relay.AllocationID]map[netip.AddrPort]Tunnel // by address of the media server
	streams   map[uint64]*stream
	lastConn  uint64
	dtls      associations
	peers     map[uint32]*peerConn
	timer     *time.Timer
	due       media.Time // when timer fires
}

// New returns a Server that is ready. Its errors say which address or port can't
// be had.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxStreams == 0 {
		o.MaxStreams = 4096
	}
	s := &Server{
		opts: o, clock: media.NewClock(), log: o.Log, port: o.Conn.LocalAddr().Port(),
		main: o.Conn.NewGather(), tunnels: make(map[relay.AllocationID]map[netip.AddrPort]Tunnel), streams: make(map[uint64]*stream),
		peers: make(map[uint32]*peerConn), dtls: newAssociations(),
	}
	core := o.Core
	core.OwnAddr, core.Main, core.Alternate = o.OwnAddr, o.Main, o.Alternate
	core.Policy.Relay = o.Mode != OwnOnly
	core.Policy.Own = nil
	if o.Media != nil {
		core.Policy.Own = o.Media.Owns
	}
	if _, err := rand.Read(core.Key[:]); err != nil {
		return nil, fmt.Errorf("make the key of nonces: %w", err)
	}
	if o.Mode != OwnOnly {
		s.pool = newSockets(s)
		core.Relays = s.pool
	}
	s.core = relay.New(core)
	s.timer = time.AfterFunc(time.Hour, s.tick)
	if o.Alternate.IsValid() {
		if err := s.openAlternates(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Receive takes datagrams of the shared socket that may be STUN, ChannelData or
// DTLS of clients, from the goroutine that reads it. It borrows the batch.
func (s *Server) Receive(batch []udp.Datagram) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	now := s.clock.Now()
	for i := range batch {
		s.datagram(now, &batch[i], s.port)
	}
	s.flush(now)
}

// datagram takes one that came to a port of ours. s.mu must be held.
func (s *Server) datagram(now media.Time, d *udp.Datagram, port uint16) {
	local := netip.AddrPortFrom(d.Local.Unmap(), port)
	if wire.Classify(d.Data) == wire.ClassDTLS {
		s.association(d.Addr, local, d.Data)
		return
	}
	s.core.Handle(now, relay.Tuple{Remote: d.Addr, Local: local}, d.Data, &s.out)
}

// locked runs f, which queues output, and sends that. It does nothing once the
// Server is closed.
func (s *Server) locked(f func(now media.Time, out *relay.Output)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	now := s.clock.Now()
	f(now, &s.out)
	s.flush(now)
}

// tick is the timer's.
func (s *Server) tick() {
	s.locked(func(now media.Time, out *relay.Output) {
		s.due = 0
		s.core.Advance(now, out)
		if s.pool != nil {
			s.pool.dropReservations(time.Now())
		}
	})
}

// Introduce names a user to whom credentials were given, so that it may hide its
// name (RFC 8489 §14.4).
func (s *Server) Introduce(username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.core.Introduce(username)
}

// Drain refuses new allocations from now on, and sends their clients to another
// server if alternate is valid.
func (s *Server) Drain(alternate netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.core.Drain(alternate)
}

// Stats returns the counters so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Stats: s.core.Stats(), Streams: len(s.streams), Associations: len(s.dtls.all),
		StreamsRefused: s.drops.streams.Load(), StreamDropped: s.drops.messages.Load(),
		HandshakesRefused: s.drops.handshakes.Load(),
	}
}

// Close ends everything and returns when no goroutine of the Server is left. The
// shared socket is its owner's. It is idempotent.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.timer.Stop()
	for _, st := range s.streams {
		st.close()
	}
	for _, a := range s.dtls.all {
		a.close()
	}
	for _, p := range s.peers {
		p.close()
	}
	var errs []error
	for _, a := range s.alternate {
		errs = append(errs, a.conn.Close())
	}
	tunnels := s.tunnels
	s.tunnels = nil
	s.mu.Unlock()
	for _, ways := range tunnels {
		for _, t := range ways {
			t.Close()
		}
	}
	if s.pool != nil {
		s.pool.closeAll()
	}
	s.running.Wait()
	return errors.Join(errs...)
}
