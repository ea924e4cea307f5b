package room

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

func TestATracksLife(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.join("Ann"), h.join("Ben")
		// Ann announces a camera with two layers, the larger first.
		p := ann.must(&api.Publish{MID: "1", Origin: api.OriginCamera, Layers: []api.Layer{{RID: "h", Width: 1280, Height: 720}, {RID: "l", Width: 320, Height: 180}}}).(*api.Published)
		want := api.Track{ID: p.Track.ID, Member: ann.id, Kind: api.KindVideo, Origin: api.OriginCamera, Width: 1280, Height: 720}
		if p.Track != want || ben.room.Members[0].Tracks[0] != want {
			t.Errorf("the track is %+v, Ben sees %+v", p.Track, ben.room.Members[0].Tracks)
		}
		e := ann.endpoint()
		if len(e.tracks) != 1 || e.tracks[0].MID != "1" || e.tracks[0].Track.Layers[0].RID != "l" || e.tracks[0].Track.Kind != media.Video || e.tracks[0].Track.Origin != media.Camera {
			t.Errorf("the endpoint was told %+v", e.tracks)
		}
		// Its media arrives: now the codec is known. The larger layer is yet
		// to come, so the size stays.
		id := media.TrackID(p.Track.ID)
		ann.notify(Notice{Arrived: &media.TrackInfo{ID: id, Codec: media.VP8, Layers: []media.LayerInfo{{Size: media.Dimensions{Width: 320, Height: 180}}, {}}}})
		if got := ben.room.Members[0].Tracks[0]; got.Codec != "VP8" || got.Width != 1280 {
			t.Errorf("Ben sees %+v", got)
		}
		// The same again is no news, and nobody can arrive on another's track.
		number := ben.room.Number
		ann.notify(Notice{Arrived: &media.TrackInfo{ID: id, Codec: media.VP8}})
		ben.notify(Notice{Arrived: &media.TrackInfo{ID: id, Codec: media.AV1}})
		if ben.room.Number != number {
			t.Errorf("%d events for nothing", ben.room.Number-number)
		}
		// Muting reaches the endpoint and the others, once.
		ann.must(&api.Mute{Track: p.Track.ID, Muted: true})
		ann.must(&api.Mute{Track: p.Track.ID, Muted: true})
		if !e.tracks[0].Muted || !ben.room.Members[0].Tracks[0].Muted || ben.room.Number != number+1 {
			t.Errorf("muted: endpoint %v, Ben sees %+v", e.tracks[0].Muted, ben.room.Members[0].Tracks[0])
		}
		// Saying it again, after a lost reply, makes no second track.
		again := ann.must(&api.Publish{MID: "1", Origin: api.OriginCamera, Width: 1280, Height: 720}).(*api.Published)
		if again.Track.ID != p.Track.ID || again.Track.Muted || again.Track.Codec != "VP8" {
			t.Errorf("published again as %+v", again.Track)
		}
		ann.refused(api.CodeConflict, &api.Publish{MID: "1", Origin: api.OriginScreen})
		// Others' tracks are not hers to touch.
		ben.refused(api.CodeNotFound, &api.Mute{Track: p.Track.ID, Muted: true})
		ben.refused(api.CodeNotFound, &api.Unpublish{Track: p.Track.ID})
		ann.must(&api.Unpublish{Track: p.Track.ID})
		if len(e.tracks) != 0 || len(ben.room.Members[0].Tracks) != 0 {
			t.Error("the track should have ended")
		}
		// An id is never used again.
		if p := ann.must(&api.Publish{MID: "1", Origin: api.OriginOther, Kind: api.KindAudio}).(*api.Published); p.Track.ID == want.ID || p.Track.Kind != api.KindAudio {
			t.Errorf("the next track is %+v", p.Track)
		}
		ann.same()
		ben.same()
	})
}

func TestPublishBounds(t *testing.T) {
	story(t, Options{Limits: api.Limits{Tracks: 2}}, func(t *testing.T, h *house) {
		ann := h.join("Ann")
		long := strings.Repeat("x", 33)
		for _, bad := range []api.Publish{
			{MID: "", Origin: api.OriginCamera},
			{MID: long, Origin: api.OriginCamera},
			{MID: "0", Origin: "telescope"},
			{MID: "0", Origin: api.OriginOther},
			{MID: "0", Origin: api.OriginCamera, Kind: api.KindAudio},
			{MID: "0", Origin: api.OriginCamera, Width: -1},
			{MID: "0", Origin: api.OriginCamera, Height: 1 << 20},
			{MID: "0", Origin: api.OriginCamera, Layers: []api.Layer{{RID: "a"}, {RID: "a"}}},
			{MID: "0", Origin: api.OriginCamera, Layers: []api.Layer{{RID: long}}},
			{MID: "0", Origin: api.OriginCamera, Layers: []api.Layer{{RID: "a", Bitrate: -1}}},
		} {
			ann.refused(api.CodeBadMessage, &bad)
		}
		ann.refused(api.CodeTooLarge, &api.Publish{MID: "0", Origin: api.OriginCamera, Layers: make([]api.Layer, 9)})
		ann.must(&api.Publish{MID: "0", Origin: api.OriginMicrophone})
		ann.must(&api.Publish{MID: "1", Origin: api.OriginCamera})
		ann.refused(api.CodeFull, &api.Publish{MID: "2", Origin: api.OriginScreen})
		if s := h.rooms.Stats(); s.Tracks != 2 {
			t.Errorf("%d tracks are counted", s.Tracks)
		}
	})
}

