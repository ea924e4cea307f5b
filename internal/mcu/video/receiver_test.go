package video

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

var videoCodecs = []media.Codec{media.VP8, media.VP9, media.H264, media.AV1}

func TestFramesComeOutAsTheyWereSent(t *testing.T) {
	for _, c := range videoCodecs {
		t.Run(c.String(), func(t *testing.T) {
			s, r := newSender(t, c, 1), newReceiving(t)
			frames := s.stream(300, 8000)
			r.run((&network{random: rand.New(rand.NewPCG(1, 2))}).deliver(frames))
			r.want(frames)
			if r.wanted != 1 {
				t.Errorf("%d key frames were asked for, want the first", r.wanted)
			}
			for _, g := range r.got {
				if g.at != g.Captured || g.Arrival != g.at {
					t.Fatalf("the frame of %v came at %v and out at %v", g.Captured-epoch, g.Arrival-epoch, g.at-epoch)
				}
			}
		})
	}
}

func TestABadNetworkLosesNoFrameIfPacketsAreResent(t *testing.T) {
	for _, c := range videoCodecs {
		for seed := range uint64(8) {
			s, r := newSender(t, c, seed), newReceiving(t)
			if c == media.VP8 && seed&1 == 0 {
				s.layers = 3
			}
			frames := s.stream(200, 6000)
			for i, f := range frames {
				if i%7 == 3 {
					s.padding(f)
				}
			}
			frames = renumbered(frames)
			n := network{random: rand.New(rand.NewPCG(seed, 2)), loss: 0.1, resent: 1, late: 100 * time.Millisecond,
				jitter: 20 * time.Millisecond, twice: 0.05}
			queue := n.deliver(frames)
			r.run(queue)
			if r.wanted > 1 { // the first key frame's own packets may have come too late to be known
				t.Errorf("%v, seed %d: a key frame was asked for", c, seed)
			}
			r.want(frames)
		}
	}
}

// renumbered gives the packets their numbers anew, in order.
func renumbered(frames []*sent) []*sent {
	seq := media.Seq(65000)
	for _, f := range frames {
		for _, p := range f.packets {
			p.Seq = seq
			seq++
		}
	}
	return frames
}

func TestAfterALossFramesGoOnWithAKeyFrame(t *testing.T) {
	for _, c := range videoCodecs {
		t.Run(c.String(), func(t *testing.T) {
			s, r := newSender(t, c, 3), newReceiving(t)
			var frames []*sent
			for i := range 60 {
				frames = append(frames, s.frame(i == 0 || i == 35, 3000))
			}
			lost := frames[10].packets[1]
			for _, f := range frames {
				for _, p := range f.packets {
					if p != lost {
						r.packet(f.captured, p)
					}
				}
			}
			r.until(r.now + 1000*ms)
			r.want(append(frames[:10:10], frames[35:]...))
			// One request at the beginning, then one when the gap was given
			// up, and another until the key frame came.
			if r.wanted != 3 {
				t.Errorf("%d key frames were asked for", r.wanted)
			}
			if st := r.receiver.Stats(); st.Lost != 1 || st.Dropped != 25 || st.Frames != 35 || st.KeyFrames != 2 {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestAGapIsWaitedForAsLongAsItMay(t *testing.T) {
	for _, late := range []struct {
		by   time.Duration
		want int
	}{{149 * time.Millisecond, 10}, {151 * time.Millisecond, 2}} {
		s, r := newSender(t, media.VP8, 4), newReceiving(t)
		frames := s.stream(10, 100)
		held := frames[2].packets[0]
		again := delivery{frames[3].captured + media.Time(late.by), held}
		for _, f := range frames {
			if again.packet != nil && f.captured > again.at {
				r.packet(again.at, held)
				again.packet = nil
			}
			for _, p := range f.packets {
				if p != held {
					r.packet(f.captured, p)
				}
			}
		}
		if len(r.got) != late.want {
			t.Errorf("resent after %v: %d frames, want %d", late.by, len(r.got), late.want)
		}
	}
}
