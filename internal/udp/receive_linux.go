package udp

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// receiveBatch is how many messages one recvmmsg takes. Each may be a run of up
// to 64 datagrams; the memory of those that never come is never touched.
const receiveBatch = 32

// batchReceiver reads messages with recvmmsg and deals out their datagrams. A
// message is a datagram, or with UDP_GRO a run of them from one sender.
type batchReceiver struct {
	conn *Conn
	// recv is receiveMessages, bound once so that a call allocates nothing.
	recv func(fd uintptr) bool

	// messages are those of the last call, next the first of them that was
	// not begun. current is the run that is being dealt out.
	messages, next int
	current        run
	errno          syscall.Errno

	headers  [receiveBatch]unix.Mmsghdr
	iovecs   [receiveBatch]unix.Iovec
	names    [receiveBatch]sockaddr
	controls [receiveBatch][maxControl / 8]uint64 // aligned for the kernel
	data     []byte
}

// run is what is left of a message: datagrams of size bytes, the last may be
// shorter, or nothing if size is 0.
type run struct {
	Datagram
	size int
}

func newBatchReceiver(c *Conn) *batchReceiver {
	return newSizedReceiver(c, maxDatagram)
}

// newSizedReceiver returns a receiver with room for size bytes a message.
func newSizedReceiver(c *Conn, size int) *batchReceiver {
	r := &batchReceiver{conn: c, data: make([]byte, receiveBatch*size)}
	r.recv = r.receiveMessages
	for i := range r.headers {
		r.iovecs[i].Base = &r.data[i*size]
		r.iovecs[i].SetLen(size)
		h := &r.headers[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		h.Control = (*byte)(unsafe.Pointer(&r.controls[i]))
		h.Iov = &r.iovecs[i]
		h.SetIovlen(1)
	}
	r.rearm(receiveBatch)
	return r
}

// rearm gives the first n headers their lengths back, which the kernel has
// overwritten.
func (r *batchReceiver) rearm(n int) {
	for i := range r.headers[:n] {
		h := &r.headers[i].Hdr
		h.Namelen = uint32(unsafe.Sizeof(r.names[i]))
		h.SetControllen(maxControl)
	}
}

func (r *batchReceiver) receive(dst []Datagram) (int, error) {
	if n := r.deal(dst); n > 0 {
		return n, nil // what the last call left over
	}
	r.rearm(r.messages)
	r.messages, r.next, r.errno = 0, 0, 0
	if err := r.conn.raw.Read(r.recv); err != nil {
		return 0, err
	}
	if r.errno != 0 {
		return 0, r.errno
	}
	r.conn.counters.receiveCalls.Add(1)
	return r.deal(dst), nil
}

// receiveMessages calls recvmmsg, and says false if the poller shall wait for
// the socket.
func (r *batchReceiver) receiveMessages(fd uintptr) bool {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd,
			uintptr(unsafe.Pointer(&r.headers)), receiveBatch, 0, 0, 0)
		switch errno {
		case 0:
			r.messages = int(n)
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			r.errno = errno
			return true
		}
	}
}

// deal moves datagrams to dst until it is full or the messages are at an end.
func (r *batchReceiver) deal(dst []Datagram) (n int) {
	bytes := 0
	for n < len(dst) {
		c := &r.current
		if c.size == 0 {
			if r.next == r.messages {
				break
			}
			r.current = r.begin(r.next)
			r.next++
			continue
		}
		dst[n] = c.Datagram
		if len(c.Data) > c.size {
			dst[n].Data = c.Data[:c.size:c.size]
			c.Data = c.Data[c.size:]
		} else {
			c.size = 0
		}
		bytes += len(dst[n].Data)
		n++
	}
	if n > 0 {
		r.conn.counters.receivedDatagrams.Add(uint64(n))
		r.conn.counters.receivedBytes.Add(uint64(bytes))
	}
	return n
}

// begin opens message i. One that was cut short, or whose control messages
// were, is an empty run: its segments could not be told apart.
func (r *batchReceiver) begin(i int) run {
	h := &r.headers[i]
	if h.Hdr.Flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		r.conn.counters.truncated.Add(1)
		return run{}
	}
	control := unsafe.Slice((*byte)(unsafe.Pointer(&r.controls[i])), maxControl)
	local, size := parseControl(control[:h.Hdr.Controllen])
	if !r.conn.pktinfo {
		local = r.conn.local
	}
	slot := len(r.data) / receiveBatch
	data := r.data[i*slot:][:h.Len:h.Len]
	return run{Datagram{Addr: r.names[i].addrPort(), Local: local, Data: data}, size}
}

// parseControl reads a message's control messages: the local address it came
// to, if told, and the size of its datagrams (all of it, if not told).
func parseControl(b []byte) (local netip.Addr, size int) {
	size = maxDatagram
	for len(b) >= unix.SizeofCmsghdr {
		h, data, rest, err := unix.ParseOneSocketControlMessage(b)
		if err != nil {
			break
		}
		switch {
		case h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && len(data) >= 4:
			if n := binary.NativeEndian.Uint32(data); 0 < n && n < maxDatagram {
				size = int(n)
			}
		case h.Level == unix.SOL_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			local = netip.AddrFrom4([4]byte(data[4:8])) // ipi_spec_dst
		case h.Level == unix.SOL_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			local = netip.AddrFrom16([16]byte(data[:16])).Unmap() // ipi6_addr
		}
		b = rest
	}
	return local, size
}
