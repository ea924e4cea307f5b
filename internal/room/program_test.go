package room

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// watch lets somebody join who only watches.
func (h *house) watch(name string) *client {
	h.t.Helper()
	c := h.visitor()
	if err := c.enter(&api.Join{Room: "stage", Name: name, Direct: true, Viewer: true}, Everything()); err != nil {
		h.t.Fatalf("%s can't join: %v", name, err)
	}
	return c
}

// tell lets the media plane say how the program fares.
func (p *plane) tellProgram(program api.Program) {
	p.mu.Lock()
	tell := p.tell
	p.mu.Unlock()
	tell(program)
	synctest.Wait()
}

// mixing returns what the media plane was asked to mix last, and how often it was
// asked for anything.
func (p *plane) mixing() (*Program, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mixed, p.mixes
}

func TestAViewerIsShownTheProgram(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		h.direct(ann, ben)
		ann.must(&api.View{Quiet: true})
		camera := ann.must(&api.Publish{MID: "1", Origin: api.OriginCamera, Layers: []api.Layer{{RID: "q", Width: 320, Height: 180}, {RID: "h", Width: 640, Height: 360}}}).(*api.Published).Track
		ann.must(&api.SetHand{Raised: true})
		if p, n := h.plane.mixing(); p != nil || n != 0 || ann.room.Program.State != api.ProgramOff {
			t.Errorf("nobody wants the program %+v, which is %s", p, ann.room.Program.State)
		}

		vic := h.watch("Vic")
		vic.sees(api.PathSFU, api.ReasonMixStarting)
		ann.sees(api.PathP2P, api.ReasonTwo)
		if !vic.me().Viewer || vic.me().Role != api.RoleMember || ann.room.Program.State != api.ProgramStarting {
			t.Errorf("Vic is %+v, the program is %s", vic.me(), ann.room.Program.State)
		}
		p, _ := h.plane.mixing()
		want := &Program{
			Settings: api.ProgramSettings{Width: 1280, Height: 720, FPS: 30},
			Viewers:  []string{vic.id},
			Members: []ProgramMember{{ID: ann.id, Name: "Ann", Hand: true, Tracks: []Publication{{MID: "1", Track: media.TrackInfo{
				ID: media.TrackID(camera.ID), Member: ann.id, Kind: media.Video, Origin: media.Camera,
				Layers: []media.LayerInfo{
					{RID: "q", Size: media.Dimensions{Width: 320, Height: 180}},
					{RID: "h", Size: media.Dimensions{Width: 640, Height: 360}},
				},
			}}}}},
		}
		if !p.equal(want) {
			t.Errorf("mixed is\n%+v\nwant\n%+v", p, want)
		}
		if vic.endpoint().fill != FillTalkers {
			t.Error("until the program flows Vic hears the talkers")
		}

		h.plane.tellProgram(api.Program{State: api.ProgramMixing, Width: 1280, Height: 720, LeftOut: []string{camera.ID}})
		vic.sees(api.PathMCU, api.ReasonViewer)
		ann.sees(api.PathP2P, api.ReasonTwo)
		if vic.endpoint().fill != FillProgram || ann.endpoint().fill != FillNothing {
			t.Errorf("Vic's endpoint fills with %d, Ann's with %d", vic.endpoint().fill, ann.endpoint().fill)
		}
		if got := ben.room.Program; got.State != api.ProgramMixing || got.Width != 1280 || !slices.Equal(got.LeftOut, []string{camera.ID}) {
			t.Errorf("Ben knows of the program %+v", got)
		}
		if s := h.rooms.Stats(); s.MembersMixed != 1 || s.MembersDirect != 2 {
			t.Errorf("stats are %+v", s)
		}
		vic.refused(api.CodeForbidden, &api.Publish{MID: "0", Origin: api.OriginCamera})
		vic.same()

		vic.must(&api.Leave{})
		if p, _ := h.plane.mixing(); p != nil || ann.room.Program.State != api.ProgramOff {
			t.Errorf("nobody wants the program any more: %+v, %+v", p, ann.room.Program)
		}
		ann.same()
	})
}

