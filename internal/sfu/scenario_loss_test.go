package sfu_test

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

func TestLossesOnBothLinesAreMadeGood(t *testing.T) {
	play(t, 1, func(t *testing.T, s *stage) {
		all := peertest.ClientOptions{NACK: true, Reports: true, Arrivals: true}
		cam := newFilm(t, "cam")
		anna := s.enter("anna", 0, all, cam)
		// Three viewers, on different loops, ask for their own losses: all are
		// served from what the server keeps of the camera.
		viewers := []*guest{s.enter("bela", 1, all), s.enter("carl", 1, all), s.enter("dora", 1, all)}
		for _, v := range viewers {
			v.shows(large, "cam")
		}
		after(500 * time.Millisecond)
		lossy := netsim.LinkOptions{Delay: 25 * time.Millisecond, Loss: 0.05}
		good := netsim.LinkOptions{Delay: 25 * time.Millisecond}
		anna.lines(lossy, good)
		for _, v := range viewers {
			v.lines(good, lossy)
		}
		after(20 * time.Second)
		anna.lines(good, good)
		for _, v := range viewers {
			v.lines(good, good)
		}
		after(2 * time.Second)
		for _, v := range viewers {
			shots := v.video(0).cut()
			resent := 0
			for _, sh := range shots {
				if sh.resent {
					resent++
				}
			}
			// Not a packet is missing, and each is what it was.
			unbroken(t, v.name, shots)
			if len(shots) < 550 || resent < 5 {
				t.Errorf("%s got %d packets, %d of them by RTX", v.name, len(shots), resent)
			}
			for i := 1; i < len(shots); i++ {
				if a, b := shots[i-1].scene, shots[i].scene; a.part == a.parts && b.number != a.number+1 {
					t.Fatalf("%s: %+v comes after %+v", v.name, b, a)
				}
			}
		}
		if n := len(cam.streams[0].keyFrames()); n > 3 {
			t.Errorf("%d key frames were asked for: one for each viewer was enough", n)
		}
	})
}

func TestViewersWhoCannotDecodeShareOneKeyFrame(t *testing.T) {
	play(t, 2, func(t *testing.T, s *stage) {
		cam := newSimulcast(t, "cam")
		anna := s.enter("anna", 0, peertest.ClientOptions{}, cam)
		viewers := []*guest{s.enter("bela", 1, peertest.ClientOptions{}), s.enter("carl", 1, peertest.ClientOptions{}), s.enter("dora", 1, peertest.ClientOptions{})}
		for _, v := range viewers[:2] {
			v.shows(large, "cam")
		}
		viewers[2].shows(small, "cam")
		after(3 * time.Second)
		for _, st := range cam.streams {
			st.keyFrames()
		}
		// A third of what Anna sends is lost, in bursts. She keeps nothing to send
		// again, and everybody complains all the time.
		anna.lines(netsim.LinkOptions{Loss: 0.3, Burst: 10}, netsim.LinkOptions{})
		for range 50 {
			for _, v := range viewers {
				for _, tr := range v.GetReceivers() {
					if ssrc := uint32(tr.Track().SSRC()); ssrc != 0 && tr.Track().Kind() == webrtc.RTPCodecTypeVideo {
						_ = v.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
					}
				}
			}
			after(200 * time.Millisecond)
		}
		for i, st := range cam.streams {
			asked := st.keyFrames()
			want := map[int][2]int{0: {8, 11}, 1: {0, 1}, 2: {8, 11}}[i]
			if n := len(asked); n < want[0] || n > want[1] {
				t.Errorf("%d key frames of stream %d were asked for in 10 s, want %d to %d", n, i, want[0], want[1])
			}
			for j := 1; j < len(asked); j++ {
				if d := asked[j].Sub(asked[j-1]); d < time.Second {
					t.Errorf("two key frames of stream %d were asked for within %v", i, d)
				}
			}
		}
	})
}

func TestSoundAndPictureKeepTheirTime(t *testing.T) {
	play(t, 3, func(t *testing.T, s *stage) {
		// Anna's camera is 120 ms behind what happens, her microphone 20 ms, and
		// her clock is two hours off. Her sender reports tell (RFC 3550 §6.4.1).
		cam, mic := newFilm(t, "cam"), newMicrophone(t, "mic", 30)
		cam.late, mic.late = 120*time.Millisecond, 20*time.Millisecond
		cam.skew, mic.skew = 2*time.Hour, 2*time.Hour
		cam.reports, mic.reports = true, true
		anna := s.enter("anna", 0, peertest.ClientOptions{}, cam, mic)
		const way = 30 * time.Millisecond
		anna.lines(netsim.LinkOptions{Delay: way, Jitter: 20 * time.Millisecond}, netsim.LinkOptions{Delay: way})
		bela := s.enter("bela", 1, peertest.ClientOptions{})
		bela.shows(large, "cam")
		after(10 * time.Second)

		// In Bela's slots the timestamps are others, but each slot's sender
		// reports still tell when something was captured: now by the server's
		// clock, and later by the way to it, sound and picture alike.
		delays := map[string][2]time.Duration{}
		for name, film := range map[string]*film{"cam": cam, "mic": mic} {
			r := bela.video(0)
			if film == mic {
				r = bela.reel(bela.slot(webrtc.RTPCodecTypeAudio, 0))
			}
			reports, shots := r.said(), r.cut()
			if len(reports) < 7 || len(shots) < 100 {
				t.Fatalf("%s: %d reports and %d packets came", name, len(reports), len(shots))
			}
			lowest, highest := time.Hour, -time.Hour
			report := reports[len(reports)-1]
			for _, sh := range shots[len(shots)/2:] {
				d := time.Duration(int32(sh.ts-report.RTPTime)) * time.Second / time.Duration(film.ticks(time.Second))
				captured := time.Unix(0, int64(media.TimeFromNTP(report.NTPTime))).Add(d)
				off := captured.Sub(film.streams[0].takenAt(sh.number))
				lowest, highest = min(lowest, off), max(highest, off)
			}
			delays[name] = [2]time.Duration{lowest, highest}
			if highest-lowest > 2*time.Millisecond || lowest < way || highest > way+20*time.Millisecond {
				t.Errorf("%s is said to be captured %v to %v after it was", name, lowest, highest)
			}
		}
		if d := delays["cam"][0] - delays["mic"][0]; d > 5*time.Millisecond || d < -5*time.Millisecond {
			t.Errorf("sound and picture are %v apart", d)
		}
	})
}
