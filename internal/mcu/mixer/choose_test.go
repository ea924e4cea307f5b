package mixer

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// loud makes a level that can be changed.
func loud(level *uint8) func() uint8 { return func() uint8 { return *level } }

// inMix tells who is in the mix.
func (k *studio) inMix() (members string) {
	for _, s := range k.mixer.streams {
		if s.stage != out {
			members += s.source.Member
		}
	}
	return members
}

func TestWhoIsHeardIsNotPushedOutByACough(t *testing.T) {
	k := newStudio(t, Options{Talkers: 2, NoLevelling: true})
	levels := []uint8{25, 30, 127}
	for i, who := range []string{"a", "b", "c"} {
		k.say(who, tone(int64(500+100*i), 0.1)).level = loud(&levels[i])
	}
	k.mixer.SetListeners(nil, true)
	step := func(d time.Duration, why, want string) {
		t.Helper()
		k.run(d)
		if got := k.inMix(); got != want {
			t.Errorf("%s: %q are heard, want %q", why, got, want)
		}
	}
	step(3*time.Second, "two talk", "ab")
	levels[2] = 28
	step(3*time.Second, "c is about as loud as they", "ab")
	levels[2] = 15
	step(40*ms, "c coughs", "ab")
	levels[2] = 127
	step(time.Second, "and is still", "ab")
	levels[2] = 18
	step(500*ms, "c shouts", "ac")
	levels[0] = 127
	step(time.Second, "a draws breath, b is there", "bc")
	levels[1] = 127
	step(1500*ms, "b, too", "bc")
	step(1500*ms, "for long", "c")
	levels[0] = 50
	step(60*ms, "a whispers where there is room", "ac")
	if j, most := jump(k.heard[""]), 0.1*2*math.Pi*1300/sampleRate*1.1; j > most {
		t.Errorf("a click of %.4f", j)
	}
}

func TestMicrophonesWithoutLevelsAreListenedTo(t *testing.T) {
	k := newStudio(t, Options{Talkers: 2, NoLevelling: true})
	none := func() uint8 { return media.NoLevel }
	k.say("a", tone(500, 0.2)).level = none
	k.say("b", tone(600, 0.001)).level = none
	k.say("c", tone(700, 0)).level = none
	k.mixer.SetListeners([]string{"a"}, true)
	k.run(2 * time.Second)
	if got := k.inMix(); got != "a" {
		t.Errorf("%q are heard: b is only a hum, c silence", got)
	}
	if got := k.mixer.Talkers(nil); len(got) != 1 || got[0].Member != "a" || got[0].Level < -20 {
		t.Errorf("the talkers are %v", got)
	}
	// Nothing of the beginning is lost but what the fade takes.
	h := k.heard[""]
	if l := loudness(h[100*millisecond : 200*millisecond]); l < dB(0.2)-3.2 {
		t.Errorf("100 ms after the first sample it is at %.1f dBov", l)
	}
}

func TestWhoLeavesFadesOut(t *testing.T) {
	for name, leave := range map[string]func(k *studio){
		"gone":  func(k *studio) { k.mixer.SetSources(nil) },
		"muted": func(k *studio) { k.senders[0].source.Muted = true; k.add() },
	} {
		k, _ := listener(t, Options{})
		k.run(3 * time.Second)
		leave(k)
		k.run(time.Second)
		if j := jump(k.heard[""]); j > most {
			t.Errorf("%s: a click of %.4f", name, j)
		}
		if p := peak(k.last("", 900*ms)); p != 0 {
			t.Errorf("%s: still heard at %.3f", name, p)
		}
		if n := len(k.mixer.Talkers(nil)); n != 0 {
			t.Errorf("%s: there are %d talkers", name, n)
		}
	}
}

