package ice

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func TestFirstCheckOpensThePath(t *testing.T) {
	s := newStory(t)
	if _, ok := s.agent.Selected(); ok || s.agent.State() != Waiting || !s.agent.Deadline().IsZero() {
		t.Fatal("a new agent has nowhere to send and nothing to wait for")
	}
	msg := check{priority: low}.bytes(t)
	reply := s.get(wifi, msg)

	// The client learns how its address looks from here, from nobody else
	// but the one who knows the password.
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(reply); err != nil || mapped.String() != wifi.Remote.String() {
		t.Errorf("XOR-MAPPED-ADDRESS is %v (%v), want %v", mapped, err, wifi.Remote)
	}
	if err := stun.NewShortTermIntegrity(server.Pwd).Check(reply); err != nil {
		t.Error(err)
	}
	if err := stun.Fingerprint.Check(reply); err != nil {
		t.Error(err)
	}
	if request := stun.New(); stun.Decode(msg, request) != nil || request.TransactionID != reply.TransactionID {
		t.Error("reply has another transaction")
	}
	// Media may flow before the nomination (RFC 8445 §12.1).
	s.selects(wifi)
	if s.agent.State() != Connected || !s.agent.Valid(wifi) || s.agent.Valid(cell) {
		t.Error("the address that was checked is valid, and only that")
	}
}

func TestMappedAddressIsPlainIPv4(t *testing.T) {
	s := newStory(t)
	// A dual-stack socket reports IPv4 clients as IPv4-mapped IPv6.
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(s.get(udp("[::ffff:192.0.2.7]:50000"), check{}.bytes(t))); err != nil || len(mapped.IP) != 4 {
		t.Errorf("mapped address is %v (%v), want IPv4", mapped, err)
	}
}

func TestNominationDecides(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: low})
	s.after(50*time.Millisecond).succeeds(ipv6, check{priority: high})
	s.selects(ipv6) // nothing nominated yet: the better priority
	s.after(50*time.Millisecond).succeeds(wifi, check{priority: low, nominate: true})
	s.selects(wifi) // the client's word counts
	s.after(50*time.Millisecond).succeeds(ipv6, check{priority: high})
	s.selects(wifi) // it goes on checking the others without meaning them
}

func TestAggressiveClientEndsOnItsBestPair(t *testing.T) {
	s := newStory(t)
	// Such a client nominates with every check, so all of its pairs come
	// nominated within one burst.
	s.succeeds(ipv6, check{priority: high, nominate: true})
	s.after(20*time.Millisecond).succeeds(wifi, check{priority: low, nominate: true})
	s.selects(ipv6)
	s.after(20*time.Millisecond).succeeds(tcp, check{priority: low - 1, nominate: true})
	s.selects(ipv6)
}

func TestClientThatChangesAddressIsFollowedAtOnce(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: high, nominate: true})
	s.after(2 * time.Second)
	// The phone leaves Wi-Fi: the new path is worse, but it is the only one.
	s.succeeds(cell, check{priority: low, nominate: true})
	s.selects(cell)
	if !s.agent.Valid(wifi) {
		t.Error("packets on their way from the old address are still the client's")
	}
	// The same check from a new port of the same NAT.
	rebound := udp("198.51.100.9:41001")
	s.after(2*time.Second).succeeds(rebound, check{priority: low, nominate: true})
	s.selects(rebound)
	if n := s.agent.Stats().Switches; n != 2 {
		t.Errorf("%d switches counted, want 2", n)
	}
}

func TestClientFallsToTCPAndComesBack(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: high, nominate: true})
	s.after(3*time.Second).succeeds(tcp, check{priority: low, nominate: true})
	s.selects(tcp) // UDP is blocked for it
	s.after(3*time.Second).succeeds(wifi, check{priority: high, nominate: true})
	s.selects(wifi)
	s.after(3*time.Second).succeeds(tcp, check{priority: low, nominate: true})
	// The connection breaks: what is left is better than nothing.
	if !s.agent.Forget(tcp) {
		t.Error("losing the selected connection is a change")
	}
	s.selects(wifi)
	if s.agent.Forget(tcp) {
		t.Error("forgetting what is not known is no change")
	}
}

