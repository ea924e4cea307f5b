package turn

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
)

// dialTime is for a peer to answer (RFC 6062 §5.2 asks for at least 30 s, which
// is the core's patience).
const dialTime = 30 * time.Second

// peerConn is a connection to a peer of a TCP allocation.
type peerConn struct {
	id   uint32
	conn net.Conn
	once sync.Once
	quit context.CancelFunc // ends a dial

	client net.Conn // guarded by Server.mu; the stream that is joined with it
}

func (p *peerConn) close() {
	p.once.Do(func() {
		if p.quit != nil {
			p.quit()
		}
		if p.conn != nil {
			_ = p.conn.Close()
		}
		if p.client != nil {
			_ = p.client.Close()
		}
	})
}

// streamAction does what the core asks for a TCP allocation. s.mu must be held.
func (s *Server) streamAction(a *relay.StreamAction) {
	switch a.Kind {
	case relay.StreamDial:
		ctx, cancel := context.WithTimeout(context.Background(), dialTime)
		p := &peerConn{id: a.Stream, quit: cancel}
		s.peers[p.id] = p
		local, peer := s.pool.byID[a.Relay], a.Peer
		s.running.Go(func() { s.dial(ctx, p, local, peer) })
	case relay.StreamJoin:
		if st, p := s.streams[a.Client.Conn], s.peers[a.Stream]; st != nil && p != nil {
			st.joined, p.client = p, st.conn
		}
	case relay.StreamDrop:
		if p := s.peers[a.Stream]; p != nil {
			delete(s.peers, a.Stream)
			p.close()
		}
	}
}

// dial connects to a peer. The source is an address of the machine's, not the
// relayed port: that one listens.
func (s *Server) dial(ctx context.Context, p *peerConn, from *socket, peer netip.AddrPort) {
	defer p.quit()
	d := net.Dialer{}
	if from != nil && from.listener != nil {
		if at, ok := from.listener.Addr().(*net.TCPAddr); ok && !at.IP.IsUnspecified() {
			d.LocalAddr = &net.TCPAddr{IP: at.IP}
		}
	}
	conn, err := d.DialContext(ctx, "tcp", peer.String())
	wanted := false
	s.locked(func(now media.Time, out *relay.Output) {
		if wanted = s.core.Dialed(now, p.id, err == nil, out); wanted {
			p.conn = conn
		} else {
			delete(s.peers, p.id)
		}
	})
	if !wanted && conn != nil {
		_ = conn.Close()
	}
}

// acceptPeers takes the connections that peers make to a TCP allocation, until it
// ends, or until the system gives no more.
func (s *Server) acceptPeers(id relay.RelayID, l *net.TCPListener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.log.Warn("peers can't connect to a TCP allocation any more", "error", err)
			}
			return
		}
		taken := false
		s.locked(func(now media.Time, out *relay.Output) {
			var stream uint32
			if stream, taken = s.core.Accepted(now, id, addrPort(conn.RemoteAddr()), out); taken {
				s.peers[stream] = &peerConn{id: stream, conn: conn}
			}
		})
		if !taken {
			_ = conn.Close()
		}
	}
}

// splice joins the client's stream with a peer's connection until either ends.
// rest is what the client has sent already.
func (st *stream) splice(p *peerConn, rest []byte) error {
	s := st.server
	st.close() // its writer ends when the answer is out
	<-st.done
	_ = st.conn.SetDeadline(time.Time{})
	s.running.Go(func() {
		_, _ = io.Copy(st.conn, p.conn) // its end is the end of both
		_ = st.conn.Close()
	})
	_, err := p.conn.Write(rest)
	if err == nil {
		_, err = io.Copy(p.conn, st.conn)
	}
	p.close()
	s.locked(func(media.Time, *relay.Output) {
		delete(s.peers, p.id)
		s.core.Closed(p.id)
	})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
