package relay

import (
	"net/netip"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/policy"
)

// Users says who may use the relay. Its methods are called by whoever calls the
// Server and must not block.
type Users interface {
	// Password returns a user's password; false if there is no such user.
	Password(username string) (string, bool)
	// Expired tells whether a user may open no more allocations. Those that
	// are open stay: no call is cut.
	Expired(username string, now media.Time) bool
	// Account returns whom a user's allocations are counted for, and whether
	// they reach this server's own media only.
	Account(username string) (user string, ownOnly bool)
}

// Relays is where relay sockets come from. Its methods are called by whoever
// calls the Server and must not block.
type Relays interface {
	// Open returns a relayed address. The error is for the log; the client
	// is told that there is no capacity (508).
	Open(Opening) (Relay, error)
	// Close gives one opening back.
	Close(RelayID)
}

// Opening is what a relayed address is opened for.
type Opening struct {
	Client Tuple
	IPv6   bool // else IPv4
	TCP    bool // RFC 6062, else UDP
	// Even asks for an even port, Reserve for the next one to be kept for
	// whoever brings the token (RFC 8656 §18.7). A Token that is not zero
	// asks for such a port.
	Even, Reserve bool
	Token         [8]byte
}

// Relay is a relayed address.
type Relay struct {
	ID   RelayID
	Addr netip.AddrPort
	// Shared tells that other allocations have the same ID and Addr.
	Shared bool
	// Token is that of the next port, where it was reserved.
	Token [8]byte
}

// Options configure a Server.
type Options struct {
	// Realm of the credentials, at most 127 bytes; "tutti" if empty. With up to 8 bytes an
	// answer to an unauthenticated request has 76 bytes at most.
	Realm string
	// Users may allocate; nil leaves a STUN server.
	Users Users
	// Policy decides which peers may be reached, OwnAddr which addresses have
	// this server's media on some port.
	Policy  policy.Policy
	OwnAddr func(netip.Addr) bool
	// Relays opens sockets; nil means that allocations reach this server's
	// own media only.
	Relays Relays
	// Main is where the server listens and Alternate its other address and
	// port (RFC 5780 §7.2), of one family. Without an Alternate none is told.
	Main, Alternate netip.AddrPort
	// Anonymity lets clients hide their names (USERHASH, RFC 8489 §14.4). It
	// works for users that Introduce has named.
	Anonymity bool
	// Key makes nonces; random, and secret.
	Key [32]byte

	// UserQuota and Quota bound allocations, of a user and in all; defaults
	// 64 and 10 000, at most 30 000.
	UserQuota, Quota int
	// MaxLifetime bounds an allocation between refreshes; default 1 h.
	MaxLifetime time.Duration
	// Bandwidth bounds what an allocation relays, each way; 0 for no bound.
	Bandwidth media.Bitrate
	// Challenges bounds the answers (401, 438) that one source address gets
	// in a second; default 200.
	Challenges int
}

// The bounds of Options: relayed addresses without a socket must suffice, and a
// realm must fit its attribute (RFC 8489 §14.9).
const (
	maxQuota = 30_000
	maxRealm = 127
)

// The times of RFC 8656.
const (
	defaultLifetime    = 10 * time.Minute // §3.2
	permissionLifetime = 5 * time.Minute  // §9
	channelLifetime    = 10 * time.Minute // §12
)

// The bounds of an allocation.
const (
	maxPermissions = 64
	maxChannels    = 64
)

// Server is the core of a STUN and TURN server. It is owned by one caller at a
// time.
type Server struct {
	opts  Options
	nonce nonces

	byTuple    map[Tuple]*allocation
	byID       map[AllocationID]*allocation
	byTicket   map[ticket]*allocation
	ends       map[RelayID]*end
	perUser    map[string]int
	expiring   expiryHeap
	virtuals   map[netip.AddrPort]struct{} // relayed addresses without a socket
	streams    map[uint32]*stream
	pending    map[uint32]*stream // those of streams that are not joined
	hashes     hashBook
	challenges limiter[netip.Addr]

	lastID    AllocationID
	lastConn  uint32
	virtual   uint16 // the last port in virtuals
	serial    uint64 // of transactions that the server begins
	draining  bool
	alternate netip.AddrPort // where to send new clients while draining
	stats     Stats

	req, res stun.Message // scratch
	peer     stun.XORMappedAddress
	ip       [16]byte
}

// New returns a Server without allocations.
func New(o Options) *Server {
	if o.Realm == "" {
		o.Realm = "tutti"
	}
	if o.UserQuota == 0 {
		o.UserQuota = 64
	}
	if o.Quota == 0 {
		o.Quota = 10_000
	}
	if o.MaxLifetime == 0 {
		o.MaxLifetime = time.Hour
	}
	if o.Challenges == 0 {
		o.Challenges = 200
	}
	if o.Quota > maxQuota || len(o.Realm) > maxRealm {
		panic("BUG: options beyond what there is room for")
	}
	return &Server{
		opts: o, nonce: newNonces(o.Key, o.Anonymity),
		byTuple: make(map[Tuple]*allocation), byID: make(map[AllocationID]*allocation),
		byTicket: make(map[ticket]*allocation), ends: make(map[RelayID]*end),
		perUser: make(map[string]int), virtuals: make(map[netip.AddrPort]struct{}),
		streams: make(map[uint32]*stream), pending: make(map[uint32]*stream),
		challenges: newLimiter[netip.Addr](float64(o.Challenges)),
		virtual:    firstVirtual,
	}
}

