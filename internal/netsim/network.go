package netsim

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Network runs a Fabric on the clock and gives its hosts sockets. Made in a
// testing/synctest bubble it runs on virtual time. Its methods may be called
// from any goroutine.
//
// Packets that are sent in order arrive as the seed says. Goroutines that send
// at the same instant do so in an order of their own, so that only a test with
// one sender at a time replays to the packet.
type Network struct {
	// Constant.
	clock media.Clock
	wake  chan struct{} // something was sent
	stop  chan struct{}
	done  chan struct{}

	mu      sync.Mutex // guards the following
	fabric  *Fabric
	sockets map[*Node]map[uint16]*Conn
	gateway *gateway
	closed  bool
}

// New starts a network. The caller must Close it.
func New(seed uint64) *Network {
	n := &Network{
		clock: media.NewClock(),
		wake:  make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		fabric:  NewFabric(seed),
		sockets: map[*Node]map[uint16]*Conn{},
	}
	go n.run()
	return n
}

// Change calls f while nothing moves: to build the network, and to change its
// lines, NATs and places while it runs.
func (n *Network) Change(f func(*Fabric)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n.fabric)
}

// AddHost joins a host to the internet, or to a NAT if parent is not nil.
func (n *Network) AddHost(parent *Node, name string, addr netip.Addr) *Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	if parent == nil {
		parent = n.fabric.root
	}
	return n.fabric.AddHost(parent, name, addr)
}

// AddNAT joins a NAT to the internet, or to another NAT if parent is not nil.
func (n *Network) AddNAT(parent *Node, name string, addr netip.Addr, o NATOptions) *Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	if parent == nil {
		parent = n.fabric.root
	}
	return n.fabric.AddNAT(parent, name, addr, o)
}

// Listen opens a port of a host; 0 is a free one.
func (n *Network) Listen(host *Node, port uint16) (*Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, net.ErrClosed
	}
	ports := n.sockets[host]
	if ports == nil {
		ports = map[uint16]*Conn{}
		n.sockets[host] = ports
	}
	for candidate := uint16(49152); port == 0; candidate++ {
		if ports[candidate] == nil {
			port = candidate
		}
	}
	if ports[port] != nil {
		return nil, fmt.Errorf("netsim: port %d of %s is open already", port, host.name)
	}
	c := newConn(n, host, port)
	ports[port] = c
	return c, nil
}

// Close ends the network and its sockets. It is idempotent.
func (n *Network) Close() {
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		close(n.stop)
		for _, ports := range n.sockets {
			for _, c := range ports {
				c.end()
			}
		}
	}
	g := n.gateway
	n.mu.Unlock()
	<-n.done
	if g != nil {
		g.close()
	}
}

// run moves packets on when they are due.
func (n *Network) run() {
	defer close(n.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		n.mu.Lock()
		now := n.clock.Now()
		n.fabric.Advance(now, n.deliver)
		wait := time.Hour
		if deadline := n.fabric.Deadline(); !deadline.IsZero() {
			wait = deadline.Sub(now)
		}
		n.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-n.wake:
		case <-n.stop:
			return
		}
	}
}

// deliver hands a packet to its socket. n.mu is held.
func (n *Network) deliver(_ media.Time, host *Node, p Packet) {
	if host == n.fabric.root {
		n.gateway.send(p)
		return
	}
	if c := n.sockets[host][p.To.Port()]; c != nil {
		c.push(p)
	}
}

// send sends data, which it copies, from a port of a host.
func (n *Network) send(host *Node, port uint16, to netip.AddrPort, data []byte) {
	n.mu.Lock()
	n.fabric.Send(n.clock.Now(), host, port, to, append([]byte(nil), data...))
	n.mu.Unlock()
	n.nudge()
}

func (n *Network) nudge() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *Network) forget(c *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets[c.host][c.port] == c {
		delete(n.sockets[c.host], c.port)
	}
}
