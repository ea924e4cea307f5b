package udp

import (
	"cmp"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setBuffers asks for the sizes of o, as root beyond the system's limits
// (net.core.rmem_max), and returns what was granted.
func (c *Conn) setBuffers(o Options) (receive, send int) {
	receive, send = cmp.Or(o.ReceiveBuffer, DefaultBuffer), cmp.Or(o.SendBuffer, DefaultBuffer)
	c.control(func(fd int) {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receive) != nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receive)
		}
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, send) != nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, send)
		}
		// The kernel doubles what it is asked for, to pay for its own
		// bookkeeping (socket(7)).
		if n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
			receive = n / 2
		}
		if n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF); err == nil {
			send = n / 2
		}
	})
	return receive, send
}

// openBatched makes the socket ready for this package's own system calls, and
// finds out what they may do. A lean one is read as elsewhere.
func (c *Conn) openBatched(lean bool) bool {
	c.batched = true
	c.pktinfo = !c.local.IsValid()
	c.control(func(fd int) {
		if c.pktinfo {
			if c.addr.Addr().Is4() {
				c.pktinfo = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_PKTINFO, 1) == nil
			} else {
				// It tells of IPv4 too, as v4-mapped addresses.
				c.pktinfo = unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_RECVPKTINFO, 1) == nil
			}
		}
		c.gro = !lean && unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_GRO, 1) == nil
		// A kernel without UDP_SEGMENT ignores the control message and
		// would send the run as one datagram, so ask first.
		_, err := unix.GetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT)
		c.unsegment.Store(err != nil)
	})
	if lean {
		c.receiver = newPortableReceiver(c, leanDatagram)
	} else {
		c.receiver = newBatchReceiver(c)
	}
	return true
}

// readKernelDrops stores how many datagrams the kernel dropped on the socket:
// the count that SO_RXQ_OVFL would add to each datagram, asked for instead.
func (c *Conn) readKernelDrops() {
	const memDrops = 8 // SK_MEMINFO_DROPS
	c.control(func(fd int) {
		var info [memDrops + 1]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 {
			c.counters.kernelDrops.Store(uint64(info[memDrops]))
		}
	})
}

// control runs f unless the socket is closed.
func (c *Conn) control(f func(fd int)) {
	c.raw.Control(func(fd uintptr) { f(int(fd)) })
}
