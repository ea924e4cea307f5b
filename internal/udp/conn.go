package udp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
)

// DefaultBuffer is the size in bytes that a zero Options asks of the kernel for
// each of the socket's two buffers: a tenth of a second at 300 Mbit/s.
const DefaultBuffer = 4 << 20

// maxReadErrors is how many reads in a row may fail before ReadBatch gives up.
// Fewer are the echo of datagrams that some peer refused (ICMP), and pass.
const maxReadErrors = 64

// Options say how a port is opened. The zero value works.
type Options struct {
	// ReceiveBuffer and SendBuffer are the sizes of the kernel's buffers in
	// bytes; 0 is DefaultBuffer. The kernel may grant less: see Stats.
	ReceiveBuffer, SendBuffer int
	// ReusePort lets several Conns share one port (SO_REUSEPORT); the
	// kernel spreads senders over them. Listen fails where it is unknown.
	ReusePort bool
	// Portable forces the path of other systems on Linux too.
	Portable bool
	// Lean is for one of thousands of ports: a Conn takes a few KiB instead
	// of some MiB. It reads one datagram a call, and datagrams of 4 KiB or
	// more are dropped as cut short.
	Lean bool
}

// Datagram is one datagram that came.
type Datagram struct {
	// Addr is the sender. An IPv4 address is never v4-mapped; a link-local
	// one has a zone.
	Addr netip.AddrPort
	// Local is the address of this machine to which the sender sent. It is
	// the zero Addr only where the system does not tell.
	Local netip.Addr
	// Data is lent until the next ReadBatch.
	Data []byte
}

// Conn is an open UDP port. One goroutine at a time may call ReadBatch; all
// else may be called from any goroutine.
type Conn struct {
	// Constant.
	socket *net.UDPConn
	other  net.PacketConn // in socket's place; see Wrap
	raw    syscall.RawConn
	addr   netip.AddrPort
	// local is the address that all datagrams come to, or the zero Addr if
	// the port serves all of them.
	local netip.Addr
	// batched tells that the socket is driven by this package's own system
	// calls.
	batched bool
	// pktinfo tells that datagrams come and go with their local address
	// beside them.
	pktinfo               bool
	receiveSize, sendSize int
	gro                   bool

	// Owned by the goroutine that reads.
	receiver receiver

	// Atomic.
	counters  counters
	unsegment atomic.Bool // UDP_SEGMENT is unknown here or was refused
	closed    atomic.Bool
}

// A receiver fills dst, which is not empty, with the next datagrams. It returns
// 0 and no error if all that came had to be thrown away.
type receiver interface {
	receive(dst []Datagram) (int, error)
}

// Listen opens the port of addr; port 0 is one that the system picks. The
// wildcard address of either family serves both, as far as the system has them.
// The error wraps the system's own, such as syscall.EADDRINUSE.
func Listen(addr netip.AddrPort, o Options) (*Conn, error) {
	ip := addr.Addr().Unmap()
	host := ip.String()
	if ip.IsUnspecified() {
		host = "" // package net then takes a dual-stack socket, or IPv4 where there is no other
	}
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		if !o.ReusePort {
			return nil
		}
		return setReusePort(raw)
	}}
	pc, err := config.ListenPacket(context.Background(), "udp", net.JoinHostPort(host, strconv.Itoa(int(addr.Port()))))
	if err != nil {
		return nil, fmt.Errorf("udp: open port %v: %w", addr, err)
	}
	c := &Conn{socket: pc.(*net.UDPConn)}
	if err := c.open(o); err != nil {
		pc.Close()
		return nil, fmt.Errorf("udp: open port %v: %w", addr, err)
	}
	return c, nil
}

func (c *Conn) open(o Options) (err error) {
	if c.raw, err = c.socket.SyscallConn(); err != nil {
		return err
	}
	bound := c.socket.LocalAddr().(*net.UDPAddr).AddrPort()
	c.addr = netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port())
	if !c.addr.Addr().IsUnspecified() {
		c.local = c.addr.Addr()
	}
	c.receiveSize, c.sendSize = c.setBuffers(o)
	c.unsegment.Store(true)
	if o.Portable || !c.openBatched(o.Lean) {
		c.openPortable(o.Lean)
	}
	return nil
}

// ReadBatch waits for at least one datagram, fills dst with those that are
// there and returns how many. It keeps what does not fit for the next call.
// Datagrams that were cut short are dropped and counted.
//
// The error is net.ErrClosed after Close, io.ErrShortBuffer if dst is empty, or
// the last of many failures in a row.
func (c *Conn) ReadBatch(dst []Datagram) (int, error) {
	if len(dst) == 0 {
		return 0, io.ErrShortBuffer
	}
	for failures := 0; ; {
		n, err := c.receiver.receive(dst)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			failures = 0
		case errors.Is(err, net.ErrClosed):
			return 0, net.ErrClosed
		default:
			c.counters.readErrors.Add(1)
			if failures++; failures == maxReadErrors {
				return 0, fmt.Errorf("udp: read port %v: %w", c.addr, err)
			}
		}
	}
}

// LocalAddr is the address the port was opened on, with the port number that
// the system picked; of a wildcard it is [::] (or 0.0.0.0 where there is no
// IPv6).
func (c *Conn) LocalAddr() netip.AddrPort { return c.addr }

// Close closes the port. ReadBatch and all Writers return net.ErrClosed from
// then on. A second Close does nothing.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if c.other != nil {
		return c.other.Close()
	}
	c.readKernelDrops()
	return c.socket.Close()
}
