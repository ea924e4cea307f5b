package room

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

func watches(ids ...string) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) {
		for _, id := range ids {
			p.join(id, true).viewer = true
		}
	}
}

func program(s api.ProgramState) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) { p.program = s }
}

func line(id string, l Line) func(*paths, media.Time) {
	return func(p *paths, now media.Time) { p.of(id).thin.tell(now, l) }
}

func load(id string, decode, dropped float64) func(*paths, media.Time) {
	return func(p *paths, now media.Time) {
		m := p.of(id)
		m.weak.report(now, m.path, &api.Load{Decode: decode, Dropped: dropped})
	}
}

func pictures(id string, n int) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) { p.of(id).pictures = n }
}

func setting(path api.Path) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) { p.setting = path }
}

func wish(id string, path api.Path) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) { p.of(id).wish = path }
}

func pin(id string, path api.Path) func(*paths, media.Time) {
	return func(p *paths, _ media.Time) { p.of(id).pin = path }
}

// threeUp are the steps that open stories of a small group.
var threeUp = []pathStep{
	{"three", 0, joins("a", "b", "c"), "a:sfu/many b:sfu/many c:sfu/many"},
}

func TestViewersGetTheProgram(t *testing.T) {
	tellPaths(t, []pathStep{
		{"a viewer waits for somebody to come", 0, watches("v"), "v:sfu/alone"},
		{"two viewers are alone as well", 0, watches("w"), "v:sfu/alone w:sfu/alone"},
		{"somebody comes, who sees nobody", 0, joins("b"), "v:sfu/mix_starting w:sfu/mix_starting b:sfu/alone"},
		{"the program is asked for", 0, program(api.ProgramStarting), "v:sfu/mix_starting w:sfu/mix_starting b:sfu/alone"},
		{"it flows", 0, program(api.ProgramForwarding), "v:mcu/viewer w:mcu/viewer b:sfu/alone"},
		{"a second: the two try to meet, whoever watches", 0, func(p *paths, now media.Time) {
			joins("a")(p, now)
			connects("a", "b")(p, now)
			p.program = api.ProgramMixing
		}, "v:mcu/viewer w:mcu/viewer b:sfu/proving a:sfu/proving b<a(s1) a>b(s1)"},
		{"they meet", 0, reports("s1", api.DirectReady, "a", "b"), "v:mcu/viewer w:mcu/viewer b:p2p/two a:p2p/two"},
		{"a viewer more does not part them", 0, watches("x"), "v:mcu/viewer w:mcu/viewer b:p2p/two a:p2p/two x:mcu/viewer"},
		{"one viewer wants the tracks themselves", 0, wish("v", api.PathSFU), "v:sfu/wish w:mcu/viewer b:p2p/two a:p2p/two x:mcu/viewer"},
		{"nobody can go directly to one who watches", 5 * time.Second, wish("v", api.PathP2P), "v:mcu/viewer w:mcu/viewer b:p2p/two a:p2p/two x:mcu/viewer"},
		{"one may not receive", 0, func(p *paths, _ media.Time) { p.of("v").deaf = true }, "v:sfu/not_supported w:mcu/viewer b:p2p/two a:p2p/two x:mcu/viewer"},
		{"a third comes: the two part", 5 * time.Second, joins("c"), "v:sfu/not_supported w:mcu/viewer b:sfu/many a:sfu/many x:mcu/viewer c:sfu/many a!many b!many"},
	})
}

// Nobody is sent to a program that isn't there, and nobody is left with one that
// has ended.
func TestMakeBeforeBreak(t *testing.T) {
	tellPaths(t, append(threeUp[:1:1], []pathStep{
		{"one wishes for the program", 0, wish("b", api.PathMCU), "a:sfu/many b:sfu/mix_starting c:sfu/many"},
		{"it starts: nothing is to be had yet", 0, program(api.ProgramStarting), "a:sfu/many b:sfu/mix_starting c:sfu/many"},
		{"it flows", time.Second, program(api.ProgramMixing), "a:sfu/many b:mcu/wish c:sfu/many"},
		{"it passes on what there is", 0, program(api.ProgramForwarding), "a:sfu/many b:mcu/wish c:sfu/many"},
		{"it has to start anew", 0, program(api.ProgramStarting), "a:sfu/many b:sfu/mix_starting c:sfu/many"},
		{"it flows again", time.Second, program(api.ProgramMixing), "a:sfu/many b:mcu/wish c:sfu/many"},
		{"the server can't", 0, program(api.ProgramFailed), "a:sfu/many b:sfu/mix_failed c:sfu/many"},
		{"freed", 5 * time.Second, wish("b", api.PathAuto), "a:sfu/many b:sfu/many c:sfu/many"},
	}...))
}

