package answer

import (
	"net/netip"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Bounds of what is read from an offer.
const (
	MaxSDP   = 256 << 10 // bytes of text
	MaxMedia = 128       // media sections
	MaxRIDs  = 4         // simulcast streams of one section; others are ignored
)

// Proto is the transport of a candidate.
type Proto uint8

// The transports: UDP, and TCP where the server listens (RFC 6544 "passive").
const (
	UDP Proto = iota + 1
	TCP
)

// Candidate is an address at which the server can be reached.
type Candidate struct {
	Proto Proto
	Addr  netip.AddrPort
	// Priority is that of RFC 8445 §5.1.2; 0 computes one, falling with the
	// place in the list, and TCP below UDP.
	Priority uint32
}

// Local is the server's side of an answer.
type Local struct {
	// Ufrag and Pwd are the server's ICE credentials: new ones for the first
	// answer and when Offer.ICERestart says so, else those of before.
	Ufrag, Pwd string
	// Fingerprint is the SHA-256 of the server's DTLS certificate in
	// upper-case hex with colons.
	Fingerprint string
	Candidates  []Candidate
	// CNAME names the server as RTP source (RFC 3550 §6.5.1).
	CNAME string
	// NewSSRC returns 32 random bits.
	NewSSRC func() uint32
	// Previous is the session that the offer continues; nil for the first.
	Previous *Session
	// MaxMessageSize is the largest data channel message that the server
	// takes, in bytes; 0 is 65536.
	MaxMessageSize uint32
}

// Session is what an offer and its answer agreed on.
type Session struct {
	// SDP is the text of the answer.
	SDP string
	// RemoteUfrag and RemotePwd are the client's ICE credentials. ICERestart
	// tells that they differ from those of Local.Previous.
	RemoteUfrag, RemotePwd string
	ICERestart             bool
	// Fingerprints are the client's; its certificate must match one
	// (RFC 8122 §5). There is at least one.
	Fingerprints []Fingerprint
	// Media lists the media sections in the order of the offer.
	Media []Media
	// Extensions are the ids of all sections together, for packets whose
	// section is not known yet: they hold for the whole transport
	// (RFC 9143 §9.1, RFC 8285 §7).
	Extensions Extensions
	// Refused lists the sections that the server turned down: the rest goes
	// on without them.
	Refused []Refusal

	id, version uint64 // of the answer's o= line (RFC 9429 §5.3.1)
}

// Refusal is one media section that the server turned down.
type Refusal struct {
	MID  string
	Code Code
	Text string // for people
}

// Fingerprint is a hash of the client's DTLS certificate (RFC 8122).
type Fingerprint struct {
	Algorithm string // "sha-256", "sha-384" or "sha-512"
	Value     string // upper-case hex with colons
}

// Role is what a media section is for, as seen by the server.
type Role uint8

// The roles of a media section.
const (
	Rejected Role = iota // closed, by either side; a later offer may reuse it
	Inactive             // agreed on, but nothing flows
	Receive              // the client sends a track
	Send                 // the client receives: a slot
	Data                 // data channels
)

// String returns the role in one lower-case word.
func (r Role) String() string {
	switch r {
	case Rejected:
		return "rejected"
	case Inactive:
		return "inactive"
	case Receive:
		return "receive"
	case Send:
		return "send"
	case Data:
		return "data"
	}
	return "unknown"
}

// Media is one media section.
type Media struct {
	MID string
	// Kind is audio or video; 0 for data and for what the server does not
	// know.
	Kind media.Kind
	Role Role
	// Codecs are those agreed on, in the order of preference.
	Codecs     []Codec
	Extensions Extensions
	// ExtmapAllowMixed allows one-byte and two-byte header extensions in
	// one stream (RFC 8285 §6).
	ExtmapAllowMixed bool
	// ReducedSize allows RTCP packets without a report (RFC 5506).
	ReducedSize bool

	// RIDs are the simulcast streams that the client sends, in its order
	// (RFC 8853); empty without simulcast by RID. Browsers list the smallest
	// picture first if they are told to.
	RIDs []string
	// SSRCs are the streams that the client announced with SSRCs, with
	// simulcast in the order of its SIM group. Empty if it announced none.
	SSRCs []SSRC

	// SSRC and RTXSSRC are what the server sends with. They stay with the
	// section for as long as it is not Rejected. RTXSSRC is 0 if there is no
	// RTX.
	SSRC, RTXSSRC uint32

	// SCTPPort is the client's (RFC 8841), and MaxMessageSize the largest
	// message it takes in bytes, math.MaxUint32 if any.
	SCTPPort       uint16
	MaxMessageSize uint32

	extmaps []string // of the answer
}

// Codec is one payload format of a media section. Its payload type is the
// client's and holds for both directions.
type Codec struct {
	PayloadType uint8
	Codec       media.Codec
	// Fmtp is the format parameters of the answer: empty for most codecs.
	Fmtp     string
	Channels uint8 // 2 for Opus and RED, 0 for video
	// RTX is the payload type of retransmissions (RFC 4588); 0: none.
	RTX uint8

	// The feedback agreed on: retransmission requests (RFC 4585 §6.2.1),
	// picture loss (§6.3.1), full intra requests (RFC 5104 §4.3.1), and
	// transport-wide congestion control.
	NACK, PLI, FIR, TransportCC bool
}

// SSRC is a stream that the client announced: its SSRC, and that of its
// retransmissions or 0.
type SSRC struct{ Media, RTX uint32 }