func TestBestOfWhatIsLeftTakesOver(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: low, nominate: true})
	s.after(time.Second).succeeds(ipv6, check{priority: high})
	s.after(time.Second).succeeds(cell, check{priority: low})
	s.after(time.Second).succeeds(tcp, check{priority: low, nominate: true})
	s.agent.Forget(tcp)
	s.selects(wifi) // the client meant it once
	s.agent.Forget(wifi)
	s.selects(ipv6) // then priority
	if s.agent.Forget(cell) {
		t.Error("losing a pair that is not in use changes nothing")
	}
	s.selects(ipv6)
	if s.agent.Forget(ipv6); s.agent.State() != Lost {
		t.Errorf("state %v with no pair left, want lost", s.agent.State())
	}
}

func TestTwoConnectionsFromOneAddressAreTwo(t *testing.T) {
	s := newStory(t)
	again := tcp
	again.Conn = 2
	s.succeeds(tcp, check{nominate: true})
	if s.agent.Valid(again) {
		t.Error("another connection has to be checked itself")
	}
}

func TestConsentRunsOut(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{nominate: true})
	s.after(20*time.Second).succeeds(wifi, check{nominate: true})
	if want := s.now.Add(DefaultConsent); s.agent.Deadline() != want {
		t.Errorf("deadline %v from now, want %v", s.agent.Deadline().Sub(s.now), DefaultConsent)
	}
	s.after(DefaultConsent - 1)
	s.selects(wifi)
	s.after(1) // RFC 7675 §5.1: not one packet more
	if _, ok := s.agent.Selected(); ok || s.agent.State() != Lost || s.agent.Valid(wifi) {
		t.Errorf("after %v of silence the server must not send", DefaultConsent)
	}
	if !s.agent.Deadline().IsZero() {
		t.Error("nothing left to wait for")
	}
	// Out of the tunnel: the client's check is consent again.
	s.after(time.Minute).succeeds(cell, check{})
	s.selects(cell)
	if s.agent.State() != Connected {
		t.Errorf("state %v, want connected", s.agent.State())
	}
}

func TestSilentPairIsReplacedByOneThatIsAlive(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: high, nominate: true})
	for range 10 {
		s.after(4*time.Second).succeeds(cell, check{priority: low}) // never nominated
	}
	s.selects(cell)
}

func TestNATThatRebindsMovesTheClientUnawares(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: high, nominate: true})
	// Not every client nominates again with its consent checks, and this one
	// does not know that it comes from another port now.
	another := udp("192.0.2.7:40000")
	s.after(2*time.Second).succeeds(another, check{priority: low})
	s.selects(wifi) // another candidate that it only keeps warm
	rebound := udp("192.0.2.7:50001")
	s.succeeds(rebound, check{priority: high})
	s.selects(rebound)
	// The NAT's machine was changed.
	elsewhere := udp("192.0.2.8:50001")
	s.after(2*time.Second).succeeds(elsewhere, check{priority: high})
	s.selects(rebound) // or it is another network of the client's
	s.after(5*time.Second).succeeds(elsewhere, check{priority: high})
	s.selects(elsewhere)
	// If the old pair was only late, it is the client's choice still.
	s.after(time.Second).succeeds(wifi, check{priority: low})
	s.selects(wifi)
}

func TestTwoNetworksOfOnePriorityAreNotOneThatMoved(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: high, nominate: true})
	s.after(2*time.Second).succeeds(wifi, check{priority: high})
	s.after(time.Second/2).succeeds(udp("192.0.2.7:50001"), check{priority: high})
	s.selects(wifi)
}

