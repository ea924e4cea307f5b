package room

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

func TestTheFirstMakesTheRoomAndIsItsHost(t *testing.T) {
	story(t, Options{Server: "tutti 1"}, func(t *testing.T, h *house) {
		ann := h.join("Ann")
		w := ann.reply[1].(*api.Welcome)
		if w.Version != api.Version || w.Server != "tutti 1" || w.Resumed || w.Limits.Members != 1000 || w.ICEServers == nil {
			t.Errorf("Welcome is %+v", w)
		}
		if me := ann.me(); me.Role != api.RoleHost || me.Name != "Ann" || me.Pinned != api.PathAuto || me.Tracks == nil {
			t.Errorf("the first member is %+v", me)
		}
		ann.sees(api.PathSFU, api.ReasonAlone)

		// The second is a member like any other, and both see both.
		ben := h.join("Ben")
		if ben.me().Role != api.RoleMember || len(ann.room.Members) != 2 || len(ben.room.Members) != 2 {
			t.Errorf("Ben is %+v, Ann sees %d, Ben sees %d", ben.me(), len(ann.room.Members), len(ben.room.Members))
		}
		// When the only host leaves, the longest present takes over.
		cat := h.join("Cat")
		ann.must(&api.Leave{})
		ann.gone(api.CodeLeft)
		if ben.me().Role != api.RoleHost || cat.me().Role != api.RoleMember {
			t.Error("the longest present should be the host now")
		}
		ben.same()
		cat.same()
		if s := h.rooms.Stats(); s.Rooms != 1 || s.Members != 2 || s.Joins != 3 || s.Leaves != 1 {
			t.Errorf("stats are %+v", s)
		}
	})
}

func TestHostsByToken(t *testing.T) {
	story(t, Options{HostsByToken: true}, func(t *testing.T, h *house) {
		// Where there are tokens, being first is no merit.
		guest := h.join("Guest")
		if guest.me().Role != api.RoleMember {
			t.Error("a guest is host without a token that says so")
		}
		admin := Everything()
		admin.RoomAdmin, admin.Name = true, "Director"
		host := h.joinAs("whoever", admin)
		if me := host.me(); me.Role != api.RoleHost || me.Name != "Director" {
			t.Errorf("the admin is %+v; the token's name and role should win", me)
		}
		host.refused(api.CodeForbidden, &api.Rename{Name: "Someone"})
		host.must(&api.Leave{})
		if guest.me().Role != api.RoleMember {
			t.Error("a guest became host although tokens decide that")
		}
	})
}

func TestResume(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.join("Ann"), h.join("Ben")
		ann.must(&api.Publish{MID: "0", Origin: api.OriginCamera})
		ann.notify(Notice{Slots: []api.SlotState{{Slot: "3", Status: api.SlotLive}}})
		ann.notify(Notice{Layers: &api.Layers{Track: "t1", Active: []string{"h"}}})

		// Ann's phone loses its signalling. She is away, her media goes on.
		ann.lose()
		if !ben.room.Members[0].Away || ann.endpoint().closed {
			t.Error("Ann should be away and her media untouched")
		}
		ben.must(&api.Say{Text: "Ann?"})

		// She is back within 30 s: the missed events follow without a gap,
		// then what else she can't know.
		h.after(29 * time.Second)
		again, w, err := ann.resume()
		if err != nil || !w.Resumed || w.Room != nil || w.Member != ann.id {
			t.Fatalf("resume: %+v, %v", w, err)
		}
		if n := len(again.room.Chat); n != 1 {
			t.Errorf("Ann has %d chat lines, she should have got the one she missed", n)
		}
		if s := told[*api.Slots](again); s == nil || s.Slots[0].Status != api.SlotLive {
			t.Errorf("the slots were not told again: %v", s)
		}
		if l := told[*api.Layers](again); l == nil || l.Active[0] != "h" {
			t.Errorf("the layers were not told again: %v", l)
		}
		again.same()
		ben.same()
		if ben.room.Members[0].Away {
			t.Error("Ben should see that Ann is back")
		}
		// What the old connection's reader still has to say is not heard.
		ann.session.Handle(99, &api.Leave{})
		ann.session.Detach()
		if ben.same(); len(ben.room.Members) != 2 || ben.room.Members[0].Away {
			t.Error("a replaced connection must not act for the member")
		}

		// The next time she stays away for too long.
		again.lose()
		h.after(30 * time.Second)
		if len(ben.room.Members) != 1 || !again.endpoint().closed || ben.me().Role != api.RoleHost {
			t.Error("after 30 s Ann should have left and Ben be the host")
		}
		if _, _, err := again.resume(); code(err) != api.CodeResumeLost {
			t.Errorf("a late resume ends with %v", err)
		}
	})
}

