package e2e

import (
	"testing"
	"time"
)

// gapTime is how long pictures may stay away when the network changes under a
// call, in milliseconds.
const gapTime = 5000

// TestRouterForgets is a router that forgets its mappings in the middle of a
// call: from then on the server sees the client at another port.
func TestRouterForgets(t *testing.T) {
	l := newLab(t)
	h := l.host(t)
	k := kindNamed(t, "symmetric")
	a, b := l.site(t, k), l.site(t, k)
	ann, ben := call(t, h, "rebinding", a, b)
	if err := a.rebind(); err != nil {
		t.Fatal(err)
	}
	goesOn(t, "after the router forgot", ann, ben)
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
	ann, ben := call(t, h, "short mappings", a, b)
	for _, g := range []*guest{ann, ben} {
		g.tell("mute")
	}
	await(t, "a silence longer than a mapping", func() bool {
		return min(ann.silence(), ben.silence()) > 8*time.Second
	})
	for _, g := range []*guest{ann, ben} {
		g.tell("unmute")
	}
	goesOn(t, "after a long silence", ann, ben)
}

// goesOn waits until both see many more pictures of the other, and that they did
// not stay away for long after that moment.
func goesOn(t *testing.T, what string, guests ...*guest) {
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
		if t.Logf("%s: no picture for %d ms", what, gap); gap > gapTime {
			t.Errorf("%s sees none for %d ms", g.name, gap)
		}
	}
}
