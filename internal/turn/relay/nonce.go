package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// nonceCookie begins a nonce that tells of security features (RFC 8489 §9.2),
// which are the 24 bits that follow, in base64.
const nonceCookie = "obMatJos2"

// The security features (RFC 8489 §18.1).
const (
	featureAlgorithms = 1 << 0
	featureAnonymity  = 1 << 1
)

// A nonce is good for at least this long and at most one step more.
const (
	nonceStep = 10 * time.Minute
	nonceLife = 6 // steps
)

// nonces makes and checks nonces that nobody has to remember. One holds the time
// and 27 bits that only we can compute for that time and client: enough, since
// who guesses them gains no more than the right to show a password.
type nonces struct {
	key    [32]byte
	prefix string
}

func newNonces(key [32]byte, anonymity bool) nonces {
	features := uint32(featureAlgorithms)
	if anonymity {
		features |= featureAnonymity
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], features)
	return nonces{key, nonceCookie + base64.StdEncoding.EncodeToString(b[1:])}
}

// tagBits and tagLength are those of what follows the prefix: 7 characters, so
// that an answer to a stranger stays short.
const (
	tagBits   = 40
	tagLength = 7
	stepBits  = 13 // 56 days
)

func (n *nonces) make(now media.Time, from Tuple) []byte {
	return n.at(uint64(now)/uint64(nonceStep), from)
}

// at returns the nonce of a step.
func (n *nonces) at(step uint64, from Tuple) []byte {
	mac := hmac.New(sha256.New, n.key[:])
	addr := from.Remote.Addr().As16()
	mac.Write(addr[:])
	if !from.Transport.stream() { // a stream proves its address itself, and a client may have several
		mac.Write(binary.BigEndian.AppendUint16(nil, from.Remote.Port()))
	}
	mac.Write(binary.BigEndian.AppendUint64(nil, step))
	step %= 1 << stepBits
	tag := step<<(tagBits-stepBits) | binary.BigEndian.Uint64(mac.Sum(nil))>>(64-tagBits+stepBits)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], tag)
	return base64.RawStdEncoding.AppendEncode([]byte(n.prefix), b[8-tagBits/8:])
}

// valid tells whether the client got this nonce from us lately.
func (n *nonces) valid(now media.Time, from Tuple, nonce []byte) bool {
	if len(nonce) != len(n.prefix)+tagLength {
		return false
	}
	var b [8]byte
	if m, err := base64.RawStdEncoding.Decode(b[8-tagBits/8:], nonce[len(n.prefix):]); err != nil || m != tagBits/8 {
		return false
	}
	step := uint64(now) / uint64(nonceStep)
	age := (step - binary.BigEndian.Uint64(b[:])>>(tagBits-stepBits)) % (1 << stepBits)
	return age <= nonceLife && age <= step && hmac.Equal(nonce, n.at(step-age, from))
}
