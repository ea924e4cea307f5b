package peer

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
)

// The bounds of ICE-TCP. A connection that brings no valid check in time is
// closed; a client that reads too slowly loses packets, as on UDP.
const (
	maxTCPConns    = 4096
	maxTCPQueue    = 512 << 10 // bytes waiting to be written
	tcpFirstCheck  = 10 * time.Second
	tcpWriteExpiry = 15 * time.Second
)

// tcpConn is one ICE-TCP connection (RFC 6544) with RFC 4571 framing.
type tcpConn struct {
	// Constant.
	id     uint64
	conn   net.Conn
	server *Server
	addr   ice.Address
	wake   chan struct{} // capacity 1
	closed chan struct{}
	once   sync.Once

	peer    atomic.Pointer[Peer] // set by the first check that names one
	dropped atomic.Uint64        // frames that met a full queue

	mu    sync.Mutex
	queue []byte // guarded by mu: framed, ready to be written
}

// errTooManyTCP closes connections beyond maxTCPConns.
var errTooManyTCP = errors.New("too many ICE-TCP connections are open")

// ServeTCP serves an ICE-TCP connection until it ends, on the caller's
// goroutine and one more for writing. It owns the connection.
func (s *Server) ServeTCP(conn net.Conn) error {
	c, err := s.newTCPConn(conn)
	if err != nil {
		conn.Close()
		return err
	}
	defer s.running.Done()
	go func() {
		defer s.running.Done()
		c.write()
	}()
	err = c.read()
	c.close()
	return err
}

func (s *Server) newTCPConn(conn net.Conn) (*tcpConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.tcpConns >= maxTCPConns:
		return nil, errTooManyTCP
	}
	s.running.Add(2) // its reader and writer
	s.lastConn++
	s.tcpConns++
	c := &tcpConn{
		id: s.lastConn, conn: conn, server: s,
		wake: make(chan struct{}, 1), closed: make(chan struct{}),
	}
	remote, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	c.addr = ice.Address{Proto: ice.TCP, Remote: netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port()), Conn: c.id}
	s.conns[c.id] = c
	return c, nil
}

// read hands the connection's frames to its peer until it ends.
func (c *tcpConn) read() error {
	var head [2]byte
	frame := make([]byte, media.MaxPacketSize)
	_ = c.conn.SetReadDeadline(time.Now().Add(tcpFirstCheck))
	for {
		if _, err := io.ReadFull(c.conn, head[:]); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint16(head[:]))
		if n > len(frame) {
			return errors.New("an ICE-TCP frame is larger than a packet may be")
		}
		if _, err := io.ReadFull(c.conn, frame[:n]); err != nil {
			return err
		}
		c.server.mu.RLock()
		p := c.server.peerOf(c.addr, frame[:n], c.peer.Load())
		c.server.mu.RUnlock()
		if p != nil {
			p.loop.receive([]*datagram{c.server.newDatagram(p, c.addr, frame[:n])})
		}
	}
}

// prove marks the connection as a peer's, after a valid check came on it.
func (c *tcpConn) prove(p *Peer) {
	if c.peer.Swap(p) == nil {
		_ = c.conn.SetReadDeadline(time.Time{})
	}
}

// release lets go of a peer that has ended. A connection that no other peer
// proves ends soon, too.
func (c *tcpConn) release(p *Peer) {
	if c.peer.CompareAndSwap(p, nil) {
		_ = c.conn.SetReadDeadline(time.Now().Add(tcpFirstCheck))
	}
}

// send queues a frame, or drops and counts it when the client reads too slowly.
func (c *tcpConn) send(b []byte) {
	c.mu.Lock()
	if len(c.queue)+2+len(b) > maxTCPQueue {
		c.mu.Unlock()
		c.dropped.Add(1)
		c.server.drops.tcp.Add(1)
		return
	}
	c.queue = binary.BigEndian.AppendUint16(c.queue, uint16(len(b)))
	c.queue = append(c.queue, b...)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write is the goroutine that empties the queue into the connection.
func (c *tcpConn) write() {
	var spare []byte
	for {
		select {
		case <-c.wake:
		case <-c.closed:
			return
		}
		c.mu.Lock()
		spare, c.queue = c.queue, spare[:0]
		c.mu.Unlock()
		_ = c.conn.SetWriteDeadline(time.Now().Add(tcpWriteExpiry))
		if _, err := c.conn.Write(spare); err != nil {
			c.close()
			return
		}
	}
}

// close ends the connection and tells its peer. It is idempotent.
func (c *tcpConn) close() {
	c.once.Do(func() {
		close(c.closed)
		c.conn.Close()
		c.server.mu.Lock()
		delete(c.server.conns, c.id)
		c.server.tcpConns--
		c.server.mu.Unlock()
		if p := c.peer.Load(); p != nil {
			p.loop.Call(func(now media.Time) { p.forget(now, c.addr) })
		}
	})
}

// sendByCarrier sends a datagram by the carrier that to names, if there still
// is one.
func (s *Server) sendByCarrier(to ice.Address, b []byte) {
	if c := s.carrier(to.Conn); c != nil {
		c.send(b)
	}
}

// carrier returns the carrier of this number, or nil.
func (s *Server) carrier(conn uint64) carrier {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conns[conn]
}

// releaseCarriers lets go of a peer that has ended.
func (s *Server) releaseCarriers(p *Peer) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.conns {
		c.release(p)
	}
}
