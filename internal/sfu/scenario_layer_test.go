package sfu_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

func TestTheLayerFollowsTheTilesSize(t *testing.T) {
	play(t, 1, func(t *testing.T, s *stage) {
		cam := newSimulcast(t, "cam")
		anna := s.enter("anna", 0, peertest.ClientOptions{}, cam)
		bela, carl := s.enter("bela", 1, peertest.ClientOptions{}), s.enter("carl", 1, peertest.ClientOptions{})
		wants := func(when string, rids ...string) {
			t.Helper()
			if got := anna.wanted("cam"); !slices.Equal(got, rids) {
				t.Errorf("%s: the publisher is told to send %q, want %q", when, got, rids)
			}
		}
		after(time.Second)
		wants("nobody watches")

		// A small tile is opened: the stream begins to come, with a key frame.
		opened := time.Now()
		bela.shows(small, "cam")
		after(2 * time.Second)
		wants("one small tile", "q")
		shots := bela.video(0).cut()
		if len(shots) == 0 || shots[0].at.Sub(opened) > 200*time.Millisecond || !shots[0].key {
			t.Fatalf("the first of %d packets came %v after the tile was opened", len(shots), shots[0].at.Sub(opened))
		}
		// The tile grows, again and again in a second as windows do, and stays.
		bela.shows(middle, "cam")
		after(100 * time.Millisecond)
		bela.shows(large, "cam")
		after(3 * time.Second)
		wants("one large tile", "f")
		carl.shows(small, "cam")
		after(2 * time.Second)
		wants("a large tile and a small one", "q", "f")
		bela.shows(small, "cam")
		after(3 * time.Second)
		wants("two small tiles", "q")

		shots = append(shots, bela.video(0).cut()...)
		unbroken(t, "bela", shots)
		if got := streams(shots); !slices.Equal(got, []string{"c0", "c2", "c0"}) && !slices.Equal(got, []string{"c0", "c1", "c2", "c0"}) {
			t.Errorf("%q came", got)
		}
		if d := gap(shots); d > 100*time.Millisecond {
			t.Errorf("at a switch nothing came for %v", d)
		}
		shots = carl.video(0).cut()
		unbroken(t, "carl", shots)
		if got := streams(shots); !slices.Equal(got, []string{"c0"}) {
			t.Errorf("carl got %q", got)
		}
		// All tiles are closed.
		bela.shows(small)
		carl.shows(small)
		after(time.Second)
		wants("nobody watches any more")
		if st := bela.state("1").Status; st != api.SlotEmpty {
			t.Errorf("an empty slot is told to be %q", st)
		}
	})
}

func TestALayerThatDoesNotComeIsReplacedByTheNearest(t *testing.T) {
	play(t, 2, func(t *testing.T, s *stage) {
		// The publisher's line is too thin for its largest stream, whatever it
		// is told.
		cam := newSimulcast(t, "cam")
		s.enter("anna", 0, peertest.ClientOptions{}, cam)
		cam.stops(2, true)
		bela := s.enter("bela", 1, peertest.ClientOptions{})
		bela.shows(large, "cam")
		after(4 * time.Second)
		shots := bela.video(0).cut()
		if got := streams(shots); len(got) == 0 || got[len(got)-1] != "c1" {
			t.Fatalf("%q came instead of the largest", got)
		}
		// Its line recovers.
		cam.stops(2, false)
		after(4 * time.Second)
		shots = append(shots, bela.video(0).cut()...)
		// And gets thinner than ever.
		cam.stops(2, true)
		cam.stops(1, true)
		after(6 * time.Second)
		shots = append(shots, bela.video(0).cut()...)
		unbroken(t, "bela", shots)
		got := streams(shots)
		if want := []string{"c1", "c2", "c0"}; len(got) < 3 || !slices.Equal(got[len(got)-3:], want) {
			t.Errorf("%q came, want %q at the end", got, want)
		}
		if d := gap(shots); d > 3*time.Second {
			t.Errorf("nothing came for %v", d)
		}
	})
}

func TestTheLineDecidesWhatIsSent(t *testing.T) {
	play(t, 3, func(t *testing.T, s *stage) {
		cam := newSimulcast(t, "cam")
		s.enter("anna", 0, peertest.ClientOptions{}, cam)
		bela := s.enter("bela", 1, peertest.ClientOptions{NACK: true, Reports: true, Arrivals: true})
		line := func(rate media.Bitrate) {
			bela.lines(netsim.LinkOptions{Delay: 20 * time.Millisecond}, netsim.LinkOptions{Delay: 20 * time.Millisecond, Rate: rate})
		}
		slot := bela.slot(2, 0)
		// settles lets time go by and returns the stream that flows in the end.
		settles := func(d time.Duration) string {
			after(d)
			list := streams(bela.video(0).cut())
			t.Logf("%v: %q; %+v", d, list, bela.state(slot))
			if len(list) == 0 {
				return ""
			}
			return list[len(list)-1]
		}
		line(5_000_000)
		bela.shows(large, "cam")
		if got := settles(15 * time.Second); got != "c2" {
			t.Errorf("on 5 Mbit/s %q flows", got)
		}
		line(900_000)
		if got := settles(10 * time.Second); got != "c1" {
			t.Errorf("on 900 kbit/s %q flows", got)
		}
		line(300_000)
		if got := settles(10 * time.Second); got != "c0" {
			t.Errorf("on 300 kbit/s %q flows", got)
		}
		line(5_000_000)
		if got := settles(30 * time.Second); got != "c2" {
			t.Errorf("back on 5 Mbit/s %q flows", got)
		}
		line(40_000)
		settles(15 * time.Second)
		if st := bela.state(slot).Status; st != api.SlotPaused {
			t.Errorf("on 40 kbit/s the slot is %q", st)
		}
		line(5_000_000)
		if got := settles(30 * time.Second); got != "c2" {
			t.Errorf("on 5 Mbit/s at last %q flows", got)
		}
	})
}
