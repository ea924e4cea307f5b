package client

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/tutti-rtc/tutti/api"
)

// A viewer with the automatic view gets the program once the server says so, and
// the tracks before and after.
func TestTheProgramIsViewed(t *testing.T) {
	f := newFake(t)
	tracks := make(chan *RemoteTrack, 10)
	r := join(t, f, Options{
		Viewer: true, AudioSlots: 1, VideoSlots: 2, AutoView: true,
		Handlers: Handlers{Track: func(rt *RemoteTrack) { tracks <- rt }},
	})
	if !f.joins[0].Viewer {
		t.Error("the server was not told that this client only watches")
	}
	shows := func(want ...string) {
		t.Helper()
		if _, err := r.Wait(within(t), func(api.Room) bool {
			slots := r.Slots()[1:]
			f.mu.Lock()
			defer f.mu.Unlock()
			var named []string
			if len(f.views) > 0 {
				for i, s := range f.views[len(f.views)-1].Slots {
					if slots[i].State.Track == s.Track { // as replied
						named = append(named, s.Track)
					}
				}
			}
			return slices.Equal(named, want)
		}); err != nil {
			t.Fatalf("the view does not name %v: %v", want, err)
		}
	}
	path := func(p api.Path) {
		f.event(api.Event{Kind: api.EventMemberChanged, Member: &api.Member{ID: r.Member(), Path: p}})
	}
	f.event(api.Event{Kind: api.EventMemberJoined, Member: &api.Member{ID: "b"}})
	f.event(api.Event{Kind: api.EventTrackPublished, Track: &api.Track{ID: "cam", Member: "b", Kind: api.KindVideo}})
	f.event(api.Event{Kind: api.EventTrackPublished, Track: &api.Track{ID: "screen", Member: "b", Kind: api.KindVideo}})
	shows("cam", "screen")
	f.event(api.Event{Kind: api.EventProgram, Program: &api.Program{State: api.ProgramMixing, Width: 640, Height: 360}})
	path(api.PathMCU)
	shows(api.ProgramVideo)

	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	out := f.slot(r.Slots()[1].MID)
	send(t, func() error {
		return out.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{0x10, 0}})
	})
	got := receive(t, tracks, "track")
	want := api.Track{ID: api.ProgramVideo, Kind: api.KindVideo, Origin: api.OriginOther, Width: 640, Height: 360}
	if track, ok := got.Track(); !ok || track != want || got.Path() != api.PathMCU || !got.InUse() {
		t.Errorf("what comes is %+v, %v, by %s, in use %v", track, ok, got.Path(), got.InUse())
	}
	f.event(api.Event{Kind: api.EventProgram, Program: &api.Program{State: api.ProgramMixing, Width: 1280, Height: 720}})
	if _, err := r.Wait(within(t), func(api.Room) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		last := f.views[len(f.views)-1].Slots
		return len(last) == 1 && last[0].Width == 1280 && last[0].Height == 720
	}); err != nil {
		t.Error("the program has grown, but is viewed as small as before")
	}
	path(api.PathSFU)
	shows("cam", "screen")
	if track, _ := got.Track(); track.ID != "cam" || got.Path() != api.PathSFU {
		t.Errorf("the slot shows %+v by %s", track, got.Path())
	}
	if err := r.Load(within(t), api.Load{Decode: 0.9}); err != nil {
		t.Error(err)
	}
}

// Two who receive each other directly go on sending to the server while a third
// watches.
func TestWhoIsWatchedSendsToTheServer(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{Direct: true, VideoSenders: 1, VideoSlots: 1})
	track, err := r.Publish(within(t), TrackOptions{Codec: VP8, Origin: api.OriginCamera})
	if err != nil {
		t.Fatal(err)
	}
	f.event(api.Event{Kind: api.EventMemberJoined, Member: &api.Member{ID: "m9"}})
	other := newEnd(t, r.engine, false, "")
	defer other.close()
	f.say(&api.DirectStart{Session: "s1", Member: "m9", Offer: true})
	for ready := false; !ready; {
		select {
		case m := <-f.direct:
			if d, ok := m.(*api.Direct); ok {
				if err := other.handle(d); err != nil {
					t.Fatal(err)
				}
			} else {
				ready = m.(*api.DirectState).State == api.DirectReady
			}
		case m := <-other.mail:
			f.say(m)
		case <-within(t).Done():
			t.Fatal("the two do not meet")
		}
	}
	idle := func(why string, want bool) {
		t.Helper()
		tick := time.NewTicker(directTick)
		defer tick.Stop()
		for track.idle.Load() != want {
			receive(t, tick.C, why)
		}
	}
	f.event(api.Event{Kind: api.EventMemberChanged, Member: &api.Member{ID: r.Member(), Path: api.PathP2P}})
	other.say(channelMessage{Path: api.PathP2P})
	idle("both receive directly", true)
	f.event(api.Event{Kind: api.EventMemberJoined, Member: &api.Member{ID: "v", Viewer: true}})
	idle("one watches", false)
	f.event(api.Event{Kind: api.EventMemberLeft, MemberID: "v"})
	idle("nobody watches", true)
	// The other end is given the program.
	other.say(channelMessage{Path: api.PathMCU})
	idle("the other receives by the server", false)
}
