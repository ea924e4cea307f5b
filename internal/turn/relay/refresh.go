package relay

import (
	"container/heap"
	"encoding/binary"

	"github.com/pion/stun/v4"
)

// ticket names an allocation to the server when its client has another address
// (RFC 8016). It is as secret as a password is not: a move needs the password,
// too.
type ticket [16]byte

func (t ticket) isZero() bool { return t == ticket{} }

// newTicket returns one that was never given before. That it can't be guessed is
// not needed.
func (s *Server) newTicket() (t ticket) {
	s.serial++
	binary.BigEndian.PutUint64(t[:], s.serial)
	copy(t[8:], s.nonce.at(s.serial, Tuple{})[len(s.nonce.prefix):])
	t[15] = 1 // so that it is never zero
	return t
}

// refresh keeps, ends or moves an allocation (RFC 8656 §8, RFC 8016 §3.2). It
// moves only if nothing is wrong: who is refused keeps the ticket that it has.
func (s *Server) refresh(r *request) {
	a, shown, ok := s.refreshed(r)
	if !ok {
		return
	}
	f, ok := s.refreshedFamily(a)
	if !ok {
		s.fail(r, stun.CodePeerAddrFamilyMismatch)
		return
	}
	lifetime := s.lifetime()
	if v, err := s.req.Get(stun.AttrLifetime); err == nil && len(v) == 4 && binary.BigEndian.Uint32(v) == 0 {
		lifetime = 0
	}
	if a.tuple != r.from {
		s.move(a, r.from, shown)
	}
	answer := []stun.Setter{number32{stun.AttrLifetime, seconds(lifetime)}}
	if !shown.isZero() {
		answer = append(answer, stun.RawAttribute{Type: attrMobilityTicket, Value: a.ticket[:]})
	}
	s.succeed(r, answer...)
	switch {
	case lifetime > 0:
		a.expires = r.now.Add(lifetime)
		heap.Fix(&s.expiring, a.index)
	case f != 0 && len(a.relays) > 1:
		s.shed(a, f, r.out)
	default:
		s.end(a, r.out)
	}
}

// refreshed returns the allocation that a Refresh request is about: that of the
// ticket it shows, else that of where it comes from. It answers and reports false
// if there is none or the user is another.
func (s *Server) refreshed(r *request) (a *allocation, shown ticket, ok bool) {
	t, err := s.req.Get(attrMobilityTicket)
	if err != nil || len(t) == 0 {
		a, ok = s.allocationOf(r)
		return a, shown, ok
	}
	if len(t) != len(ticket{}) {
		s.fail(r, stun.CodeBadRequest)
		return nil, shown, false
	}
	a = s.byTicket[ticket(t)]
	switch here := s.byTuple[r.from]; {
	case a == nil, here != nil && here != a:
		s.fail(r, stun.CodeAllocMismatch)
		return nil, shown, false
	case a.username != r.username:
		s.fail(r, stun.CodeWrongCredentials)
		return nil, shown, false
	}
	return a, ticket(t), true // of where it comes from: asked again, or for nothing
}

// move takes an allocation along to the address from which its client asks. The
// nonce has proven that address, the password the client. The ticket that it has
// shown stays good, for it may ask again.
func (s *Server) move(a *allocation, to Tuple, shown ticket) {
	delete(s.byTuple, a.tuple)
	delete(s.byTicket, a.former)
	delete(s.byTicket, a.ticket)
	a.tuple, a.former, a.ticket = to, shown, s.newTicket()
	s.byTuple[a.tuple], s.byTicket[a.former], s.byTicket[a.ticket] = a, a, a
	s.stats.Moved++
}

// refreshedFamily returns of which family a Refresh request speaks, 0 for all that
// the allocation has. It reports false if there is no relayed address of the
// family (RFC 8656 §8.2). Both families live equally long, and only end apart.
func (s *Server) refreshedFamily(a *allocation) (f family, ok bool) {
	v, err := s.req.Get(stun.AttrRequestedAddressFamily)
	if err != nil {
		return 0, true
	}
	if len(v) != 4 || family(v[0]) != ipv4 && family(v[0]) != ipv6 {
		return 0, false
	}
	f = family(v[0])
	_, ok = a.relayOf(f == ipv4)
	return f, ok
}
