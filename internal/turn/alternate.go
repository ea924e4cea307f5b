package turn

import (
	"fmt"
	"net/netip"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
	"github.com/tutti-rtc/tutti/internal/udp"
)

// alternate is a socket beside the main one, for the discovery of NAT behaviour:
// together they are two addresses with two ports (RFC 5780 §3).
type alternate struct {
	conn   *udp.Conn
	gather *udp.Gather // guarded by Server.mu
}

// openAlternates opens what the main socket does not cover. One that listens on
// all addresses leaves one port to open, else there are three sockets.
func (s *Server) openAlternates() error {
	main, alt := s.opts.Main, s.opts.Alternate
	if main.Addr().Is4() != alt.Addr().Is4() || main.Addr() == alt.Addr() || main.Port() == alt.Port() {
		return fmt.Errorf("the alternate STUN address %v must be another address of the family of %v, with another port", alt, main)
	}
	missing := []netip.AddrPort{
		netip.AddrPortFrom(main.Addr(), alt.Port()), netip.AddrPortFrom(alt.Addr(), main.Port()), alt,
	}
	if at := s.opts.Conn.LocalAddr().Addr(); at.IsUnspecified() {
		missing = []netip.AddrPort{netip.AddrPortFrom(at, alt.Port())}
	}
	for _, at := range missing {
		conn, err := udp.Listen(at, udp.Options{})
		if err != nil {
			return fmt.Errorf("the alternate STUN address can't be opened (--stun-alternate): %w", err)
		}
		a := &alternate{conn: conn, gather: conn.NewGather()}
		s.alternate = append(s.alternate, a)
		s.running.Go(func() { s.readAlternate(a) })
	}
	return nil
}

// gatherOf returns what sends from a local address. s.mu must be held.
func (s *Server) gatherOf(local netip.AddrPort) *udp.Gather {
	for _, a := range s.alternate {
		at := a.conn.LocalAddr()
		if at.Port() == local.Port() && (at.Addr().IsUnspecified() || at.Addr() == local.Addr()) {
			return a.gather
		}
	}
	return s.main
}

// readAlternate reads an alternate socket until it is closed.
func (s *Server) readAlternate(a *alternate) {
	batch := make([]udp.Datagram, relayBatch)
	for {
		n, err := a.conn.ReadBatch(batch)
		if err != nil {
			return // closed, or a failure that leaves discovery incomplete
		}
		s.locked(func(now media.Time, _ *relay.Output) {
			for i := range batch[:n] {
				s.datagram(now, &batch[i], a.conn.LocalAddr().Port())
			}
		})
	}
}
