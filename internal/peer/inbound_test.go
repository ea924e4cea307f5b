package peer

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestCaptureTimesOfOneClientAgree(t *testing.T) {
	// The client's clock is 3 h off. Its camera and microphone each run a
	// timestamp of their own, and each of its sender reports says what time
	// it was at which timestamp.
	const skew = 3 * time.Hour
	var offset clockOffset
	camera, microphone := captureClock{offset: &offset}, captureClock{offset: &offset}
	report := func(c *captureClock, sent media.Time, timestamp media.Ticks, delay time.Duration) {
		offset.observe(sent.Add(delay), sent.Add(-skew))
		c.known, c.ntp, c.timestamp = true, sent.Add(-skew), timestamp
	}
	// Until the first report the arrival has to do.
	if at := camera.at(epoch, 1000, 90000); at != epoch {
		t.Errorf("without a report a packet was captured at %v", at.Sub(epoch))
	}
	// The reports come over a line with jitter, at different times.
	report(&camera, epoch, 5_000_000, 80*time.Millisecond)
	report(&microphone, epoch.Add(300*time.Millisecond), 777, 30*time.Millisecond)
	clap := epoch.Add(time.Second)
	picture := camera.at(clap.Add(150*time.Millisecond), 5_000_000+90_000, 90000)
	sound := microphone.at(clap.Add(40*time.Millisecond), 777+33_600, 48000)
	if picture != sound {
		t.Errorf("picture and sound of one clap are %v apart", picture.Sub(sound))
	}
	// What is learned is the time there plus the shortest way.
	if got := picture.Sub(clap); got != 30*time.Millisecond {
		t.Errorf("the clap is %v late, want the 30 ms of the shortest way", got)
	}

	// A report that came late does not move the clock, an earlier one does.
	report(&microphone, clap, 777+33_600, 500*time.Millisecond)
	if offset.value != skew+30*time.Millisecond {
		t.Errorf("a late report moved the clock by %v", offset.value-skew-30*time.Millisecond)
	}
	report(&microphone, clap, 777+33_600, 20*time.Millisecond)
	if offset.value != skew+20*time.Millisecond {
		t.Errorf("the shortest way is %v, want 20 ms", offset.value-skew)
	}
	// The client sets its clock: the next report is believed.
	offset.observe(clap, clap.Add(-skew-time.Minute))
	if offset.value != skew+time.Minute {
		t.Errorf("after the client's clock was set, ours is ahead by %v", offset.value)
	}
	// A report that makes no sense does no harm.
	camera.timestamp += 90000 * 3600
	if at := camera.at(clap, 5_000_000, 90000); at != clap {
		t.Errorf("a packet was captured %v before it came", clap.Sub(at))
	}
}

func TestTheWindowKnowsWhatCame(t *testing.T) {
	// Against the plain way to do it: packets come in random order and twice.
	rng := rand.New(rand.NewPCG(1, 2))
	var w window
	top := media.Seq(1 << 16)
	came := map[media.Seq]bool{top: w.add(top)}
	for range 100_000 {
		s := top - media.Seq(rng.IntN(windowSize+100)) + 50
		if rng.IntN(1000) == 0 {
			s += media.Seq(rng.IntN(3 * windowSize)) // a burst was lost
		}
		top = max(top, s)
		want := !came[s] && s > top-windowSize
		if got := w.add(s); got != want {
			t.Fatalf("packet %d with %d as the newest: new is %v, want %v", s, top, got, want)
		}
		came[s] = true
	}
}