func TestGrantsAreKept(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.join("Ann")
		camera := ann.must(&api.Publish{MID: "0", Origin: api.OriginCamera}).(*api.Published).Track.ID
		// One who may only show a screen, and neither watch nor write.
		ben := h.joinAs("Ben", Grant{CanPublish: true, Sources: []api.Origin{api.OriginScreen}})
		ben.must(&api.Publish{MID: "0", Origin: api.OriginScreen})
		ben.refused(api.CodeForbidden, &api.Publish{MID: "1", Origin: api.OriginCamera})
		ben.refused(api.CodeForbidden, &api.View{Slots: []api.SlotView{{Slot: "1", Track: camera}}})
		ben.refused(api.CodeForbidden, &api.Say{Text: "hello"})
		if ben.endpoint().fill != FillNothing {
			t.Error("who may not subscribe must not hear the loudest either")
		}
		cat := h.joinAs("Cat", Grant{CanSubscribe: true})
		cat.refused(api.CodeForbidden, &api.Publish{MID: "0", Origin: api.OriginScreen})
		cat.must(&api.View{Slots: []api.SlotView{{Slot: "1", Track: camera}}})
	})
}

func TestViews(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.join("Ann"), h.join("Ben")
		one := ben.must(&api.Publish{MID: "0", Origin: api.OriginCamera}).(*api.Published).Track.ID
		two := ben.must(&api.Publish{MID: "1", Origin: api.OriginScreen, Muted: true}).(*api.Published).Track.ID
		ann.notify(Notice{Slots: []api.SlotState{{Slot: "a", Track: one, Status: api.SlotLive, RID: "h"}, {Slot: "b", Track: one, Status: api.SlotLive}}})
		if s := told[*api.Slots](ann); s == nil || len(s.Slots) != 2 || s.Slots[0].Slot != "a" {
			t.Errorf("the endpoint's news did not come: %+v", s)
		}
		// The reply says what is known of each slot, in the view's order.
		s := ann.must(&api.View{Slots: []api.SlotView{
			{Slot: "d", Track: "t99"}, {Slot: "c"}, {Slot: "b", Track: two}, {Slot: "a", Track: one, Width: 320, Height: 180},
		}}).(*api.Slots)
		want := []api.SlotState{
			{Slot: "d", Track: "t99", Status: api.SlotGone},
			{Slot: "c", Status: api.SlotEmpty},
			{Slot: "b", Track: two, Status: api.SlotMuted},
			{Slot: "a", Track: one, Status: api.SlotLive, RID: "h"},
		}
		for i := range want {
			if s.Slots[i] != want[i] {
				t.Errorf("slot %d is %+v, want %+v", i, s.Slots[i], want[i])
			}
		}
		// The endpoint is not asked for what does not exist.
		if w := ann.endpoint().wishes; len(w) != 4 || w[0].Track != "" || w[3].Track != media.TrackID(one) {
			t.Errorf("the endpoint was asked for %+v", w)
		}
		many := &api.View{}
		for i := range 65 {
			many.Slots = append(many.Slots, api.SlotView{Slot: strconv.Itoa(i)})
		}
		ann.refused(api.CodeTooLarge, many)
		ann.refused(api.CodeBadMessage, &api.View{Slots: []api.SlotView{{Slot: "a"}, {Slot: "a"}}})
		ann.refused(api.CodeBadMessage, &api.View{Slots: []api.SlotView{{Slot: ""}}})
		ann.refused(api.CodeBadMessage, &api.View{Slots: []api.SlotView{{Slot: "a", Width: -1}}})
		if v := ann.endpoint().wishes; len(v) != 4 {
			t.Error("a refused view must change nothing")
		}
	})
}

func TestOffersAreAnswered(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.join("Ann")
		if a := ann.must(&api.Offer{SDP: "mine"}).(*api.Answer); a.SDP != "answer to mine" {
			t.Errorf("the answer is %q", a.SDP)
		}
		ann.refused(api.CodeBadSDP, &api.Offer{})
		if _, ok := ann.must(&api.Ping{}).(*api.Pong); !ok {
			t.Error("a ping is answered by a pong")
		}
		ann.refused(api.CodeJoined, &api.Join{Version: 1, Room: "stage", Name: "Ann"})
		ann.refused(api.CodeUnknownType, &api.Bye{})
	})
}

func TestSpeakers(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.join("Ann"), h.join("Ben")
		list := []Speaker{{Member: ann.id, Track: "t1", Level: 0.5}, {Member: ben.id, Track: "t2", Level: 7}}
		ann.notify(Notice{Speakers: list})
		ben.notify(Notice{Speakers: list})
		for _, c := range []*client{ann, ben} {
			s := told[*api.Speakers](c)
			if s == nil || len(s.Speakers) != 2 || s.Speakers[0].Level != 0.5 || s.Speakers[1].Level != 1 {
				t.Errorf("told %+v", s)
			}
		}
		ann.notify(Notice{Speakers: []Speaker{}})
		if s := told[*api.Speakers](ann); s == nil || len(s.Speakers) != 0 {
			t.Errorf("silence was told as %+v", s)
		}
	})
}
