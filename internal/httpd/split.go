package httpd

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// openTimeout is how long a connection may take for each step until it has said
// what it is: the header of a proxy, the first bytes, the TLS handshake, the
// first bytes inside TLS. A deadline that can't be set is that of a connection
// which has ended, and says so when it is read.
const openTimeout = 5 * time.Second

// acceptPause is the wait after an accept that failed for lack of something,
// such as file descriptors.
const acceptPause = 100 * time.Millisecond

// The protocols that are agreed on in a TLS handshake (ALPN). Clients of TURN
// may name it there (RFC 7443); most do not.
var (
	alpnHTTP = []string{"h2", "http/1.1"}
	alpnTURN = []string{"stun.turn", "stun.nat-discovery"}
)

// accept takes connections until the listener is closed.
func (s *Server) accept(running *sync.WaitGroup) {
	for {
		conn, err := s.ln.Accept()
		switch {
		case err == nil:
			s.accepted.Add(1)
			s.admit(conn, running)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			s.log.Warn("a connection could not be accepted", "err", err)
			select {
			case <-time.After(acceptPause):
			case <-s.closing:
				return
			}
		}
	}
}

// admit lets a connection wait, and has somebody look at it. Connections of a
// trusted proxy are not counted as its own: the header says whose they are.
func (s *Server) admit(conn net.Conn, running *sync.WaitGroup) {
	c := &accepted{Conn: conn, remote: conn.RemoteAddr(), sources: s.sources}
	proxied := s.proxies.speak(addressOf(c.remote))
	if !proxied && !c.enter() {
		s.refused[RefusedCrowded].Add(1)
		c.Close()
		return
	}
	s.waiting.add(c, c.from())
	running.Go(func() {
		if !proxied || s.introduce(c) {
			s.open(c)
		}
	})
}

// introduce reads from a proxy whose connection c is. It reports false if c had
// to be refused.
func (s *Server) introduce(c *accepted) bool {
	_ = c.SetReadDeadline(time.Now().Add(openTimeout))
	client, rest, err := readProxy(c)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		// Proxies connect and leave to see whether there is somebody.
		s.refuse(c, RefusedGone)
		return false
	case err != nil:
		if s.proxies.mayWarn(time.Now()) {
			s.log.Warn("a proxy on the list of --proxy-protocol sent a connection without a good PROXY header, which was refused: switch the header on in the proxy, or take it off the list",
				"proxy", c.remote, "err", err)
		}
		s.refuse(c, RefusedProxy)
		return false
	}
	c.first = rest
	if client != nil {
		c.remote = client
	}
	if !c.enter() {
		s.refuse(c, RefusedCrowded)
		return false
	}
	// From now on it waits as one of the client's.
	if !s.waiting.remove(c) {
		return false
	}
	s.waiting.add(c, c.from())
	return true
}

// open finds out what c speaks and gives it to whom it is for. For ICE-TCP and
// TURN it runs as long as the connection does.
func (s *Server) open(c *accepted) {
	first, k, cause := look(c)
	c.first = append(first, c.first...)
	if k == speaksTLS && s.tls != nil {
		s.openTLS(c)
		return
	}
	s.route(c, c, k, cause)
}

// openTLS does the handshake itself, since what is inside need not be HTTP. Up
// to its end the connection is one of those that wait: that bounds how many
// handshakes there are at a time, and a client that stops in the middle is the
// first to go.
func (s *Server) openTLS(c *accepted) {
	over := tls.Server(c, s.tls)
	_ = over.SetDeadline(time.Now().Add(openTimeout))
	err := over.Handshake()
	_ = over.SetDeadline(time.Time{})
	if err != nil {
		// With a self-signed certificate this is daily bread.
		s.log.Debug("a TLS handshake failed", "remote", c.remote, "err", err)
		s.refuse(c, causeOf(err, RefusedHandshake))
		return
	}
	switch proto := over.ConnectionState().NegotiatedProtocol; {
	case proto == "h2":
		s.handOver(c, over)
	case slices.Contains(alpnTURN, proto):
		s.route(c, over, speaksTURN, 0)
	default:
		first, k, cause := look(over)
		s.route(c, &secure{Conn: over, first: first}, k, cause)
	}
}

// route gives conn, which is c or TLS over it, to whom it is for.
func (s *Server) route(c *accepted, conn net.Conn, k kind, cause Refusal) {
	inTLS := conn != net.Conn(c)
	switch {
	case k == speaksHTTP:
		s.handOver(c, conn)
	case k == speaksTURN && s.opts.TURN != nil:
		s.lend(c, s.turn, func() { s.opts.TURN(conn, inTLS) })
	case k == speaksICE && s.opts.ICETCP != nil:
		s.lend(c, s.ice, func() { s.opts.ICETCP(conn) })
	default:
		s.refuse(c, cause)
	}
}

// look reads from conn until it is decided what it speaks. It returns what was
// read, and for a stranger the cause to refuse it.
func look(conn net.Conn) (first []byte, k kind, cause Refusal) {
	_ = conn.SetReadDeadline(time.Now().Add(openTimeout))
	first = make([]byte, 0, decisive)
	for k == undecided {
		n, err := conn.Read(first[len(first):decisive])
		first = first[:len(first)+n]
		k = classify(first)
		if err != nil && k == undecided {
			return first, stranger, causeOf(err, RefusedGone)
		}
	}
	_ = conn.SetReadDeadline(time.Time{})
	return first, k, RefusedUnknown
}

// causeOf tells the slow from those that failed otherwise.
func causeOf(err error, otherwise Refusal) Refusal {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return RefusedSlow
	case errors.Is(err, io.EOF):
		return RefusedGone
	}
	return otherwise
}

// refuse closes c and counts why, unless it was closed before to make room.
func (s *Server) refuse(c *accepted, cause Refusal) {
	if s.waiting.remove(c) {
		s.refused[cause].Add(1)
	}
	c.Close()
}

// lend runs serve, which owns the connection, and keeps c in the set of its kind
// meanwhile. Nothing but Shutdown closes it there.
func (s *Server) lend(c *accepted, open *waiting, serve func()) {
	s.waiting.remove(c)
	open.add(c, source{})
	defer open.remove(c)
	serve()
}

// handOver gives conn, which is c or TLS over it, to the HTTP server. c goes on
// waiting until the HTTP server reports a request on it.
func (s *Server) handOver(c *accepted, conn net.Conn) {
	select {
	case s.handoff.conns <- conn:
	case <-s.closing:
		s.waiting.remove(c)
		c.Close()
	}
}

// handoff is the listener of the HTTP server: it accepts what was handed over.
type handoff struct {
	conns chan net.Conn
	addr  net.Addr

	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (h *handoff) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handoff) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener.
func (h *handoff) Addr() net.Addr { return h.addr }