func TestResumeTakesOverALivingConnection(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		// The page notices a dead network before the server does.
		ann := h.join("Ann")
		again, w, err := ann.resume()
		if err != nil || w.Room != nil {
			t.Fatalf("resume: %+v, %v", w, err)
		}
		ann.gone(api.CodeReplaced)
		again.must(&api.SetHand{Raised: true})
		again.same()

		// A stranger who guesses the id lacks the key.
		thief := h.visitor()
		err = thief.enter(&api.Join{Room: "stage", Resume: &api.Resume{Member: ann.id, Key: "guess"}}, Everything())
		if code(err) != api.CodeResumeLost || again.bye != nil {
			t.Errorf("a wrong key: %v", err)
		}
		// A room that never was has no memberships.
		err = thief.enter(&api.Join{Room: "elsewhere", Resume: &api.Resume{Member: ann.id, Key: ann.key}}, Everything())
		if code(err) != api.CodeResumeLost {
			t.Errorf("a wrong room: %v", err)
		}
	})
}

func TestAClientThatLaggedTakesASnapshot(t *testing.T) {
	story(t, Options{Events: 8, ChatLines: 4}, func(t *testing.T, h *house) {
		ann, ben := h.join("Ann"), h.join("Ben")
		ann.lose()
		// More happens than the room keeps, and Ben is not held up by it.
		for range 20 {
			ben.must(&api.Say{Text: "la"})
		}
		again, w, err := ann.resume()
		if err != nil || !w.Resumed || w.Room == nil || len(w.Room.Chat) != 4 {
			t.Fatalf("resume: %+v, %v", w, err)
		}
		again.same()

		// A number from the future can only be a mistake: a snapshot, too.
		again.room.Number = 1000
		again.lose()
		_, w, err = again.resume()
		if err != nil || w.Room == nil {
			t.Errorf("resume from event 1000: %+v, %v", w, err)
		}
	})
}

func TestTheRoomEndsSomeTimeAfterTheLastHasLeft(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.join("Ann")
		ann.must(&api.Say{Text: "remember me"})
		ann.must(&api.Moderate{Action: api.ActionSettings, Settings: &api.Settings{Locked: true, Path: api.PathSFU}})
		ann.must(&api.Leave{})

		// Within a minute everything is as it was, but the door is open:
		// nobody is there who could open it.
		h.after(59 * time.Second)
		ann = h.join("Ann")
		if len(ann.room.Chat) != 1 || ann.room.Settings.Locked || ann.room.Settings.Path != api.PathSFU || ann.me().Role != api.RoleHost {
			t.Errorf("the room is %+v", ann.room)
		}
		ann.must(&api.Leave{})
		h.after(60 * time.Second)
		if s := h.rooms.Stats(); s.Rooms != 0 || len(h.plane.closed) != 1 {
			t.Errorf("there are still %d rooms, %d routers were closed", s.Rooms, len(h.plane.closed))
		}
		// The name is free for a new room.
		ann = h.join("Ann")
		if ann.room.Number != 1 || len(ann.room.Chat) != 0 {
			t.Errorf("the new room is %+v", ann.room)
		}
	})
}

func TestDrainAndClose(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.join("Ann"), h.join("Ben")
		ben.lose()
		h.rooms.Drain()
		// Nobody new comes in, but the call goes on, and Ben may come back.
		err := h.visitor().enter(&api.Join{Room: "stage", Name: "Cat"}, Everything())
		if code(err) != api.CodeDraining {
			t.Errorf("joining a draining server: %v", err)
		}
		ann.must(&api.Say{Text: "still here"})
		ben, _, err = ben.resume()
		if err != nil {
			t.Fatal(err)
		}
		h.rooms.Close()
		ann.gone(api.CodeDraining)
		ben.gone(api.CodeDraining)
		if ann.bye.RetryAfter <= 0 {
			t.Error("clients should be told to come back")
		}
		if s := h.rooms.Stats(); s.Members != 0 || s.Rooms != 0 {
			t.Errorf("stats after the end: %+v", s)
		}
		// What comes after the end is not answered, and does not hang.
		ann.session.Handle(7, &api.SetHand{Raised: true})
		ann.session.Detach()
	})
}

func TestMediaThatCannotBeSetUp(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		h.plane.broken = true
		err := h.visitor().enter(&api.Join{Room: "stage", Name: "Ann"}, Everything())
		if code(err) != api.CodeInternal {
			t.Errorf("joining without media: %v", err)
		}
		h.plane.broken = false
		h.join("Ann").same()
	})
}
