package relay

import (
	"bytes"
	"testing"

	"github.com/pion/stun/v4"
)

// challenged returns a client that has been asked for its credentials.
func (s *story) challenged() *client {
	s.t.Helper()
	c := s.client(home)
	if code := c.code(c.request(stun.MethodAllocate, overUDP)); code != stun.CodeUnauthorized {
		s.t.Fatalf("%d, want 401", code)
	}
	c.learn()
	return c
}

// named is an Allocate request of alice, not sealed.
func (c *client) named(attributes ...stun.Setter) *stun.Message {
	m := stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), overUDP}, attributes...)...)
	m.Add(stun.AttrUsername, []byte(c.name))
	m.Add(stun.AttrRealm, []byte(c.realm))
	m.Add(stun.AttrNonce, c.nonce)
	return m
}

func (c *client) keyOf(algorithm uint16) []byte {
	return longTermKey(algorithm, c.name, c.realm, c.password)
}

// What a client says of algorithms must be what we offered: who is on the way
// can't have it choose the weaker (RFC 8489 §9.2.4).
func TestBiddingDown(t *testing.T) {
	list := func(b ...byte) stun.Setter { return raw(stun.AttrPasswordAlgorithms, b...) }
	chosen := func(b ...byte) stun.Setter { return raw(stun.AttrPasswordAlgorithm, b...) }
	offered := list(passwordAlgorithms...)
	for name, v := range map[string]struct {
		attributes []stun.Setter
		algorithm  uint16
		code       stun.ErrorCode
	}{
		"SHA-256":                         {[]stun.Setter{offered, chosen(0, 2, 0, 0)}, algorithmSHA256, 0},
		"MD5, by choice":                  {[]stun.Setter{offered, chosen(0, 1, 0, 0)}, algorithmMD5, 0},
		"nothing, as old clients":         {nil, algorithmMD5, 0},
		"SHA-256, with MD5's key":         {[]stun.Setter{offered, chosen(0, 2, 0, 0)}, algorithmMD5, stun.CodeUnauthorized},
		"a list without SHA-256":          {[]stun.Setter{list(0, 1, 0, 0), chosen(0, 1, 0, 0)}, algorithmMD5, stun.CodeBadRequest},
		"a list in another order":         {[]stun.Setter{list(0, 1, 0, 0, 0, 2, 0, 0), chosen(0, 1, 0, 0)}, algorithmMD5, stun.CodeBadRequest},
		"an empty list":                   {[]stun.Setter{list(), chosen(0, 1, 0, 0)}, algorithmMD5, stun.CodeBadRequest},
		"a list without a choice":         {[]stun.Setter{offered}, algorithmMD5, stun.CodeBadRequest},
		"a choice without a list":         {[]stun.Setter{chosen(0, 1, 0, 0)}, algorithmMD5, stun.CodeBadRequest},
		"an algorithm that was not there": {[]stun.Setter{offered, chosen(0, 3, 0, 0)}, algorithmMD5, stun.CodeBadRequest},
		"a choice that is cut off":        {[]stun.Setter{offered, chosen(0, 1)}, algorithmMD5, stun.CodeBadRequest},
	} {
		s := newStory(t, nil)
		c := s.challenged()
		m := c.named(v.attributes...)
		integrity{c.keyOf(v.algorithm), true}.addTo(m)
		if code := c.code(m); code != v.code {
			t.Errorf("%s: %d, want %d", name, code, v.code)
		}
		if want := v.code == 0; (len(s.byID) == 1) != want {
			t.Errorf("%s: %d allocations", name, len(s.byID))
		}
	}
}

// A nonce whose features somebody has taken out is none of ours: the client
// can't be made to believe that we are old (RFC 8489 §9.2.1).
func TestFeaturesInANonceAreSealed(t *testing.T) {
	s := newStory(t, nil)
	c := s.challenged()
	c.nonce = bytes.Replace(c.nonce, []byte(nonceCookie+"AAAB"), []byte(nonceCookie+"AAAA"), 1)
	if bytes.HasPrefix(c.nonce, []byte(nonceCookie+"AAAB")) {
		t.Fatalf("the nonce %q says nothing of algorithms", c.nonce)
	}
	c.wants(stun.CodeStaleNonce, stun.MethodAllocate, overUDP)
}

// SHA-256 may be cut short, though not to nothing (RFC 8489 §14.6).
func TestIntegrityThatIsCutShort(t *testing.T) {
	for size, want := range map[int]stun.ErrorCode{
		32: 0, 28: 0, 20: 0, 16: 0,
		36: stun.CodeUnauthorized, 18: stun.CodeUnauthorized, 12: stun.CodeUnauthorized, 4: stun.CodeUnauthorized, 0: stun.CodeUnauthorized,
	} {
		s := newStory(t, nil)
		c := s.challenged()
		m := c.named()
		seal := append(integrity{c.keyOf(algorithmMD5), true}.sum(m.Raw, len(m.Raw), size), 0, 0, 0, 0)
		m.Add(stun.AttrMessageIntegritySHA256, seal[:size])
		if code := c.code(m); code != want {
			t.Errorf("of %d bytes: %d, want %d", size, code, want)
		}
	}
}

