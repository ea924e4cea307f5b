package httpd

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
)

// accepted is a connection as it came to the port. It reads once more what was
// looked at, and its remote address is the client's, also behind a proxy.
type accepted struct {
	net.Conn
	first  []byte // owned by who reads
	remote net.Addr

	sources *sources // constant

	// mu guards the following.
	mu     sync.Mutex
	source source // whom it counts for
	closed bool
}

// Read implements net.Conn.
func (c *accepted) Read(p []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.first)
	c.first = c.first[n:]
	return n, nil
}

// RemoteAddr implements net.Conn.
func (c *accepted) RemoteAddr() net.Addr { return c.remote }

// enter counts c for where it comes from. It reports false when too many are
// open from there, or c was closed meanwhile.
func (c *accepted) enter() bool {
	from := sourceOf(addressOf(c.remote))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !c.sources.enter(from) {
		return false
	}
	c.source = from
	return true
}

// Close implements net.Conn.
func (c *accepted) Close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		c.sources.leave(c.source)
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

// from returns whom c counts for.
func (c *accepted) from() source {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source
}

// secure is a TLS connection inside which the first bytes were looked at.
type secure struct {
	*tls.Conn
	first []byte // owned by who reads
}

// Read implements net.Conn.
func (c *secure) Read(p []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.first)
	c.first = c.first[n:]
	return n, nil
}

// under returns the connection as it was accepted.
func under(conn net.Conn) *accepted {
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = over.NetConn()
	}
	return conn.(*accepted)
}

// addressOf returns the IP address of a, or none.
func addressOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}
