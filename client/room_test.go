package client

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/api"
)

// join joins the fake and leaves at the test's end.
func join(t *testing.T, f *fake, o Options) *Room {
	t.Helper()
	o.Room = "choir"
	r, err := Join(t.Context(), f.url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// within bounds a step that would otherwise hang a broken test.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-within(t).Done():
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRoomFollowsEvents(t *testing.T) {
	f := newFake(t)
	events := make(chan *api.Event, 10)
	r := join(t, f, Options{Name: "ann", Handlers: Handlers{Event: func(ev *api.Event) { events <- ev }}})
	if got := f.asked(); got != "join" {
		t.Errorf("a room without media asked the server: %s", got)
	}

	bob := api.Member{ID: "b", Name: "bob"}
	f.event(api.Event{Kind: api.EventMemberJoined, Member: &bob})
	f.event(api.Event{Kind: api.EventTrackPublished, Track: &api.Track{ID: "t", Member: "b", Kind: api.KindVideo}})
	f.event(api.Event{Kind: api.EventTrackChanged, Track: &api.Track{ID: "t", Member: "b", Kind: api.KindVideo, Muted: true}})
	f.event(api.Event{Kind: api.EventChat, Chat: &api.ChatLine{From: "b", Text: "hello"}})
	room, err := r.Wait(within(t), func(room api.Room) bool { return len(room.Chat) == 1 })
	if err != nil {
		t.Fatal(err)
	}
	want := []api.Track{{ID: "t", Member: "b", Kind: api.KindVideo, Muted: true}}
	if len(room.Members) != 2 || !slices.Equal(room.Members[1].Tracks, want) {
		t.Errorf("the snapshot is %s", asJSON(room))
	}
	// The handler has been told the same events in the same order.
	for _, kind := range []api.EventKind{api.EventMemberJoined, api.EventTrackPublished, api.EventTrackChanged, api.EventChat} {
		if ev := receive(t, events, "event"); ev.Kind != kind {
			t.Errorf("the handler was told %s in the place of %s", ev.Kind, kind)
		}
	}
	// A member's change without tracks leaves them alone.
	f.event(api.Event{Kind: api.EventMemberChanged, Member: &api.Member{ID: "b", Name: "bob", Hand: true}})
	f.event(api.Event{Kind: api.EventMemberLeft, MemberID: room.Members[0].ID})
	room, err = r.Wait(within(t), func(room api.Room) bool { return len(room.Members) == 1 })
	if err != nil || !room.Members[0].Hand || len(room.Members[0].Tracks) != 1 {
		t.Errorf("the snapshot is %s, %v", asJSON(room), err)
	}
}

func TestRefusedJoin(t *testing.T) {
	f := newFake(t)
	f.refuse = api.Errorf(api.CodeTokenMissing, "This server wants a token.")
	_, err := Join(t.Context(), f.url, Options{Room: "choir"})
	var refusal *api.Error
	if !errors.As(err, &refusal) || refusal.Code != api.CodeTokenMissing {
		t.Errorf("Join returned %v", err)
	}
}

func TestPublish(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{AudioSenders: 1, VideoSenders: 1})
	keyFrames := make(chan string, 10)
	audio, err := r.Publish(within(t), TrackOptions{Codec: Opus, Origin: api.OriginMicrophone})
	if err != nil {
		t.Fatal(err)
	}
	video, err := r.Publish(within(t), TrackOptions{Codec: H264, KeyFrame: func(rid string) { keyFrames <- rid }})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.asked(); got != "join offer publish publish" {
		t.Errorf("two tracks on prepared senders need one offer, but the client asked: %s", got)
	}
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}

	audio.SetAudioLevel(30, true)
	send(t, func() error {
		return audio.WriteSample(Sample{Data: []byte{0xf8, 1, 2}, Duration: 20 * time.Millisecond})
	})
	send(t, func() error {
		return video.WriteSample(Sample{Data: []byte{0, 0, 0, 1, 0x65, 1, 2, 3}, Duration: time.Second / 30})
	})
	for range 2 {
		track := receive(t, f.incoming, "track")
		p, _, err := track.ReadRTP()
		if err != nil {
			t.Fatal(err)
		}
		switch track.Kind() {
		case webrtc.RTPCodecTypeAudio:
			if level := lastByte(p); level != 30|0x80 {
				t.Errorf("the audio level on the wire is %#x", level)
			}
		case webrtc.RTPCodecTypeVideo:
			if track.Codec().MimeType != webrtc.MimeTypeH264 {
				t.Errorf("video came as %s", track.Codec().MimeType)
			}
			// The server asks for a key frame.
			if err := f.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}}); err != nil {
				t.Fatal(err)
			}
			receive(t, keyFrames, "key frame request")
		}
	}

	// An unpublished track's sender is used again without an offer.
	if err := video.Unpublish(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Publish(within(t), TrackOptions{Codec: VP8}); err != nil {
		t.Fatal(err)
	}
	if got := f.asked(); got != "join offer publish publish unpublish publish" {
		t.Errorf("the client asked: %s", got)
	}
}

