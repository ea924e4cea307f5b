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
	lifetime := s.lifetime()
	if v, err := s.req.Get(stun.AttrLifetime); err == nil && len(v) == 4 && binary.BigEndian.Uint32(v) == 0 {
		s.succeed(r, number32{stun.AttrLifetime, 0})
		s.end(a, r.out)
		return
	}
	if f, err := s.req.Get(stun.AttrRequestedAddressFamily); err == nil {
		if _, ok := a.relayOf(len(f) == 4 && family(f[0]) == ipv4); !ok {
			s.fail(r, stun.CodePeerAddrFamilyMismatch) // RFC 8656 §8.2
			return
		}
	}
	if a.tuple != r.from {
		s.move(a, r.from)
	}
	a.expires = r.now.Add(lifetime)
	heap.Fix(&s.expiring, a.index)
	answer := []stun.Setter{number32{stun.AttrLifetime, seconds(lifetime)}}
	if shown {
		answer = append(answer, stun.RawAttribute{Type: attrMobilityTicket, Value: a.ticket[:]})
	}
	s.succeed(r, answer...)
}

// refreshed returns the allocation that a Refresh request is about: that of the
// ticket it shows, else that of where it comes from. It answers and reports false
// if there is none or the user is another.
func (s *Server) refreshed(r *request) (a *allocation, shown, ok bool) {
	t, err := s.req.Get(attrMobilityTicket)
	if shown = err == nil && len(t) > 0; !shown {
		a, ok = s.allocationOf(r)
		return a, false, ok
	}
	if len(t) != len(ticket{}) {
		s.fail(r, stun.CodeBadRequest)
		return nil, true, false
	}
	a = s.byTicket[ticket(t)]
	switch here := s.byTuple[r.from]; {
	case a == nil, here != nil && here != a:
		s.fail(r, stun.CodeAllocMismatch)
		return nil, true, false
	case a.username != r.username:
		s.fail(r, stun.CodeWrongCredentials)
		return nil, true, false
	}
	return a, true, true // of where it comes from: asked again, or for nothing
}

// move takes an allocation along to the address from which its client asks. The
// nonce has proven that address, the password the client.
func (s *Server) move(a *allocation, to Tuple) {
	delete(s.byTuple, a.tuple)
	delete(s.byTicket, a.former)
	a.tuple = to
	a.former, a.ticket = a.ticket, s.newTicket()
	s.byTuple[a.tuple], s.byTicket[a.ticket] = a, a
	s.stats.Moved++
}
