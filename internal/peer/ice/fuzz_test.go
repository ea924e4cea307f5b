package ice

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// FuzzHandle gives the agent what strangers may send: no panic, no large
// reply, and no way in.
func FuzzHandle(f *testing.F) {
	f.Add(check{nominate: true}.bytes(f))
	f.Add(check{to: restarted}.bytes(f))
	f.Add(build(f, stun.BindingRequest, stun.TransactionID))
	f.Add(build(f, stun.BindingRequest, stun.TransactionID, stun.NewUsername("a:b"),
		stun.RawAttribute{Type: stun.AttrMessageIntegrity}))
	f.Add(build(f, stun.BindingSuccess, stun.TransactionID, stun.Fingerprint))
	f.Fuzz(func(t *testing.T, msg []byte) {
		a := New(Options{Ufrag: "local", Pwd: "a password that the fuzzer can't sign with"})
		a.SetRemote("remote")
		reply, changed := a.Handle(start, wifi, msg, nil)
		if changed || a.State() != Waiting {
			t.Error("a stranger got in")
		}
		if len(reply) > 2*len(msg) {
			t.Errorf("reply of %d bytes to %d", len(reply), len(msg))
		}
		PeekUsername(msg)
	})
}

// FuzzPeekUsername compares the walk with the message codec.
func FuzzPeekUsername(f *testing.F) {
	f.Add(check{}.bytes(f))
	f.Fuzz(func(t *testing.T, msg []byte) {
		ufrag, ok := PeekUsername(msg)
		m := stun.New()
		if !ok || stun.Decode(msg, m) != nil {
			return
		}
		var username stun.Username
		if err := username.GetFrom(m); err != nil || string(username[:len(ufrag)+1]) != string(ufrag)+":" {
			t.Errorf("found %q in USERNAME %q (%v)", ufrag, username, err)
		}
	})
}

// FuzzPaths drives an agent with valid checks in any order, from any of a few
// addresses at any time, and compares it with what must always hold.
func FuzzPaths(f *testing.F) {
	f.Add([]byte{0x10, 0x91, 0x22, 0xb3, 0xff, 0x04})
	f.Fuzz(func(t *testing.T, steps []byte) {
		s := newStory(t)
		checked := make(map[Address]time.Duration)
		creds := [2]Credentials{server, restarted}
		generation := 0
		for i, step := range steps[:min(len(steps), 200)] {
			from := Address{Proto: UDP, Remote: netip.AddrPortFrom(cell.Remote.Addr(), 1000+uint16(step&0x1f))}
			switch step >> 5 {
			case 0:
				s.after(time.Duration(step) * time.Second)
			case 1:
				if s.agent.Forget(from); s.agent.Valid(from) {
					t.Fatal("forgotten, but valid")
				}
			case 2:
				generation++
				s.agent.Restart(s.now, creds[generation%2], "remote")
			default:
				s.after(10 * time.Millisecond)
				s.get(from, check{to: creds[generation%2], priority: uint32(i), nominate: step&0x80 != 0}.bytes(t))
				checked[from] = s.now.Sub(start)
				if !s.agent.Valid(from) {
					t.Fatal("a valid check came from there just now")
				}
			}
			addr, ok := s.agent.Selected()
			if ok && (!s.agent.Valid(addr) || s.now.Sub(start)-checked[addr] >= DefaultConsent) {
				t.Fatalf("selected %v without consent", addr)
			}
			if !ok && len(s.agent.pairs) > 0 || len(s.agent.pairs) > MaxPairs {
				t.Fatalf("%d pairs, selected %v", len(s.agent.pairs), ok)
			}
			if d := s.agent.Deadline(); !d.IsZero() && d.Sub(s.now) > DefaultConsent {
				t.Fatalf("deadline in %v", d.Sub(s.now))
			}
		}
	})
}
