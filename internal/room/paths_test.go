package room

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// A step of a path story: something happens, and then what update says, as
// "member:path/reason ..." with the orders behind it.
type pathStep struct {
	why   string
	after time.Duration // since the step before
	do    func(p *paths, now media.Time)
	want  string
}

func joins(ids ...string) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) {
		for _, id := range ids {
			p.join(id, true)
		}
	}
}

func leaves(id string) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) { p.leave(id) }
}

func connects(ids ...string) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) {
		for _, id := range ids {
			p.of(id).connected = true
		}
	}
}

func away(id string, away bool) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) { p.of(id).away = away }
}

// reports lets ends say how the session with the number that the test counts
// fares.
func reports(session string, state api.DirectStateKind, ids ...string) func(*paths, media.Time) {
	return func(p *paths, now media.Time) {
		for _, id := range ids {
			if !p.report(now, id, session, state) {
				panic("no session " + session)
			}
		}
	}
}

func nothing(*paths, media.Time) {}

// twoUp are the steps that every story of a working direct connection opens
// with.
var twoUp = []pathStep{
	{"alone, one waits", 0, joins("b"), "b:sfu/alone"},
	{"two, but the server's path isn't proven", 0, joins("a"), "b:sfu/media_unproven a:sfu/media_unproven"},
	{"proven for one", 0, connects("a"), "b:sfu/media_unproven a:sfu/media_unproven"},
	{"proven for both: try at once, the smaller id offers", 0, connects("b"), "b:sfu/proving a:sfu/proving b<a(s1) a>b(s1)"},
	{"one end is ready", time.Second, reports("s1", api.DirectReady, "a"), "b:sfu/proving a:sfu/proving"},
	{"both are ready", time.Second, reports("s1", api.DirectReady, "b"), "b:p2p/two a:p2p/two"},
}

