package relay

import (
	"encoding/binary"
	"net/netip"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Attributes that the message codec has no names for.
const (
	attrAdditionalFamily = stun.AttrType(0x8000) // ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.11)
	attrAddressError     = stun.AttrType(0x8001) // ADDRESS-ERROR-CODE (RFC 8656 §18.12)
	attrMobilityTicket   = stun.AttrType(0x8030) // MOBILITY-TICKET (RFC 8016 §3.5)
)

// Codes that the message codec has no names for.
const codeMobilityForbidden stun.ErrorCode = 405 // RFC 8016 §3.6

// request is a client's request on its way; the message itself is Server.req.
type request struct {
	now  media.Time
	from Tuple
	out  *Output
	// fingerprint tells that the answer shall have one, too.
	fingerprint bool
	// Set by authenticate.
	key      integrity
	username string
}

// succeed answers the request.
func (s *Server) succeed(r *request, attributes ...stun.Setter) {
	s.answer(r, stun.ClassSuccessResponse, attributes...)
}

// fail refuses the request. There is no reason phrase: a library has its own.
func (s *Server) fail(r *request, code stun.ErrorCode, attributes ...stun.Setter) {
	s.answer(r, stun.ClassErrorResponse, append([]stun.Setter{stun.ErrorCodeAttribute{Code: code}}, attributes...)...)
}

// answer builds a response in s.res and queues it.
func (s *Server) answer(r *request, class stun.MessageClass, attributes ...stun.Setter) {
	s.begin(stun.NewType(s.req.Type.Method, class), s.req.TransactionID)
	for _, a := range attributes {
		if a.AddTo(&s.res) != nil {
			panic("BUG: an attribute of our own is none")
		}
	}
	r.key.addTo(&s.res)
	if r.fingerprint {
		if stun.Fingerprint.AddTo(&s.res) != nil {
			panic("BUG: a message can't have a fingerprint")
		}
	}
	r.out.client(r.from, s.res.Raw)
}

// begin makes s.res an empty message.
func (s *Server) begin(t stun.MessageType, id [stun.TransactionIDSize]byte) {
	s.res.Reset()
	s.res.Type, s.res.TransactionID = t, id
	s.res.WriteHeader()
}

// transaction returns an id for an indication of the server's.
func (s *Server) transaction() (id [stun.TransactionIDSize]byte) {
	s.serial++
	binary.BigEndian.PutUint64(id[4:], s.serial)
	return id
}

// xorAddress is an address in one of the XOR- attributes.
type xorAddress struct {
	kind stun.AttrType
	addr netip.AddrPort
}

// AddTo implements stun.Setter.
func (x xorAddress) AddTo(m *stun.Message) error {
	a := stun.XORMappedAddress{IP: x.addr.Addr().AsSlice(), Port: int(x.addr.Port())}
	return a.AddToAs(m, x.kind)
}

// plainAddress is an address in an attribute that is not XORed.
type plainAddress struct {
	kind stun.AttrType
	addr netip.AddrPort
}

// AddTo implements stun.Setter.
func (p plainAddress) AddTo(m *stun.Message) error {
	a := stun.MappedAddress{IP: p.addr.Addr().AsSlice(), Port: int(p.addr.Port())}
	return a.AddToAs(m, p.kind)
}

// number32 is an attribute of 32 bits.
type number32 struct {
	kind  stun.AttrType
	value uint32
}

// AddTo implements stun.Setter.
func (n number32) AddTo(m *stun.Message) error {
	m.Add(n.kind, binary.BigEndian.AppendUint32(nil, n.value))
	return nil
}

// addressError is an ADDRESS-ERROR-CODE: why a family is missing, for good (440) or
// for now (508).
type addressError struct {
	family family
	code   stun.ErrorCode
}

// AddTo implements stun.Setter.
func (e addressError) AddTo(m *stun.Message) error {
	m.Add(attrAddressError, []byte{byte(e.family), 0, byte(e.code / 100), byte(e.code % 100)})
	return nil
}

// peerOf reads an XOR-PEER-ADDRESS or the like from the request's attribute
// without allocating. v4-mapped addresses become IPv4.
func (s *Server) peerOf(a stun.RawAttribute) (netip.AddrPort, bool) {
	if len(a.Value) < 4 {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(a.Value[2:]) ^ magicCookie>>16
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], magicCookie)
	copy(mask[4:], s.req.TransactionID[:])
	ip := a.Value[4:]
	var addr netip.Addr
	switch {
	case family(a.Value[1]) == ipv4 && len(ip) == 4:
		addr = netip.AddrFrom4([4]byte{ip[0] ^ mask[0], ip[1] ^ mask[1], ip[2] ^ mask[2], ip[3] ^ mask[3]})
	case family(a.Value[1]) == ipv6 && len(ip) == 16:
		for i := range mask {
			mask[i] ^= ip[i]
		}
		addr = netip.AddrFrom16(mask).Unmap()
	default:
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr, port), true
}

// magicCookie begins every STUN message behind its type and length (RFC 8489 §5).
const magicCookie = 0x2112a442
