package relay

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"net/netip"
	"slices"

	"github.com/pion/stun/v4"
)

// The numbers of password algorithms (RFC 8489 §18.5).
const (
	algorithmMD5    = 1
	algorithmSHA256 = 2
)

// passwordAlgorithms is the value of our PASSWORD-ALGORITHMS: SHA-256, then MD5,
// both without parameters.
var passwordAlgorithms = []byte{0, algorithmSHA256, 0, 0, 0, algorithmMD5, 0, 0}

// minRequest is the size of an Allocate request with nothing but its transport,
// with which clients begin. What is shorter gets no challenge, which would be
// more than three times as long: somebody could be flooded with it.
const minRequest = messageHeader + attributeHeader + 4

// The sizes of integrity in bytes. SHA-256 may be cut to a multiple of 4, not
// below 16 (RFC 8489 §14.6).
const (
	attributeHeader = 4
	messageHeader   = 20
	minSHA256       = 16
)

// integrity is the key of a client, and which of the two attributes it uses: an
// answer has the same as its request. The zero value adds none.
type integrity struct {
	key    []byte
	sha256 bool
}

// longTermKey is that of a user (RFC 8489 §18.5.1).
func longTermKey(algorithm uint16, username, realm, password string) []byte {
	text := []byte(username + ":" + realm + ":" + password)
	if algorithm == algorithmSHA256 {
		sum := sha256.Sum256(text)
		return sum[:]
	}
	sum := md5.Sum(text)
	return sum[:]
}

// sum computes the integrity of what a message has before an attribute of size
// bytes that begins at offset.
func (i integrity) sum(raw []byte, offset, size int) []byte {
	newHash := func() hash.Hash { return sha1.New() }
	if i.sha256 {
		newHash = sha256.New
	}
	mac := hmac.New(newHash, i.key)
	var head [messageHeader]byte
	copy(head[:], raw)
	binary.BigEndian.PutUint16(head[2:], uint16(offset+attributeHeader+size-messageHeader))
	mac.Write(head[:])
	mac.Write(raw[messageHeader:offset])
	return mac.Sum(nil)
}

// check verifies a message whose integrity attribute begins at offset.
func (i integrity) check(raw []byte, offset int, value []byte) bool {
	want := i.sum(raw, offset, len(value))
	if i.sha256 && len(value) >= minSHA256 && len(value)%4 == 0 && len(value) <= len(want) {
		want = want[:len(value)]
	}
	return subtle.ConstantTimeCompare(want, value) == 1
}

// addTo seals a message.
func (i integrity) addTo(m *stun.Message) {
	switch {
	case i.key == nil:
	case i.sha256:
		m.Add(stun.AttrMessageIntegritySHA256, i.sum(m.Raw, len(m.Raw), sha256.Size))
	default:
		m.Add(stun.AttrMessageIntegrity, i.sum(m.Raw, len(m.Raw), sha1.Size))
	}
}

// seal is an integrity attribute in a message.
type seal struct {
	offset int // where it begins
	value  []byte
	sha256 bool
}

// cut finds the seal of s.req and forgets what is behind it: that is anybody's
// (RFC 8489 §14.5). Of two seals the stronger counts.
func (s *Server) cut() (seal, bool) {
	offset := messageHeader
	var found seal
	for i, a := range s.req.Attributes {
		here := seal{offset, a.Value, a.Type == stun.AttrMessageIntegritySHA256}
		if here.sha256 || a.Type == stun.AttrMessageIntegrity {
			rest := s.req.Attributes[i+1:]
			if !here.sha256 && len(rest) > 0 && rest[0].Type == stun.AttrMessageIntegritySHA256 {
				here = seal{offset + attributeHeader + padded(len(a.Value)), rest[0].Value, true}
			}
			found = here
			s.req.Attributes = s.req.Attributes[:i]
			break
		}
		offset += attributeHeader + padded(len(a.Value))
	}
	return found, found.value != nil
}

func padded(n int) int { return (n + 3) &^ 3 }

// authenticate checks the long-term credentials of s.req (RFC 8489 §9.2.4). It
// answers and reports false if they are not good; then nothing is known of the
// sender. A right nonce proves that it receives what is sent to its address.
func (s *Server) authenticate(r *request) bool {
	mark, sealed := s.cut()
	switch {
	case sealed:
	case len(s.req.Raw) < minRequest:
		s.stats.Malformed++
		s.fail(r, stun.CodeBadRequest)
		return false
	default:
		s.stats.Challenged++
		s.challenge(r, stun.CodeUnauthorized)
		return false
	}
	nonce, err := s.req.Get(stun.AttrNonce)
	realm, err2 := s.req.Get(stun.AttrRealm)
	username, named := s.username()
	algorithm, known := s.algorithm()
	switch {
	case err != nil || err2 != nil || !named || !known:
		s.stats.Malformed++
		s.fail(r, stun.CodeBadRequest)
		return false
	case !s.nonce.valid(r.now, r.from, nonce):
		s.stats.Challenged++
		s.challenge(r, stun.CodeStaleNonce)
		return false
	}
	if string(realm) == s.opts.Realm && username != "" {
		if password, ok := s.opts.Users.Password(username); ok {
			key := integrity{longTermKey(algorithm, username, s.opts.Realm, password), mark.sha256}
			if key.check(s.req.Raw, mark.offset, mark.value) {
				r.key, r.username = key, username
				return true
			}
		}
	}
	s.stats.Unauthorized++
	s.challenge(r, stun.CodeUnauthorized)
	return false
}

// username returns the user's name, which is empty if it is hidden and unknown;
// false if the request names nobody.
func (s *Server) username() (string, bool) {
	if name, err := s.req.Get(stun.AttrUsername); err == nil {
		return string(name), len(name) > 0 && len(name) < 509 // RFC 8489 §14.3
	}
	digest, err := s.req.Get(stun.AttrUserhash)
	if err != nil || len(digest) != sha256.Size {
		return "", false
	}
	return s.hashes.name([sha256.Size]byte(digest)), true
}

// algorithm returns that of the key. A client that speaks of algorithms repeats
// our list, lest somebody on the way has weakened it (RFC 8489 §9.2.4).
func (s *Server) algorithm() (number uint16, ok bool) {
	list, noList := s.req.Get(stun.AttrPasswordAlgorithms)
	chosen, noChoice := s.req.Get(stun.AttrPasswordAlgorithm)
	switch {
	case noList != nil && noChoice != nil:
		return algorithmMD5, true
	case noList != nil || noChoice != nil || !slices.Equal(list, passwordAlgorithms) || len(chosen) < 4:
		return 0, false
	}
	number = binary.BigEndian.Uint16(chosen)
	return number, number == algorithmMD5 || number == algorithmSHA256
}

// sourceOf is what a rate is bounded for: an IPv4 address, or the network of an
// IPv6 one, of which a client has many.
func sourceOf(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	network, _ := a.WithZone("").Prefix(64)
	return network.Addr()
}

// challenge asks for credentials, or for the same with another nonce. Who asks
// too often gets no answer: it may not be the one who asks.
func (s *Server) challenge(r *request, code stun.ErrorCode) {
	if !s.challenges.allow(r.now, sourceOf(r.from.Remote.Addr())) {
		s.stats.Silenced++
		return
	}
	s.fail(r, code,
		stun.NewRealm(s.opts.Realm),
		stun.RawAttribute{Type: stun.AttrNonce, Value: s.nonce.make(r.now, r.from)},
		stun.RawAttribute{Type: stun.AttrPasswordAlgorithms, Value: passwordAlgorithms})
}