func TestTheMixIsToldOfWhatHasChangedOnly(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		h.connected("Cat") // publishes nothing, and is not in the picture
		camera := ann.must(&api.Publish{MID: "1", Origin: api.OriginCamera}).(*api.Published).Track.ID
		ben.must(&api.SetPath{Path: api.PathMCU})
		_, count := h.plane.mixing()
		changes := func(why string, want bool, do func()) {
			t.Helper()
			do()
			if _, now := h.plane.mixing(); (now != count) != want || now > count+1 {
				t.Errorf("%s: the mix was told %d times", why, now-count)
			}
			_, count = h.plane.mixing()
		}
		settings := func(s api.Settings) func() {
			return func() { ann.must(&api.Moderate{Action: api.ActionSettings, Settings: &s}) }
		}
		changes("a chat line", false, func() { ann.must(&api.Say{Text: "hello"}) })
		changes("media came", false, func() {
			ann.notify(Notice{Arrived: &media.TrackInfo{ID: media.TrackID(camera), Codec: media.VP8, Layers: []media.LayerInfo{{}}}})
		})
		changes("a mute", true, func() { ann.must(&api.Mute{Track: camera, Muted: true}) })
		changes("a name", true, func() { ann.must(&api.Rename{Name: "Anna"}) })
		changes("a hand", true, func() { ann.must(&api.SetHand{Raised: true}) })
		changes("the hand of one who is not seen", false, func() { ben.must(&api.SetHand{Raised: true}) })
		changes("a viewer", true, func() { h.watch("Vic") })
		changes("the lock", false, settings(api.Settings{Locked: true, Path: api.PathAuto}))
		scene := func() *api.Scene { return &api.Scene{Tiles: []api.SceneTile{{Width: 1, Height: 1}}} }
		changes("the layout", true, settings(api.Settings{Path: api.PathAuto, Program: &api.ProgramSettings{Layout: api.LayoutScene, Scene: scene()}}))
		changes("the same once more", false, settings(api.Settings{Path: api.PathAuto, Program: &api.ProgramSettings{Layout: api.LayoutScene, Scene: scene()}}))
		changes("the same and the lock", false, settings(api.Settings{Locked: true, Path: api.PathAuto, Program: &api.ProgramSettings{Layout: api.LayoutScene, Scene: scene()}}))
		changes("settings without the program's", false, settings(api.Settings{Locked: true, Path: api.PathAuto}))
		changes("a track less", true, func() { ann.must(&api.Unpublish{Track: camera}) })
		if p, _ := h.plane.mixing(); len(p.Members) != 0 || len(p.Viewers) != 2 || p.Settings.Layout != api.LayoutScene {
			t.Errorf("at last there is %+v", p)
		}
		ben.same()
	})
}

// A page goes on showing the program until other pictures have come, though its
// path has changed; but not for ever.
func TestWhoLeavesTheProgramMayStillShowIt(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		camera := ben.must(&api.Publish{MID: "1", Origin: api.OriginCamera}).(*api.Published).Track.ID
		program := []api.SlotView{{Slot: "5", Track: api.ProgramVideo, Width: 1280, Height: 720}}
		if s := ann.must(&api.View{Slots: program}).(*api.Slots).Slots[0]; s.Status != api.SlotGone {
			t.Errorf("there is no program, and its slot is %s", s.Status)
		}
		for _, last := range []string{"its page shows others", "too long"} {
			ann.must(&api.SetPath{Path: api.PathMCU})
			if s := ann.must(&api.View{Slots: program}).(*api.Slots).Slots[0]; s.Status != api.SlotWaiting {
				t.Errorf("a program that starts is %s", s.Status)
			}
			h.plane.tellProgram(api.Program{State: api.ProgramForwarding})
			ann.sees(api.PathMCU, api.ReasonWish)
			ann.must(&api.SetPath{Path: api.PathSFU})
			ann.sees(api.PathSFU, api.ReasonWish)
			if e := ann.endpoint(); e.fill != FillTalkers || e.wishes[0].Track != api.ProgramVideo {
				t.Errorf("Ann's endpoint shows %+v and fills with %d", e.wishes, e.fill)
			}
			both := append(slices.Clone(program), api.SlotView{Slot: "6", Track: camera, Width: 640, Height: 360})
			if s := ann.must(&api.View{Slots: both}).(*api.Slots).Slots[0]; s.Status != api.SlotWaiting {
				t.Errorf("the program that goes on is %s", s.Status)
			}
			h.after(4 * time.Second)
			if p, _ := h.plane.mixing(); p == nil || !slices.Contains(p.Viewers, ann.id) {
				t.Error("Ann's page still shows the program")
			}
			if last == "too long" {
				h.after(time.Second)
			} else {
				ann.must(&api.View{Slots: both[1:]})
			}
			if p, _ := h.plane.mixing(); p != nil || ben.room.Program.State != api.ProgramOff {
				t.Errorf("%s: the program should end", last)
			}
			h.after(time.Second)
		}
	})
}

// What is told of a program that has ended does not count for the next.
func TestNewsOfAnEndedProgramAreDropped(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.connected("Ann")
		vic := h.watch("Vic")
		h.plane.tellProgram(api.Program{State: api.ProgramFailed, Text: "No codec."})
		vic.sees(api.PathSFU, api.ReasonMixFailed)
		if ann.room.Program.Text != "No codec." {
			t.Errorf("Ann knows of the program %+v", ann.room.Program)
		}
		h.look(func(r *Room) {
			// In one turn: the news come, nobody wants the program, somebody does.
			h.plane.tell(api.Program{State: api.ProgramMixing})
			vic := r.paths.of(vic.id)
			vic.pin = api.PathSFU
			r.settle()
			vic.pin = api.PathAuto
			r.settle()
		})
		vic.sees(api.PathSFU, api.ReasonMixStarting)
		h.plane.tellProgram(api.Program{State: api.ProgramMixing})
		vic.sees(api.PathMCU, api.ReasonViewer)
		vic.same()
	})
}

