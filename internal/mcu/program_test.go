package mcu

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// play tells a story in virtual time.
func play(t *testing.T, tell func(t *testing.T, h *house, p *Program)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h, p := newHouse(t)
		tell(t, h, p)
	})
}

func TestASolePublisherIsPassedOnUntilASecondOneComes(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		set(p, wants(person("anna")))
		if s := h.state(); s.State != api.ProgramForwarding || s.Width != 640 {
			t.Fatalf("with one publisher the program is %+v", s)
		}
		if h.process != nil {
			t.Error("a process was started for one publisher")
		}
		if got := h.offered(api.ProgramVideo); !slices.Equal(got, []media.TrackID{"anna-cam"}) {
			t.Errorf("%q is passed on", got)
		}
		set(p, wants(person("anna"), person("bela")))
		if s := h.state(); s.State != api.ProgramForwarding {
			t.Errorf("before the mix flows, the program is %+v", s)
		}
		h.process.comes()
		h.process.sends(link.SharedMix, media.Opus, 1)
		if got := h.offered(api.ProgramVideo); !slices.Equal(got, []media.TrackID{"anna-cam"}) {
			t.Errorf("before there is a picture, %q are offered", got)
		}
		h.process.plays()
		if s := h.state(); s.State != api.ProgramMixing || s.Width != 1280 || s.Height != 720 {
			t.Errorf("the program is %+v", s)
		}
		if got := h.offered(api.ProgramVideo); !slices.Equal(got, []media.TrackID{"program-video/VP8", "program-video/H264"}) {
			t.Errorf("%q are offered", got)
		}
		if got := h.offered(api.ProgramAudio); !slices.Equal(got, []media.TrackID{"program-audio/all"}) {
			t.Errorf("%q are offered", got)
		}
		// Bela leaves: Anna is passed on at once, the process waits a moment.
		set(p, wants(person("anna")))
		if got := h.offered(api.ProgramVideo); !slices.Equal(got, []media.TrackID{"anna-cam"}) || h.state().State != api.ProgramForwarding {
			t.Errorf("%q are offered, the program is %+v", got, h.state())
		}
		after(linger / 2)
		if h.process.ended() {
			t.Error("the process did not wait for Bela to come back")
		}
		after(linger)
		if !h.process.ended() || len(h.ids()) != 0 {
			t.Errorf("nobody needs the process, yet it lives, with %q", h.ids())
		}
	})
}

func TestWhereSomethingHasToBeDrawnOneIsMixedToo(t *testing.T) {
	muted := person("anna")
	muted.Tracks[0].Muted = true
	voice := person("anna")
	voice.Tracks = voice.Tracks[1:]
	sharing := person("anna")
	sharing.Tracks = append(sharing.Tracks, MemberTrack{TrackInfo: media.TrackInfo{ID: "screen", Kind: media.Video, Origin: media.ScreenVideo}})
	scene := wants(person("anna"))
	scene.Settings.Layout, scene.Settings.Scene = api.LayoutScene, &api.Scene{}
	for what, w := range map[string]*Wish{
		"a camera that is off": wants(muted), "a voice alone": wants(voice), "camera and screen": wants(sharing), "a scene": scene,
	} {
		play(t, func(t *testing.T, h *house, p *Program) {
			set(p, w)
			if h.process == nil || h.state().State != api.ProgramStarting {
				t.Errorf("%s: the program is %+v", what, h.state())
			}
		})
	}
}

func TestNothingIsMadeThatNobodyWants(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		w := wants(person("anna"), person("bela"))
		w.Viewers = nil
		set(p, w)
		if h.process != nil || h.state().State != api.ProgramOff {
			t.Error("a process runs for nobody")
		}
		set(p, wants(person("anna"), person("bela")))
		h.process.comes()
		h.process.plays()
		first := h.process
		set(p, nil)
		if s := h.state(); s.State != api.ProgramOff || len(h.offered(api.ProgramVideo)) != 0 {
			t.Errorf("the program is %+v, and stands for %q", s, h.offered(api.ProgramVideo))
		}
		// Somebody comes back in time: the same process goes on.
		set(p, wants(person("anna"), person("bela")))
		if h.state().State != api.ProgramMixing || h.process != first {
			t.Errorf("the program is %+v", h.state())
		}
		// Who stops listening for a moment is told anew.
		h.states = nil
		p.Set(nil)
		set(p, wants(person("anna"), person("bela")))
		if h.state().State != api.ProgramMixing {
			t.Errorf("the program is %+v", h.state())
		}
	})
}

