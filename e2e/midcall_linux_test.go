package e2e

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

// For how long pictures may stay away when the network changes under a call, in
// milliseconds.
const (
	gapTime     = 5000
	blockedTime = 12_000 // it takes five seconds to be sure
)

// TestRouterForgets is a router that forgets its mappings in the middle of a
// call. A symmetric one then shows the client to the server at another port; two
// who met directly have to meet anew.
func TestRouterForgets(t *testing.T) {
	l := newLab(t)
	h := l.host(t)
	for _, name := range []string{"symmetric", "port-restricted"} {
		t.Run(name, func(t *testing.T) {
			k := kindNamed(t, name)
			a, b := l.site(t, k), l.site(t, k)
			ann, ben, _ := call(t, h, name, a, b)
			if k.meets(k) {
				meetDirectly(ann, ben)
			}
			if err := a.rebind(); err != nil {
				t.Fatal(err)
			}
			goesOn(t, "after the router forgot", gapTime, ann, ben)
		})
	}
}

// TestShortMappings is a call of few words behind routers that forget a port
// after five seconds of silence.
func TestShortMappings(t *testing.T) {
	l := newLab(t)
	h := l.host(t)
	k := kindNamed(t, "symmetric")
	a, b := l.site(t, k), l.site(t, k)
	a.forgetAfter(t, 5)
	b.forgetAfter(t, 5)
	ann, ben, _ := call(t, h, "short mappings", a, b)
	for _, g := range []*guest{ann, ben} {
		g.tell("mute")
	}
	await(t, "a silence longer than a mapping", func() bool {
		return min(ann.silence(), ben.silence()) > 8*time.Second
	})
	for _, g := range []*guest{ann, ben} {
		g.tell("unmute")
	}
	goesOn(t, "after a long silence", gapTime, ann, ben)
}

// TestUDPGetsBlocked is a network that lets no UDP through any more, from the
// middle of a call on: it goes on by TCP.
func TestUDPGetsBlocked(t *testing.T) {
	l := newLab(t)
	h := l.host(t)
	k := kindNamed(t, "port-restricted")
	a, b := l.site(t, k), l.site(t, k)
	ann, ben, _ := call(t, h, "blocking", a, b)
	if err := a.become(udpBlocked); err != nil {
		t.Fatal(err)
	}
	goesOn(t, "after UDP was blocked", blockedTime, ann, ben)
	if way := ann.now().Way; way.Protocol != api.CandidateTCP || ben.now().Way.Protocol != api.CandidateUDP {
		t.Errorf("Ann comes by %+v, Ben by %+v", way, ben.now().Way)
	}
}

// goesOn waits until both see many more pictures of the other, and that they did
// not stay away for long after that moment.
func goesOn(t *testing.T, what string, limit int64, guests ...*guest) {
	t.Helper()
	from := time.Now().UnixMilli()
	for _, g := range guests {
		enough, last, gap := g.now().Pictures+50, from, int64(0)
		g.sees(what, func(s sight) bool {
			if s.Last > last {
				gap, last = max(gap, s.Last-last), s.Last
			}
			return s.Pictures > enough
		})
		if t.Logf("%s: no picture for %d ms", what, gap); gap > limit {
			t.Errorf("%s sees none for %d ms", g.name, gap)
		}
	}
}