func TestLateCheckFindsAnAgentThatWasNotAdvanced(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{nominate: true})
	s.now = s.now.Add(time.Hour) // the loop slept
	s.succeeds(cell, check{})
	s.selects(cell)
	if s.agent.Valid(wifi) {
		t.Error("an hour is longer than consent")
	}
}

func TestRestart(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{nominate: true})
	s.after(time.Second).agent.Restart(s.now, restarted, "remote2")
	if current, previous := s.agent.Ufrags(); current != restarted.Ufrag || previous != server.Ufrag {
		t.Errorf("ufrags %q and %q: packets of both must find this agent", current, previous)
	}
	// The answer is on its way: media and checks go on as before.
	s.selects(wifi)
	s.after(time.Second).succeeds(wifi, check{nominate: true})

	// The client took the answer over: its first check moves the path.
	s.after(time.Second).succeeds(cell, check{to: restarted, ufrag: "remote2", priority: low})
	s.selects(cell)
	if !s.agent.Valid(wifi) {
		t.Error("what is in flight on the old path is still the client's")
	}
	// From now on the old credentials are worth nothing.
	s.fails(wifi, check{nominate: true}.bytes(t), stun.CodeUnauthorized)
	s.selects(cell)
	if _, previous := s.agent.Ufrags(); previous != "" {
		t.Errorf("old ufrag %q is still there", previous)
	}
}

func TestRestartOnTheSamePath(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: high, nominate: true})
	s.agent.Restart(s.now, restarted, "remote2")
	s.succeeds(wifi, check{to: restarted, ufrag: "remote2", priority: high})
	// Its old nomination is void, so the first new one wins whatever its
	// priority.
	s.succeeds(cell, check{to: restarted, ufrag: "remote2", priority: low, nominate: true})
	s.selects(cell)
}

func TestRestartThatNeverComesThrough(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{nominate: true})
	s.agent.Restart(s.now, restarted, "remote2")
	for range 7 {
		s.after(4*time.Second).succeeds(wifi, check{nominate: true})
	}
	s.after(2 * time.Second) // 30 s are over
	s.fails(wifi, check{nominate: true}.bytes(t), stun.CodeUnauthorized)
	s.selects(wifi) // until its consent runs out
	s.after(DefaultConsent)
	if s.agent.State() != Lost {
		t.Errorf("state %v, want lost", s.agent.State())
	}
}

func TestCredentialsOfOneGenerationDoNotMix(t *testing.T) {
	s := newStory(t)
	s.agent.Restart(s.now, restarted, "remote2")
	for name, c := range map[string]check{
		"new server, old client":   {to: restarted, ufrag: "remote"},
		"old server, new client":   {to: server, ufrag: "remote2"},
		"new ufrag, old password":  {to: Credentials{restarted.Ufrag, server.Pwd}, ufrag: "remote2"},
		"no client":                {to: restarted, ufrag: " "},
		"nothing but a similarity": {to: Credentials{restarted.Ufrag + "x", restarted.Pwd}, ufrag: "remote2"},
	} {
		t.Run(name, func(t *testing.T) {
			s.fails(wifi, c.bytes(t), stun.CodeUnauthorized)
		})
	}
}

func TestPairsAreBounded(t *testing.T) {
	s := newStory(t)
	s.succeeds(wifi, check{priority: low, nominate: true})
	for port := range uint16(100) {
		s.after(time.Millisecond)
		s.succeeds(Address{Proto: UDP, Remote: netip.AddrPortFrom(cell.Remote.Addr(), 1000+port)}, check{priority: low})
	}
	s.selects(wifi) // the path in use makes no room
	if n := len(s.agent.pairs); n != MaxPairs {
		t.Errorf("%d pairs kept, want %d", n, MaxPairs)
	}
	if n := s.agent.Stats().Evicted; n != 101-MaxPairs {
		t.Errorf("%d evicted, want %d", n, 101-MaxPairs)
	}
	if !s.agent.Valid(Address{Proto: UDP, Remote: netip.AddrPortFrom(cell.Remote.Addr(), 1099)}) {
		t.Error("the newest is kept")
	}
}