// Handle takes one whole message of a client: STUN or ChannelData. msg is
// borrowed; Output may point into it.
func (s *Server) Handle(now media.Time, from Tuple, msg []byte, out *Output) {
	if len(msg) >= channelHeader && msg[0]>>6 == 1 {
		s.channelData(now, from, msg, out)
		return
	}
	if classic(msg) {
		s.answerClassic(from, msg, out)
		return
	}
	if stun.Decode(msg, &s.req) != nil || !s.fingerprintHolds() {
		s.stats.Malformed++
		return
	}
	switch s.req.Type.Class {
	case stun.ClassRequest:
		s.request(now, from, out)
	case stun.ClassIndication:
		if s.req.Type.Method == stun.MethodSend {
			s.sendIndication(now, from, out)
		}
		// A Binding indication keeps a mapping alive (RFC 8489 §6.3.2).
	default:
		s.stats.Malformed++ // we ask for nothing
	}
}

// fingerprintHolds tells whether the message, if it says so, is what its sender
// made (RFC 8489 §14.7).
func (s *Server) fingerprintHolds() bool {
	return !s.req.Contains(stun.AttrFingerprint) || stun.Fingerprint.Check(&s.req) == nil
}

// request answers s.req.
func (s *Server) request(now media.Time, from Tuple, out *Output) {
	r := &request{now: now, from: from, out: out, fingerprint: s.req.Contains(stun.AttrFingerprint)}
	handle := s.handlerOf(s.req.Type.Method)
	switch {
	case s.req.Type.Method == stun.MethodBinding:
		s.binding(r)
	case handle == nil || s.opts.Users == nil:
		s.stats.Malformed++
	case s.authenticate(r) && s.understood(r):
		handle(r)
	}
}

// handlerOf returns what handles an authenticated request, or nil.
func (s *Server) handlerOf(m stun.Method) func(*request) {
	switch m {
	case stun.MethodAllocate:
		return s.allocate
	case stun.MethodRefresh:
		return s.refresh
	case stun.MethodCreatePermission:
		return s.createPermission
	case stun.MethodChannelBind:
		return s.channelBind
	case stun.MethodConnect:
		return s.connect
	case stun.MethodConnectionBind:
		return s.connectionBind
	}
	return nil
}

// understood refuses a request with an attribute that must be understood and is
// not (RFC 8489 §6.3.1).
func (s *Server) understood(r *request) bool {
	var unknown stun.UnknownAttributes
	for _, a := range s.req.Attributes {
		if a.Type.Required() && !comprehended(a.Type) && len(unknown) < maxUnknown {
			unknown = append(unknown, a.Type)
		}
	}
	if len(unknown) > 0 {
		s.fail(r, stun.CodeUnknownAttribute, unknown)
	}
	return len(unknown) == 0
}

// maxUnknown bounds what a 420 lists.
const maxUnknown = 8

// comprehended tells whether a TURN request may hold an attribute.
// DONT-FRAGMENT is none: our sockets can't promise it (RFC 8656 §7.2).
func comprehended(t stun.AttrType) bool {
	switch t {
	case stun.AttrUsername, stun.AttrUserhash, stun.AttrRealm, stun.AttrNonce, stun.AttrPasswordAlgorithm,
		stun.AttrMessageIntegrity, stun.AttrMessageIntegritySHA256,
		stun.AttrRequestedTransport, stun.AttrRequestedAddressFamily, stun.AttrEvenPort, stun.AttrReservationToken,
		stun.AttrLifetime, stun.AttrXORPeerAddress, stun.AttrChannelNumber, stun.AttrData, stun.AttrConnectionID:
		return true
	}
	return false
}

// Gone tells that a client's stream has closed. Its allocation ends, unless it
// may move (RFC 8016).
func (s *Server) Gone(conn uint64, from Tuple, out *Output) {
	if a := s.byTuple[from]; a != nil && conn != 0 && a.ticket.isZero() {
		s.end(a, out)
	}
}

// Advance ends what has expired by now.
func (s *Server) Advance(now media.Time, out *Output) {
	for len(s.expiring) > 0 && !s.expiring[0].expires.After(now) {
		s.stats.Expired++
		s.end(s.expiring[0], out)
	}
	s.expireStreams(now, out)
}

// Deadline is when Advance must be called next; zero if never.
func (s *Server) Deadline() media.Time {
	var at media.Time
	if len(s.expiring) > 0 {
		at = s.expiring[0].expires
	}
	return s.streamDeadline(at)
}

// Drain refuses new allocations from now on, and sends their clients to another
// server if alternate is valid (RFC 8489 §10).
func (s *Server) Drain(alternate netip.AddrPort) { s.draining, s.alternate = true, alternate }
