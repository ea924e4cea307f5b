package ice

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// None of these may open or move the path, however well it is made.
func TestNobodyElseGetsIn(t *testing.T) {
	username := stun.NewUsername(server.Ufrag + ":remote")
	nominate := stun.RawAttribute{Type: stun.AttrUseCandidate}
	key := stun.NewShortTermIntegrity(server.Pwd)
	flipped := check{nominate: true}.bytes(t)
	flipped[len(flipped)-1] ^= 1
	cut := check{nominate: true}.bytes(t)

	for name, c := range map[string]struct {
		msg   []byte
		code  stun.ErrorCode // 0: silence
		count func(Stats) uint64
	}{
		"wrong password": {
			check{to: Credentials{server.Ufrag, "wrong password of 32 characters "}, nominate: true}.bytes(t),
			stun.CodeUnauthorized, func(s Stats) uint64 { return s.Unauthorized },
		},
		"unknown ufrag": {
			check{to: Credentials{"somebodyElse", server.Pwd}}.bytes(t),
			stun.CodeUnauthorized, func(s Stats) uint64 { return s.Unauthorized },
		},
		"no integrity": {
			build(t, stun.BindingRequest, stun.TransactionID, username, nominate, stun.Fingerprint),
			stun.CodeBadRequest, func(s Stats) uint64 { return s.Malformed },
		},
		"no username": {
			build(t, stun.BindingRequest, stun.TransactionID, nominate, key),
			stun.CodeBadRequest, func(s Stats) uint64 { return s.Malformed },
		},
		"nothing at all": {
			build(t, stun.BindingRequest, stun.TransactionID),
			stun.CodeBadRequest, func(s Stats) uint64 { return s.Malformed },
		},
		"broken fingerprint": {flipped, 0, func(s Stats) uint64 { return s.Malformed }},
		"cut off":            {cut[:len(cut)-8], 0, func(s Stats) uint64 { return s.Malformed }},
		"bytes behind":       {append(bytes.Clone(cut), 0, 0, 0, 0), 0, func(s Stats) uint64 { return s.Malformed }},
		"empty":              {nil, 0, func(s Stats) uint64 { return s.Malformed }},
		"keepalive indication": {
			build(t, stun.NewType(stun.MethodBinding, stun.ClassIndication), stun.TransactionID, username, key),
			0, func(s Stats) uint64 { return s.Ignored },
		},
		"response": {
			build(t, stun.BindingSuccess, stun.TransactionID, key),
			0, func(s Stats) uint64 { return s.Ignored },
		},
		"TURN": {
			build(t, stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.TransactionID, username, key),
			0, func(s Stats) uint64 { return s.Ignored },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			if c.code != 0 {
				s.fails(other, c.msg, c.code)
			} else if reply := s.get(other, c.msg); reply != nil {
				t.Errorf("reply %v, want silence", reply)
			}
			if n := c.count(s.agent.Stats()); n != 1 {
				t.Errorf("counted %d times, want once: %+v", n, s.agent.Stats())
			}
			if s.agent.State() != Waiting || s.agent.Valid(other) {
				t.Error("the address was taken for valid")
			}
			// A spoofed request must not pay off for whom it names.
			if reply, _ := s.agent.Handle(s.now, other, c.msg, nil); len(reply) > 2*len(c.msg) {
				t.Errorf("reply of %d bytes to a request of %d", len(reply), len(c.msg))
			}
		})
	}
}

func TestChecksBeforeTheOfferAreNotAnswered(t *testing.T) {
	s := newStory(t)
	s.agent = New(Options{Ufrag: server.Ufrag, Pwd: server.Pwd})
	s.fails(wifi, check{}.bytes(t), stun.CodeUnauthorized)
	s.agent.SetRemote("remote")
	s.succeeds(wifi, check{})
}

func TestControlledClientHasToChangeItsRole(t *testing.T) {
	s := newStory(t)
	tieBreaker := stun.RawAttribute{Type: stun.AttrICEControlled, Value: make([]byte, 8)}
	m := s.fails(wifi, check{more: []stun.Setter{tieBreaker}}.bytes(t), stun.CodeRoleConflict)
	if err := stun.NewShortTermIntegrity(server.Pwd).Check(m); err != nil {
		t.Errorf("the client must be able to trust the 487: %v", err)
	}
	if s.agent.State() != Waiting {
		t.Error("a check that failed is not valid")
	}
	tieBreaker.Type = stun.AttrICEControlling
	s.succeeds(wifi, check{more: []stun.Setter{tieBreaker}})
}