func TestPublishSimulcast(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{})
	video, err := r.Publish(within(t), TrackOptions{
		Codec:  VP8,
		Layers: []api.Layer{{RID: "q", Width: 320, Height: 180}, {RID: "h", Width: 640, Height: 360}, {RID: "f", Width: 1280, Height: 720}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	for _, rid := range []string{"q", "h", "f"} {
		send(t, func() error {
			return video.WriteSample(Sample{RID: rid, Data: make([]byte, 2000), Duration: time.Second / 30})
		})
	}
	var rids []string
	for range 3 {
		rids = append(rids, receive(t, f.incoming, "layer").RID())
	}
	if slices.Sort(rids); !slices.Equal(rids, []string{"f", "h", "q"}) {
		t.Errorf("the layers that came are %q", rids)
	}
}

func TestSlotsAndAutoView(t *testing.T) {
	f := newFake(t)
	tracks := make(chan *RemoteTrack, 10)
	r := join(t, f, Options{
		AudioSlots: 1, VideoSlots: 2, AutoView: true,
		Handlers: Handlers{Track: func(rt *RemoteTrack) { tracks <- rt }},
	})
	slots := r.Slots()
	if len(slots) != 3 || slots[0].Kind != api.KindAudio || slots[2].Kind != api.KindVideo {
		t.Fatalf("the pool is %v", slots)
	}
	// Somebody publishes video: the client wishes for it in the first slot.
	f.event(api.Event{Kind: api.EventMemberJoined, Member: &api.Member{ID: "b"}})
	f.event(api.Event{Kind: api.EventTrackPublished, Track: &api.Track{ID: "cam", Member: "b", Kind: api.KindVideo, Width: 640, Height: 360}})
	if _, err := r.Wait(within(t), func(api.Room) bool { return r.Slots()[1].State.Track == "cam" }); err != nil {
		t.Fatalf("the slots are %v: %v", r.Slots(), err)
	}
	// Media flows into that slot.
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	out := f.slot(slots[1].MID)
	send(t, func() error {
		return out.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 7}, Payload: []byte{0x10, 0}})
	})
	track := receive(t, tracks, "track")
	if track.Slot() != slots[1].MID || track.State().Track != "cam" {
		t.Errorf("media came in slot %s, which shows %q", track.Slot(), track.State().Track)
	}
	if p, _, err := track.ReadRTP(); err != nil || p.SequenceNumber != 7 {
		t.Errorf("read %v, %v", p, err)
	}
	// Both leave no trace when the track ends.
	f.event(api.Event{Kind: api.EventTrackUnpublished, Track: &api.Track{ID: "cam", Member: "b"}})
	f.event(api.Event{Kind: api.EventTrackPublished, Track: &api.Track{ID: "screen", Member: "b", Kind: api.KindVideo}})
	if _, err := r.Wait(within(t), func(api.Room) bool { return r.Slots()[1].State.Track == "screen" }); err != nil {
		t.Errorf("the slots are %v: %v", r.Slots(), err)
	}
}

func TestData(t *testing.T) {
	f := newFake(t)
	messages := make(chan Data, 10)
	r := join(t, f, Options{Data: true, Handlers: Handlers{Data: func(d Data) { messages <- d }}})
	for range 2 {
		dc := receive(t, f.channels, "data channel")
		dc.OnMessage(func(m webrtc.DataChannelMessage) {
			if err := dc.Send(m.Data); err != nil {
				t.Error(err)
			}
		})
	}
	if err := r.Send(within(t), api.DataHeader{Topic: "notes"}, []byte("c d e")); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, messages, "message"); d.Topic != "notes" || string(d.Payload) != "c d e" || !d.Reliable {
		t.Errorf("the echo is %+v", d)
	}
	if err := r.SendLossy(within(t), api.DataHeader{Topic: "beat"}, []byte("1")); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, messages, "message"); d.Topic != "beat" || d.Reliable {
		t.Errorf("the echo is %+v", d)
	}
}

