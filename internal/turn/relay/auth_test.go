package relay

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The requests with long-term credentials of RFC 5769 §2.4, and of RFC 8489 §B.1
// as its erratum 6268 has it.
func TestVectors(t *testing.T) {
	for name, v := range map[string]struct {
		message   string
		algorithm uint16
		password  string
		sha256    bool
	}{
		"RFC 5769, 2.4": {`00010060 2112a442 78ad3433c6ad72c029da412e
			00060012 e3839ee38388e383aae38383e382afe382b9 0000
			0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341
			0014000b 6578616d706c652e6f7267 00
			00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666`, algorithmMD5, "TheMatrIX", false},
		"RFC 8489, B.1": {`00010090 2112a442 78ad3433c6ad72c029da412e
			001e0020 4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704
			00150029 6f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c39465354767936347341 000000
			0014000b 6578616d706c652e6f7267 00
			001d0004 00020000
			001c0020 b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65`, algorithmSHA256, "TheMatrIX", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, func(o *Options, _ *ports) { o.Anonymity, o.Realm = true, "example.org" })
			s.Introduce("マトリックス")
			if err := stun.Decode(unhex(t, v.message), &s.req); err != nil {
				t.Fatal(err)
			}
			mark, sealed := s.cut()
			if !sealed || mark.sha256 != v.sha256 {
				t.Fatalf("the seal is %+v", mark)
			}
			if user, ok := s.username(); !ok || user != "マトリックス" {
				t.Errorf("it is of %q", user)
			}
			key := integrity{longTermKey(v.algorithm, "マトリックス", "example.org", v.password), v.sha256}
			if !key.check(s.req.Raw, mark.offset, mark.value) {
				t.Error("its integrity does not hold")
			}
			s.req.Raw[30] ^= 1
			if key.check(s.req.Raw, mark.offset, mark.value) {
				t.Error("a changed message passes")
			}
		})
	}
}

func TestAnswersToStrangersAreShort(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.Anonymity = true })
	c := s.client(home)
	if reply := c.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); len(reply.Raw) != 32 {
		t.Errorf("a Binding answer has %d bytes, want 32", len(reply.Raw))
	}
	if code := c.code(c.request(stun.MethodAllocate, overUDP)); code != stun.CodeUnauthorized || len(c.last.Raw) > 76 {
		t.Errorf("%d in %d bytes, want 401 in 76", code, len(c.last.Raw))
	}
	nonce, err := c.last.Get(stun.AttrNonce)
	if err != nil || !strings.HasPrefix(string(nonce), "obMatJos2AAAD") {
		t.Errorf("the nonce %q does not tell of algorithms and anonymity", nonce)
	}
	if len(s.byID)+len(s.hashes.names) != 0 {
		t.Error("a stranger has left something")
	}
}

func TestCredentials(t *testing.T) {
	for name, break_ := range map[string]func(*client){
		"another password":     func(c *client) { c.password = "guess" },
		"an unknown user":      func(c *client) { c.name = "nobody" },
		"another realm":        func(c *client) { c.realm = "other" },
		"an unknown user hash": func(c *client) { c.sha256 = true },
	} {
		s := newStory(t, nil)
		c := s.client(home)
		c.code(c.request(stun.MethodAllocate, overUDP))
		c.learn()
		break_(c)
		if code := c.ask(stun.MethodAllocate, overUDP); code != stun.CodeUnauthorized {
			t.Errorf("%s: %d, want 401", name, code)
		}
		s.empty()
	}
}

func TestHiddenNamesAndSHA256(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.Anonymity = true })
	s.Introduce("alice")
	c := s.client(home)
	c.sha256 = true
	c.wants(0, stun.MethodAllocate, overUDP)
	if !c.last.Contains(stun.AttrMessageIntegritySHA256) || c.last.Contains(stun.AttrMessageIntegrity) {
		t.Error("the answer is not sealed as the request was")
	}
	if c.last.Contains(stun.AttrUserhash) || c.last.Contains(stun.AttrUsername) {
		t.Error("the answer names the user")
	}
	// Somebody on the way has cut the list of algorithms (bid down).
	m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest), stun.NewUsername("alice"))
	m.Add(stun.AttrRealm, []byte(c.realm))
	m.Add(stun.AttrNonce, c.nonce)
	m.Add(stun.AttrPasswordAlgorithms, passwordAlgorithms[4:])
	m.Add(stun.AttrPasswordAlgorithm, []byte{0, algorithmMD5, 0, 0})
	integrity{longTermKey(algorithmMD5, "alice", c.realm, c.password), false}.addTo(m)
	if code := c.code(m); code != stun.CodeBadRequest {
		t.Errorf("a shortened list: %d, want 400", code)
	}
}

func TestOldHashesMakeRoom(t *testing.T) {
	var b hashBook
	for i := range maxHashes + 10 {
		b.add(strings.Repeat("x", i%7)+string(rune('a'+i%20))+time.Duration(i).String(), "r")
	}
	if len(b.names) > maxHashes || len(b.order) > maxHashes {
		t.Errorf("%d names are kept", len(b.names))
	}
}