func TestAProcessThatDiesIsToldEverythingAgain(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		set(p, wants(person("anna"), person("bela")))
		h.process.comes()
		h.process.plays()
		before := h.process.wants()[0]
		h.process.dies()
		if s := h.state(); s.State != api.ProgramMixing {
			t.Errorf("for a short pause the program became %+v", s)
		}
		told, begun := len(h.process.programs), h.tracks["program-video/VP8"].begun
		asked := h.taps["anna-cam"].asked
		h.process.comes()
		if len(h.process.programs) != told+1 || len(h.process.wants()[0].Members) != 2 {
			t.Errorf("the new process was told %+v", h.process.wants()[0])
		}
		if h.tracks["program-video/VP8"].begun != begun+1 || h.tracks["program-audio/all"].begun == 0 {
			t.Error("its packets are taken for the old one's")
		}
		if h.taps["anna-cam"].asked == asked {
			t.Error("nobody asked Anna for a key frame")
		}
		// Bela's camera has brought it down twice.
		number := before.Members[1].Tracks[0].Number
		h.process.dies(number)
		h.process.comes()
		track := h.process.wants()[0].Members[1].Tracks[0]
		if !track.LeftOut || track.Number != number || h.process.wants()[0].Members[0].Tracks[0].LeftOut {
			t.Errorf("the new process was told %+v", h.process.wants()[0].Members)
		}
		if s := h.state(); !slices.Equal(s.LeftOut, []string{"bela-cam"}) {
			t.Errorf("the room was told %+v", s)
		}
		// It does not come back: members see the others' tracks again.
		h.process.dies()
		after(downTolerance + time.Second)
		if s := h.state(); s.State != api.ProgramFailed || s.Text == "" {
			t.Errorf("without a process, the program is %+v", s)
		}
		h.process.comes()
		h.process.plays()
		if s := h.state(); s.State != api.ProgramMixing {
			t.Errorf("it is back, and the program is %+v", s)
		}
	})
}

func TestAServerThatCanNotMixSaysWhy(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		h.refuses = errors.New("no codecs")
		set(p, wants(person("anna"), person("bela")))
		if s := h.state(); s.State != api.ProgramFailed || s.Text != "no codecs" {
			t.Errorf("the program is %+v", s)
		}
		// What needs no mixing goes on.
		set(p, wants(person("anna")))
		if s := h.state(); s.State != api.ProgramForwarding {
			t.Errorf("with one publisher the program is %+v", s)
		}
		// Others come and go, which costs no further tries; who listens anew
		// is told all the same.
		published := h.published
		for range 5 {
			set(p, wants(person("anna"), person("bela"), person("carl")))
			p.Set(nil)
			set(p, wants(person("anna"), person("bela")))
		}
		if s := h.state(); s.State != api.ProgramFailed || s.Text != "no codecs" || h.published != published {
			t.Errorf("%d tracks were published, and the program is %+v", h.published-published, s)
		}
		h.mu.Lock()
		h.refuses = nil
		h.mu.Unlock()
		after(retryInterval)
		if s := h.state(); s.State != api.ProgramStarting || s.Text != "" {
			t.Errorf("there is a place for it now, and the program is %+v", s)
		}
	})
}

func TestWhatSomebodyReceivesIsEncodedAndNothingElse(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		set(p, wants(person("anna"), person("bela")))
		h.process.comes()
		if v := h.process.wants()[0].Video; len(v) != 1 || v[0].Width != 1280 || v[0].Codec != media.VP8 {
			t.Fatalf("to begin with, %+v is encoded", v)
		}
		h.process.plays()
		if v := h.process.wants()[0].Video; len(v) != 0 {
			t.Errorf("nobody receives it, and %+v is encoded", v)
		}
		h.tracks["program-video/VP8"].opt.Wanted(0b01)
		h.tracks["program-video/H264"].opt.Wanted(0b10)
		synctest.Wait()
		v := h.process.wants()[0].Video
		if len(v) != 2 || v[0].Codec != media.VP8 || v[0].Width != 640 || v[1].Codec != media.H264 || v[1].Width != 1280 {
			t.Fatalf("%+v are encoded", v)
		}
		for range 3 {
			h.tracks["program-video/H264"].opt.KeyFrame(1)
		}
		h.tracks["program-video/H264"].opt.KeyFrame(9) // there is no such stream
		synctest.Wait()
		if !slices.Equal(h.process.keys, []uint32{v[1].Output}) {
			t.Errorf("key frames of %v were asked for, not of %d", h.process.keys, v[1].Output)
		}
		h.process.sends(v[1].Output, media.H264, 7)
		if got := h.tracks["program-video/H264"]; !slices.Equal(got.wrote, []media.Seq{7}) || got.stream != 1 {
			t.Errorf("the packet went to stream %d: %v", got.stream, got.wrote)
		}
		// What comes of nothing that was asked for goes nowhere.
		h.process.sends(4711, media.VP8, 1)
		h.process.sends(link.SharedMix, media.VP8, 1)
		if got := h.tracks["program-audio/all"].wrote; len(got) != 1 {
			t.Errorf("the sound has %v", got)
		}
	})
}