func TestPaths(t *testing.T) {
	stories := map[string][]pathStep{
		"third comes and goes": {
			{"a third comes: all on the server at once", 0, joins("c"),
				"b:sfu/many a:sfu/many c:sfu/many a!many b!many"},
			{"it leaves: wait whether it comes again", 0, leaves("c"), "b:sfu/proving a:sfu/proving"},
			{"not yet", 4999 * time.Millisecond, nothing, "b:sfu/proving a:sfu/proving"},
			{"five seconds later: a new session", time.Millisecond, nothing, "b:sfu/proving a:sfu/proving b<a(s2) a>b(s2)"},
			{"ready", 0, reports("s2", api.DirectReady, "a", "b"), "b:p2p/two a:p2p/two"},
		},
		"third takes the place of one": {
			{"many", 0, joins("c"), "b:sfu/many a:sfu/many c:sfu/many a!many b!many"},
			{"the new one's media is proven", 0, connects("c"), "b:sfu/many a:sfu/many c:sfu/many"},
			{"an old one leaves", 0, leaves("a"), "b:sfu/proving c:sfu/proving"},
			{"the new pair tries after five seconds as well", 5 * time.Second, nothing, "b:sfu/proving c:sfu/proving b>c(s2) c<b(s2)"},
		},
		"the other leaves": {
			{"alone again", 0, leaves("a"), "b:sfu/alone b!alone"},
			{"somebody new: no reason to wait", 0, joins("c"), "b:sfu/media_unproven c:sfu/media_unproven"},
			{"proven", 0, connects("c"), "b:sfu/proving c:sfu/proving b>c(s2) c<b(s2)"},
		},
		"failures back off": {
			{"it becomes poor", 0, reports("s1", api.DirectPoor, "a"), "b:sfu/direct_poor a:sfu/direct_poor a!direct_poor b!direct_poor"},
			{"wait 30 s", 29 * time.Second, nothing, "b:sfu/direct_poor a:sfu/direct_poor"},
			{"again", time.Second, nothing, "b:sfu/proving a:sfu/proving b<a(s2) a>b(s2)"},
			{"it fails at once", 0, reports("s2", api.DirectFailed, "b"), "b:sfu/direct_failed a:sfu/direct_failed a!direct_failed b!direct_failed"},
			{"wait 2 min", 119 * time.Second, nothing, "b:sfu/direct_failed a:sfu/direct_failed"},
			{"again", time.Second, nothing, "b:sfu/proving a:sfu/proving b<a(s3) a>b(s3)"},
			{"nobody answers: 15 s are too long", 15 * time.Second, nothing, "b:sfu/direct_failed a:sfu/direct_failed a!direct_failed b!direct_failed"},
			{"wait 10 min", 599 * time.Second, nothing, "b:sfu/direct_failed a:sfu/direct_failed"},
			{"again, and every 10 min from now on", time.Second, nothing, "b:sfu/proving a:sfu/proving b<a(s4) a>b(s4)"},
			{"fails", 0, reports("s4", api.DirectFailed, "a"), "b:sfu/direct_failed a:sfu/direct_failed a!direct_failed b!direct_failed"},
			{"a third comes and goes", 0, joins("c"), "b:sfu/many a:sfu/many c:sfu/many"},
			{"the same two: the wait goes on", 0, leaves("c"), "b:sfu/direct_failed a:sfu/direct_failed"},
			{"not after five seconds", 5 * time.Second, nothing, "b:sfu/direct_failed a:sfu/direct_failed"},
			{"a new pair starts afresh", 0, leaves("a"), "b:sfu/alone"},
			{"comes", 0, joins("d"), "b:sfu/media_unproven d:sfu/media_unproven"},
			{"tries", 0, connects("d"), "b:sfu/proving d:sfu/proving b>d(s5) d<b(s5)"},
		},
		"a long good time clears the record": {
			{"poor soon after it came up", time.Minute, reports("s1", api.DirectPoor, "a"), "b:sfu/direct_poor a:sfu/direct_poor a!direct_poor b!direct_poor"},
			{"again", 30 * time.Second, nothing, "b:sfu/proving a:sfu/proving b<a(s2) a>b(s2)"},
			{"ready", 0, reports("s2", api.DirectReady, "a", "b"), "b:p2p/two a:p2p/two"},
			{"it lasted two minutes, then fails", 2 * time.Minute, reports("s2", api.DirectFailed, "a"), "b:sfu/direct_failed a:sfu/direct_failed a!direct_failed b!direct_failed"},
			{"so the next try is after 30 s", 30 * time.Second, nothing, "b:sfu/proving a:sfu/proving b<a(s3) a>b(s3)"},
		},
		"pins and wishes": {
			{"the room is pinned to the server", 0, func(p *paths, _ media.Time) { p.setting = api.PathSFU },
				"b:sfu/pinned a:sfu/pinned a!pinned b!pinned"},
			{"auto again", 0, func(p *paths, _ media.Time) { p.setting = api.PathAuto }, "b:sfu/proving a:sfu/proving b<a(s2) a>b(s2)"},
			{"one wishes for the server: that takes both", 0, func(p *paths, _ media.Time) { p.of("a").wish = api.PathSFU },
				"b:sfu/wish a:sfu/wish a!wish b!wish"},
			{"a host's pin wins over the wish", 0, func(p *paths, _ media.Time) { p.of("a").pin = api.PathP2P },
				"b:sfu/proving a:sfu/proving b<a(s3) a>b(s3)"},
			{"a host pins one to the server", 0, func(p *paths, _ media.Time) { p.of("b").pin = api.PathSFU },
				"b:sfu/pinned a:sfu/pinned a!pinned b!pinned"},
			{"a room pinned to p2p can't do it for three", 0, func(p *paths, _ media.Time) {
				p.setting = api.PathP2P
				p.join("c", true)
			}, "b:sfu/pinned a:sfu/many c:sfu/many"},
		},
		"lost connections": {
			{"signalling lost while direct: the call goes on", 0, away("a", true), "b:p2p/two a:p2p/two"},
			{"so it does without the server's media", 0, func(p *paths, _ media.Time) { p.of("b").connected = false }, "b:p2p/two a:p2p/two"},
			{"it becomes poor: now there is only the server", 0, reports("s1", api.DirectPoor, "b"), "b:sfu/media_unproven a:sfu/media_unproven a!direct_poor b!direct_poor"},
			{"time to try, but not proven", 30 * time.Second, nothing, "b:sfu/media_unproven a:sfu/media_unproven"},
			{"proven, but the other is away", 0, connects("b"), "b:sfu/direct_poor a:sfu/direct_poor"},
			{"back", 0, away("a", false), "b:sfu/proving a:sfu/proving b<a(s2) a>b(s2)"},
			{"away while trying: nobody could answer", 0, away("b", true), "b:sfu/direct_poor a:sfu/direct_poor a!proving b!proving"},
			{"back: try anew", 0, away("b", false), "b:sfu/proving a:sfu/proving b<a(s3) a>b(s3)"},
			{"media lost while trying", 0, func(p *paths, _ media.Time) { p.of("b").connected = false },
				"b:sfu/media_unproven a:sfu/media_unproven a!media_unproven b!media_unproven"},
		},
		"a client that can't": {
			{"the other leaves", 0, leaves("a"), "b:sfu/alone b!alone"},
			{"an old browser comes", 0, func(p *paths, _ media.Time) {
				p.join("c", false)
				p.of("c").connected = true
			}, "b:sfu/not_supported c:sfu/not_supported"},
		},
	}
	for name, steps := range stories {
		t.Run(name, func(t *testing.T) { tellPaths(t, append(twoUp[:len(twoUp):len(twoUp)], steps...)) })
	}
}