// A nonce proves that whoever shows it receives at that address, lately.
func TestNonces(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	thief := s.client(mobile)
	thief.realm, thief.nonce = c.realm, c.nonce
	thief.wants(stun.CodeStaleNonce, stun.MethodAllocate, overUDP)
	forged := s.client(mobile)
	forged.realm, forged.nonce = c.realm, append(bytes.Clone(c.nonce[:len(c.nonce)-tagLength]), "AAAAAAA"...)
	forged.wants(stun.CodeStaleNonce, stun.MethodAllocate, overUDP)
	for _, bad := range [][]byte{[]byte("x"), bytes.Repeat([]byte("!"), len(c.nonce)), append(bytes.Clone(c.nonce), 'A')} {
		c2 := s.client(home)
		c2.realm, c2.nonce = c.realm, bad
		c2.wants(stun.CodeStaleNonce, stun.MethodRefresh)
	}
	s.now = s.now.Add(nonceLife * nonceStep)
	c.wants(0, stun.MethodRefresh)
	s.now = s.now.Add(2 * nonceStep)
	c.wants(stun.CodeStaleNonce, stun.MethodRefresh)
	c.learn()
	c.wants(0, stun.MethodRefresh)
	// The count of steps begins anew after 56 days; an old nonce does not.
	old := bytes.Clone(c.nonce)
	if s.nonce.valid(s.now.Add(nonceStep<<stepBits), c.tuple, old) {
		t.Error("a nonce is good again after 56 days")
	}
}

// Streams prove the address themselves, so a client's second one may use the
// nonce of the first, as RFC 6062 clients do.
func TestStreamsShareANonce(t *testing.T) {
	s := newStory(t, nil)
	from := Tuple{Transport: TCP, Remote: home, Local: here, Conn: 1}
	nonce := s.nonce.make(s.now, from)
	from.Remote, from.Conn = netip.AddrPortFrom(home.Addr(), 9), 2
	if !s.nonce.valid(s.now, from, nonce) {
		t.Error("the second stream's is refused")
	}
	from.Transport = UDP
	if s.nonce.valid(s.now, from, nonce) {
		t.Error("it is good by UDP, too")
	}
}

func TestWhatFollowsIntegrityDoesNotCount(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	m := c.request(stun.MethodRefresh)
	m.Add(stun.AttrLifetime, []byte{0, 0, 0, 0}) // somebody on the way wants to end it
	if code := c.code(m); code != 0 || len(s.byID) != 1 {
		t.Errorf("%d, %d allocations", code, len(s.byID))
	}
}

func TestIncompleteCredentialsAreABadRequest(t *testing.T) {
	s := newStory(t, nil)
	c := s.client(home)
	c.code(c.request(stun.MethodAllocate, overUDP))
	c.learn()
	whole := map[stun.AttrType][]byte{stun.AttrUsername: []byte("alice"), stun.AttrRealm: []byte(c.realm), stun.AttrNonce: c.nonce}
	for missing := range whole {
		m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), overUDP)
		for kind, value := range whole {
			if kind != missing {
				m.Add(kind, value)
			}
		}
		integrity{longTermKey(algorithmMD5, "alice", c.realm, c.password), false}.addTo(m)
		if code := c.code(m); code != stun.CodeBadRequest {
			t.Errorf("without %v: %d, want 400", missing, code)
		}
	}
}

// Who asks too often gets silence; others, and its own neighbours later, don't.
func TestChallengesAreLimitedPerSource(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.Challenges = 10 })
	flood := func(at string) (answers int) {
		for i := range 100 {
			c := s.client(netip.AddrPortFrom(netip.MustParseAddr(at), uint16(1000+i)))
			if c.code(c.request(stun.MethodAllocate, overUDP)) == stun.CodeUnauthorized {
				answers++
			}
		}
		return answers
	}
	if n := flood("192.0.2.66"); n != 10 {
		t.Errorf("%d answers to a flood, want 10", n)
	}
	if n := flood("192.0.2.67"); n != 10 {
		t.Errorf("%d answers to another source, want 10", n)
	}
	if n := flood("2001:db8::1") + flood("2001:db8::2"); n != 10 {
		t.Errorf("%d answers to one IPv6 network, want 10", n)
	}
	if s.Stats().Silenced == 0 {
		t.Error("silence is not counted")
	}
	s.after(time.Second)
	if n := flood("192.0.2.66"); n != 10 {
		t.Errorf("%d answers a second later, want 10", n)
	}
	for i := range 3 * maxSources {
		s.challenges.allow(s.now, netip.AddrFrom4([4]byte{1, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if n := len(s.challenges.sources); n > maxSources {
		t.Errorf("%d sources are remembered", n)
	}
}

// A challenge to a request that is a third of it or less would be a weapon.
func TestChallengesAreNoWeapon(t *testing.T) {
	s := newStory(t, nil)
	c := s.client(home)
	for _, method := range []stun.Method{stun.MethodAllocate, stun.MethodRefresh, stun.MethodConnectionBind} {
		m := c.request(method)
		if code := c.code(m); code != stun.CodeBadRequest || len(c.last.Raw) > 2*len(m.Raw) {
			t.Errorf("%v: %d in %d bytes, want 400 in few", m.Type, code, len(c.last.Raw))
		}
	}
	m := c.request(stun.MethodAllocate, overUDP)
	if code := c.code(m); code != stun.CodeUnauthorized || len(c.last.Raw) > 3*len(m.Raw) {
		t.Errorf("%d in %d bytes to %d", code, len(c.last.Raw), len(m.Raw))
	}
}
