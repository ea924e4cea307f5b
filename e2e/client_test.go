package e2e

import (
	"errors"
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// watching is a client that looks at everything.
func watching(name string) client.Options {
	return client.Options{Name: name, AudioSlots: 2, VideoSlots: 3, AutoView: true}
}

func TestPublishAndReceive(t *testing.T) {
	s := local(t)
	ann := enter(t, s.url(), client.Options{Name: "Ann"})
	ann.talks()
	camera := ann.films()

	ben := enter(t, s.url(), watching("Ben"))
	ben.sees("pictures as they were sent, without a gap", pictures(20))
	ben.sees("sound", sounds(20))

	if err := camera.SetMuted(ann.ctx(), true); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Wait(ben.ctx(), func(api.Room) bool { return videoSlot(ben).Status == api.SlotMuted }); err != nil {
		t.Fatalf("a muted camera: %v, %+v", err, ben.Slots())
	}
	ben.forget()
	if err := camera.SetMuted(ann.ctx(), false); err != nil {
		t.Fatal(err)
	}
	ben.sees("it films again, from a key frame on", pictures(10))

	if err := camera.Unpublish(ann.ctx()); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Wait(ben.ctx(), func(r api.Room) bool {
		return videoSlot(ben).Status == api.SlotEmpty || videoSlot(ben).Status == api.SlotGone
	}); err != nil {
		t.Fatalf("a camera that is gone: %v, %+v", err, ben.Slots())
	}
}

func videoSlot(p *person) api.SlotState {
	for _, s := range p.Slots() {
		if s.Kind == api.KindVideo {
			return s.State
		}
	}
	return api.SlotState{}
}

func TestTheLayerThatFits(t *testing.T) {
	s := local(t)
	ann := enter(t, s.url(), client.Options{Name: "Ann"})
	// In the order of their names, which is that of their quality.
	camera := ann.films(
		api.Layer{RID: "a", Width: 320, Height: 180, Bitrate: 100_000},
		api.Layer{RID: "b", Width: 640, Height: 360, Bitrate: 100_000},
		api.Layer{RID: "c", Width: 1280, Height: 720, Bitrate: 100_000},
	)
	ben := enter(t, s.url(), client.Options{Name: "Ben", VideoSlots: 2})
	slots := ben.Slots()
	show := func(sizes ...int) {
		t.Helper()
		var wishes []api.SlotView
		for i, width := range sizes {
			wishes = append(wishes, api.SlotView{Slot: slots[i].MID, Track: camera.ID(), Width: width, Height: width * 9 / 16})
		}
		if _, err := ben.View(ben.ctx(), wishes); err != nil {
			t.Fatal(err)
		}
	}
	of := func(slot int, layer byte) func(view) bool {
		return func(v view) bool {
			return v.slot == slots[slot].MID && v.layer == layer && v.pictures >= 5 && v.broken == 0
		}
	}
	show(320)
	ben.sees("the small one", of(0, 0))
	show(320, 1280)
	ben.sees("the large one in another slot", of(1, 2))
	ben.sees("and still the small one", of(0, 0))
	show(640, 1280)
	ben.sees("the middle one", of(0, 1))
	show(1280)
	ben.sees("the large one", of(0, 2))
	ben.forget()
	show(300)
	ben.sees("the small one again", of(0, 0))
}

func TestTokensDecide(t *testing.T) {
	s := local(t, "--secret", secret)
	mint := func(args ...string) string {
		t.Helper()
		token, err := tutti(append([]string{"token", "--secret", secret}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for why, c := range map[string]struct {
		token string
		want  api.Code
	}{
		"none":                {"", api.CodeTokenMissing},
		"not one":             {"abc", api.CodeTokenInvalid},
		"of another server":   {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA", api.CodeTokenInvalid},
		"without a signature": {"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4IiwidmlkZW8iOnsicm9vbUpvaW4iOnRydWV9fQ.", api.CodeTokenInvalid},
		"for another room":    {mint("--room", "elsewhere"), api.CodeTokenRoom},
	} {
		_, err := tryEnter(t, s.url(), client.Options{Name: "Eve", Token: c.token})
		wantCode(t, why, err, c.want)
	}

	ann := enter(t, s.url(), client.Options{Token: mint("--room", "stage", "--name", "Ann", "--admin")})
	ann.films()
	ben := enter(t, s.url(), client.Options{Name: "not Ben", Token: mint("--name", "Ben", "--no-publish"), VideoSlots: 1, AutoView: true})
	ben.sees("what a token lets him see", pictures(5))
	_, err := ben.Publish(ben.ctx(), client.TrackOptions{Codec: client.VP8, Origin: api.OriginCamera})
	wantCode(t, "publishing without leave", err, api.CodeForbidden)
	wantCode(t, "moderating without leave", ben.Moderate(ben.ctx(), api.Moderate{Action: api.ActionEnd}), api.CodeForbidden)
	if err := ann.Moderate(ann.ctx(), api.Moderate{Action: api.ActionEnd}); err != nil {
		t.Error(err)
	}
	select {
	case <-ben.Done():
	case <-ben.ctx().Done():
		t.Fatal("Ben was not told that the room ended")
	}
	wantCode(t, "a room that was ended", ben.Err(), api.CodeEnded)
}

func wantCode(t *testing.T, what string, err error, want api.Code) {
	t.Helper()
	var refusal *api.Error
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestLimitsHold(t *testing.T) {
	s := local(t, "--max-rooms", "2", "--max-members", "2", "--max-tracks", "1", "--max-peers", "3", "--max-data-bytes", "1000")
	ann := enter(t, s.url(), client.Options{Name: "Ann", AudioSenders: 1})
	ann.talks()
	_, err := ann.Publish(ann.ctx(), client.TrackOptions{Codec: client.Opus, Origin: api.OriginScreenAudio})
	wantCode(t, "a second track", err, api.CodeFull)

	ben := enter(t, s.url(), client.Options{Name: "Ben", AudioSlots: 1, Data: true})
	_, err = tryEnter(t, s.url(), client.Options{Name: "Cat"})
	wantCode(t, "a third member", err, api.CodeFull)
	wantCode(t, "a data message too long", ben.Send(ben.ctx(), api.DataHeader{Topic: "t"}, make([]byte, 1000)), api.CodeTooLarge)

	dan := enter(t, s.url(), client.Options{Room: "another", Name: "Dan", AudioSlots: 1})
	_, err = tryEnter(t, s.url(), client.Options{Room: "one more", Name: "Eve"})
	wantCode(t, "a third room", err, api.CodeFull)
	_, err = tryEnter(t, s.url(), client.Options{Room: "another", Name: "Eve", AudioSlots: 1})
	wantCode(t, "a fourth media connection", err, api.CodeFull)

	// What was refused has cost nobody anything.
	ben.sees("sound goes on", sounds(20))
	dan.Close()
	enter(t, s.url(), client.Options{Room: "another", Name: "Eve", AudioSlots: 1})
}
