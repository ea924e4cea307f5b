package ice

import (
	"cmp"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
)

// start is when the stories begin.
const start = media.Time(1_700_000_000_000_000_000)

var (
	server    = Credentials{"serverUfrag+", "serverPasswordOf32Characters/+++"}
	restarted = Credentials{"serverUfrag2", "anotherPasswordOf32Characters/++"}

	wifi  = udp("192.0.2.7:50000")
	cell  = udp("198.51.100.9:41000")
	ipv6  = udp("[2001:db8::7]:50001")
	tcp   = Address{Proto: TCP, Remote: netip.MustParseAddrPort("192.0.2.7:50100"), Conn: 1}
	other = udp("203.0.113.1:1")
)

func udp(s string) Address {
	return Address{Proto: UDP, Remote: netip.MustParseAddrPort(s), Local: netip.MustParseAddr("192.0.2.1")}
}

// priorities as a browser's: the higher the better.
const (
	low  = 1_000_000
	high = 2_000_000
)

// check is a connectivity check of the client "remote".
type check struct {
	to       Credentials // the server's; zero: server
	ufrag    string      // the client's; empty: "remote"
	priority uint32
	nominate bool
	more     []stun.Setter // further attributes
}

// bytes encodes the check as a browser does (RFC 8445 §7.2.2).
func (c check) bytes(t testing.TB) []byte {
	t.Helper()
	to, ufrag, p := cmp.Or(c.to, server), cmp.Or(c.ufrag, "remote"), c.priority
	attrs := []stun.Setter{
		stun.BindingRequest, stun.TransactionID,
		stun.NewUsername(to.Ufrag + ":" + ufrag),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{byte(p >> 24), byte(p >> 16), byte(p >> 8), byte(p)}},
	}
	if c.nominate {
		attrs = append(attrs, stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	attrs = append(attrs, c.more...)
	attrs = append(attrs, stun.NewShortTermIntegrity(to.Pwd), stun.Fingerprint)
	return build(t, attrs...)
}

func build(t testing.TB, attrs ...stun.Setter) []byte {
	t.Helper()
	m, err := stun.Build(attrs...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// story drives an agent through time.
type story struct {
	*testing.T
	agent *Agent
	now   media.Time
}

func newStory(t *testing.T) *story {
	a := New(Options{Ufrag: server.Ufrag, Pwd: server.Pwd})
	a.SetRemote("remote")
	return &story{T: t, agent: a, now: start}
}

// after lets time pass. The agent's deadline is kept on the way.
func (s *story) after(d time.Duration) *story {
	end := s.now.Add(d)
	for {
		next := s.agent.Deadline()
		if next.IsZero() || next.After(end) {
			break
		}
		s.now = next
		s.agent.Advance(next)
		if s.agent.Deadline() == next {
			s.Fatal("Advance at the deadline left the deadline where it was")
		}
	}
	s.now = end
	return s
}

// get sends a message and returns the decoded reply, nil if there is none.
func (s *story) get(from Address, msg []byte) *stun.Message {
	s.Helper()
	before, wasSelected := s.agent.Selected()
	reply, changed := s.agent.Handle(s.now, from, msg, nil)
	after, isSelected := s.agent.Selected()
	if changed != (before != after || wasSelected != isSelected) {
		s.Errorf("changed = %v, but the selected address was %v and is %v", changed, before, after)
	}
	if reply == nil {
		return nil
	}
	m := stun.New()
	if err := stun.Decode(reply, m); err != nil {
		s.Fatalf("reply cannot be read: %v", err)
	}
	return m
}

// succeeds sends a check that must be answered with success.
func (s *story) succeeds(from Address, c check) {
	s.Helper()
	m := s.get(from, c.bytes(s))
	if m == nil || m.Type != stun.BindingSuccess {
		s.Fatalf("check from %v: reply is %v, want success", from, m)
	}
}

// fails sends a message that must be answered with an error.
func (s *story) fails(from Address, msg []byte, code stun.ErrorCode) *stun.Message {
	s.Helper()
	m := s.get(from, msg)
	if m == nil {
		s.Fatalf("no reply, want error %d", code)
	}
	var got stun.ErrorCodeAttribute
	if err := got.GetFrom(m); err != nil || got.Code != code {
		s.Fatalf("reply is %v (%v), want error %d", m, got, code)
	}
	if err := stun.Fingerprint.Check(m); err != nil {
		s.Errorf("error reply: %v", err)
	}
	return m
}

func (s *story) selects(want Address) {
	s.Helper()
	if got, ok := s.agent.Selected(); !ok || got != want {
		s.Errorf("selected %v (%v), want %v", got, ok, want)
	}
}
