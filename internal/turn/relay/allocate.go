package relay

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// The transports of REQUESTED-TRANSPORT: protocol numbers of IP.
const (
	protocolUDP = 17
	protocolTCP = 6
)

// firstVirtual and lastVirtual are the ports of relayed addresses that no socket
// has: nobody but this server's own media ever sees them. They are even, since
// some clients ask for that.
const (
	firstVirtual = 1024
	lastVirtual  = 65534
)

// wish is what an Allocate request asks for.
type wish struct {
	families   []family
	additional bool // the second family may fail
	tcp        bool
	even       bool
	reserve    bool
	token      [8]byte
	mobile     bool
}

// allocate opens an allocation (RFC 8656 §7.2).
func (s *Server) allocate(r *request) {
	if a := s.byTuple[r.from]; a != nil {
		if a.begun != s.req.TransactionID || a.username != r.username {
			s.fail(r, stun.CodeAllocMismatch)
			return
		}
		s.tellAllocation(r, a) // the answer was lost
		return
	}
	switch {
	case s.draining && s.alternate.IsValid() && familyOf(s.alternate.Addr()) == familyOf(r.from.Remote.Addr()):
		s.fail(r, stun.CodeTryAlternate, plainAddress{stun.AttrAlternateServer, s.alternate})
		return
	case s.draining:
		s.fail(r, stun.CodeInsufficientCapacity)
		return
	}
	w, code := s.wished(r)
	if code != 0 {
		s.fail(r, code)
		return
	}
	if s.opts.Users.Expired(r.username, r.now) {
		s.stats.Unauthorized++
		s.challenge(r, stun.CodeUnauthorized)
		return
	}
	user, ownOnly := s.opts.Users.Account(r.username)
	if s.perUser[user] >= s.opts.UserQuota || len(s.byID) >= s.opts.Quota {
		s.stats.Refused++
		s.fail(r, stun.CodeAllocQuotaReached)
		return
	}
	a := &allocation{
		id: s.lastID + 1, tuple: r.from, username: r.username, user: user,
		ownOnly: ownOnly || s.opts.Relays == nil, tcp: w.tcp, begun: s.req.TransactionID,
	}
	if w.tcp && a.ownOnly {
		s.fail(r, stun.CodeUnsupportedTransProto)
		return
	}
	if code := s.openRelays(r, a, w); code != 0 {
		s.stats.Refused++
		s.fail(r, code)
		return
	}
	if w.mobile {
		a.ticket = s.newTicket()
	}
	a.expires = r.now.Add(s.lifetime())
	s.lastID++
	s.add(a)
	s.tellAllocation(r, a)
}

// wished reads an Allocate request. A code that is not 0 says what is wrong.
func (s *Server) wished(r *request) (w wish, code stun.ErrorCode) {
	transport, err := s.req.Get(stun.AttrRequestedTransport)
	if err != nil || len(transport) != 4 {
		return w, stun.CodeBadRequest
	}
	w.tcp = transport[0] == protocolTCP
	switch {
	case w.tcp && !r.from.Transport.stream():
		return w, stun.CodeBadRequest // RFC 6062 §5.1
	case transport[0] != protocolUDP && !w.tcp:
		return w, stun.CodeUnsupportedTransProto
	}
	// An omitted family means that of the address the client came to.
	w.families = []family{familyOf(r.from.Local.Addr())}
	requested, noFamily := s.req.Get(stun.AttrRequestedAddressFamily)
	extra, noExtra := s.req.Get(attrAdditionalFamily)
	even, noEven := s.req.Get(stun.AttrEvenPort)
	token, noToken := s.req.Get(stun.AttrReservationToken)
	ticket, noTicket := s.req.Get(attrMobilityTicket)
	w.mobile = noTicket == nil
	switch {
	case noFamily == nil && (noExtra == nil || noToken == nil), (noEven == nil || noExtra == nil) && noToken == nil,
		noToken == nil && len(token) != 8, noEven == nil && len(even) == 0,
		w.tcp && (noEven == nil || noToken == nil), // RFC 6062 §5.1
		noTicket == nil && len(ticket) != 0:        // RFC 8016 §3.1
		return w, stun.CodeBadRequest
	case w.mobile && w.tcp:
		return w, codeMobilityForbidden
	}
	if noFamily == nil {
		if len(requested) != 4 || family(requested[0]) != ipv4 && family(requested[0]) != ipv6 {
			return w, stun.CodeAddrFamilyNotSupported
		}
		w.families = []family{family(requested[0])}
	}
	if noExtra == nil {
		if len(extra) != 4 || family(extra[0]) != ipv6 || noEven == nil && even[0]&0x80 != 0 {
			return w, stun.CodeBadRequest
		}
		w.families, w.additional = []family{ipv4, ipv6}, true
	}
	if noEven == nil {
		w.even, w.reserve = true, even[0]&0x80 != 0
	}
	copy(w.token[:], token)
	if noToken == nil && w.token == [8]byte{} {
		return w, stun.CodeInsufficientCapacity // no port was ever reserved so
	}
	return w, 0
}

