package relay

import (
	"encoding/binary"
	"net/netip"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/policy"
)

// createPermission lets packets of addresses pass (RFC 8656 §10). All or none of
// those that the request names.
func (s *Server) createPermission(r *request) {
	a, ok := s.allocationOf(r)
	if !ok {
		return
	}
	var peers []netip.Addr
	for _, attr := range s.req.Attributes {
		if attr.Type != stun.AttrXORPeerAddress {
			continue
		}
		peer, ok := s.peerOf(attr)
		if !ok || len(peers) == maxPermissions {
			s.fail(r, stun.CodeBadRequest)
			return
		}
		if code := s.permissible(a, peer.Addr()); code != 0 {
			s.fail(r, code)
			return
		}
		peers = append(peers, peer.Addr())
	}
	if len(peers) == 0 {
		s.fail(r, stun.CodeBadRequest)
		return
	}
	if !s.permit(r.now, a, peers...) {
		s.fail(r, stun.CodeInsufficientCapacity)
		return
	}
	s.succeed(r)
}

// allocationOf returns the allocation that a request is about. It answers and
// reports false if there is none or the user is another.
func (s *Server) allocationOf(r *request) (*allocation, bool) {
	a := s.byTuple[r.from]
	switch {
	case a == nil:
		s.fail(r, stun.CodeAllocMismatch)
	case a.username != r.username:
		s.fail(r, stun.CodeWrongCredentials)
	default:
		return a, true
	}
	return nil, false
}

// permissible tells why an address may not be reached; 0 if it may.
func (s *Server) permissible(a *allocation, addr netip.Addr) stun.ErrorCode {
	if _, ok := a.relayOf(addr.Is4()); !ok {
		return stun.CodePeerAddrFamilyMismatch
	}
	own := s.opts.OwnAddr
	if a.tcp { // our media are not reached so
		own = nil
	}
	if v := s.opts.Policy.CheckAddr(addr, own); v == policy.Own || v == policy.Allowed && !a.ownOnly {
		return 0
	}
	s.stats.Forbidden++
	return stun.CodeForbidden
}

// permit adds or renews permissions; false if there would be too many.
func (s *Server) permit(now media.Time, a *allocation, peers ...netip.Addr) bool {
	if a.permissions == nil {
		a.permissions = make(map[netip.Addr]media.Time)
	}
	fresh := 0
	for _, p := range peers {
		if _, known := a.permissions[p]; !known {
			fresh++
		}
	}
	if len(a.permissions)+fresh > maxPermissions {
		for addr, expires := range a.permissions {
			if !expires.After(now) {
				s.revoke(a, addr)
			}
		}
		if len(a.permissions)+fresh > maxPermissions {
			return false
		}
	}
	for _, p := range peers {
		a.permissions[p] = now.Add(permissionLifetime)
		if relay, _ := a.relayOf(p.Is4()); relay.Shared {
			s.ends[relay.ID].permit(p, a)
		}
	}
	return true
}

// revoke takes an old permission away.
func (s *Server) revoke(a *allocation, addr netip.Addr) {
	delete(a.permissions, addr)
	if relay, _ := a.relayOf(addr.Is4()); relay.Shared {
		s.ends[relay.ID].revoke(addr, a)
	}
}

// The range of channel numbers is that of RFC 5766 §11. RFC 8656 §12 has made it
// end at 0x4fff, but clients from before are about, and nothing else that comes
// to the port begins with these bytes.
const (
	minChannel = 0x4000
	maxChannel = 0x7fff
)

// channelBind gives a peer a number, and a permission (RFC 8656 §12.2).
func (s *Server) channelBind(r *request) {
	a, ok := s.allocationOf(r)
	if !ok {
		return
	}
	v, err := s.req.Get(stun.AttrChannelNumber)
	attr, named := s.req.Attributes.Get(stun.AttrXORPeerAddress)
	if err != nil || len(v) != 4 || !named || a.tcp {
		s.fail(r, stun.CodeBadRequest)
		return
	}
	number := binary.BigEndian.Uint16(v)
	peer, ok := s.peerOf(attr)
	if !ok || number < minChannel || number > maxChannel {
		s.fail(r, stun.CodeBadRequest)
		return
	}
	a.forgetChannels(r.now)
	if c, d := a.channels[number], a.byPeer[peer]; c != d { // one of them is bound to another
		s.fail(r, stun.CodeBadRequest)
		return
	}
	code := s.permissible(a, peer.Addr())
	verdict := s.opts.Policy.Check(peer)
	if code == 0 && (verdict == policy.Denied || verdict == policy.Allowed && a.ownOnly) {
		s.stats.Forbidden++
		code = stun.CodeForbidden
	}
	if code != 0 {
		s.fail(r, code)
		return
	}
	relay, _ := a.relayOf(peer.Addr().Is4())
	full := a.channels[number] == nil && len(a.channels) >= maxChannels
	if full || verdict != policy.Own && !s.ends[relay.ID].claim(r.now, peer, a) || !s.permit(r.now, a, peer.Addr()) {
		s.fail(r, stun.CodeInsufficientCapacity)
		return
	}
	a.bind(&channel{number: number, peer: peer, own: verdict == policy.Own, expires: r.now.Add(channelLifetime)})
	s.succeed(r)
}

func (a *allocation) bind(c *channel) {
	if a.channels == nil {
		a.channels, a.byPeer = make(map[uint16]*channel), make(map[netip.AddrPort]*channel)
	}
	a.channels[c.number], a.byPeer[c.peer] = c, c
}

// forgetChannels drops those that have expired.
func (a *allocation) forgetChannels(now media.Time) {
	for number, c := range a.channels {
		if !c.expires.After(now) {
			delete(a.channels, number)
			delete(a.byPeer, c.peer)
		}
	}
}
