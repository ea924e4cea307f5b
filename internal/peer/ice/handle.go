package ice

import (
	"encoding/binary"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Stats counts what Handle was given. The zero value is the start.
type Stats struct {
	Checks       uint64 // valid checks
	Switches     uint64 // times that Selected changed from one address to another
	Malformed    uint64 // no STUN, a bad FINGERPRINT, or a request without credentials
	Ignored      uint64 // indications, responses and methods other than Binding
	Unauthorized uint64 // unknown USERNAME or wrong MESSAGE-INTEGRITY
	UnknownAttr  uint64 // refused with 420
	RoleConflict uint64 // refused with 487
	Evicted      uint64 // addresses that made room for another
	Expired      uint64 // addresses whose consent ran out
}

// Handle takes a STUN message that came in from an address. It verifies and
// answers the client's checks and follows the pair that the client nominates.
// The reply, if any, is to be sent to from; it is built in dst's storage and
// never more than twice as long as an unauthenticated request. changed reports
// whether Selected has changed. msg is borrowed for the call.
func (a *Agent) Handle(now media.Time, from Address, msg, dst []byte) (reply []byte, changed bool) {
	if !a.decode(msg) {
		a.stats.Malformed++
		return nil, false
	}
	if a.req.Type != stun.BindingRequest {
		a.stats.Ignored++ // a keepalive indication, or not meant for ICE
		return nil, false
	}
	username, err := a.req.Get(stun.AttrUsername)
	if err != nil || !a.req.Contains(stun.AttrMessageIntegrity) {
		a.stats.Malformed++ // RFC 8489 §9.1.3
		return a.fail(dst, stun.CodeBadRequest, nil), false
	}
	gen := a.generationOf(username)
	if gen == nil || gen.key.Check(&a.req) != nil {
		a.stats.Unauthorized++
		return a.fail(dst, stun.CodeUnauthorized, nil), false
	}
	if unknown := a.unknownAttributes(); len(unknown) > 0 {
		a.stats.UnknownAttr++
		return a.fail(dst, stun.CodeUnknownAttribute, gen.key, unknown), false
	}
	if a.req.Contains(stun.AttrICEControlled) {
		// A lite agent can't become controlling, so whatever the tie
		// breakers are the client has to (RFC 8445 §6.1.1, §7.3.1.1).
		a.stats.RoleConflict++
		return a.fail(dst, stun.CodeRoleConflict, gen.key), false
	}
	a.stats.Checks++
	changed = a.accept(now, from, gen.number)
	return a.succeed(dst, from, gen.key), changed
}

// decode reads a copy of msg into a.req: verifying it writes to its storage.
func (a *Agent) decode(msg []byte) bool {
	if !complete(msg) || stun.Decode(msg, &a.req) != nil {
		return false
	}
	return !a.req.Contains(stun.AttrFingerprint) || stun.Fingerprint.Check(&a.req) == nil
}

// generationOf returns the generation whose credentials a username belongs to.
func (a *Agent) generationOf(username []byte) *generation {
	switch {
	case string(username) == a.current.username:
		return &a.current
	case !a.previousEnd.IsZero() && string(username) == a.previous.username:
		return &a.previous
	}
	return nil
}

// unknownAttributes lists the comprehension-required attributes (RFC 8489
// §14) of the request that the agent does not know.
func (a *Agent) unknownAttributes() stun.UnknownAttributes {
	var unknown stun.UnknownAttributes
	for _, attr := range a.req.Attributes {
		switch attr.Type {
		case stun.AttrUsername, stun.AttrMessageIntegrity, stun.AttrMessageIntegritySHA256,
			stun.AttrPriority, stun.AttrUseCandidate, stun.AttrRealm, stun.AttrNonce:
		default:
			if attr.Type.Required() && len(unknown) < maxUnknown {
				unknown = append(unknown, attr.Type)
			}
		}
	}
	return unknown
}

// maxUnknown bounds what a 420 lists.
const maxUnknown = 8

// accept notes a valid check of a generation.
func (a *Agent) accept(now media.Time, from Address, gen uint32) (changed bool) {
	changed = a.Advance(now)
	a.heard = true
	if gen == a.current.number {
		a.forgetPrevious()
	}
	fresh := a.find(from) < 0
	i := a.touch(from)
	p := &a.pairs[i]
	if p.generation != gen {
		p.generation, p.nominated = gen, 0 // nominated before the restart
	}
	p.checked = now
	if v, err := a.req.Get(stun.AttrPriority); err == nil && len(v) == 4 {
		p.priority = binary.BigEndian.Uint32(v)
	}
	if a.req.Contains(stun.AttrUseCandidate) {
		p.nominated = now
	}
	switch {
	case i == a.selected, a.selected >= 0 && !p.supersedes(&a.pairs[a.selected], now, fresh):
		return changed
	case a.selected >= 0:
		a.stats.Switches++
	}
	a.selected = i
	return true
}

// succeed builds the success response (RFC 8445 §7.3.1).
func (a *Agent) succeed(dst []byte, to Address, key stun.MessageIntegrity) []byte {
	remote := to.Remote.Addr().Unmap()
	return a.build(dst, stun.BindingSuccess, key, &stun.XORMappedAddress{
		IP: remote.AsSlice(), Port: int(to.Remote.Port()),
	})
}

// fail builds an error response. Without a key it is bare: no reason phrase, no
// integrity, because it answers somebody unknown.
func (a *Agent) fail(dst []byte, code stun.ErrorCode, key stun.MessageIntegrity, more ...stun.Setter) []byte {
	return a.build(dst, stun.BindingError, key, append(more, stun.ErrorCodeAttribute{Code: code})...)
}

func (a *Agent) build(dst []byte, t stun.MessageType, key stun.MessageIntegrity, attrs ...stun.Setter) []byte {
	m := &a.res
	m.Reset()
	m.Raw = dst[:0]
	m.Type, m.TransactionID = t, a.req.TransactionID
	m.WriteHeader()
	if key != nil {
		attrs = append(attrs, key)
	}
	for _, attr := range append(attrs, stun.Fingerprint) {
		if attr.AddTo(m) != nil {
			return nil // only an address that is none
		}
	}
	reply := m.Raw
	m.Raw = nil
	return reply
}
