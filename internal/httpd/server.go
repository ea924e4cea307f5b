// Package httpd is the TCP side of the one port: it tells HTTP, TLS and ICE-TCP
// apart by their first bytes, serves the web client, health, version and
// metrics, and hands signalling and ICE-TCP to those who speak them.
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
	// ICETCP serves an ICE-TCP connection (RFC 6544) until it ends and owns
	// it. The first bytes, which were looked at, are read again. It runs on
	// a goroutine of its own; nil refuses such connections.
	ICETCP func(net.Conn)
	// Certificate, when set, turns HTTPS on; plain HTTP is then redirected.
	Certificate *Certificate
	// Secret, when set, keeps the operator's pages (/metrics) to bearers of
	// a token with roomAdmin and without a room.
	Secret string
	// Metrics returns the server's figures at each scrape; nil means none.
	Metrics func() []Metric
	// Version is shown at /version, as JSON.
	Version any
	// MaxWaiting bounds the connections from which nothing is heard: those
	// that have not said what they are, and those between two requests;
	// 0 means 1024.
	MaxWaiting int
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
}

// Stats counts what came to the port. All but Waiting only grow.
type Stats struct {
	// Accepted connections, of any kind.
	Accepted uint64
	// Refused connections spoke nothing we know, or not in time.
	Refused uint64
	// Evicted connections were closed while waiting, to make room.
	Evicted uint64
	// Waiting connections are silent now.
	Waiting int
	// ICETCP connections are open now.
	ICETCP int
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
	closing chan struct{}

	accepted, refused atomic.Uint64
	draining          atomic.Bool
	closeOnce         sync.Once
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
		// What clients do wrong, failed handshakes above all: with a
		// self-signed certificate that is daily bread.
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	if opts.Certificate != nil {
		s.tls = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"h2", "http/1.1"},
			GetCertificate: opts.Certificate.get,
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

// Shutdown stops accepting, closes idle and ICE-TCP connections and waits for
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
	return err
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	stats := Stats{Accepted: s.accepted.Load(), Refused: s.refused.Load()}
	stats.Waiting, stats.Evicted = s.waiting.counts()
	stats.ICETCP, _ = s.ice.counts()
	return stats
}

// follow keeps the set of waiting connections: a connection waits when it is new
// or idle.
func (s *Server) follow(conn net.Conn, state http.ConnState) {
	if over, ok := conn.(*tls.Conn); ok {
		conn = over.NetConn()
	}
	switch state {
	case http.StateNew: // accept put it there
	case http.StateIdle:
		s.waiting.add(conn)
	default:
		s.waiting.remove(conn)
	}
}