func TestLostSocketIsResumed(t *testing.T) {
	f := newFake(t)
	states := make(chan State, 10)
	r := join(t, f, Options{VideoSenders: 1, Handlers: Handlers{State: func(s State) { states <- s }}})
	f.event(api.Event{Kind: api.EventChat, Chat: &api.ChatLine{Text: "1"}})
	if _, err := r.Wait(within(t), func(room api.Room) bool { return len(room.Chat) == 1 }); err != nil {
		t.Fatal(err)
	}
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}

	f.hangUp()
	if s := receive(t, states, "state"); s != StateReconnecting {
		t.Errorf("the state is %s", s)
	}
	if s := receive(t, states, "state"); s != StateResumed {
		t.Errorf("the state is %s", s)
	}
	// The client told the server where it had been, and needs no new offer:
	// media has run on.
	if resume := f.joins[1].Resume; resume == nil || *resume != (api.Resume{Member: "m1", Key: "key-m1", Number: 2}) {
		t.Errorf("the client resumed with %s", asJSON(resume))
	}
	f.event(api.Event{Kind: api.EventChat, Chat: &api.ChatLine{Text: "2"}})
	if _, err := r.Wait(within(t), func(room api.Room) bool { return len(room.Chat) == 2 }); err != nil {
		t.Fatal(err)
	}
	if got := f.asked(); got != "join offer join" {
		t.Errorf("the client asked: %s", got)
	}
}

func TestLostMembershipIsJoinedAnew(t *testing.T) {
	f := newFake(t)
	states := make(chan State, 10)
	r := join(t, f, Options{Handlers: Handlers{State: func(s State) { states <- s }}})
	track, err := r.Publish(within(t), TrackOptions{Codec: VP8})
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.forget = true // as after a restart of the server
	f.mu.Unlock()
	f.hangUp()
	for _, want := range []State{StateReconnecting, StateRejoined} {
		if s := receive(t, states, "state"); s != want {
			t.Errorf("the state is %s, not %s", s, want)
		}
	}
	if r.Member() != "m2" || track.ID() != "t2" {
		t.Errorf("the new membership is %s with track %s", r.Member(), track.ID())
	}
	// The track's media flows on the new connection.
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	send(t, func() error { return track.WriteSample(Sample{Data: []byte{1, 2, 3}, Duration: time.Second / 30}) })
	if got := receive(t, f.incoming, "track").Codec().MimeType; got != webrtc.MimeTypeVP8 {
		t.Errorf("what came is %s", got)
	}
}

func TestGoodbyeEndsTheRoom(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{})
	f.say(&api.Bye{Code: api.CodeRemoved, Text: "The host has removed you.", RetryAfter: -1})
	f.hangUp()
	receive(t, r.Done(), "end")
	var reason *api.Error
	if !errors.As(r.Err(), &reason) || reason.Code != api.CodeRemoved {
		t.Errorf("the room ended with %v", r.Err())
	}
	if err := r.Say(within(t), "hello?", ""); err == nil {
		t.Error("an ended room takes requests")
	}
}

func TestRestartICE(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{VideoSenders: 1})
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	before := r.peer.pc.LocalDescription().SDP
	if err := r.RestartICE(within(t)); err != nil {
		t.Fatal(err)
	}
	if r.peer.pc.LocalDescription().SDP == before {
		t.Error("the restart's offer has the same credentials")
	}
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
}

// send writes until the test ends: packets may be lost while a connection
// comes up.
func send(t *testing.T, write func() error) {
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				if err := write(); err != nil {
					return // the connection was closed
				}
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
}

// lastByte returns the first byte of the packet's last header extension.
func lastByte(p *rtp.Packet) byte {
	var b byte
	for _, id := range p.GetExtensionIDs() {
		b = p.GetExtension(id)[0]
	}
	return b
}
