package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

const (
	// backLimit is for how long somebody may be away from the program when its
	// mixer has ended.
	backLimit = 5 * time.Second
	// overLimit is how long a picture or a voice may be away while it moves from
	// being forwarded into the mix.
	overLimit = time.Second
	// settleTime is how long is measured beyond what was waited for.
	settleTime = time.Second
)

// mixersOf returns the mixers' processes of a server.
func mixersOf(t *testing.T, s *server) (pids []int) {
	t.Helper()
	parent := strconv.Itoa(s.cmd.Process.Pid)
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// After the name, which is in brackets: state, parent.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		dir := filepath.Dir(file)
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if len(fields) < 2 || string(fields[1]) != parent || !bytes.Contains(command, []byte("\x00mixer\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && string(fields[0]) != "Z" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// mixers waits until a server has so many, none of which is one of before.
func mixers(t *testing.T, s *server, n int, before ...int) []int {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		pids := mixersOf(t, s)
		old := slices.ContainsFunc(pids, func(pid int) bool { return slices.Contains(before, pid) })
		if len(pids) == n && !old {
			return pids
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("the mixers are %v after %v; wanted are %d, none of %v", pids, patience, n, before)
		}
	}
}

// absence measures for how long somebody was neither seen nor heard.
type absence struct {
	part
	places []place

	mu             sync.Mutex
	picture, sound lapse  // guarded by mu
	seen           bool   // guarded by mu
	number         uint32 // guarded by mu; of the newest picture
	missed         int    // guarded by mu; numbers between two pictures, in all
}

// lapse is the longest time between two of a kind.
type lapse struct {
	last    time.Time
	longest time.Duration
}

func (l *lapse) note(at time.Time) {
	l.longest = max(l.longest, at.Sub(l.last))
	l.last = at
}

// misses begins to measure how v misses somebody, who may be in any of the places.
func misses(v *spectator, name string, places ...place) *absence {
	now := lapse{last: time.Now()}
	a := &absence{part: partOf(name), places: places, picture: now, sound: now}
	v.notes(a.look, a.listen)
	return a
}

func (a *absence) look(g glimpse) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.places {
		source, number := read(g.picture, p)
		if source != a.name {
			continue
		}
		if a.seen && number == a.number {
			return
		}
		if a.seen {
			a.missed += int(number-a.number-1) & (numbers - 1)
		}
		a.picture.note(g.at)
		a.seen, a.number = true, number
		return
	}
}

func (a *absence) listen(e earshot) {
	if toneLevel(e.pcm, float64(a.tone)) < audible {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sound.note(e.at)
}

// over waits for settleTime and returns the longest gaps in pictures and sound.
func (a *absence) over(v *spectator) (picture, sound time.Duration, missed int) {
	v.t.Helper()
	end := time.Now().Add(settleTime)
	v.until(a.name+" is seen and heard", func() string {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.picture.last.Before(end) || a.sound.last.Before(end) {
			return fmt.Sprintf("the last picture came %v and sound %v before the end", end.Sub(a.picture.last), end.Sub(a.sound.last))
		}
		return ""
	})
	v.notes(nil, nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.picture.longest, a.sound.longest, a.missed
}

func TestTheProgramIsBackWhenItsMixerEnds(t *testing.T) {
	for _, c := range []struct {
		how    string
		signal syscall.Signal
	}{{"killed", syscall.SIGKILL}, {"stopped", syscall.SIGSTOP}} {
		t.Run(c.how, func(t *testing.T) {
			s := local(t)
			ann := acts(t, s, "Ann", client.Options{}, show{})
			ann.directs(small())
			acts(t, s, "Ben", client.Options{}, show{})
			fred := watches(t, s, client.Options{Name: "Fred", AudioSlots: 2, VideoSlots: 1})
			vic := viewer(t, s, "Vic")
			tiles := grid(2, 1, 2)
			vic.seesThere("both", tiles, "Ann", "Ben")
			fred.seesThere("Ann", []place{whole()}, "Ann")
			vic.hearsOnly("both", "Ann", "Ben")

			pids := mixers(t, s, 1)
			mixed, forwarded := misses(vic, "Ann", tiles[0]), misses(fred, "Ann", whole())
			if err := syscall.Kill(pids[0], c.signal); err != nil {
				t.Fatal(err)
			}
			mixers(t, s, 1, pids...)
			picture, sound, _ := mixed.over(vic)
			took(t, "program without pictures", picture)
			took(t, "program without sound", sound)
			if picture > backLimit || sound > backLimit {
				t.Errorf("the program was away for %v, its sound for %v", picture, sound)
			}
			vic.isOn(api.PathMCU)
			vic.seesThere("both again", tiles, "Ann", "Ben")
			picture, sound, missed := forwarded.over(fred)
			took(t, "the longest between two pictures that are forwarded meanwhile", picture)
			took(t, "the longest between two sounds that are forwarded meanwhile", sound)
			if missed > 0 {
				t.Errorf("%d pictures that are forwarded were missed", missed)
			}
		})
	}
}

// One picture alone needs no mixer: it is passed on. With another it is mixed,
// and without anybody who wants it nothing is.
func TestTheProgramIsMixedOnlyWhereItMustBe(t *testing.T) {
	s := local(t)
	ann := acts(t, s, "Ann", client.Options{}, show{})
	ann.directs(small())
	vic := viewer(t, s, "Vic")
	vic.seesThere("Ann alone, as she is", []place{whole()}, "Ann")
	vic.hearsOnly("Ann", "Ann")
	if got := vic.Snapshot().Program; got.State != api.ProgramForwarding {
		t.Errorf("the program is %+v", got)
	}
	mixers(t, s, 0)

	tiles := grid(2, 1, 2)
	gone := misses(vic, "Ann", whole(), tiles[0])
	ben := acts(t, s, "Ben", client.Options{}, show{})
	vic.seesThere("both", tiles, "Ann", "Ben")
	vic.hearsOnly("both", "Ann", "Ben")
	mixers(t, s, 1)
	picture, sound, _ := gone.over(vic)
	took(t, "from forwarded to mixed: longest gap in the picture", picture)
	took(t, "from forwarded to mixed: longest gap in the sound", sound)
	if picture > overLimit || sound > overLimit {
		t.Errorf("Ann was not seen for %v and not heard for %v", picture, sound)
	}

	gone = misses(vic, "Ann", whole(), tiles[0])
	ben.leaves()
	vic.seesThere("Ann alone again", []place{whole()}, "Ann")
	picture, sound, _ = gone.over(vic)
	took(t, "from mixed to forwarded: longest gap in the picture", picture)
	took(t, "from mixed to forwarded: longest gap in the sound", sound)
	if picture > overLimit || sound > overLimit {
		t.Errorf("Ann was not seen for %v and not heard for %v", picture, sound)
	}
	mixers(t, s, 0)

	acts(t, s, "Ben", client.Options{}, show{})
	vic.seesThere("both", tiles, "Ann", "Ben")
	mixers(t, s, 1)
	vic.Close()
	left := time.Now()
	mixers(t, s, 0)
	took(t, "from the last viewer's leave to the mixer's end", time.Since(left))
}

// Streams that can't be decoded do nobody any harm, and are told of.
func TestBrokenStreamsAreLeftOutOfTheProgram(t *testing.T) {
	s := local(t)
	ann := acts(t, s, "Ann", client.Options{}, show{})
	ann.directs(small())
	acts(t, s, "Ben", client.Options{}, show{})
	eve := enter(t, s.url(), client.Options{Name: "Eve"})
	bad := eve.raves(client.VP8)
	mad := enter(t, s.url(), client.Options{Name: "Mad"})
	worse := mad.raves(client.H264)
	vic := viewer(t, s, "Vic")
	tiles := grid(2, 2, 4)
	vic.seesThere("Ann and Ben, and the places of two others", tiles, "Ann", "Ben", "", "")
	room, err := vic.Wait(vic.ctx(), func(room api.Room) bool {
		return slices.Contains(room.Program.LeftOut, bad.ID()) && slices.Contains(room.Program.LeftOut, worse.ID())
	})
	if err != nil {
		t.Fatalf("broken tracks %s and %s, but the program says %+v", bad.ID(), worse.ID(), room.Program)
	}
	gone := misses(vic, "Ann", tiles[0])
	picture, sound, _ := gone.over(vic)
	took(t, "beside broken streams: longest gap in the picture", picture)
	took(t, "beside broken streams: longest gap in the sound", sound)
	vic.seesThere("they are still there", tiles, "Ann", "Ben", "", "")
	vic.hearsOnly("both are heard", "Ann", "Ben")
}

// raves publishes a camera of which no picture can be decoded.
func (p *person) raves(codec client.Codec) *client.LocalTrack {
	p.t.Helper()
	track, err := p.Publish(p.ctx(), client.TrackOptions{Codec: codec, Origin: api.OriginCamera, Width: 320, Height: 180})
	if err != nil {
		p.t.Fatal(err)
	}
	const period = 20 * time.Millisecond
	p.every(period, func(n uint32) error {
		junk := bytes.Repeat([]byte{byte(n), 0xa5, byte(n >> 8), 0x5a}, 200)
		// A key frame of 320 × 180 by its header (RFC 6386 §9.1), its first
		// partition longer than itself.
		frame := append([]byte{0xf0, 0xff, 0xff, 0x9d, 0x01, 0x2a, 64, 1, 180, 0}, junk...)
		if codec == client.H264 {
			start := []byte{0, 0, 0, 1}
			frame = slices.Concat(
				start, []byte{0x67, 0x42, 0xe0, 0x1f, 0xff, 0xff}, // parameters that are none
				start, []byte{0x68, 0xff, 0xff},
				start, append([]byte{0x65}, junk...), // a picture that needs none before it
			)
		}
		return track.WriteSample(client.Sample{Data: frame, Duration: period})
	})
	return track
}
