package udp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	// maxDatagram holds any UDP datagram, and any run that UDP_GRO makes.
	maxDatagram = 1 << 16
	// maxControl is room for the control messages of one datagram, with the
	// widest alignment.
	maxControl = 256
	// maxLocals bounds the caches below. A server has a few addresses; one
	// that answers for a whole prefix starts over now and then.
	maxLocals = 64
	// portableWait is how long the portable Write waits for room, twice,
	// before it says that the send buffer is full: package net cannot write
	// without waiting. One try would mistake a busy processor, which lets
	// the deadline pass before the try, for a full buffer.
	portableWait = 50 * time.Millisecond
)

// openPortable asks for the local address of datagrams. A system that does not
// give it (Windows) answers from the address that its routes prefer.
func (c *Conn) openPortable(lean bool) {
	if !c.local.IsValid() {
		if c.addr.Addr().Is4() {
			c.pktinfo = ipv4.NewPacketConn(c.socket).SetControlMessage(ipv4.FlagDst, true) == nil
		} else {
			c.pktinfo = ipv6.NewPacketConn(c.socket).SetControlMessage(ipv6.FlagDst, true) == nil
		}
	}
	size := maxDatagram
	if lean {
		size = leanDatagram
	}
	c.receiver = newPortableReceiver(c, size)
}

// leanDatagram is the room of Options.Lean for a datagram.
const leanDatagram = 4 << 10

func newPortableReceiver(c *Conn, size int) *portableReceiver {
	return &portableReceiver{conn: c, data: make([]byte, size)}
}

// portableReceiver reads one datagram a call. One that fills all the room there
// is may have been cut short.
type portableReceiver struct {
	conn    *Conn
	data    []byte
	control [maxControl]byte
	// locals are the local addresses of the control messages seen: parsing
	// one allocates.
	locals map[string]netip.Addr
}

func (r *portableReceiver) receive(dst []Datagram) (int, error) {
	n, controlLen, _, addr, err := r.conn.socket.ReadMsgUDPAddrPort(r.data, r.control[:])
	if err != nil {
		return 0, err
	}
	r.conn.counters.receiveCalls.Add(1)
	if n == len(r.data) {
		r.conn.counters.truncated.Add(1)
		return 0, nil
	}
	r.conn.counters.receivedDatagrams.Add(1)
	r.conn.counters.receivedBytes.Add(uint64(n))
	dst[0] = Datagram{
		Addr:  netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()),
		Local: r.local(r.control[:controlLen]),
		Data:  r.data[:n],
	}
	return 1, nil
}

// local is the address that a datagram with these control messages came to.
func (r *portableReceiver) local(control []byte) netip.Addr {
	if !r.conn.pktinfo {
		return r.conn.local
	}
	if a, ok := r.locals[string(control)]; ok {
		return a
	}
	if len(r.locals) == maxLocals {
		clear(r.locals)
	}
	if r.locals == nil {
		r.locals = make(map[string]netip.Addr)
	}
	a := parseLocal(control, r.conn.addr.Addr().Is4())
	r.locals[string(control)] = a
	return a
}

// parseLocal finds the destination address in a socket's control messages, or
// returns the zero Addr.
func parseLocal(control []byte, is4 bool) netip.Addr {
	var dst net.IP
	if is4 {
		var m ipv4.ControlMessage
		if m.Parse(control) == nil {
			dst = m.Dst
		}
	} else {
		var m ipv6.ControlMessage
		if m.Parse(control) == nil {
			dst = m.Dst
		}
	}
	a, _ := netip.AddrFromSlice(dst)
	return a.Unmap()
}

// portableSender writes one datagram a call.
type portableSender struct {
	conn *Conn
	// controls are the control messages that name a local address.
	controls map[netip.Addr][]byte
}

func newPortableSender(c *Conn) *portableSender {
	return &portableSender{conn: c, controls: make(map[netip.Addr][]byte)}
}

func (s *portableSender) on(c *Conn) { s.conn = c }

func (s *portableSender) send(bursts []Burst) (int, error) {
	var t tally
	var err error
	for i := range bursts {
		if err = s.sendBurst(&bursts[i], &t); err != nil {
			break
		}
	}
	s.conn.counters.sent(&t)
	return int(t.datagrams), err
}

func (s *portableSender) sendBurst(b *Burst, t *tally) error {
	size, control := b.segmentSize(), s.control(b.Local)
	for data := b.Data; ; {
		if t.full > 0 {
			t.full += uint64(datagrams(len(data), size))
			return nil
		}
		segment := data[:min(size, len(data))]
		t.calls++
		err := s.write(segment, control, b.Addr)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = s.write(segment, control, b.Addr)
		}
		switch {
		case err == nil:
			t.datagrams++
			t.bytes += uint64(len(segment))
		case errors.Is(err, net.ErrClosed):
			return net.ErrClosed
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ENOBUFS):
			t.full++ // and so are the datagrams after it
		default:
			// The rest of the burst would share the fate of this one.
			t.fail(datagrams(len(data), size), errnoOf(err))
			return nil
		}
		if data = data[len(segment):]; len(data) == 0 {
			return nil
		}
	}
}

func (s *portableSender) write(data, control []byte, to netip.AddrPort) error {
	if err := s.conn.socket.SetWriteDeadline(time.Now().Add(portableWait)); err != nil {
		return err
	}
	_, _, err := s.conn.socket.WriteMsgUDPAddrPort(data, control, to)
	return err
}

// control is the control message that sends from local.
func (s *portableSender) control(local netip.Addr) []byte {
	if !s.conn.pktinfo || !local.IsValid() {
		return nil
	}
	local = local.Unmap().WithZone("")
	if m, ok := s.controls[local]; ok {
		return m
	}
	if len(s.controls) == maxLocals {
		clear(s.controls)
	}
	var m []byte
	if local.Is4() {
		m = (&ipv4.ControlMessage{Src: local.AsSlice()}).Marshal()
	} else {
		m = (&ipv6.ControlMessage{Src: local.AsSlice()}).Marshal()
	}
	s.controls[local] = m
	return m
}

// errnoOf is the system's number of err; package net refuses some destinations
// itself, without one.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EINVAL
	}
	return errno
}
