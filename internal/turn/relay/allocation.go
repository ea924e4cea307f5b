package relay

import (
	"container/heap"
	"maps"
	"net/netip"
	"slices"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
)

// allocation is what a client has opened (RFC 8656 §3.2).
type allocation struct {
	id       AllocationID
	tuple    Tuple
	username string
	user     string // whom quotas count
	ownOnly  bool
	tcp      bool // of RFC 6062
	relays   []Relay
	refused  []addressError // asked for, but not to be had
	expires  media.Time
	index    int // in the expiryHeap

	// begun is the transaction that opened it, which may be repeated.
	begun [stun.TransactionIDSize]byte
	// ticket lets the client move; the zero one does not. former is the one
	// before, for a repeated request.
	ticket, former ticket

	permissions map[netip.Addr]media.Time // and when they expire
	channels    map[uint16]*channel
	byPeer      map[netip.AddrPort]*channel
	// claims are the peers that are this allocation's on a shared socket.
	claims   []netip.AddrPort
	streams  map[uint32]*stream
	up, down bucket
}

// channel is a peer's short name (RFC 8656 §12).
type channel struct {
	number  uint16
	peer    netip.AddrPort
	own     bool // the peer is this server's media
	expires media.Time
}

// end is a relay socket.
type end struct {
	relay Relay
	// only is the one allocation of a socket that is not shared.
	only *allocation
	// peers are those that an allocation has sent to from a shared socket:
	// what comes from one is for that allocation.
	peers map[netip.AddrPort]*allocation
	// permits counts who permits what of an address on a shared socket.
	permits map[netip.Addr][]*allocation
}

// relayOf returns the relayed address of a family.
func (a *allocation) relayOf(is4 bool) (Relay, bool) {
	for _, r := range a.relays {
		if r.Addr.Addr().Is4() == is4 {
			return r, true
		}
	}
	return Relay{}, false
}

// permits tells whether packets of an address pass.
func (a *allocation) permits(now media.Time, addr netip.Addr) bool {
	return a.permissions[addr].After(now)
}

// add makes the allocation known.
func (s *Server) add(a *allocation) {
	s.byTuple[a.tuple], s.byID[a.id] = a, a
	s.perUser[a.user]++
	if !a.ticket.isZero() {
		s.byTicket[a.ticket] = a
	}
	for _, r := range a.relays {
		if r.ID == 0 {
			continue
		}
		e := s.ends[r.ID]
		if e == nil {
			e = &end{relay: r}
			s.ends[r.ID] = e
		}
		if r.Shared {
			if e.peers == nil {
				e.peers, e.permits = make(map[netip.AddrPort]*allocation), make(map[netip.Addr][]*allocation)
			}
		} else {
			e.only = a
		}
	}
	heap.Push(&s.expiring, a)
	s.stats.Opened++
}

// end forgets an allocation and gives back what it held.
func (s *Server) end(a *allocation, out *Output) {
	if s.byID[a.id] != a {
		return
	}
	delete(s.byID, a.id)
	if s.byTuple[a.tuple] == a {
		delete(s.byTuple, a.tuple)
	}
	delete(s.byTicket, a.ticket)
	delete(s.byTicket, a.former)
	if s.perUser[a.user]--; s.perUser[a.user] == 0 {
		delete(s.perUser, a.user)
	}
	if a.index >= 0 {
		heap.Remove(&s.expiring, a.index)
	}
	s.dropStreams(a, out, func(*stream) bool { return true })
	for _, r := range a.relays {
		s.giveBack(a, r)
	}
	out.Ended = append(out.Ended, a.id)
}

// giveBack ends a relayed address.
func (s *Server) giveBack(a *allocation, r Relay) {
	if r.ID == 0 {
		delete(s.virtuals, r.Addr) // a socket's may be the same
		return
	}
	s.leave(a, r)
	s.opts.Relays.Close(r.ID)
}

