package e2e

import (
	"testing"
)

// mediaTime is how long it may take from a second person's wish to join until
// both see each other, in milliseconds.
const mediaTime = 5000

// TestMatrix lets two Go clients behind every pair of kinds call each other.
func TestMatrix(t *testing.T) {
	l := newLab(t)
	h := l.host(t)
	var left, right []*site
	for _, k := range kinds() {
		if k.plain != pass {
			continue // until clients come by TURN
		}
		left, right = append(left, l.site(t, k)), append(right, l.site(t, k))
	}
	pair := func(name string, a, b *site) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call(t, h, name, a, b)
		})
	}
	for i, a := range left {
		for _, b := range right[i:] {
			pair(a.kind.name+" and "+b.kind.name, a, b)
		}
	}
	home := l.site(t, kindNamed(t, "port-restricted"))
	pair("one home", home, home.neighbour(t))
	a, b := l.carrierHomes(t)
	pair("two homes of one carrier", a, b)
}

// call lets one after the other come and returns how soon they saw each other.
func call(t *testing.T, h *host, room string, a, b *site) (ann, ben *guest) {
	t.Helper()
	ann = a.visit(t, h, room, "Ann")
	ann.sees("she is in the room", func(s sight) bool { return s.State == "connected" })
	ben = b.visit(t, h, room, "Ben")
	began := ben.sees("he comes", func(s sight) bool { return s.Began > 0 }).Began
	first := max(ann.sees("Ben's pictures", pictured).First, ben.sees("Ann's pictures", pictured).First)
	if took := first - began; took > mediaTime {
		t.Errorf("pictures after %d ms", took)
	}
	return ann, ben
}

func pictured(s sight) bool { return s.Pictures > 5 }