func TestWhoTalksHearsAMixOfHisOwn(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		set(p, viewed(wants(person("anna"), person("bela")), "anna"))
		h.process.comes()
		// Who only watches can't be heard: the process need not know.
		if got := h.process.wants()[0].Listeners; !slices.Equal(got, []string{"anna"}) {
			t.Errorf("the process was told that %q listen", got)
		}
		h.process.plays()
		h.process.handler.Message(link.Mixes{Outputs: []link.Mix{{Output: 70000, Member: "anna"}}})
		synctest.Wait()
		if got := h.offered(api.ProgramAudio); !slices.Equal(got, []media.TrackID{"program-audio/anna/70000", "program-audio/all"}) {
			t.Fatalf("%q are offered", got)
		}
		own := h.tracks["program-audio/anna/70000"]
		if own.opt.For != "anna" {
			t.Errorf("Anna's mix is for %q", own.opt.For)
		}
		h.process.sends(70000, media.Opus, 5)
		if !slices.Equal(own.wrote, []media.Seq{5}) {
			t.Errorf("her mix has %v", own.wrote)
		}
		// She falls silent: the shared mix first, then hers ends.
		h.news = nil
		h.process.handler.Message(link.Mixes{})
		synctest.Wait()
		if want := []string{"offer program-video", "offer program-audio", "end program-audio/anna/70000"}; !slices.Equal(h.news, want) {
			t.Errorf("it happened in this order: %q", h.news)
		}
	})
}

func TestANewProcessHasToSayAnewWhoHasAMixOfHisOwn(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		set(p, viewed(wants(person("anna"), person("bela")), "anna", "bela"))
		h.process.comes()
		h.process.plays()
		h.process.handler.Message(link.Mixes{Outputs: []link.Mix{{Output: 70000, Member: "anna"}}})
		synctest.Wait()
		own := h.tracks["program-audio/anna/70000"]
		h.process.dies()
		h.process.comes()
		// Anna does not talk: she hears what all hear.
		if got := h.offered(api.ProgramAudio); !slices.Equal(got, []media.TrackID{"program-audio/all"}) || !own.ended {
			t.Errorf("after the new beginning, %q are offered", got)
		}
		// The number is Bela's now, and his sound comes before that is said.
		h.process.sends(70000, media.Opus, 1)
		if len(own.wrote) != 0 {
			t.Error("Anna's mix is made of Bela's")
		}
	})
}

func TestAProcessGoneWrongIsHeldInCheck(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		set(p, viewed(wants(person("anna"), person("bela")), "anna", "bela"))
		h.process.comes()
		h.process.plays()
		before := len(h.ids())
		mixes := link.Mixes{Outputs: []link.Mix{{Output: 70000, Member: "anna"}, {Output: 70000, Member: "bela"}, {Output: 0, Member: "bela"}}}
		for i := range uint32(100) {
			mixes.Outputs = append(mixes.Outputs, link.Mix{Output: 80000 + i, Member: "anna"}, link.Mix{Output: 90000 + i, Member: "nobody"})
		}
		h.process.handler.Message(mixes)
		synctest.Wait()
		if n := len(h.ids()) - before; n != 1 {
			t.Errorf("it made %d tracks", n)
		}
		shared := h.tracks["program-audio/all"]
		good := media.Packet{Seq: 2, Codec: media.Opus, Timestamp: 960, Captured: 1}
		for what, spoil := range map[string]func(p *media.Packet){
			"a number below all":     func(p *media.Packet) { p.Seq = -1 << 62 },
			"a number above all":     func(p *media.Packet) { p.Seq = 1 << 62 },
			"a timestamp below all":  func(p *media.Packet) { p.Timestamp = -1 << 62 },
			"a timestamp above all":  func(p *media.Packet) { p.Timestamp = 1 << 62 },
			"a time before all":      func(p *media.Packet) { p.Captured = -1 },
			"a layer that is none":   func(p *media.Packet) { p.Layer.Temporal = 255 },
			"another codec":          func(p *media.Packet) { p.Codec = media.RED },
			"a picture in the sound": func(p *media.Packet) { p.Codec = media.VP8 },
		} {
			bad := media.Packet{Seq: good.Seq, Codec: good.Codec, Timestamp: good.Timestamp, Captured: good.Captured}
			spoil(&bad)
			n := len(shared.wrote)
			h.process.handler.Packet(link.SharedMix, &bad)
			if len(shared.wrote) != n {
				t.Errorf("%s was published", what)
			}
		}
		n := len(shared.wrote)
		h.process.handler.Packet(link.SharedMix, &good)
		if len(shared.wrote) != n+1 {
			t.Error("a good packet was dropped")
		}
		anna := h.process.wants()[0].Members[0].Tracks[0].Number
		for range 100 {
			h.process.handler.Message(link.Failed{Number: anna, Text: strings.Repeat("é", 1000)})
		}
		synctest.Wait()
		if got := h.state().LeftOut; !slices.Equal(got, []string{"anna-cam"}) {
			t.Errorf("the room was told that %q are left out", got)
		}
		if n := strings.Count(h.log.String(), "can't be mixed"); n != 1 || h.log.Len() > 1000 {
			t.Errorf("it fills the log: %d lines, %d bytes", n, h.log.Len())
		}
	})
}