// shed ends one family of an allocation that has both, with all that was opened
// by it; the other family's stays (RFC 8656 §8.1).
func (s *Server) shed(a *allocation, f family, out *Output) {
	a.relays = slices.DeleteFunc(a.relays, func(r Relay) bool {
		gone := familyOf(r.Addr.Addr()) == f
		if gone {
			s.giveBack(a, r)
		}
		return gone
	})
	maps.DeleteFunc(a.permissions, func(addr netip.Addr, _ media.Time) bool { return familyOf(addr) == f })
	maps.DeleteFunc(a.channels, func(_ uint16, c *channel) bool { return familyOf(c.peer.Addr()) == f })
	maps.DeleteFunc(a.byPeer, func(peer netip.AddrPort, _ *channel) bool { return familyOf(peer.Addr()) == f })
	a.claims = slices.DeleteFunc(a.claims, func(peer netip.AddrPort) bool { return familyOf(peer.Addr()) == f })
	s.dropStreams(a, out, func(st *stream) bool { return familyOf(st.peer.Addr()) == f })
}

// leave takes an allocation off its socket. One may be of both families.
func (s *Server) leave(a *allocation, r Relay) {
	e := s.ends[r.ID]
	if !r.Shared {
		delete(s.ends, r.ID)
		return
	}
	f := familyOf(r.Addr.Addr())
	for addr := range a.permissions {
		if familyOf(addr) == f {
			e.revoke(addr, a)
		}
	}
	for _, peer := range a.claims {
		if familyOf(peer.Addr()) == f && e.peers[peer] == a {
			delete(e.peers, peer)
		}
	}
}

// permit notes that an allocation takes what comes from an address.
func (e *end) permit(addr netip.Addr, a *allocation) {
	for _, other := range e.permits[addr] {
		if other == a {
			return
		}
	}
	e.permits[addr] = append(e.permits[addr], a)
}

// revoke ends permit.
func (e *end) revoke(addr netip.Addr, a *allocation) {
	list := e.permits[addr]
	for i, other := range list {
		if other == a {
			list = append(list[:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(e.permits, addr)
	} else {
		e.permits[addr] = list
	}
}

// maxClaims bounds the peers of an allocation on a shared socket.
const maxClaims = 256

// claim makes what comes from a peer the allocation's, unless it is another's
// already who still permits it, or the allocation has too many.
func (e *end) claim(now media.Time, peer netip.AddrPort, a *allocation) bool {
	if e.peers == nil {
		return true
	}
	owner := e.peers[peer]
	switch {
	case owner == a:
		return true
	case owner != nil && owner.permits(now, peer.Addr()):
		return false
	}
	if len(a.claims) >= maxClaims {
		e.release(now, a)
	}
	if len(a.claims) >= maxClaims {
		return false
	}
	e.peers[peer] = a
	a.claims = append(a.claims, peer)
	return true
}

// release gives up the claims on peers that the allocation permits no more.
func (e *end) release(now media.Time, a *allocation) {
	a.claims = slices.DeleteFunc(a.claims, func(peer netip.AddrPort) bool {
		lost := e.peers[peer] != a
		if lost || a.permits(now, peer.Addr()) {
			return lost
		}
		delete(e.peers, peer)
		return true
	})
}

// ownerOf returns for whom a packet of a peer is; nil if for nobody, or if that
// can't be told.
func (e *end) ownerOf(now media.Time, peer netip.AddrPort) (a *allocation, ambiguous bool) {
	if e.only != nil {
		return e.only, false
	}
	if a := e.peers[peer]; a != nil && a.permits(now, peer.Addr()) {
		return a, false
	}
	for _, other := range e.permits[peer.Addr()] {
		switch {
		case !other.permits(now, peer.Addr()):
		case a != nil:
			return nil, true
		default:
			a = other
		}
	}
	return a, false
}

// expiryHeap orders allocations by when they expire (container/heap).
type expiryHeap []*allocation

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].expires < h[j].expires }
func (h expiryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push appends an allocation.
func (h *expiryHeap) Push(x any) {
	a := x.(*allocation)
	a.index = len(*h)
	*h = append(*h, a)
}

// Pop takes the last allocation off.
func (h *expiryHeap) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.index = -1
	return a
}

// Has tells whether a client has an allocation.
func (s *Server) Has(from Tuple) bool { return s.byTuple[from] != nil }