func TestWhoIsHeldToTheProgram(t *testing.T) {
	tellPaths(t, append(twoUp[:len(twoUp):len(twoUp)], []pathStep{
		{"one of two wishes for it: that takes both from the direct path", 0, wish("a", api.PathMCU), "b:sfu/wish a:sfu/mix_starting a!wish b!wish"},
		{"it flows", 0, program(api.ProgramMixing), "b:sfu/wish a:mcu/wish"},
		{"a host's pin wins over the wish", 0, pin("a", api.PathSFU), "b:sfu/pinned a:sfu/pinned"},
		{"the room is pinned to it, but for whom a host has pinned", 5 * time.Second, setting(api.PathMCU), "b:mcu/pinned a:sfu/pinned"},
		{"the setting wins over the wish", 0, func(p *paths, _ media.Time) {
			p.of("a").pin = api.PathAuto
			p.of("b").wish = api.PathSFU
		}, "b:mcu/pinned a:mcu/pinned"},
		{"the room is pinned to forwarding, one by a host to the program", 0, func(p *paths, _ media.Time) {
			p.setting = api.PathSFU
			p.of("b").pin = api.PathMCU
		}, "b:mcu/pinned a:sfu/pinned"},
		{"it can't be had", 0, program(api.ProgramFailed), "b:sfu/mix_failed a:sfu/pinned"},
		{"alone, there is nothing to mix", 5 * time.Second, leaves("a"), "b:sfu/alone"},
	}...))
}

func TestAThinLineGetsTheProgram(t *testing.T) {
	const kbit = 1000
	short := Line{Estimate: 400 * kbit, Needed: 1000 * kbit, Short: true}
	tellPaths(t, append(threeUp[:1:1], []pathStep{
		{"one line is short", 0, line("a", short), "a:sfu/many b:sfu/many c:sfu/many"},
		{"not for long", 4 * time.Second, line("a", Line{Estimate: 2000 * kbit, Needed: 1000 * kbit}), "a:sfu/many b:sfu/many c:sfu/many"},
		{"again", time.Second, line("a", short), "a:sfu/many b:sfu/many c:sfu/many"},
		{"told once more: five seconds count from the first", 3 * time.Second, line("a", Line{Estimate: 300 * kbit, Needed: 1000 * kbit, Short: true}), "a:sfu/many b:sfu/many c:sfu/many"},
		{"five seconds", 2 * time.Second, nothing, "a:sfu/mix_starting b:sfu/many c:sfu/many"},
		{"the program flows", time.Second, program(api.ProgramMixing), "a:mcu/thin_line b:sfu/many c:sfu/many"},
		{"the program fits the line, which does not carry more yet", 10 * time.Second, line("a", Line{Estimate: 1299 * kbit, Needed: 200 * kbit}), "a:mcu/thin_line b:sfu/many c:sfu/many"},
		{"1.3 times what it needed, but not for 30 s", 10 * time.Second, line("a", Line{Estimate: 1300 * kbit, Needed: 200 * kbit}), "a:mcu/thin_line b:sfu/many c:sfu/many"},
		{"30 s after it was found thin", 9 * time.Second, nothing, "a:sfu/many b:sfu/many c:sfu/many"},
		{"it was not enough", 5 * time.Second, line("a", short), "a:sfu/many b:sfu/many c:sfu/many"},
		{"thin again, within a minute", 5 * time.Second, nothing, "a:mcu/thin_line b:sfu/many c:sfu/many"},
		{"wide, but 30 s are not enough now", 30 * time.Second, line("a", Line{Estimate: 5000 * kbit}), "a:mcu/thin_line b:sfu/many c:sfu/many"},
		{"60 s are", 30 * time.Second, nothing, "a:sfu/many b:sfu/many c:sfu/many"},
		{"shown elsewhere, the program is let go", 5 * time.Second, nothing, "a:sfu/many b:sfu/many c:sfu/many"},
		{"fine for a minute, then short", 55 * time.Second, line("a", short), "a:sfu/many b:sfu/many c:sfu/many"},
		{"thin", 5 * time.Second, nothing, "a:mcu/thin_line b:sfu/many c:sfu/many"},
		{"a new connection, of which nothing is known", 20 * time.Second, line("a", Line{}), "a:mcu/thin_line b:sfu/many c:sfu/many"},
		{"is worth a try, after 30 s as it was at first", 10 * time.Second, nothing, "a:sfu/many b:sfu/many c:sfu/many"},
	}...))
}

