package turn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v4/packetio"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
)

// The bounds of TURN over DTLS. The library keeps state for a client before its
// address is proven, so there is little of that, and not for long: who forges
// addresses can keep others from this transport, but from nothing else.
const (
	handshakeTime     = 5 * time.Second
	maxHandshakes     = 64 // at one time
	maxSourceShakes   = 4  // of them from one address
	maxAssociations   = 4096
	maxSourceOpen     = 64 // associations of one address
	maxFlight         = 64 // datagrams waiting to be read
	dtlsContentType   = 22 // handshake (RFC 6347 §4.1)
	clientHelloType   = 1
	recordHeader      = 13
	dtlsMaxMessage    = 16 << 10 // a record's plaintext
	dtlsFlightRepeats = 250 * time.Millisecond
)

// associations are the DTLS clients by address. Server.mu guards them.
type associations struct {
	all    map[netip.AddrPort]*association
	open   map[netip.Addr]int // of all, by address
	shakes map[netip.Addr]int
	shaken int // the sum of shakes
}

func newAssociations() associations {
	return associations{make(map[netip.AddrPort]*association), make(map[netip.Addr]int), make(map[netip.Addr]int), 0}
}

// less takes one from a count by address.
func less(counts map[netip.Addr]int, of netip.Addr) {
	if counts[of]--; counts[of] <= 0 {
		delete(counts, of)
	}
}

// association is one DTLS client, and the net.PacketConn on which the library
// meets it.
type association struct {
	// Constant.
	server *Server
	tuple  relay.Tuple
	in     *packetio.Buffer
	ctx    context.Context
	cancel context.CancelFunc
	out    chan []byte // for the goroutine that seals
}

// association takes a DTLS datagram: of a client that is known, or a new one's
// ClientHello. s.mu must be held.
func (s *Server) association(from, local netip.AddrPort, b []byte) {
	a := s.dtls.all[from]
	if a == nil {
		if s.opts.Certificate == nil || !clientHello(b) {
			return
		}
		ip := from.Addr()
		if len(s.dtls.all) >= maxAssociations || s.dtls.shaken >= maxHandshakes || s.dtls.shakes[ip] >= maxSourceShakes || s.dtls.open[ip] >= maxSourceOpen {
			s.drops.handshakes.Add(1)
			return
		}
		s.dtls.shaken++
		s.dtls.shakes[ip]++
		s.dtls.open[ip]++
		a = &association{
			server: s, tuple: relay.Tuple{Transport: relay.DTLS, Remote: from, Local: local},
			in: packetio.NewBuffer(), out: make(chan []byte, maxFlight),
		}
		a.in.SetLimitCount(maxFlight)
		a.ctx, a.cancel = context.WithCancel(context.Background())
		s.dtls.all[from] = a
		s.running.Go(a.serve)
	}
	_, _ = a.in.Write(b) // a full buffer drops
}

// clientHello tells whether a datagram begins a handshake.
func clientHello(b []byte) bool {
	return len(b) > recordHeader && b[0] == dtlsContentType && b[recordHeader] == clientHelloType
}

// serve shakes hands and takes the client's messages until its end.
func (a *association) serve() {
	s := a.server
	defer a.end()
	conn, err := a.handshake()
	s.locked(func(media.Time, *relay.Output) {
		s.dtls.shaken--
		less(s.dtls.shakes, a.tuple.Remote.Addr())
	})
	if err != nil {
		s.log.Debug("a DTLS handshake failed", "remote", a.tuple.Remote, "error", err)
		return
	}
	stop := context.AfterFunc(a.ctx, func() { _ = conn.Close() })
	defer stop()
	s.running.Go(func() { a.seal(conn) })
	buffer, stranger := make([]byte, dtlsMaxMessage), time.Now().Add(strangerTime)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(strangerTime))
		n, err := conn.Read(buffer)
		keep := false
		s.locked(func(now media.Time, out *relay.Output) {
			if err == nil {
				s.core.Handle(now, a.tuple, buffer[:n], out)
			}
			keep = s.core.Has(a.tuple)
		})
		if now := time.Now(); keep {
			stranger = now.Add(strangerTime)
		} else if now.After(stranger) {
			return
		}
		var late net.Error
		if err != nil && !(errors.As(err, &late) && late.Timeout()) {
			return
		}
	}
}

func (a *association) handshake() (*dtls.Conn, error) {
	conn, err := dtls.ServerWithOptions(a, udpAddr(a.tuple.Remote),
		dtls.WithGetCertificate(func(*dtls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.server.opts.Certificate(), nil
		}),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithFlightInterval(dtlsFlightRepeats),
	)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(a.ctx, handshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// seal is the goroutine that encrypts what goes to the client.
func (a *association) seal(conn *dtls.Conn) {
	for {
		select {
		case b := <-a.out:
			if _, err := conn.Write(b); err != nil {
				return
			}
		case <-a.ctx.Done():
			return
		}
	}
}

// send queues a message for the client, or drops and counts it.
func (a *association) send(b []byte) {
	select {
	case a.out <- append([]byte(nil), b...):
	default:
		a.server.drops.messages.Add(1)
	}
}

// end forgets the association.
func (a *association) end() {
	a.cancel()
	_ = a.in.Close()
	s := a.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dtls.all[a.tuple.Remote] == a {
		delete(s.dtls.all, a.tuple.Remote)
		less(s.dtls.open, a.tuple.Remote.Addr())
	}
}

// close ends the association.
func (a *association) close() {
	a.cancel()
	_ = a.in.Close()
}

// ReadFrom implements net.PacketConn.
func (a *association) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := a.in.Read(b)
	return n, udpAddr(a.tuple.Remote), err
}

// WriteTo implements net.PacketConn.
func (a *association) WriteTo(b []byte, _ net.Addr) (int, error) {
	s := a.server
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gatherOf(a.tuple.Local)
	g.Add(a.tuple.Remote, a.tuple.Local.Addr(), b)
	g.Flush()
	return len(b), nil
}

// Close implements net.PacketConn.
func (a *association) Close() error { return a.in.Close() }

// LocalAddr implements net.PacketConn.
func (a *association) LocalAddr() net.Addr { return udpAddr(a.tuple.Local) }

// SetDeadline implements net.PacketConn.
func (a *association) SetDeadline(t time.Time) error { return a.in.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (a *association) SetReadDeadline(t time.Time) error { return a.in.SetReadDeadline(t) }

// SetWriteDeadline implements net.PacketConn; writing never waits.
func (a *association) SetWriteDeadline(time.Time) error { return nil }

func udpAddr(a netip.AddrPort) *net.UDPAddr { return net.UDPAddrFromAddrPort(a) }
