package netsim

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// gateway joins a network to the real one: each public endpoint of the network
// that sends beyond it gets a real socket on the loopback interface. It owns a
// goroutine for each socket.
type gateway struct {
	network *Network
	readers sync.WaitGroup

	// Guarded by network.mu.
	sockets map[netip.AddrPort]*net.UDPConn
}

// OpenGateway lets packets for addresses that are not in the network out to
// real sockets of this machine, and their answers in: so a real server meets
// clients behind simulated lines and NATs. It runs on real time and is not for
// a synctest bubble.
func (n *Network) OpenGateway() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fabric.open = true
	n.gateway = &gateway{network: n, sockets: map[netip.AddrPort]*net.UDPConn{}}
}

// send sends p from the real socket that stands for p.From. network.mu is held.
func (g *gateway) send(p Packet) {
	socket := g.sockets[p.From]
	if socket == nil {
		var err error
		if socket, err = g.open(p); err != nil {
			g.network.fabric.lost++
			return
		}
	}
	if _, err := socket.WriteToUDPAddrPort(p.Data, p.To); err != nil {
		g.network.fabric.lost++
	}
}

func (g *gateway) open(p Packet) (*net.UDPConn, error) {
	if !p.To.Addr().IsLoopback() {
		return nil, fmt.Errorf("netsim: %v is not on this machine", p.To)
	}
	if g.network.closed {
		return nil, net.ErrClosed
	}
	local := netip.AddrPortFrom(p.To.Addr(), 0)
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(local))
	if err != nil {
		return nil, fmt.Errorf("netsim: open a real socket: %w", err)
	}
	g.sockets[p.From] = socket
	g.readers.Add(1)
	go g.read(socket, p.From)
	return socket, nil
}

// read gives what comes for an endpoint to the network.
func (g *gateway) read(socket *net.UDPConn, endpoint netip.AddrPort) {
	defer g.readers.Done()
	buffer := make([]byte, 65536)
	for {
		size, from, err := socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the echo of a refused packet
		}
		n := g.network
		n.mu.Lock()
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		n.fabric.Inject(n.clock.Now(), Packet{From: from, To: endpoint, Data: append([]byte(nil), buffer[:size]...)})
		n.mu.Unlock()
		n.nudge()
	}
}

func (g *gateway) close() {
	g.network.mu.Lock()
	for _, socket := range g.sockets {
		_ = socket.Close()
	}
	g.network.mu.Unlock()
	g.readers.Wait()
}