// What the line was short of on another path says nothing about this one.
func TestAShortLineCountsWhileForwarded(t *testing.T) {
	tellPaths(t, append(threeUp[:1:1], []pathStep{
		{"the program by wish", 0, func(p *paths, _ media.Time) {
			p.program = api.ProgramMixing
			p.of("a").wish = api.PathMCU
		}, "a:mcu/wish b:sfu/many c:sfu/many"},
		{"even that is too much", 0, line("a", Line{Estimate: 50_000, Needed: 200_000, Short: true}), "a:mcu/wish b:sfu/many c:sfu/many"},
		{"a minute later it is freed", time.Minute, wish("a", api.PathAuto), "a:sfu/many b:sfu/many c:sfu/many"},
		{"and short on the new path", 4 * time.Second, nothing, "a:sfu/many b:sfu/many c:sfu/many"},
		{"for five seconds", time.Second, nothing, "a:mcu/thin_line b:sfu/many c:sfu/many"},
	}...))
}

func TestAWeakDeviceGetsTheProgram(t *testing.T) {
	steps := append(threeUp[:1:1], []pathStep{
		{"a report that says nothing", 0, load("a", 0.5, 0), "a:sfu/many b:sfu/many c:sfu/many"},
		{"busy", 5 * time.Second, load("a", 0.9, 0), "a:sfu/many b:sfu/many c:sfu/many"},
		{"busy again, too soon to count", time.Second, load("a", 0.9, 0), "a:sfu/many b:sfu/many c:sfu/many"},
		{"it was busy twice, but long ago", 15 * time.Second, load("a", 0.9, 0), "a:sfu/many b:sfu/many c:sfu/many"},
		{"busy twice running, by what it drops", 5 * time.Second, load("a", 0.1, 0.3), "a:sfu/mix_starting b:sfu/many c:sfu/many"},
		{"the program flows", 0, program(api.ProgramMixing), "a:mcu/weak_device b:sfu/many c:sfu/many"},
	}...)
	// It is easy with the program, from now on; but once.
	for i := range 6 {
		steps = append(steps, pathStep{"easy", 5 * time.Second, load("a", 0.1, 0), "a:mcu/weak_device b:sfu/many c:sfu/many"})
		if i == 2 {
			steps = append(steps, pathStep{"not so easy", 5 * time.Second, load("a", 0.4, 0), "a:mcu/weak_device b:sfu/many c:sfu/many"})
		}
	}
	for range 9 {
		steps = append(steps, pathStep{"easy", 5 * time.Second, load("a", 0.1, 0.01), "a:mcu/weak_device b:sfu/many c:sfu/many"})
	}
	steps = append(steps, []pathStep{
		{"for 60 s", 5 * time.Second, load("a", 0.1, 0), "a:sfu/many b:sfu/many c:sfu/many"},
		{"busy again", 5 * time.Second, load("a", 1.5, 0.1), "a:sfu/many b:sfu/many c:sfu/many"},
		{"twice", 5 * time.Second, load("a", 1.5, 0.1), "a:mcu/weak_device b:sfu/many c:sfu/many"},
	}...)
	for range 24 {
		steps = append(steps, pathStep{"easy, which must last twice as long", 5 * time.Second, load("a", 0.1, 0), "a:mcu/weak_device b:sfu/many c:sfu/many"})
	}
	steps = append(steps, pathStep{"for 120 s", 5 * time.Second, load("a", 0.1, 0), "a:sfu/many b:sfu/many c:sfu/many"})
	tellPaths(t, steps)
}

