package sfu_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/peer/peertest"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// Levels in −dBov.
const (
	loud   = 20
	silent = 127
)

func TestTheAudioSlotsGoToThoseWhoSpeak(t *testing.T) {
	play(t, 1, func(t *testing.T, s *stage) {
		mics := map[string]*film{}
		var people []*guest
		for _, name := range []string{"a", "b", "c"} {
			mics[name] = newMicrophone(t, name, silent)
			people = append(people, s.enter(name, 0, peertest.ClientOptions{}, mics[name]))
		}
		listener := s.enter("listener", 1, peertest.ClientOptions{})
		slot := listener.slot(webrtc.RTPCodecTypeAudio, 0)
		after(3 * time.Second)
		// Nobody speaks: the slot is given to whoever came first, and is there to
		// be switched without a new negotiation.
		if got := listener.state(slot).Track; got != "a" {
			t.Errorf("while nobody speaks, %q is in the slot", got)
		}
		listener.reel(slot).cut()
		for _, name := range []string{"c", "b", "a"} {
			mics[name].level.Store(loud)
			after(5 * time.Second)
			if got := listener.state(slot).Track; got != name {
				t.Errorf("%s speaks, and %q is in the slot", name, got)
			}
			if got := listener.speakers(); !slices.Equal(got, []string{name}) {
				t.Errorf("%s speaks, and %q are said to", name, got)
			}
			mics[name].level.Store(silent)
			after(2 * time.Second)
		}
		if got := listener.speakers(); len(got) != 0 {
			t.Errorf("nobody speaks any more, but %q", got)
		}
		// It was one stream, with no number left out, and its clock went right.
		shots := listener.reel(slot).cut()
		for i := 1; i < len(shots); i++ {
			a, b := shots[i-1], shots[i]
			elapsed, ticks := b.at.Sub(a.at), time.Duration(int32(b.ts-a.ts))*time.Second/48000
			if b.seq != a.seq+1 || b.ssrc != a.ssrc || ticks <= 0 || ticks-elapsed > 100*time.Millisecond || elapsed-ticks > 100*time.Millisecond {
				t.Fatalf("number %d at %d follows %d at %d after %v", b.seq, b.ts, a.seq, a.ts, elapsed)
			}
		}
		if got := streams(shots); !slices.Equal(got, []string{"a0", "c0", "b0", "a0"}) {
			t.Errorf("%q were heard", got)
		}
		// One who leaves makes room.
		people[0].endpoint.Close()
		after(time.Second)
		if got := listener.state(slot).Track; got == "a" || got == "" {
			t.Errorf("after a has left, %q is in the slot", got)
		}
		// Somebody who wants it quiet is sent nothing.
		listener.endpoint.View(nil, sfu.FillNothing)
		after(time.Second)
		listener.reel(slot).cut()
		after(time.Second)
		if n := len(listener.reel(slot).cut()); n != 0 {
			t.Errorf("%d packets came to somebody who wants it quiet", n)
		}
	})
}

// speakers returns who is said to speak.
func (g *guest) speakers() (list []string) {
	for _, n := range g.told() {
		if n.Speakers != nil {
			list = nil
			for _, s := range n.Speakers {
				list = append(list, string(s.Track))
			}
		}
	}
	return list
}

func TestNobodyHearsHimself(t *testing.T) {
	play(t, 2, func(t *testing.T, s *stage) {
		mic := newMicrophone(t, "mic", loud)
		anna := s.enter("anna", 1, peertest.ClientOptions{}, mic)
		bela := s.enter("bela", 1, peertest.ClientOptions{})
		after(2 * time.Second)
		if n := len(anna.reel(anna.slot(webrtc.RTPCodecTypeAudio, 0)).cut()); n != 0 {
			t.Errorf("Anna got %d packets of her own voice", n)
		}
		if n := len(bela.reel(bela.slot(webrtc.RTPCodecTypeAudio, 0)).cut()); n < 80 {
			t.Errorf("Bela got %d packets of Anna's voice", n)
		}
		// A muted microphone is not forwarded, whatever comes.
		mic.told.Store(true)
		anna.publish()
		after(100 * time.Millisecond)
		bela.reel(bela.slot(webrtc.RTPCodecTypeAudio, 0)).cut()
		after(2 * time.Second)
		if n := len(bela.reel(bela.slot(webrtc.RTPCodecTypeAudio, 0)).cut()); n != 0 {
			t.Errorf("Bela got %d packets of a muted microphone", n)
		}
	})
}
