package turn

import (
	"net/netip"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
)

// flush does what the core has put out. s.mu must be held.
func (s *Server) flush(now media.Time) {
	out := &s.out
	for i := range out.Own {
		s.toOwn(&out.Own[i])
	}
	for i := range out.Clients {
		s.toClient(&out.Clients[i])
	}
	s.main.Flush()
	for _, a := range s.alternate {
		a.gather.Flush()
	}
	if len(out.Peers) > 0 {
		for i := range out.Peers {
			p := &out.Peers[i]
			s.pool.send(p.From, p.Peer, p.Data)
		}
		s.pool.flush()
	}
	for i := range out.Streams {
		s.streamAction(&out.Streams[i])
	}
	for _, id := range out.Ended {
		s.endTunnels(id)
	}
	out.Reset()
	s.schedule(now)
}

// schedule sets the timer to the core's next deadline.
func (s *Server) schedule(now media.Time) {
	at := s.core.Deadline()
	if at.IsZero() || !s.due.IsZero() && !at.Before(s.due) {
		return // a timer that fires too early only asks again
	}
	s.due = at
	s.timer.Reset(max(0, at.Sub(now)))
}

// toClient sends a message by the client's transport.
func (s *Server) toClient(m *relay.ToClient) {
	switch m.To.Transport {
	case relay.UDP:
		s.gatherOf(m.To.Local).Add(m.To.Remote, m.To.Local.Addr(), m.Data)
	case relay.DTLS:
		if a := s.dtls.all[m.To.Remote]; a != nil {
			a.send(m.Data)
		}
	default:
		if st := s.streams[m.To.Conn]; st != nil {
			st.send(m.Data)
		}
	}
}

// toOwn hands a datagram over to the media server. An allocation has a tunnel to
// each address of it, since its answers come from that.
func (s *Server) toOwn(m *relay.ToOwn) {
	t := s.tunnels[m.Allocation][m.Peer]
	if t == nil {
		id, peer := m.Allocation, m.Peer
		var err error
		t, err = s.opts.Media.Attach(m.Relayed, m.Over, func(b []byte) { s.reply(id, peer, b) })
		if err != nil {
			s.log.Debug("a relayed client can't be attached to the media server", "error", err)
			return
		}
		if s.tunnels[id] == nil {
			s.tunnels[id] = make(map[netip.AddrPort]Tunnel)
		}
		s.tunnels[id][peer] = t
	}
	t.Receive(m.Data)
}

// reply takes a datagram of the media server for a client.
func (s *Server) reply(id relay.AllocationID, from netip.AddrPort, b []byte) {
	s.locked(func(now media.Time, out *relay.Output) { s.core.FromOwn(now, id, from, b, out) })
}

// endTunnels closes those of an allocation that has ended.
func (s *Server) endTunnels(id relay.AllocationID) {
	for _, t := range s.tunnels[id] {
		t.Close()
	}
	delete(s.tunnels, id)
}
