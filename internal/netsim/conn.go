package netsim

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a UDP socket of a host. It implements net.PacketConn.
type Conn struct {
	// Constant.
	network *Network
	host    *Node
	port    uint16
	local   *net.UDPAddr // as of Listen: a program does not notice that its host moved
	queue   chan Packet
	closed  chan struct{}

	closing sync.Once
	dropped atomic.Int64
	reading deadline
}

// socketQueue is how many packets wait for a reader; more are dropped.
const socketQueue = 2048

func newConn(n *Network, host *Node, port uint16) *Conn {
	return &Conn{
		network: n, host: host, port: port,
		local:   net.UDPAddrFromAddrPort(netip.AddrPortFrom(host.addr, port)),
		queue:   make(chan Packet, socketQueue),
		closed:  make(chan struct{}),
		reading: deadline{passed: make(chan struct{})},
	}
}

// ReadFrom waits for the next packet.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	passed := c.reading.wait()
	select {
	case <-passed:
		return 0, nil, os.ErrDeadlineExceeded
	default:
	}
	select {
	case p := <-c.queue:
		return copy(b, p.Data), net.UDPAddrFromAddrPort(p.From), nil
	case <-passed:
		return 0, nil, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends a packet. It succeeds whatever becomes of it.
func (c *Conn) WriteTo(b []byte, to net.Addr) (int, error) {
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	default:
	}
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, &net.AddrError{Err: "not a UDP address", Addr: to.String()}
	}
	ap := udp.AddrPort()
	c.network.send(c.host, c.port, netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), b)
	return len(b), nil
}

// push queues a packet for the reader.
func (c *Conn) push(p Packet) {
	select {
	case c.queue <- p:
	default:
		c.dropped.Add(1)
	}
}

// Dropped returns how many packets came while the queue was full.
func (c *Conn) Dropped() int64 { return c.dropped.Load() }

// Close closes the socket. It is idempotent.
func (c *Conn) Close() error {
	c.end()
	c.network.forget(c)
	return nil
}

func (c *Conn) end() { c.closing.Do(func() { close(c.closed) }) }

// LocalAddr returns the address that the host had when the port was opened.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// SetDeadline sets the read deadline; writes never wait.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline bounds ReadFrom.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.reading.set(t)
	return nil
}

// SetWriteDeadline does nothing: writes never wait.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// deadline is a point in time that readers can wait for and that can be moved.
type deadline struct {
	mu     sync.Mutex
	sets   int           // guarded by mu; how often it was moved
	timer  *time.Timer   // guarded by mu
	passed chan struct{} // guarded by mu
}

func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sets++
	if d.timer != nil {
		d.timer.Stop()
	}
	select {
	case <-d.passed:
		d.passed = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	if wait := time.Until(t); wait > 0 {
		set := d.sets
		d.timer = time.AfterFunc(wait, func() { d.pass(set) })
		return
	}
	close(d.passed)
}

// pass is called by the timer of a set; if the deadline was moved meanwhile it
// does not count.
func (d *deadline) pass(set int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sets == set {
		close(d.passed)
	}
}
