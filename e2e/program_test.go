package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	i420 "github.com/tutti-rtc/tutti/internal/mcu/picture"
)

// small is a program that costs a machine of tests little.
func small() api.ProgramSettings { return api.ProgramSettings{Width: 640, Height: 360, FPS: 15} }

// directs sets what the program looks like, as a host.
func (p *person) directs(settings api.ProgramSettings) {
	p.t.Helper()
	room := p.Snapshot().Settings
	room.Program = &settings
	if err := p.Moderate(p.ctx(), api.Moderate{Action: api.ActionSettings, Settings: &room}); err != nil {
		p.t.Fatal(err)
	}
}

// goes holds a client to a path by its own wish, and waits until it is there.
func (p *person) goes(path api.Path) {
	p.t.Helper()
	if err := p.SetPath(p.ctx(), "", path); err != nil {
		p.t.Fatal(err)
	}
	p.isOn(path)
}

// mutes mutes a track of one's own, or unmutes it.
func (p *person) mutes(track *client.LocalTrack, muted bool) {
	p.t.Helper()
	if err := track.SetMuted(p.ctx(), muted); err != nil {
		p.t.Fatal(err)
	}
}

// company brings the cast to a room, the first as its host.
func company(t *testing.T, s *server, o client.Options, settings api.ProgramSettings) map[string]*actor {
	t.Helper()
	all := map[string]*actor{}
	for i, p := range cast() {
		all[p.name] = acts(t, s, p.name, o, show{})
		if i == 0 {
			all[p.name].directs(settings)
		}
	}
	return all
}

// Four people are in the program, each in a place of their own; the picture and
// the sound follow what becomes of them.
func TestTheProgramShowsWhatHappens(t *testing.T) {
	s := local(t)
	all := company(t, s, client.Options{}, small())
	ann, ben, cat, dan := all["Ann"], all["Ben"], all["Cat"], all["Dan"]
	vic := viewer(t, s, "Vic")
	vic.seesThere("each in their place", grid(2, 2, 4), "Ann", "Ben", "Cat", "Dan")
	vic.hearsOnly("all of them", "Ann", "Ben", "Cat", "Dan")

	cat.mutes(cat.microphone, true)
	vic.hearsOnly("Cat is muted", "Ann", "Ben", "Dan")
	cat.mutes(cat.camera, true)
	vic.seesThere("Cat's camera is off", grid(2, 2, 4), "Ann", "Ben", "", "Dan")
	vic.until("an avatar stands for Cat", func() string { return avatar(vic.picture, grid(2, 2, 4)[2]) })
	cat.mutes(cat.microphone, false)
	cat.mutes(cat.camera, false)
	vic.seesThere("Cat's camera is on", grid(2, 2, 4), "Ann", "Ben", "Cat", "Dan")
	vic.hearsOnly("Cat is heard", "Ann", "Ben", "Cat", "Dan")

	ben.leaves()
	vic.seesThere("Ben has left, Ann and Cat stay where they were", grid(2, 2, 3), "Ann", "Dan", "Cat")
	vic.hearsOnly("Ben has left", "Ann", "Cat", "Dan")
	ben = acts(t, s, "Ben", client.Options{}, show{})
	vic.seesThere("Ben is back, nobody moves", grid(2, 2, 4), "Ann", "Dan", "Cat", "Ben")

	settings := small()
	settings.Layout = api.LayoutSpeaker
	ann.directs(settings)
	for _, a := range []*actor{ann, ben, cat} {
		a.mutes(a.microphone, true)
	}
	large := []place{{0.1, 0, 0.8, 0.8}}
	vic.hearsOnly("Dan talks alone", "Dan")
	vic.seesThere("Dan talks and is large", large, "Dan")
	ben.mutes(ben.microphone, false)
	dan.mutes(dan.microphone, true)
	vic.seesThere("now Ben talks", large, "Ben")

	ann.directs(small())
	vic.seesAll("the grid again", grid(2, 2, 4), "Ann", "Ben", "Cat", "Dan")
	cat.shows()
	vic.seesThere("a screen is large", []place{{0, 0.1, 0.8, 0.8}}, "Cat screen")
	if err := cat.screen.Unpublish(cat.ctx()); err != nil {
		t.Fatal(err)
	}
	vic.seesAll("the grid again", grid(2, 2, 4), "Ann", "Ben", "Cat", "Dan")

	settings.Layout = api.LayoutScene
	settings.Scene = &api.Scene{Background: "#ffffff", Tiles: []api.SceneTile{
		{X: 0.5, Y: 0, Width: 0.5, Height: 0.5, Show: api.ShowCamera + dan.Member()},
		{X: 0, Y: 0.5, Width: 0.5, Height: 0.5, Show: api.ShowCamera + ann.Member()},
	}}
	ann.directs(settings)
	vic.seesThere("a scene of one's own", []place{{0.5, 0, 0.5, 0.5}, {0, 0.5, 0.5, 0.5}}, "Dan", "Ann")
	vic.until("the scene's background", func() string {
		corner := place{0, 0, 0.5, 0.5}
		if c := mean(vic.picture, corner.in(vic.picture.Size())); c.off(yuv{235, 128, 128}) > colourTolerance {
			return fmt.Sprintf("it is %v", c)
		}
		return ""
	})
}

// avatar says what lacks of a coloured disc in the middle of a place.
func avatar(p *i420.Picture, at place) string {
	r := at.in(p.Size())
	middle := place{at.x + at.width*0.42, at.y + at.height*0.36, at.width * 0.02, at.height * 0.04}
	edge := block(r, 7)
	disc, around := mean(p, middle.in(p.Size())), mean(p, edge)
	if disc.off(around) < colourTolerance {
		return fmt.Sprintf("the middle is %v, the edge %v", disc, around)
	}
	return ""
}

// Who talks hears all but themselves, and nothing of themselves is left.
func TestNobodyHearsThemselvesInTheProgram(t *testing.T) {
	s := local(t)
	all := company(t, s, client.Options{AudioSlots: 1, VideoSlots: 1}, small())
	for _, a := range all {
		a.goes(api.PathMCU)
	}
	const apart = 40 // dB
	for i, p := range cast() {
		a := all[p.name]
		began := a.now()
		a.until(p.name+" hears the others, and nothing of "+p.name, func() string {
			levels := a.levels(began)
			if levels == nil {
				return "no sound"
			}
			own := levels[i]
			others := slices.Delete(slices.Clone(levels), i, i+1)
			if least := slices.Min(others); least < audible || own > least-apart {
				return fmt.Sprintf("the levels are %.0f dB", levels)
			}
			return ""
		})
		a.seesThere(p.name+" sees all", grid(2, 2, 4), "Ann", "Ben", "Cat", "Dan")
	}
}
