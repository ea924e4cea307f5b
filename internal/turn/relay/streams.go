package relay

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/policy"
)

// The bounds of TCP allocations (RFC 6062).
const (
	// streamPatience is for a peer to answer, and for the client to bind the
	// connection (§5.2, §5.4).
	streamPatience = 30 * time.Second
	// maxStreams bounds the connections of an allocation.
	maxStreams = 32
)

// StreamKind is what is to be done with a peer's connection.
type StreamKind uint8

// The actions.
const (
	// StreamDial connects to Peer from the relay socket Relay; Dialed takes
	// the outcome.
	StreamDial StreamKind = iota + 1
	// StreamJoin joins the connection with the client's stream Client: from
	// now on that carries nothing but the peer's bytes.
	StreamJoin
	// StreamDrop closes the connection.
	StreamDrop
)

// StreamAction is something to do with a connection to a peer.
type StreamAction struct {
	Kind StreamKind
	// Stream is the connection's number (CONNECTION-ID).
	Stream uint32
	Relay  RelayID
	Peer   netip.AddrPort
	Client Tuple
}

// stream is a connection between a TCP allocation and a peer.
type stream struct {
	id      uint32
	owner   *allocation
	peer    netip.AddrPort
	open    bool // the peer has answered
	joined  bool
	expires media.Time // while not joined

	// asked is the Connect request that waits for the peer.
	asked       [stun.TransactionIDSize]byte
	fingerprint bool
	key         integrity
}

// connect opens a connection to a peer (RFC 6062 §5.2).
func (s *Server) connect(r *request) {
	a, ok := s.allocationOf(r)
	if !ok {
		return
	}
	attr, named := s.req.Attributes.Get(stun.AttrXORPeerAddress)
	peer, ok := s.peerOf(attr)
	if !named || !ok || !a.tcp {
		s.fail(r, stun.CodeBadRequest)
		return
	}
	code := s.permissible(a, peer.Addr())
	if code == 0 && s.opts.Policy.Check(peer) != policy.Allowed {
		s.stats.Forbidden++
		code = stun.CodeForbidden
	}
	if code != 0 {
		s.fail(r, code)
		return
	}
	for _, st := range a.streams {
		if st.peer == peer {
			s.fail(r, stun.CodeConnAlreadyExists)
			return
		}
	}
	if len(a.streams) >= maxStreams || !s.permit(r.now, a, peer.Addr()) {
		s.fail(r, stun.CodeInsufficientCapacity)
		return
	}
	st := s.newStream(r.now, a, peer)
	st.asked, st.fingerprint, st.key = s.req.TransactionID, r.fingerprint, r.key
	relay, _ := a.relayOf(peer.Addr().Is4())
	r.out.Streams = append(r.out.Streams, StreamAction{Kind: StreamDial, Stream: st.id, Relay: relay.ID, Peer: peer})
}

func (s *Server) newStream(now media.Time, a *allocation, peer netip.AddrPort) *stream {
	for s.lastConn++; s.lastConn == 0 || s.streams[s.lastConn] != nil; {
		s.lastConn++
	}
	st := &stream{id: s.lastConn, owner: a, peer: peer, expires: now.Add(streamPatience)}
	s.streams[st.id], s.pending[st.id] = st, st
	if a.streams == nil {
		a.streams = make(map[uint32]*stream)
	}
	a.streams[st.id] = st
	return st
}

// forget drops a connection from all lists.
func (s *Server) forget(st *stream) {
	delete(s.streams, st.id)
	delete(s.pending, st.id)
	delete(st.owner.streams, st.id)
}

// Dialed tells whether a peer has answered a StreamDial. It reports false if
// nobody wants the connection any more: then the caller closes it.
func (s *Server) Dialed(now media.Time, id uint32, ok bool, out *Output) bool {
	st := s.streams[id]
	if st == nil || st.open {
		return false
	}
	st.open = true
	s.req.Type, s.req.TransactionID = stun.NewType(stun.MethodConnect, stun.ClassRequest), st.asked
	r := &request{now: now, from: st.owner.tuple, out: out, fingerprint: st.fingerprint, key: st.key}
	if !ok {
		s.forget(st)
		s.fail(r, stun.CodeConnTimeoutOrFailure)
		return false
	}
	st.expires = now.Add(streamPatience)
	s.succeed(r, number32{stun.AttrConnectionID, id})
	return true
}

// Accepted tells that a peer has connected to a relay socket, and returns the
// connection's number (RFC 6062 §5.3). It reports false if the client does not
// permit it: then the caller closes it.
func (s *Server) Accepted(now media.Time, relay RelayID, peer netip.AddrPort, out *Output) (uint32, bool) {
	e := s.ends[relay]
	if e == nil || e.only == nil || !e.only.tcp || !e.only.permits(now, peer.Addr()) {
		s.stats.Unpermitted++
		return 0, false
	}
	a := e.only
	if len(a.streams) >= maxStreams {
		s.stats.Limited++
		return 0, false
	}
	st := s.newStream(now, a, peer)
	st.open = true
	s.begin(stun.NewType(stun.MethodConnectionAttempt, stun.ClassIndication), s.transaction())
	for _, attr := range []stun.Setter{number32{stun.AttrConnectionID, st.id}, xorAddress{stun.AttrXORPeerAddress, peer}} {
		if attr.AddTo(&s.res) != nil {
			panic("BUG: a peer without an address")
		}
	}
	out.client(a.tuple, s.res.Raw)
	return st.id, true
}

// connectionBind makes the client's stream that it comes by the peer's (RFC 6062
// §5.4).
func (s *Server) connectionBind(r *request) {
	v, err := s.req.Get(stun.AttrConnectionID)
	if err != nil || len(v) != 4 || !r.from.Transport.stream() || s.byTuple[r.from] != nil {
		s.fail(r, stun.CodeBadRequest)
		return
	}
	st := s.streams[binary.BigEndian.Uint32(v)]
	if st == nil || !st.open || st.joined || st.owner.username != r.username {
		s.fail(r, stun.CodeBadRequest)
		return
	}
	st.joined = true
	delete(s.pending, st.id)
	s.succeed(r)
	r.out.Streams = append(r.out.Streams, StreamAction{Kind: StreamJoin, Stream: st.id, Client: r.from, Peer: st.peer})
}

// Closed tells that a connection to a peer has ended.
func (s *Server) Closed(id uint32) {
	if st := s.streams[id]; st != nil {
		s.forget(st)
	}
}

// dropStreams ends connections of an allocation.
func (s *Server) dropStreams(a *allocation, out *Output, which func(*stream) bool) {
	for id, st := range a.streams {
		if !which(st) {
			continue
		}
		s.forget(st)
		out.Streams = append(out.Streams, StreamAction{Kind: StreamDrop, Stream: id})
	}
}

// expireStreams ends connections that nobody has bound in time.
func (s *Server) expireStreams(now media.Time, out *Output) {
	for id, st := range s.pending {
		if st.expires.After(now) {
			continue
		}
		if !st.open {
			s.Dialed(now, id, false, out)
		}
		s.forget(st)
		out.Streams = append(out.Streams, StreamAction{Kind: StreamDrop, Stream: id})
	}
}

// streamDeadline returns the earlier of at and the next connection's end.
func (s *Server) streamDeadline(at media.Time) media.Time {
	for _, st := range s.pending {
		if at.IsZero() || st.expires.Before(at) {
			at = st.expires
		}
	}
	return at
}
