// Package httpd is the TCP side of the one port: it tells HTTP, TLS, TURN and
// ICE-TCP apart by their first bytes, and once more inside TLS, serves the web
// client, health, version and metrics, and hands signalling, TURN and ICE-TCP to
// those who speak them.
//
// It knows no rooms and makes no decisions about calls. A Server owns one
// goroutine per connection and one that accepts; Shutdown ends them all.
package httpd

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a Server. The zero Options serve a page that says that there
// is no web client.
type Options struct {
	// Client is the built web client, rooted at its index.html; nil if there
	// is none.
	Client fs.FS
	// Signal takes WebSocket connections at /api/ws; nil answers 404.
	Signal http.Handler
	// Doctor answers at /api/doctor and below; nil answers 404.
	Doctor http.Handler
	// ICETCP serves an ICE-TCP connection (RFC 6544), in TLS or not, until
	// it ends and owns it. The first bytes, which were looked at, are read
	// again. It runs on a goroutine of its own; nil refuses such connections.
	ICETCP func(net.Conn)
	// TURN serves TURN over TCP or, where secure, over TLS (RFC 8656), as
	// ICETCP does ICE-TCP.
	TURN func(conn net.Conn, secure bool)
	// TrustedProxies are those that begin each connection with a PROXY
	// header (version 1 or 2), which says where it comes from. Without a
	// header they are refused; from others none is taken.
	TrustedProxies []netip.Prefix
	// Certificate, when set, turns TLS on; plain HTTP is then redirected.
	Certificate *Certificate
	// Secret, when set, keeps the operator's pages (/metrics) to bearers of
	// a token with roomAdmin and without a room.
	Secret string
	// Metrics returns the server's figures at each scrape; nil means none.
	Metrics func() []Metric
	// Version is shown at /version, as JSON.
	Version any
	// MaxWaiting bounds the connections from which nothing is heard: those
	// that have not said what they are, and those between two requests. One
	// source may have a quarter of them; 0 means 1024.
	MaxWaiting int
	// MaxPerSource bounds the open connections of one IPv4 address or IPv6
	// /64, of any kind. This machine's own are not bounded; 0 means 1024.
	MaxPerSource int
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
}

// Stats counts what came to the port. What is not open or waiting now only grows.
type Stats struct {
	// Accepted connections, of any kind.
	Accepted uint64
	// Refused connections, by the Refusal that was the cause.
	Refused [refusals]uint64
	// Evicted connections were closed while waiting, to make room.
	Evicted uint64
	// Waiting connections are silent now.
	Waiting int
	// ICETCP and TURN connections are open now.
	ICETCP, TURN int
}

// Server serves one TCP port. Its methods may be called from any goroutine.
type Server struct {
	// Constant.
	opts    Options
	log     *slog.Logger
	ln      net.Listener
	tls     *tls.Config // nil without HTTPS
	http    *http.Server
	handoff *handoff
	waiting *waiting
	ice     *waiting // open ICE-TCP connections: nothing evicts them
	turn    *waiting // open TURN connections, likewise
	sources *sources
	proxies proxies
	closing chan struct{}

	accepted  atomic.Uint64
	refused   [refusals]atomic.Uint64
	draining  atomic.Bool
	closeOnce sync.Once
}

// The HTTP server's patience.
const (
	headerTimeout = openTimeout
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
)

// New returns a Server for ln, which it owns; it serves nothing until Serve. It
// fails when the web client can't be read.
func New(ln net.Listener, opts Options) (*Server, error) {
	s := &Server{
		opts:    opts,
		log:     cmp.Or(opts.Log, slog.New(slog.DiscardHandler)),
		ln:      ln,
		waiting: newWaiting(cmp.Or(opts.MaxWaiting, 1024)),
		ice:     newWaiting(0),
		turn:    newWaiting(0),
		sources: newSources(cmp.Or(opts.MaxPerSource, 1024)),
		proxies: proxies{trusted: opts.TrustedProxies},
		handoff: &handoff{conns: make(chan net.Conn), closed: make(chan struct{}), addr: ln.Addr()},
		closing: make(chan struct{}),
	}
	routes, err := s.routes()
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         s.follow,
		ConnContext:       remember,
		// What clients do wrong.
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	if opts.Certificate != nil {
		s.tls = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			NextProtos:     alpnHTTP,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return opts.Certificate.Current(), nil },
		}
		if opts.TURN != nil {
			s.tls.NextProtos = slices.Concat(alpnHTTP, alpnTURN)
		}
		// The HTTP server adds to its own copy.
		s.http.TLSConfig = s.tls.Clone()
	}
	return s, nil
}

// Serve takes connections until Shutdown and returns when all it started has
// ended. It may be called once.
func (s *Server) Serve() {
	var running sync.WaitGroup
	running.Go(func() {
		// It ends with the handoff; there is no other reason.
		_ = s.http.Serve(s.handoff)
	})
	s.accept(&running)
	running.Wait()
}

// Drain makes /readyz answer 503, so that whoever balances load sends nobody new.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops accepting, closes idle, ICE-TCP and TURN connections and waits for
// the running requests, at most until ctx ends. Connections that were taken over
// for WebSocket are not its business. It is idempotent.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.closeOnce.Do(func() {
		close(s.closing)
		s.ln.Close()
	})
	s.waiting.close()
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
		err = fmt.Errorf("requests were still running when the time to stop was over: %w", err)
	}
	s.ice.close()
	s.turn.close()
	return err
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	stats := Stats{Accepted: s.accepted.Load()}
	for cause := range stats.Refused {
		stats.Refused[cause] = s.refused[cause].Load()
	}
	stats.Waiting, stats.Evicted = s.waiting.counts()
	stats.ICETCP, _ = s.ice.counts()
	stats.TURN, _ = s.turn.counts()
	return stats
}

// follow keeps the set of waiting connections: a connection waits when it is new
// or idle.
func (s *Server) follow(conn net.Conn, state http.ConnState) {
	c := under(conn)
	switch state {
	case http.StateNew: // accept put it there
	case http.StateIdle:
		s.waiting.add(c, c.from())
	default:
		s.waiting.remove(c)
	}
}

// overKey is where the context of a request has the TLS connection that net/http
// does not know of, since its first bytes were looked at.
type overKey struct{}

// remember is http.Server.ConnContext.
func remember(ctx context.Context, conn net.Conn) context.Context {
	if over, ok := conn.(*secure); ok {
		return context.WithValue(ctx, overKey{}, over.Conn)
	}
	return ctx
}

// recall gives requests the TLS state that net/http could not give them.
func recall(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if over, ok := r.Context().Value(overKey{}).(*tls.Conn); ok {
			r = r.WithContext(r.Context()) // a copy
			state := over.ConnectionState()
			r.TLS = &state
		}
		next.ServeHTTP(w, r)
	})
}
