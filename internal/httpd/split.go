package httpd

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// openTimeout is how long a connection may take to say what it is.
const openTimeout = 5 * time.Second

// acceptPause is the wait after an accept that failed for lack of something,
// such as file descriptors.
const acceptPause = 100 * time.Millisecond

// opened is a connection whose first bytes were looked at; Read returns them
// once more.
type opened struct {
	net.Conn
	first []byte
}

// Read implements net.Conn.
func (c *opened) Read(p []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.first)
	c.first = c.first[n:]
	return n, nil
}

// accept takes connections until the listener is closed.
func (s *Server) accept(running *sync.WaitGroup) {
	for {
		conn, err := s.ln.Accept()
		switch {
		case err == nil:
			s.accepted.Add(1)
			c := &opened{Conn: conn}
			s.waiting.add(c)
			running.Go(func() { s.open(c) })
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

// open finds out what c speaks and gives it to whom it is for. For ICE-TCP
// it runs as long as the connection does.
func (s *Server) open(c *opened) {
	switch s.look(c) {
	case speaksHTTP:
		s.handOver(c, c)
	case speaksTLS:
		if s.tls == nil {
			s.refuse(c)
			return
		}
		s.handOver(c, tls.Server(c, s.tls))
	case speaksICE:
		if s.opts.ICETCP == nil {
			s.refuse(c)
			return
		}
		s.waiting.remove(c)
		s.ice.add(c)
		defer s.ice.remove(c)
		s.opts.ICETCP(c)
	default:
		s.refuse(c)
	}
}

// look reads until c is decided. A connection that takes too long, ends or was
// evicted is a stranger.
func (s *Server) look(c *opened) kind {
	var first [decisive]byte
	if err := c.SetReadDeadline(time.Now().Add(openTimeout)); err != nil {
		return stranger
	}
	for n := 0; ; {
		m, err := c.Conn.Read(first[n:])
		n += m
		if k := classify(first[:n]); k != undecided {
			c.first = first[:n]
			if c.SetReadDeadline(time.Time{}) != nil {
				return stranger
			}
			return k
		}
		if err != nil {
			return stranger
		}
	}
}

func (s *Server) refuse(c *opened) {
	s.refused.Add(1)
	s.waiting.remove(c)
	c.Close()
}

// handOver gives conn, which is c or TLS over it, to the HTTP server. c goes on
// waiting until the HTTP server reports a request on it.
func (s *Server) handOver(c *opened, conn net.Conn) {
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
