package peer

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
)

// carrier is a way to a client beside the UDP socket: an ICE-TCP connection, or
// the tunnel of a relay in this process. ice.Address.Conn is its number.
type carrier interface {
	// send sends one datagram, or drops and counts it. It never blocks.
	send(b []byte)
	// prove tells that a valid check of the peer came by it.
	prove(p *Peer)
	// release tells that the peer has ended.
	release(p *Peer)
	// close ends it; idempotent.
	close()
}

// maxTunnels bounds the tunnels of a server, beside the relay's own quotas.
const maxTunnels = 1 << 16

// errTooManyTunnels refuses tunnels beyond maxTunnels.
var errTooManyTunnels = errors.New("too many relayed clients are connected")

// A Tunnel brings the datagrams of one client that reaches this server by its
// relay (TURN), without a socket between the two. Its methods may be called from
// any goroutine; whoever attached it closes it.
type Tunnel struct {
	// Constant.
	server *Server
	addr   ice.Address
	reply  func(b []byte)
	once   sync.Once

	peer atomic.Pointer[Peer] // the last that a valid check named
}

// Attach opens a tunnel for a client whose relayed address this is. What the
// client sends to the server by its relay goes into Receive; what the server
// sends to the relayed address goes to reply, which borrows it for the call, is
// called from any goroutine and must not block.
func (s *Server) Attach(relayed netip.AddrPort, over ice.Relay, reply func(b []byte)) (*Tunnel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.tunnels >= maxTunnels:
		return nil, errTooManyTunnels
	}
	s.tunnels++
	s.lastConn++
	t := &Tunnel{
		server: s, reply: reply,
		addr: ice.Address{Proto: ice.UDP, Remote: relayed, Conn: s.lastConn, Relay: over},
	}
	s.conns[s.lastConn] = t
	return t, nil
}

// Receive takes a datagram from the client; b is borrowed for the call.
func (t *Tunnel) Receive(b []byte) {
	t.server.mu.RLock()
	p := t.server.peerOf(t.addr, b, t.peer.Load())
	t.server.mu.RUnlock()
	if p != nil {
		p.loop.receive([]*datagram{t.server.newDatagram(p, t.addr, b)})
	}
}

// Close ends the tunnel. It is idempotent; reply may still be running.
func (t *Tunnel) Close() { t.close() }

func (t *Tunnel) send(b []byte) { t.reply(b) }

func (t *Tunnel) prove(p *Peer) { t.peer.Store(p) }

func (t *Tunnel) release(p *Peer) { t.peer.CompareAndSwap(p, nil) }

func (t *Tunnel) close() {
	t.once.Do(func() {
		t.server.mu.Lock()
		delete(t.server.conns, t.addr.Conn)
		t.server.tunnels--
		t.server.mu.Unlock()
		if p := t.peer.Load(); p != nil {
			p.loop.Call(func(now media.Time) { p.forget(now, t.addr) })
		}
	})
}