func TestATalkerOfManyIsUnmuted(t *testing.T) {
	k, ann := listener(t, Options{})
	ann.source.Muted = true
	k.add()
	k.run(time.Second)
	if st := k.mixer.Stats(); st.Unwanted == 0 || st.Packets != 0 {
		t.Errorf("muted: %+v", st)
	}
	ann.source.Muted = false
	k.add()
	k.run(time.Second)
	if got := amplitude(k.last("", 200*ms), 500); got < 0.18 {
		t.Errorf("unmuted, but heard at %.1f dB", dB(got))
	}
}

func TestAThousandListenersCostOneMixMore(t *testing.T) {
	k := newStudio(t, Options{})
	var members []string
	for i := range 1000 {
		members = append(members, fmt.Sprint("m", i))
	}
	for i := range 3 {
		k.say(members[i], speech(uint64(i), 0.2))
	}
	k.mixer.SetListeners(members, false)
	k.run(5 * time.Second)
	if want := 4 * 250; k.codecs.encoded > want+4*primes || k.codecs.encoded < want*9/10 {
		t.Errorf("%d frames were encoded in 5 s, want about %d", k.codecs.encoded, want)
	}
	if k.codecs.encoders != 4 {
		t.Errorf("%d encoders", k.codecs.encoders)
	}
}

func TestASharedMixIsMadeForThoseOnlyWhoNeedIt(t *testing.T) {
	k := newStudio(t, Options{})
	for i, who := range []string{"ann", "ben"} {
		k.say(who, tone(int64(500+i*200), 0.1))
	}
	k.mixer.SetListeners([]string{"ann", "ben"}, false)
	k.run(time.Second)
	k.each = func(mixes []Mix) {
		if len(mixes) != 2 || mixes[0].Without == "" || mixes[1].Without == "" {
			t.Fatalf("%d mixes", len(mixes))
		}
	}
	k.run(time.Second)
}

func TestWithoutCodecsThereIsSilence(t *testing.T) {
	k := newStudio(t, Options{})
	k.say("ann", tone(500, 0.1))
	k.codecs.fail = true
	k.mixer.SetListeners([]string{"ann", "ben"}, true)
	k.each = func(mixes []Mix) {
		for _, x := range mixes {
			if string(x.Payload) != silence {
				t.Fatal("a mix comes from nowhere")
			}
		}
	}
	k.run(3 * time.Second)
	if st := k.mixer.Stats(); st.CodecErrors == 0 || st.CodecErrors > 4 {
		t.Errorf("codecs were asked for %d times", st.CodecErrors)
	}
	k.codecs.fail, k.each = false, nil
	k.run(3 * time.Second)
	if got := amplitude(k.last("", 200*ms), 500); got < 0.05 {
		t.Errorf("codecs are there, ann is at %.1f dB", dB(got))
	}
}

func TestTicksThatWereMissedLeaveAGapInTime(t *testing.T) {
	k, _ := listener(t, Options{})
	k.run(time.Second)
	x := k.mixer.Tick(k.now)[0]
	k.now = k.mixer.Deadline()
	y := k.mixer.Tick(k.now.Add(150 * ms))[0] // late, but made up for
	if y.Timestamp != x.Timestamp+frame || k.mixer.Deadline() != k.now.Add(20*ms) {
		t.Errorf("a late tick is at %d after %d, the next is due at %v", y.Timestamp, x.Timestamp, k.mixer.Deadline().Sub(k.now))
	}
	k.now = k.mixer.Deadline().Add(time.Second)
	z := k.mixer.Tick(k.now)[0]
	if z.Timestamp != y.Timestamp+51*frame || k.mixer.Deadline() != k.now.Add(20*ms) || k.mixer.Stats().MissedTicks != 50 {
		t.Errorf("50 missed ticks: %d after %d, the next is due in %v", z.Timestamp, y.Timestamp, k.mixer.Deadline().Sub(k.now))
	}
	k.run(2 * time.Second)
	if l := loudness(k.last("", 200*ms)); math.Abs(l-dB(0.2)+3) > 0.2 {
		t.Errorf("then ann is at %.1f dBov", l)
	}
}