func tellPaths(t *testing.T, steps []pathStep) {
	sessions := 0
	p := newPaths(func() string { sessions++; return fmt.Sprintf("s%d", sessions) })
	now := media.Time(1e18)
	for _, s := range steps {
		before := now
		now = now.Add(s.after)
		// Whatever happens without being asked for happens at a deadline.
		if d := p.deadline(); s.after > 0 && !d.IsZero() && d.After(before) && d.Before(now) {
			t.Errorf("%s: update wanted to be called %v earlier", s.why, now.Sub(d))
		}
		s.do(&p, now)
		if got := describePaths(&p, p.update(now)); got != s.want {
			t.Fatalf("%s:\ngot  %s\nwant %s", s.why, got, s.want)
		}
		if again := p.update(now); len(again) != 0 {
			t.Errorf("%s: a second update has more to say: %v", s.why, again)
		}
	}
}

// describePaths writes a>b(s) for "a offers to b in session s", b<a(s) for the
// other end and a!r for "a stops for reason r".
func describePaths(p *paths, orders []directOrder) string {
	var words []string
	for _, m := range p.members {
		words = append(words, fmt.Sprintf("%s:%s/%s", m.id, m.path, m.reason))
	}
	for _, o := range orders {
		switch m := o.message.(type) {
		case *api.DirectStart:
			sign := "<"
			if m.Offer {
				sign = ">"
			}
			words = append(words, fmt.Sprintf("%s%s%s(%s)", o.member, sign, m.Member, m.Session))
		case *api.DirectStop:
			words = append(words, fmt.Sprintf("%s!%s", o.member, m.Reason))
		}
	}
	return strings.Join(words, " ")
}

func TestReportsOfOtherSessions(t *testing.T) {
	p := newPaths(func() string { return "s" })
	now := media.Time(1e18)
	if p.report(now, "a", "s", api.DirectReady) {
		t.Error("there is no session yet")
	}
	joins("a", "b")(&p, now)
	connects("a", "b")(&p, now)
	p.update(now)
	for _, who := range []struct{ member, session string }{{"a", "old"}, {"c", "s"}, {"", "s"}} {
		if p.report(now, who.member, who.session, api.DirectFailed) {
			t.Errorf("%q reported on session %q", who.member, who.session)
		}
	}
	// Saying it twice does not make one end two.
	p.report(now, "a", "s", api.DirectReady)
	p.report(now, "a", "s", api.DirectReady)
	if p.update(now); p.session.up {
		t.Error("up although only one end is ready")
	}
}
