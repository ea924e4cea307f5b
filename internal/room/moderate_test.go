package room

import (
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/api"
)

func TestWhatAHostMayDo(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben, cat := h.join("Ann"), h.join("Ben"), h.join("Cat")
		mic := ben.must(&api.Publish{MID: "0", Origin: api.OriginMicrophone}).(*api.Published).Track.ID

		// Mute: the server stops forwarding until the owner unmutes.
		ann.must(&api.Moderate{Action: api.ActionMute, Track: mic})
		if m := told[*api.MutedByHost](ben); m == nil || m.Track != mic || m.Member != ann.id {
			t.Errorf("Ben was told %+v", m)
		}
		if !ben.endpoint().tracks[0].Muted || !cat.room.Members[1].Tracks[0].Muted {
			t.Error("the track should be muted for all")
		}
		ben.must(&api.Mute{Track: mic})
		if ben.endpoint().tracks[0].Muted {
			t.Error("Ben may unmute himself")
		}
		ann.refused(api.CodeNotFound, &api.Moderate{Action: api.ActionMute, Track: "t99"})

		// Lower a hand.
		ben.must(&api.SetHand{Raised: true})
		if !cat.room.Members[1].Hand {
			t.Error("Cat should see Ben's hand")
		}
		ann.must(&api.Moderate{Action: api.ActionLowerHand, Member: ben.id})
		if cat.room.Members[1].Hand {
			t.Error("Ben's hand should be down")
		}

		// Lock: nobody new comes in, who is in may resume.
		ann.must(&api.Moderate{Action: api.ActionSettings, Settings: &api.Settings{Locked: true, Path: api.PathAuto}})
		if err := h.visitor().enter(&api.Join{Room: "stage", Name: "Dan"}, Everything()); code(err) != api.CodeLocked {
			t.Errorf("entering a locked room: %v", err)
		}
		cat.lose()
		cat, _, err := cat.resume()
		if err != nil {
			t.Fatal(err)
		}
		admin := Everything()
		admin.RoomAdmin = true
		h.joinAs("Eve", admin).must(&api.Leave{})

		// Another host, who may then do the same.
		cat.refused(api.CodeForbidden, &api.Moderate{Action: api.ActionRemove, Member: ben.id})
		ann.must(&api.Moderate{Action: api.ActionMakeHost, Member: cat.id})
		cat.must(&api.Moderate{Action: api.ActionRemove, Member: ben.id})
		ben.gone(api.CodeRemoved)
		if len(ann.room.Members) != 2 || !ben.endpoint().closed {
			t.Error("Ben should be gone")
		}
		if _, _, err := ben.resume(); code(err) != api.CodeResumeLost {
			t.Errorf("one who was removed resumes: %v", err)
		}
		ann.refused(api.CodeNotFound, &api.Moderate{Action: api.ActionRemove, Member: ben.id})
		ann.refused(api.CodeBadMessage, &api.Moderate{Action: "promote"})
		ann.refused(api.CodeBadMessage, &api.Moderate{Action: api.ActionSettings})
		ann.refused(api.CodeBadMessage, &api.Moderate{Action: api.ActionSettings, Settings: &api.Settings{Path: "here"}})
		ann.same()
		cat.same()

		// The end, for everybody.
		if _, ok := cat.must(&api.Moderate{Action: api.ActionEnd}).(*api.OK); !ok {
			t.Error("the host should be answered before the end")
		}
		ann.gone(api.CodeEnded)
		cat.gone(api.CodeEnded)
		if s := h.rooms.Stats(); s.Rooms != 0 || s.Members != 0 || !ann.endpoint().closed {
			t.Errorf("stats after the end: %+v", s)
		}
	})
}

func TestNamesAndFullRooms(t *testing.T) {
	story(t, Options{Rooms: 1, Limits: api.Limits{Members: 2}}, func(t *testing.T, h *house) {
		for _, bad := range []string{"", "  ", strings.Repeat("é", 65), "bell\a", "line\nbreak"} {
			if err := h.visitor().enter(&api.Join{Room: "stage", Name: bad}, Everything()); code(err) != api.CodeBadName {
				t.Errorf("joining as %q: %v", bad, err)
			}
			if err := h.visitor().enter(&api.Join{Room: bad, Name: "Ann"}, Everything()); code(err) != api.CodeBadName {
				t.Errorf("joining the room %q: %v", bad, err)
			}
		}
		if h.rooms.Stats().Rooms != 0 {
			t.Error("a refused guest must not leave a room behind")
		}
		ann := h.join(strings.Repeat("é", 64))
		ann.must(&api.Rename{Name: "安 👩‍🎤"})
		ann.refused(api.CodeBadName, &api.Rename{Name: "\u202e"})
		if h.join("Ben").room.Members[0].Name != "安 👩‍🎤" {
			t.Error("Ben should see Ann's new name")
		}
		if err := h.visitor().enter(&api.Join{Room: "stage", Name: "Cat"}, Everything()); code(err) != api.CodeFull {
			t.Errorf("entering a full room: %v", err)
		}
		if err := h.visitor().enter(&api.Join{Room: "cellar", Name: "Cat"}, Everything()); code(err) != api.CodeFull {
			t.Errorf("entering a full house: %v", err)
		}
	})
}