// What is hard about the program says nothing about the tracks, and a silence is
// no sign of ease.
func TestWhatALoadCountsFor(t *testing.T) {
	steps := append(threeUp[:1:1], []pathStep{
		{"the program by wish", 0, func(p *paths, _ media.Time) {
			p.program = api.ProgramMixing
			p.of("a").wish = api.PathMCU
		}, "a:mcu/wish b:sfu/many c:sfu/many"},
		{"busy", 0, load("a", 0.9, 0), "a:mcu/wish b:sfu/many c:sfu/many"},
		{"twice", 5 * time.Second, load("a", 0.9, 0), "a:mcu/wish b:sfu/many c:sfu/many"},
		{"freed", 0, wish("a", api.PathAuto), "a:sfu/many b:sfu/many c:sfu/many"},
		{"the program is let go", 5 * time.Second, nothing, "a:sfu/many b:sfu/many c:sfu/many"},
		{"busy", 0, load("a", 0.9, 0), "a:sfu/many b:sfu/many c:sfu/many"},
		{"twice", 5 * time.Second, load("a", 0.9, 0), "a:mcu/weak_device b:sfu/many c:sfu/many"},
	}...)
	for range 11 {
		steps = append(steps, pathStep{"easy", 5 * time.Second, load("a", 0.1, 0), "a:mcu/weak_device b:sfu/many c:sfu/many"})
	}
	steps = append(steps, pathStep{"easy, after a silence", 16 * time.Second, load("a", 0.1, 0), "a:mcu/weak_device b:sfu/many c:sfu/many"})
	for range 11 {
		steps = append(steps, pathStep{"easy", 5 * time.Second, load("a", 0.1, 0), "a:mcu/weak_device b:sfu/many c:sfu/many"})
	}
	tellPaths(t, append(steps, pathStep{"for 60 s", 5 * time.Second, load("a", 0.1, 0), "a:sfu/many b:sfu/many c:sfu/many"}))
}

// A client that shows all the pictures without trouble has no reason to say so.
func TestAWeakDeviceThatIsNotMixedForIsForgotten(t *testing.T) {
	tellPaths(t, append(threeUp[:1:1], []pathStep{
		{"the server can't mix", 0, program(api.ProgramFailed), "a:sfu/many b:sfu/many c:sfu/many"},
		{"busy", 0, load("a", 0.9, 0), "a:sfu/many b:sfu/many c:sfu/many"},
		{"twice", 5 * time.Second, load("a", 0.9, 0), "a:sfu/mix_failed b:sfu/many c:sfu/many"},
		{"still", 20 * time.Second, load("a", 0.9, 0), "a:sfu/mix_failed b:sfu/many c:sfu/many"},
		{"easy, in a report that need not be", 30 * time.Second, load("a", 0.1, 0), "a:sfu/mix_failed b:sfu/many c:sfu/many"},
		{"no complaints for a minute", 30 * time.Second, nothing, "a:sfu/many b:sfu/many c:sfu/many"},
	}...))
}

func TestACrowdGetsTheProgram(t *testing.T) {
	tellPaths(t, append(threeUp[:1:1], []pathStep{
		{"as many pictures as a page may show", 0, pictures("a", 16), "a:sfu/many b:sfu/many c:sfu/many"},
		{"one more", 0, pictures("a", 17), "a:sfu/mix_starting b:sfu/many c:sfu/many"},
		{"flows", 0, program(api.ProgramMixing), "a:mcu/crowd b:sfu/many c:sfu/many"},
		{"four go", 0, pictures("a", 13), "a:mcu/crowd b:sfu/many c:sfu/many"},
		{"a wish wins", 0, wish("a", api.PathSFU), "a:sfu/wish b:sfu/many c:sfu/many"},
		{"freed", 5 * time.Second, wish("a", api.PathAuto), "a:mcu/crowd b:sfu/many c:sfu/many"},
		{"another goes", 0, pictures("a", 12), "a:sfu/many b:sfu/many c:sfu/many"},
		{"and comes back", 5 * time.Second, pictures("a", 13), "a:sfu/many b:sfu/many c:sfu/many"},
	}...))
}

// Two who reach each other need no server, whatever the line to that is worth.
func TestADirectPathGoesBeforeAThinLine(t *testing.T) {
	tellPaths(t, append(twoUp[:4:4], []pathStep{
		{"the line is short", 0, line("a", Line{Estimate: 100, Needed: 1000, Short: true}), "b:sfu/proving a:sfu/proving"},
		{"the program flows for one, the two still try", 5 * time.Second, program(api.ProgramMixing), "b:sfu/proving a:mcu/thin_line"},
		{"they meet", time.Second, reports("s1", api.DirectReady, "a", "b"), "b:p2p/two a:p2p/two"},
	}...))
}

func TestLongStaysEnd(t *testing.T) {
	var r retreat
	now := media.Time(1e18)
	for range 20 {
		r.come(now, thinLeast)
		now = now.Add(r.least + time.Second)
		r.goes(now)
		now = now.Add(relapse - 1)
	}
	if r.least != retreatMost {
		t.Errorf("after 20 relapses one stays %v", r.least)
	}
	r.come(now.Add(1), thinLeast)
	if r.least != thinLeast {
		t.Errorf("after a good minute one stays %v", r.least)
	}
}