// openRelays gives an allocation its relayed addresses. Of two families one may
// be missing, which the client is told (RFC 8656 §7.2). The code tells why there
// is none, or is 0.
func (s *Server) openRelays(r *request, a *allocation, w wish) (code stun.ErrorCode) {
	for _, f := range w.families {
		relay, err := s.openRelay(a, Opening{
			Client: r.from, IPv6: f == ipv6, TCP: w.tcp,
			Even: w.even, Reserve: w.reserve, Token: w.token,
		})
		if err != nil {
			if code = stun.CodeInsufficientCapacity; errors.Is(err, ErrFamily) {
				code = stun.CodeAddrFamilyNotSupported
			}
			a.refused = append(a.refused, addressError{f, code})
			continue
		}
		a.relays = append(a.relays, relay)
	}
	if len(a.relays) > 0 {
		return 0
	}
	return code
}

// ErrFamily is returned by Relays that have no address of the family.
var ErrFamily = errors.New("there is no address of the family that is asked for")

var errReserved = errors.New("ports without a socket are not reserved")

func (s *Server) openRelay(a *allocation, o Opening) (Relay, error) {
	local := o.Client.Local.Addr()
	switch {
	case !a.ownOnly:
		return s.opts.Relays.Open(o)
	case !local.IsValid() || local.Is4() == o.IPv6:
		return Relay{}, ErrFamily // it has come by the other one
	case o.Reserve || o.Token != [8]byte{}:
		return Relay{}, errReserved
	}
	for {
		if s.virtual += 2; s.virtual >= lastVirtual {
			s.virtual = firstVirtual
		}
		addr := netip.AddrPortFrom(local, s.virtual)
		if _, taken := s.virtuals[addr]; !taken { // the quota leaves some
			s.virtuals[addr] = struct{}{}
			return Relay{Addr: addr}, nil
		}
	}
}

// lifetime is what the request asks for, within bounds.
func (s *Server) lifetime() time.Duration {
	d := defaultLifetime
	if v, err := s.req.Get(stun.AttrLifetime); err == nil && len(v) == 4 {
		d = max(d, time.Duration(binary.BigEndian.Uint32(v))*time.Second)
	}
	return min(d, s.opts.MaxLifetime)
}

// tellAllocation answers an Allocate request with what was opened.
func (s *Server) tellAllocation(r *request, a *allocation) {
	var list []stun.Setter
	for _, relay := range a.relays {
		list = append(list, xorAddress{stun.AttrXORRelayedAddress, relay.Addr})
	}
	list = append(list,
		number32{stun.AttrLifetime, seconds(a.expires.Sub(r.now))},
		xorAddress{stun.AttrXORMappedAddress, r.from.Remote})
	for _, relay := range a.relays {
		if relay.Token != [8]byte{} {
			list = append(list, stun.RawAttribute{Type: stun.AttrReservationToken, Value: relay.Token[:]})
		}
	}
	for _, e := range a.refused {
		list = append(list, e)
	}
	if !a.ticket.isZero() {
		list = append(list, stun.RawAttribute{Type: attrMobilityTicket, Value: a.ticket[:]})
	}
	s.succeed(r, list...)
}

func seconds(d time.Duration) uint32 { return uint32(max(0, d) / time.Second) }
