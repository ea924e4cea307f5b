package udp

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// Wrap returns a Conn over a socket of another network, such as one in memory.
// It sends and receives one datagram at a time, and owns pc. Addresses of pc
// must be *net.UDPAddr.
func Wrap(pc net.PacketConn) *Conn {
	addr := addrPort(pc.LocalAddr())
	c := &Conn{other: pc, addr: addr, local: addr.Addr()}
	c.unsegment.Store(true)
	c.receiver = &otherReceiver{conn: c, data: make([]byte, maxDatagram)}
	return c
}

func addrPort(a net.Addr) netip.AddrPort {
	udp, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := udp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// otherReceiver reads a wrapped socket.
type otherReceiver struct {
	conn *Conn
	data []byte
}

func (r *otherReceiver) receive(dst []Datagram) (int, error) {
	n, from, err := r.conn.other.ReadFrom(r.data)
	if err != nil {
		return 0, err
	}
	k := &r.conn.counters
	k.receiveCalls.Add(1)
	k.receivedDatagrams.Add(1)
	k.receivedBytes.Add(uint64(n))
	dst[0] = Datagram{Addr: addrPort(from), Local: r.conn.local, Data: r.data[:n]}
	return 1, nil
}

// otherSender writes a wrapped socket.
type otherSender struct{ conn *Conn }

func (s *otherSender) on(c *Conn) { s.conn = c }

func (s *otherSender) send(bursts []Burst) (int, error) {
	var t tally
	defer func() { s.conn.counters.sent(&t) }()
	for i := range bursts {
		b := &bursts[i]
		size, to := b.segmentSize(), net.UDPAddrFromAddrPort(b.Addr)
		for data := b.Data; len(data) > 0; data = data[min(size, len(data)):] {
			segment := data[:min(size, len(data))]
			t.calls++
			switch _, err := s.conn.other.WriteTo(segment, to); {
			case errors.Is(err, net.ErrClosed):
				return int(t.datagrams), net.ErrClosed
			case err != nil:
				t.fail(1, syscall.EINVAL)
			default:
				t.datagrams++
				t.bytes += uint64(len(segment))
			}
		}
	}
	return int(t.datagrams), nil
}
