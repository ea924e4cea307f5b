package layout

import (
	"image"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

const start = media.Time(time.Hour)

// after is a moment of the tests' clock, in milliseconds from the start.
func after(ms int) media.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func TestTheFirstPictureIsThereAtOnce(t *testing.T) {
	var s Stage
	if len(s.Tiles(start)) != 0 || s.Moving(start) {
		t.Error("an empty stage shows something")
	}
	s.Update(start, Input{Size: hd, Items: people(4)})
	tiles := s.Tiles(start)
	if !slices.Equal(tiles, s.Settled()) || len(tiles) != 4 || s.Moving(start) {
		t.Errorf("it begins with %v", tiles)
	}
}

func TestWhoJoinsFadesInAndGrows(t *testing.T) {
	var s Stage
	s.Update(start, Input{Size: hd, Items: people(3)})
	s.Update(after(1000), Input{Size: hd, Items: people(4)})
	last, opacity := image.Rectangle{}, -1.0
	for ms := 1000; ms <= 1240; ms += 10 {
		d := of(t, s.Tiles(after(ms)), "d")
		if d.Opacity < opacity || !last.In(d.Rect) {
			t.Fatalf("after %d ms it goes back from %v, %v to %v, %v", ms, last, opacity, d.Rect, d.Opacity)
		}
		if s.Moving(after(ms)) != (ms < 1240) {
			t.Errorf("after %d ms moving is %v", ms, s.Moving(after(ms)))
		}
		last, opacity = d.Rect, d.Opacity
	}
	if opacity != 1 || last != image.Rect(640, 360, 1280, 720) {
		t.Errorf("it ends with %v, %v", last, opacity)
	}
}

func TestWhoLeavesFadesOutBelowTheOthers(t *testing.T) {
	var s Stage
	s.Update(start, Input{Size: hd, Items: people(4)})
	s.Update(after(1000), Input{Size: hd, Items: people(4)[1:]})
	opacity := 1.0
	for ms := 1000; ms < 1240; ms += 10 {
		tiles := s.Tiles(after(ms))
		if tiles[0].Item != "a" || tiles[0].Rect != image.Rect(0, 0, 640, 360) || tiles[0].Opacity > opacity {
			t.Fatalf("after %d ms the lowest is %v", ms, tiles[0])
		}
		opacity = tiles[0].Opacity
	}
	if tiles := s.Tiles(after(1240)); len(tiles) != 3 || opacity > 0.01 {
		t.Errorf("it ends with %v", tiles)
	}
}

// Somebody whose line is lost for a moment does not start anew.
func TestWhoComesBackInTimeFadesInFromWhereItWas(t *testing.T) {
	var s Stage
	s.Update(start, Input{Size: hd, Items: people(4)})
	s.Update(after(1000), Input{Size: hd, Items: people(3)})
	before := of(t, s.Tiles(after(1060)), "d").Opacity
	s.Update(after(1060), Input{Size: hd, Items: people(4)})
	if now := of(t, s.Tiles(after(1060)), "d").Opacity; now != before || now == 0 || now == 1 {
		t.Errorf("its opacity jumps from %v to %v", before, now)
	}
}

func TestTilesMoveWithoutGoingBack(t *testing.T) {
	var s Stage
	s.Update(start, Input{Size: hd, Items: people(4)})
	s.Update(after(1000), Input{Size: hd, Items: people(5)})
	from := of(t, s.Tiles(after(1000)), "d").Rect
	if from != image.Rect(640, 360, 1280, 720) {
		t.Fatalf("it jumped to %v", from)
	}
	first := 0
	for ms := 1010; ms <= 1240; ms += 10 {
		r := of(t, s.Tiles(after(ms)), "d").Rect
		if r.Min.X > from.Min.X || r.Max.X > from.Max.X || r.Max.Y > from.Max.Y {
			t.Fatalf("after %d ms it goes back from %v to %v", ms, from, r)
		}
		if ms == 1120 {
			first = 640 - r.Min.X
		}
		from = r
	}
	if want := image.Rect(214, 360, 640, 600); from != want {
		t.Errorf("it ends at %v", from)
	}
	if first < 426*3/4 {
		t.Errorf("in half of the time it went %d of 426", first)
	}
}

// A tile that only moves is not scaled anew on its way.
func TestTilesKeepTheirSizeOnTheirWay(t *testing.T) {
	var s Stage
	s.Update(start, Input{Size: hd, Items: people(5)})
	s.Update(after(1000), Input{Size: hd, Items: people(6)})
	for ms := 1000; ms < 1250; ms += 7 {
		if size := of(t, s.Tiles(after(ms)), "e").Rect.Size(); size != (image.Point{426, 240}) {
			t.Fatalf("after %d ms it has %v", ms, size)
		}
	}
}

func TestATalkerLeadsForTwoSecondsAtLeast(t *testing.T) {
	var s Stage
	talk := func(ms int, member string) string {
		s.Update(after(ms), Input{Size: hd, Layout: api.LayoutSpeaker, Items: people(3), Talker: member})
		return s.Settled()[0].Item
	}
	for _, step := range []struct {
		ms   int
		says string
		lead string
	}{
		{0, "", "a"},     // nobody talked yet
		{100, "b", "b"},  // the first need not wait
		{600, "c", "b"},  // too early
		{900, "b", "b"},  // a word between
		{2000, "c", "b"}, // still too early
		{2050, "", "b"},  // silence is no talker
		{2100, "c", "c"}, // b has had two seconds
		{9000, "a", "a"}, // c had more
	} {
		if lead := talk(step.ms, step.says); lead != step.lead {
			t.Errorf("after %d ms %s leads, not %s", step.ms, lead, step.lead)
		}
	}
	talk(9500, "b")
	if d := s.Deadline(); d != after(11000) {
		t.Errorf("the deadline is %d ms from the start", d.Sub(start).Milliseconds())
	}
	if s.Tiles(after(10999)); s.Settled()[0].Item != "a" {
		t.Error("b leads too early")
	}
	if s.Tiles(after(11000)); s.Settled()[0].Item != "b" || !s.Moving(after(11000)) || s.Deadline() != 0 {
		t.Error("b does not lead by itself when it is time")
	}
}

func TestALeaderWhoLeavesIsFollowedAtOnce(t *testing.T) {
	var s Stage
	in := Input{Size: hd, Layout: api.LayoutSingle, Items: people(3), Talker: "a"}
	s.Update(start, in)
	in.Talker = "b"
	s.Update(after(3000), in)
	in.Items = slices.Delete(people(3), 1, 2)
	s.Update(after(3100), in)
	if lead := s.Settled()[0].Item; lead != "a" {
		t.Errorf("after b, who followed a, %s leads", lead)
	}
	in.Talker = "c"
	if s.Update(after(3200), in); s.Settled()[0].Item != "c" {
		t.Error("c has to wait for somebody who is gone")
	}
}

func TestANewScreenReplacesTheOld(t *testing.T) {
	var s Stage
	in := Input{Size: hd, Layout: api.LayoutSingle, Items: append(people(2), screenOf("b"))}
	s.Update(start, in)
	in.Items = append(people(1), screenOf("a"), people(2)[1], screenOf("b"))
	s.Update(after(1000), in)
	if got := s.Settled()[0].Item; got != "a-screen" {
		t.Errorf("%s is shown", got)
	}
	in.Talker = "b"
	if s.Update(after(2000), in); s.Settled()[0].Item != "a-screen" {
		t.Errorf("then %s is shown", s.Settled()[0].Item)
	}
	in.Items = append(people(2), screenOf("b"))
	if s.Update(after(3000), in); s.Settled()[0].Item != "b-screen" {
		t.Errorf("in the end %s is shown", s.Settled()[0].Item)
	}
}

func TestAnotherCanvasIsFilledAtOnce(t *testing.T) {
	var s Stage
	s.Update(start, Input{Size: hd, Items: people(4)})
	s.Update(after(1000), Input{Size: media.Dimensions{Width: 640, Height: 360}, Items: people(4)})
	if tiles := s.Tiles(after(1000)); s.Moving(after(1000)) || !slices.Equal(tiles, s.Settled()) || tiles[0].Rect.Dx() != 320 {
		t.Errorf("it shows %v", tiles)
	}
}

func TestManyWhoComeAndGoAreBounded(t *testing.T) {
	var s Stage
	for i := range 200 {
		items := people(25)
		for j := range items {
			items[j].ID += string(rune('0' + i))
		}
		s.Update(start.Add(time.Duration(i)), Input{Size: hd, Layout: api.LayoutGrid, Items: items})
		if n := len(s.Tiles(start.Add(time.Duration(i)))); n > 25+ghosts {
			t.Fatalf("%d tiles", n)
		}
	}
}

func TestASteadyPictureAllocatesNothing(t *testing.T) {
	var s Stage
	in := Input{Size: hd, Items: append(people(9), screenOf("c")), Talker: "b"}
	s.Update(start, in)
	s.Tiles(start)
	now := start
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(33 * time.Millisecond)
		s.Update(now, in)
		s.Tiles(now)
		s.Deadline()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAllOfAChangeIsDoneInTheEnd(t *testing.T) {
	last := 0.0
	for d := -time.Millisecond; d <= span+time.Millisecond; d += time.Millisecond {
		p := ease(d)
		if p < last || p > 1 {
			t.Fatalf("after %v, %v of it is done", d, p)
		}
		last = p
	}
	if ease(0) != 0 || last != 1 {
		t.Errorf("from %v to %v", ease(0), last)
	}
}
