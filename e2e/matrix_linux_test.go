package e2e

import (
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// mediaTime is how long it may take from a second person's wish to join until
// both see each other, in milliseconds. In a crowd of calls on a busy machine a
// few may be later, but not by much.
const (
	mediaTime   = 5000
	mediaBusy   = 3 * mediaTime
	mediaInTime = 0.9 // share of the pairs
)

// TestMatrix lets two Go clients behind every pair of kinds call each other.
func TestMatrix(t *testing.T) {
	l := newLab(t)
	h := l.host(t)
	table := &ways{}
	t.Cleanup(func() {
		table.write(t)
		if share := table.within(mediaTime); share < mediaInTime {
			t.Errorf("%.0f %% of the pairs see each other within %d ms, want %.0f %%", 100*share, mediaTime, 100*mediaInTime)
		}
	})
	var left, right []*site
	for _, k := range kinds() {
		left, right = append(left, l.site(t, k)), append(right, l.site(t, k))
	}
	pairs := 0
	pair := func(name string, a, b *site) {
		pairs++
		row := wayRow{order: pairs, pair: name}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ann, ben, took := call(t, h, name, a, b)
			row.media, row.server = took, [2]client.Candidate{ann.now().Way, ben.now().Way}
			if a.kind.meets(b.kind) {
				row.met = meetDirectly(ann, ben)
				row.direct = [2]client.Candidate{ann.now().Direct, ben.now().Direct}
			}
			table.add(row)
			whole := a.kind.nat != lossy && b.kind.nat != lossy // visitors wait for nothing that was lost
			for _, g := range []*guest{ann, ben} {
				s := g.now()
				if !a.kind.meets(b.kind) && s.Path != api.PathSFU || whole && s.Broken > 0 {
					t.Errorf("%s sees %+v", g.name, s)
				}
			}
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

// call lets one after the other come, and sees to it that they see each other
// soon, each by the cheapest way to the server that its network leaves. It
// returns after how many milliseconds.
func call(t *testing.T, h *host, room string, a, b *site) (ann, ben *guest, took int64) {
	t.Helper()
	ann = a.visit(t, h, room, "Ann")
	ann.sees("she is in the room", func(s sight) bool { return s.State == "connected" })
	ben = b.visit(t, h, room, "Ben")
	began := ben.sees("he comes", func(s sight) bool { return s.Began > 0 }).Began
	first := max(ann.sees("Ben's pictures", pictured).First, ben.sees("Ann's pictures", pictured).First)
	if took = first - began; took > mediaBusy {
		t.Errorf("pictures after %d ms", took)
	}
	for g, s := range map[*guest]*site{ann: a, ben: b} {
		want := s.kind.toServer()
		g.sees("the cheapest way to the server", func(s sight) bool {
			return s.Way.Protocol == want.Protocol && s.Way.Relay == want.Relay
		})
	}
	return ann, ben, took
}

// meetDirectly waits until two are on a direct path, by UDP and without a relay,
// and still see each other. It returns after how many milliseconds they were,
// since the second one wished to join.
func meetDirectly(ann, ben *guest) int64 {
	ann.t.Helper()
	for _, g := range []*guest{ann, ben} {
		moved := g.sees("a direct path", func(s sight) bool {
			return s.Path == api.PathP2P && s.Direct.Protocol == api.CandidateUDP
		})
		if moved.Direct.Relay != "" {
			g.t.Errorf("%s's direct path is %+v", g.name, moved.Direct)
		}
		g.sees("pictures on it", func(s sight) bool { return s.Pictures > moved.Pictures+50 })
	}
	return max(ann.now().Moved, ben.now().Moved) - ben.now().Began
}

func pictured(s sight) bool { return s.Pictures > 5 }

// toServer returns the cheapest way to the server.
func (k kind) toServer() client.Candidate {
	switch {
	case k.udp == pass:
		return client.Candidate{Protocol: api.CandidateUDP}
	case k.plain == pass:
		return client.Candidate{Protocol: api.CandidateTCP}
	}
	return client.Candidate{Protocol: api.CandidateUDP, Relay: api.RelayTLS} // UDP beyond the relay
}