func TestSettingsOfTheProgramAreChecked(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.join("Ann")
		change := func(p *api.ProgramSettings) *api.Moderate {
			return &api.Moderate{Action: api.ActionSettings, Settings: &api.Settings{Path: api.PathAuto, Program: p}}
		}
		if p := ann.room.Settings.Program; p == nil || *p != (api.ProgramSettings{}) {
			t.Errorf("at first the program's settings are %+v", p)
		}
		ann.must(change(&api.ProgramSettings{Layout: api.LayoutSpeaker, Width: 640, Height: 360, FPS: 15, Unlevelled: true}))
		for _, bad := range []*api.ProgramSettings{{Layout: "heap"}, {Layout: api.LayoutScene}, {Width: 640}, {Width: 641, Height: 360}, {FPS: 31}} {
			ann.refused(api.CodeBadMessage, change(bad))
		}
		// A client of an older version does not know of the program.
		ann.must(change(nil))
		if p := ann.room.Settings.Program; p.Layout != api.LayoutSpeaker || p.FPS != 15 || !p.Unlevelled {
			t.Errorf("the settings are %+v", p)
		}
		ann.same()
	})
}

func TestLoadsAreCheckedAndCount(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.connected("Ann")
		h.connected("Ben")
		h.connected("Cat")
		for _, bad := range []api.Load{{Decode: -1}, {Dropped: -0.1}, {Dropped: 1.1}} {
			ann.refused(api.CodeBadMessage, &bad)
		}
		ann.must(&api.Load{Decode: 1.2})
		ann.must(&api.Load{Decode: 1.2})
		ann.sees(api.PathSFU, api.ReasonMany)
		h.after(5 * time.Second)
		ann.must(&api.Load{Decode: 1.2})
		ann.sees(api.PathSFU, api.ReasonMixStarting)
	})
}

func TestALineThatIsShortIsToldByTheMediaPlane(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.connected("Ann")
		h.connected("Ben")
		h.connected("Cat")
		ann.notify(Notice{Line: &Line{Estimate: 300_000, Needed: 900_000, Short: true}})
		h.after(5 * time.Second)
		ann.sees(api.PathSFU, api.ReasonMixStarting)
		h.plane.tellProgram(api.Program{State: api.ProgramMixing})
		ann.sees(api.PathMCU, api.ReasonThinLine)
	})
}

func TestSeventeenPicturesAreACrowd(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		h.connected("Cat")
		publish := func(c *client, mids string) (ids []string) {
			for _, mid := range mids {
				ids = append(ids, c.must(&api.Publish{MID: string(mid), Origin: api.OriginOther, Kind: api.KindVideo}).(*api.Published).Track.ID)
			}
			return ids
		}
		publish(ann, "0123456789") // her own do not count for her
		tracks := publish(ben, "012345")
		ann.sees(api.PathSFU, api.ReasonMany)
		tracks = append(tracks, publish(ben, "6789abcd")...)
		ann.sees(api.PathSFU, api.ReasonMany)
		ben.sees(api.PathSFU, api.ReasonMany)
		publish(ann, "abcdef")
		ben.sees(api.PathSFU, api.ReasonMany)
		tracks = append(tracks, publish(ben, "ef")...)
		cat := ann.room.Members[2]
		if cat.Reason != api.ReasonMixStarting {
			t.Errorf("Cat has 32 pictures and is on %s (%s)", cat.Path, cat.Reason)
		}
		ann.sees(api.PathSFU, api.ReasonMany)
		for _, id := range tracks {
			ben.must(&api.Mute{Track: id, Muted: true})
		}
		if cat := ann.room.Members[2]; cat.Reason != api.ReasonMixStarting {
			t.Errorf("Cat still has 16 pictures and is on %s (%s)", cat.Path, cat.Reason)
		}
		for _, own := range ann.me().Tracks[:4] {
			ann.must(&api.Mute{Track: own.ID, Muted: true})
		}
		if cat := ann.room.Members[2]; cat.Reason != api.ReasonMany {
			t.Errorf("Cat has 12 pictures and is on %s (%s)", cat.Path, cat.Reason)
		}
	})
}

// Who came to watch is not made to keep the door.
func TestViewersAreNotMadeHosts(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		vic := h.watch("Vic")
		if vic.me().Role != api.RoleMember {
			t.Error("a viewer should not become a host by coming first")
		}
		ann := h.join("Ann")
		if ann.me().Role != api.RoleHost {
			t.Error("the first of the people should")
		}
		ann.must(&api.Moderate{Action: api.ActionSettings, Settings: &api.Settings{Locked: true, Path: api.PathAuto}})
		ann.must(&api.Leave{})
		if vic.me().Role != api.RoleMember || vic.room.Settings.Locked {
			t.Error("the door should be open when nobody is left who could open it")
		}
		if h.join("Ben").me().Role != api.RoleHost {
			t.Error("the next of the people should be host")
		}
		vic.same()
	})
}
