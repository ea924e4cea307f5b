package udp

import (
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// sendBatch is how many messages one sendmmsg gives. Each may hold up
	// to maxSegments datagrams.
	sendBatch = 64
	// maxSegments and maxMessage (bytes) bound one UDP_SEGMENT message: the
	// kernel's UDP_MAX_SEGMENTS, and what an IPv4 length field can say.
	maxSegments = 64
	maxMessage  = 1<<16 - 1 - 20 - 8
	// maxRefusals is how many messages in a row may be refused for being
	// segmented until a Conn stops trying. One alone may be the fault of a
	// route or of a path narrower than the segments.
	maxRefusals = 8
)

// batchSender queues messages and gives them to sendmmsg.
type batchSender struct {
	conn *Conn
	// give is giveQueue, bound once so that a call allocates nothing.
	give func(fd uintptr)

	// queued messages wait in the arrays below. full tells that the kernel
	// takes no more of this call. refusals are those since a segmented
	// message went out.
	queued, refusals int
	full             bool
	tally            tally

	parts    [sendBatch]part
	headers  [sendBatch]unix.Mmsghdr
	iovecs   [sendBatch]unix.Iovec
	names    [sendBatch]sockaddr
	controls [sendBatch]sendControl
}

// part is the data of one message: datagrams of size bytes, the last may be
// shorter.
type part struct {
	data []byte
	size int
}

func (p part) datagrams() int { return datagrams(len(p.data), p.size) }

// sendControl are the control messages of one message, laid out as the kernel
// reads them: either may be left out.
type sendControl struct {
	segment struct {
		unix.Cmsghdr
		size uint16
	}
	// source holds an Inet4Pktinfo on an IPv4 socket.
	source struct {
		unix.Cmsghdr
		unix.Inet6Pktinfo
	}
}

func newBatchSender(c *Conn) *batchSender {
	s := &batchSender{conn: c}
	s.give = s.giveQueue
	for i := range s.headers {
		h := &s.headers[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&s.names[i]))
		h.Iov = &s.iovecs[i]
		h.SetIovlen(1)
		m := &s.controls[i]
		m.segment.Level, m.segment.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		m.segment.SetLen(unix.CmsgLen(int(unsafe.Sizeof(m.segment.size))))
		if s.is4() {
			m.source.Level, m.source.Type = unix.SOL_IP, unix.IP_PKTINFO
			m.source.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		} else {
			m.source.Level, m.source.Type = unix.SOL_IPV6, unix.IPV6_PKTINFO
			m.source.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
		}
	}
	return s
}

// is4 tells that the socket is of family IPv4.
func (s *batchSender) is4() bool { return s.conn.addr.Addr().Is4() }

func (s *batchSender) on(c *Conn) { s.conn = c }

func (s *batchSender) send(bursts []Burst) (int, error) {
	s.tally, s.full = tally{}, false
	err := s.sendAll(bursts)
	s.queued = 0
	s.conn.counters.sent(&s.tally)
	return int(s.tally.datagrams), err
}

func (s *batchSender) sendAll(bursts []Burst) error {
	segmented := !s.conn.unsegment.Load()
	for i := range bursts {
		b := &bursts[i]
		size := b.segmentSize()
		room := size
		if segmented && size > 0 {
			room = max(size, min(maxSegments, maxMessage/size)*size)
		}
		for data := b.Data; ; {
			n := min(len(data), room)
			if s.queued == sendBatch {
				if err := s.flush(); err != nil {
					return err
				}
			}
			s.queue(b, part{data[:n], size})
			if data = data[n:]; len(data) == 0 {
				break
			}
		}
	}
	return s.flush()
}

// queue makes p, a part of b, the next message, if its addresses are of the
// socket's family.
func (s *batchSender) queue(b *Burst, p part) {
	i := s.queued
	h := &s.headers[i].Hdr
	h.Namelen = s.names[i].set(b.Addr, s.is4())
	if h.Namelen == 0 || s.is4() && b.Local.Is6() && !b.Local.Is4In6() {
		s.tally.fail(p.datagrams(), unix.EAFNOSUPPORT)
		return
	}
	s.parts[i] = p
	s.iovecs[i].Base = unsafe.SliceData(p.data)
	s.iovecs[i].SetLen(len(p.data))
	s.setControl(i, b.Local)
	s.queued++
}