func TestUnknownAttributes(t *testing.T) {
	s := newStory(t)
	// Comprehension-optional ones are for others, such as what Chromium
	// tells of its network.
	s.succeeds(wifi, check{more: []stun.Setter{stun.RawAttribute{Type: 0xc057, Value: make([]byte, 4)}}})
	var many []stun.Setter
	for i := range 3 * maxUnknown {
		many = append(many, stun.RawAttribute{Type: stun.AttrType(0x7000 + i)})
	}
	m := s.fails(wifi, check{more: many}.bytes(t), stun.CodeUnknownAttribute)
	var unknown stun.UnknownAttributes
	if err := unknown.GetFrom(m); err != nil || len(unknown) != maxUnknown || unknown[0] != 0x7000 {
		t.Errorf("UNKNOWN-ATTRIBUTES %v (%v)", unknown, err)
	}
}

func TestWhatFollowsIntegrityDoesNotCount(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: low, nominate: true})
	// Somebody on the way adds USE-CANDIDATE behind the signature.
	m := stun.New()
	if err := m.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(server.Ufrag+":remote"),
		stun.NewShortTermIntegrity(server.Pwd)); err != nil {
		t.Fatal(err)
	}
	m.Add(stun.AttrUseCandidate, nil)
	if s.get(cell, m.Raw) == nil {
		t.Fatal("the check itself is fine")
	}
	s.selects(wifi)
}

func TestHandleLeavesTheMessageAlone(t *testing.T) {
	s := newStory(t)
	msg := check{}.bytes(t)
	before := bytes.Clone(msg)
	s.get(wifi, msg)
	if !bytes.Equal(msg, before) {
		t.Error("the message is only lent")
	}
}

func TestPeekUsername(t *testing.T) {
	valid := check{}.bytes(t)
	if ufrag, ok := PeekUsername(valid); !ok || string(ufrag) != server.Ufrag {
		t.Errorf("got %q, %v; want %q", ufrag, ok, server.Ufrag)
	}
	late := build(t, stun.BindingRequest, stun.TransactionID,
		stun.NewShortTermIntegrity("x"), stun.NewUsername("a:b"))
	for name, msg := range map[string][]byte{
		"empty":                    nil,
		"RTP":                      append([]byte{0x80, 96}, make([]byte, 40)...),
		"response":                 build(t, stun.BindingSuccess, stun.TransactionID, stun.NewUsername("a:b")),
		"no username":              build(t, stun.BindingRequest, stun.TransactionID, stun.NewSoftware("x")),
		"username behind the seal": late,
		"no colon":                 build(t, stun.BindingRequest, stun.TransactionID, stun.NewUsername("ab")),
		"nothing before the colon": build(t, stun.BindingRequest, stun.TransactionID, stun.NewUsername(":b")),
		"cut in the username":      valid[:26],
	} {
		if ufrag, ok := PeekUsername(msg); ok {
			t.Errorf("%s: found %q", name, ufrag)
		}
	}
}

func TestNewCredentials(t *testing.T) {
	a, err := NewCredentials(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := NewCredentials(rand.Reader)
	if a == b || len(a.Ufrag) < 8 || len(a.Pwd) < 24 {
		t.Errorf("credentials %v and %v", a, b)
	}
	if strings.Trim(a.Ufrag+a.Pwd, iceChars) != "" {
		t.Errorf("%v has characters that ICE does not allow", a)
	}
	if _, err := NewCredentials(strings.NewReader("too short")); err == nil {
		t.Error("no error without enough random bytes")
	}
}

func TestAllocations(t *testing.T) {
	s := newStory(t)
	msg, dst := check{nominate: true}.bytes(t), make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { PeekUsername(msg) }); n != 0 {
		t.Errorf("PeekUsername allocates %v times", n)
	}
	// One check every few seconds and viewer: little, not nothing. It is 6,
	// but under the race detector pools forget on purpose.
	if n := testing.AllocsPerRun(100, func() { s.agent.Handle(s.now, wifi, msg, dst) }); n > 20 {
		t.Errorf("Handle allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { s.agent.Valid(wifi); s.agent.Selected(); s.agent.Deadline() }); n != 0 {
		t.Errorf("asking allocates %v times", n)
	}
}

func BenchmarkHandle(b *testing.B) {
	a := New(Options{Ufrag: server.Ufrag, Pwd: server.Pwd})
	a.SetRemote("remote")
	msg, dst := check{nominate: true}.bytes(b), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		a.Handle(start, wifi, msg, dst)
	}
}
