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

// refresh keeps, ends or moves an allocation (RFC 8656 §8, RFC 8016 §3.2).
func (s *Server) refresh(r *request) {
	a := s.byTuple[r.from]
	moved := false
	if t, err := s.req.Get(attrMobilityTicket); err == nil && len(t) > 0 {
		var ok bool
		if a, moved, ok = s.move(r, a, t); !ok {
			return
		}
	}
	if a == nil {
		s.fail(r, stun.CodeAllocMismatch)
		return
	}
	if a.username != r.username {
		s.fail(r, stun.CodeWrongCredentials)
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
	a.expires = r.now.Add(lifetime)
	heap.Fix(&s.expiring, a.index)
	answer := []stun.Setter{number32{stun.AttrLifetime, seconds(lifetime)}}
	if moved {
		answer = append(answer, stun.RawAttribute{Type: attrMobilityTicket, Value: a.ticket[:]})
	}
	s.succeed(r, answer...)
}

// move takes an allocation along to the address from which its client asks. The
// nonce has proven that address, the password the client. It answers and reports
// false where there is nothing to move.
func (s *Server) move(r *request, here *allocation, t []byte) (a *allocation, moved, ok bool) {
	if len(t) != len(ticket{}) {
		s.fail(r, stun.CodeBadRequest)
		return nil, false, false
	}
	a = s.byTicket[ticket(t)]
	switch {
	case a == nil, here != nil && here != a:
		s.fail(r, stun.CodeAllocMismatch)
		return nil, false, false
	case a.username != r.username:
		s.fail(r, stun.CodeWrongCredentials)
		return nil, false, false
	case here == a:
		return a, true, true // asked again, or for nothing
	}
	delete(s.byTuple, a.tuple)
	delete(s.byTicket, a.former)
	a.tuple = r.from
	a.former, a.ticket = a.ticket, s.newTicket()
	s.byTuple[a.tuple], s.byTicket[a.ticket] = a, a
	s.stats.Moved++
	return a, true, true
}