// A client that does not know yet what we can may use both seals: the stronger
// counts, and the weaker does not make up for it.
func TestTwoSeals(t *testing.T) {
	for name, v := range map[string]struct {
		second string
		code   stun.ErrorCode
	}{
		"both right":      {"wonderland", 0},
		"the first right": {"guess", stun.CodeUnauthorized},
	} {
		s := newStory(t, nil)
		c := s.challenged()
		m := c.named()
		integrity{c.keyOf(algorithmMD5), false}.addTo(m)
		integrity{longTermKey(algorithmMD5, c.name, c.realm, v.second), true}.addTo(m)
		if code := c.code(m); code != v.code {
			t.Errorf("%s: %d, want %d", name, code, v.code)
		}
		if v.code == 0 && !c.last.Contains(stun.AttrMessageIntegritySHA256) {
			t.Errorf("%s: the answer has the weaker one", name)
		}
	}
}

// What somebody appends behind the seal is not read: neither a permission nor
// what can't be understood.
func TestAppendedAttributes(t *testing.T) {
	s := newStory(t, nil)
	c := s.allocated(home)
	m := c.request(stun.MethodCreatePermission, to(bob))
	if to(carol).AddTo(m) != nil {
		t.Fatal("no second peer")
	}
	m.Add(0x7abc, []byte{1, 2, 3, 4})
	if code := c.code(m); code != 0 {
		t.Fatalf("%d", code)
	}
	if len(s.fromPeer(c, bob, "x")) != 1 || len(s.fromPeer(c, carol, "x")) != 0 {
		t.Error("an appended peer is permitted")
	}
	for name, appended := range map[string]stun.Setter{"a name": stun.NewUsername("mallory"), "a nonce": raw(stun.AttrNonce, 1), "a realm": stun.NewRealm("other")} {
		m := c.request(stun.MethodRefresh)
		if appended.AddTo(m) != nil {
			t.Fatal(name)
		}
		if code := c.code(m); code != 0 {
			t.Errorf("with %s behind its seal: %d", name, code)
		}
	}
	bare := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest))
	integrity{c.keyOf(algorithmMD5), false}.addTo(bare)
	for _, a := range []stun.RawAttribute{{Type: stun.AttrUsername, Value: []byte(c.name)}, {Type: stun.AttrRealm, Value: []byte(c.realm)}, {Type: stun.AttrNonce, Value: c.nonce}} {
		bare.Add(a.Type, a.Value)
	}
	if code := c.code(bare); code != stun.CodeBadRequest {
		t.Errorf("credentials behind the seal only: %d, want 400", code)
	}
}

// A refusal is the same whether a name exists or not.
func TestStrangersLearnNoNames(t *testing.T) {
	s := newStory(t, nil)
	lengths := map[string]int{}
	for _, name := range []string{"alice", "nobody"} {
		c := s.challenged()
		c.name, c.password = name, "guess"
		c.wants(stun.CodeUnauthorized, stun.MethodAllocate, overUDP)
		lengths[name] = len(c.last.Raw)
		if c.last.Contains(stun.AttrMessageIntegrity) {
			t.Errorf("the answer to %s is sealed", name)
		}
	}
	if lengths["alice"] != lengths["nobody"] {
		t.Errorf("answers differ: %v", lengths)
	}
}

// A connection's answer comes later and is sealed as its own request was, not as
// the allocation's.
func TestLateAnswersAreSealedAsTheirRequests(t *testing.T) {
	s := newStory(t, func(o *Options, _ *ports) { o.Anonymity = true })
	s.Introduce("alice")
	c := s.tcpClient()
	c.sha256 = true
	c.send(c.request(stun.MethodConnect, to(bob)).Raw)
	if len(s.out.Streams) != 1 {
		t.Fatal("nobody is dialed")
	}
	id := s.out.Streams[0].Stream
	c.sha256 = false
	c.wants(0, stun.MethodRefresh) // something in between
	s.out.Reset()
	if !s.Dialed(s.now, id, true, &s.out) {
		t.Fatal("the connection is not wanted")
	}
	reply := &stun.Message{Raw: bytes.Clone(s.out.Clients[0].Data)}
	if err := reply.Decode(); err != nil {
		t.Fatal(err)
	}
	value, err := reply.Get(stun.AttrMessageIntegritySHA256)
	if err != nil {
		t.Fatal("the answer is sealed as another request")
	}
	offset := len(reply.Raw) - len(value) - attributeHeader
	if !(integrity{c.keyOf(algorithmSHA256), true}).check(reply.Raw, offset, value) {
		t.Error("the answer's seal does not hold")
	}
}