func TestPublishersAreAskedForTheSizesThatTheMixNeeds(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		gone := person("gone")
		set(p, wants(person("anna"), person("bela"), gone))
		h.process.comes()
		members := h.process.wants()[0].Members
		if len(members) != 3 || len(members[2].Tracks) != 0 {
			t.Fatalf("the process was told of %+v", members)
		}
		anna := members[0].Tracks[0].Number
		h.process.handler.Message(link.Wants{Tracks: []link.Want{{Number: anna, Width: 640, Height: 360}}})
		synctest.Wait()
		if got := h.taps["anna-cam"].size; got != (media.Dimensions{Width: 640, Height: 360}) {
			t.Errorf("Anna's camera is aimed at %v", got)
		}
		if got := h.taps["bela-cam"].size; got.Area() != 0 {
			t.Errorf("Bela's camera is aimed at %v", got)
		}
		h.process.handler.Message(link.KeyFrameWanted{Number: anna})
		synctest.Wait()
		if h.taps["anna-cam"].asked == 0 {
			t.Error("nobody asked for a key frame")
		}
		h.process.handler.Message(link.Failed{Number: anna, Text: "It can't be decoded."})
		synctest.Wait()
		if got := h.state().LeftOut; !slices.Equal(got, []string{"anna-cam"}) {
			t.Errorf("the room was told that %q are left out", got)
		}
		h.taps["anna-mic"].sink.WritePacket(0, &media.Packet{})
		if got := h.process.packets; !slices.Equal(got, []uint32{members[0].Tracks[1].Number}) {
			t.Errorf("packets of %v came", got)
		}
		// She leaves, and another comes: a number is never used twice.
		set(p, wants(person("bela"), person("carl")))
		if !h.taps["anna-cam"].closed {
			t.Error("Anna's camera is tapped yet")
		}
		for _, m := range h.process.wants()[0].Members {
			for _, tr := range m.Tracks {
				if tr.Number == anna {
					t.Errorf("%s has the number of Anna's", tr.ID)
				}
			}
		}
	})
}

func TestAnotherSizeGoesOnWithTheSameProcess(t *testing.T) {
	play(t, func(t *testing.T, h *house, p *Program) {
		set(p, viewed(wants(person("anna"), person("bela")), "anna"))
		h.process.comes()
		h.process.plays()
		h.process.handler.Message(link.Mixes{Outputs: []link.Mix{{Output: 70000, Member: "anna"}}})
		synctest.Wait()
		first := h.process
		w := viewed(wants(person("anna"), person("bela")), "anna")
		w.Settings.Width, w.Settings.Height = 640, 360
		set(p, w)
		if s := h.state(); s.State != api.ProgramMixing || s.Width != 640 || h.process != first {
			t.Errorf("the program is %+v", s)
		}
		if got := h.process.wants()[0]; got.Width != 640 {
			t.Errorf("the process was told %+v", got)
		}
		if n := len(h.tracks["program-video/VP8/1"].info.Layers); n != 2 {
			t.Errorf("there are %d renditions of 640 × 360", n)
		}
		if got := h.offered(api.ProgramVideo); !slices.Equal(got, []media.TrackID{"program-video/VP8/1", "program-video/H264/1"}) {
			t.Errorf("the program stands for %q", got)
		}
		h.process.sends(70000, media.Opus, 9)
		if got := h.tracks["program-audio/anna/70000"]; got.ended || !slices.Contains(got.wrote, 9) {
			t.Error("Anna's own mix was lost")
		}
	})
}

func TestRatesGrowWithThePicture(t *testing.T) {
	full, half := rate(media.Dimensions{Width: 1280, Height: 720}, 30), rate(media.Dimensions{Width: 640, Height: 360}, 30)
	if full < 1_450_000 || full > 1_550_000 || half != 500_000 {
		t.Errorf("1280 × 720 takes %d bit/s, 640 × 360 takes %d", full, half)
	}
	if slow := rate(media.Dimensions{Width: 640, Height: 360}, 15); slow >= half || slow < half/2 {
		t.Errorf("at 15 pictures a second it takes %d bit/s", slow)
	}
}