// setControl gives message i its control messages, those it needs.
func (s *batchSender) setControl(i int, local netip.Addr) {
	h, m := &s.headers[i].Hdr, &s.controls[i]
	start, length := unsafe.Pointer(&m.source), 0
	if p := &s.parts[i]; len(p.data) > p.size {
		m.segment.size = uint16(p.size)
		start, length = unsafe.Pointer(&m.segment), int(unsafe.Sizeof(m.segment))
	}
	if s.conn.pktinfo && local.IsValid() {
		length += int(unsafe.Sizeof(m.source))
		if s.is4() {
			(*unix.Inet4Pktinfo)(unsafe.Pointer(&m.source.Inet6Pktinfo)).Spec_dst = local.Unmap().As4()
		} else {
			m.source.Addr = local.As16()
		}
	}
	h.Control = (*byte)(start)
	h.SetControllen(length)
}

// flush gives the queue to the kernel. The error is net.ErrClosed.
func (s *batchSender) flush() error {
	if s.queued == 0 {
		return nil
	}
	// RawConn.Write would take a lock that all Writers share, and wait when
	// the buffer is full. Control only keeps the socket from being closed.
	if s.conn.raw.Control(s.give) != nil {
		return net.ErrClosed
	}
	s.queued = 0
	return nil
}

// giveQueue calls sendmmsg until each message is sent or given up. The kernel
// stops at a message that fails, and tells why if it is the first.
func (s *batchSender) giveQueue(fd uintptr) {
	for i := 0; i < s.queued; {
		if s.full {
			s.tally.full += uint64(s.parts[i].datagrams())
			i++
			continue
		}
		n, errno := s.sendmmsg(fd, i, s.queued)
		if errno == 0 {
			for _, p := range s.parts[i : i+n] {
				s.sent(p)
			}
			i += n
			continue
		}
		if p := s.parts[i]; len(p.data) > p.size && refusesSegments(errno) {
			s.giveSingly(fd, i)
		} else {
			s.fail(p.datagrams(), errno)
		}
		i++
	}
}

// giveSingly sends the datagrams of message i one by one, after the kernel
// refused them together.
func (s *batchSender) giveSingly(fd uintptr, i int) {
	p, h, m := s.parts[i], &s.headers[i].Hdr, &s.controls[i]
	if h.Control == (*byte)(unsafe.Pointer(&m.segment)) {
		h.Control = (*byte)(unsafe.Pointer(&m.source))
		h.SetControllen(int(h.Controllen) - int(unsafe.Sizeof(m.segment)))
	}
	for rest := p.data; len(rest) > 0; {
		one := part{rest[:min(p.size, len(rest))], p.size}
		s.iovecs[i].Base = unsafe.SliceData(one.data)
		s.iovecs[i].SetLen(len(one.data))
		if _, errno := s.sendmmsg(fd, i, i+1); errno != 0 {
			// Segments are not to blame, and the rest would fail too.
			s.fail(part{rest, p.size}.datagrams(), errno)
			return
		}
		s.sent(one)
		rest = rest[len(one.data):]
	}
	if s.refusals++; s.refusals == maxRefusals {
		s.conn.unsegment.Store(true)
	}
}

// refusesSegments tells whether err may mean that only the segmentation was
// wrong: a device that cannot checksum (EIO), a path narrower than a segment
// (EMSGSIZE, in older kernels EINVAL), or a kernel that will not.
func refusesSegments(err syscall.Errno) bool {
	switch err {
	case unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
		return true
	}
	return false
}

// sent counts a message that the kernel took.
func (s *batchSender) sent(p part) {
	n := uint64(p.datagrams())
	s.tally.datagrams += n
	s.tally.bytes += uint64(len(p.data))
	if n > 1 {
		s.tally.segmentedSends++
		s.tally.segmentedDatagrams += n
		s.refusals = 0
	}
}

// fail counts n datagrams that the kernel did not take.
func (s *batchSender) fail(n int, errno syscall.Errno) {
	if errno == unix.EAGAIN || errno == unix.ENOBUFS {
		s.full = true
		s.tally.full += uint64(n)
		return
	}
	s.tally.fail(n, errno)
}

// sendmmsg sends the messages from first to before end, and returns how many
// went out, or why the first did not.
func (s *batchSender) sendmmsg(fd uintptr, first, end int) (int, syscall.Errno) {
	for {
		s.tally.calls++
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd,
			uintptr(unsafe.Pointer(&s.headers[first])), uintptr(end-first), 0, 0, 0)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}
