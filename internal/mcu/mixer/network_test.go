package mixer

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// evenly gives delays from least to most.
func evenly(least, most time.Duration) func(*rand.Rand) time.Duration {
	return func(rng *rand.Rand) time.Duration {
		return least + time.Duration(rng.Int64N(int64(most-least)))
	}
}

// listener is alone with one who speaks a tone of 500 Hz.
func listener(t testing.TB, o Options) (*studio, *sender) {
	o.NoLevelling = true
	k := newStudio(t, o)
	ann := k.say("ann", tone(500, 0.2))
	ann.level = func() uint8 { return 17 }
	k.mixer.SetListeners(nil, true)
	return k, ann
}

// most is by how much such a tone may move from one sample to the next: 0.5 %
// more if it is played faster.
const most = 0.2 * 2 * math.Pi * 500 / sampleRate * 1.006

// steady fails if the tone has clicks or holes.
func (k *studio) steady(why string) {
	k.t.Helper()
	pcm := k.heard[""]
	if j := jump(pcm); j > most {
		k.t.Errorf("%s: a click of %.4f, where the tone moves by %.4f", why, j, most)
	}
	const part = 480 // five periods
	for i := 0; i+part <= len(pcm); i += part {
		if r := math.Sqrt(2 * math.Pow(10, loudness(pcm[i:i+part])/10)); math.Abs(dB(r/0.2)) > 0.5 {
			k.t.Fatalf("%s: at %v the tone has an amplitude of %.3f", why, duration(int64(i)), r)
		}
	}
}

func TestSoundOnAGoodNetworkWaitsLittle(t *testing.T) {
	k, _ := listener(t, Options{})
	k.run(20 * time.Second)
	// A Tick of 20 ms needs as much; 5 ms are for what can't be foreseen,
	// and as much again may be off before it is set right.
	if d := k.mixer.Delay("ann"); d < 19*ms || d > 32*ms {
		t.Errorf("sound waits %v", d)
	}
	if st := k.mixer.Stats(); st.Lost+st.Late+st.Concealed+st.Skipped != 0 {
		t.Errorf("%+v", st)
	}
}

func TestClocksMayRunAstray(t *testing.T) {
	for ppm, minutes := range map[float64]int{300: 12, -300: 12, 500: 3, -500: 3} {
		k, ann := listener(t, Options{})
		ann.ppm = ppm
		ann.delay = evenly(10*ms, 14*ms)
		k.run(5 * time.Second)
		for range minutes {
			k.deaf = true
			k.run(50 * time.Second)
			k.deaf = false
			k.forget()
			k.run(10 * time.Second)
			if d := k.mixer.Delay("ann"); d < 15*ms || d > 40*ms {
				t.Errorf("%v ppm: after %v sound waits %v", ppm, k.now.Sub(start), d)
			}
			k.steady("drift")
		}
		if st := k.mixer.Stats(); st.Lost+st.Late+st.Concealed+st.Skipped != 0 {
			t.Errorf("%v ppm: %+v", ppm, st)
		}
	}
}

func TestJitterAndReorderingAreWaitedFor(t *testing.T) {
	k, ann := listener(t, Options{})
	ann.delay = evenly(10*ms, 90*ms)
	k.run(20 * time.Second)
	k.forget()
	before := k.mixer.Stats()
	k.run(time.Minute)
	k.steady("jitter of 80 ms")
	st := k.mixer.Stats()
	if late := st.Late - before.Late; late > 60*50*4/100 {
		t.Errorf("of 3000 packets %d came too late", late)
	}
	if d := k.mixer.Delay("ann"); d < 80*ms || d > 130*ms {
		t.Errorf("sound waits %v", d)
	}
	ann.delay = evenly(10*ms, 14*ms)
	k.run(40 * time.Second)
	if d := k.mixer.Delay("ann"); d > 40*ms {
		t.Errorf("the network is good again, but sound waits %v", d)
	}
}

func TestLossesAreRecoveredFromTheNextPacket(t *testing.T) {
	k, ann := listener(t, Options{})
	ann.lost = func(_ *rand.Rand, n int64) bool { return n%10 == 5 }
	k.run(5 * time.Second)
	k.forget()
	k.run(20 * time.Second)
	k.steady("each tenth packet is lost")
	st := k.mixer.Stats()
	if st.Lost < 110 || st.Lost > 130 || st.Recovered < st.Lost*9/10 || st.Late != 0 {
		t.Errorf("%+v", st)
	}
}

func TestLongLossesFadeOut(t *testing.T) {
	k, ann := listener(t, Options{})
	k.run(2 * time.Second)
	k.forget()
	ann.lost = func(_ *rand.Rand, n int64) bool { return n > 120 && n <= 145 } // half a second
	k.run(1500 * ms)
	pcm := k.heard[""]
	if j := jump(pcm); j > most {
		t.Errorf("a click of %.4f", j)
	}
	// Some 30 ms after packet 120, it is missed.
	from := 21*frame + frame*2
	if p := peak(pcm[from+130*millisecond : from+400*millisecond]); p > 0.001 {
		t.Errorf("a loss of half a second is filled with %.3f", p)
	}
	if l := loudness(pcm[len(pcm)-frame*25:]); math.Abs(l-dB(0.2)+3) > 0.2 {
		t.Errorf("then the tone is at %.1f dBov", l)
	}
	if st := k.mixer.Stats(); st.Lost != 25 {
		t.Errorf("%+v", st)
	}
}

func TestPausesOfDTXAreNoLosses(t *testing.T) {
	k, ann := listener(t, Options{})
	// A second of tone, a second of silence with a packet every 400 ms.
	silent := func(at time.Duration) bool { return at%(2*time.Second) > time.Second }
	ann.dtx = func(at time.Duration) bool { return silent(at) && at%(400*ms) >= 20*ms }
	k.run(20 * time.Second)
	if st := k.mixer.Stats(); st.Lost+st.Late+st.Recovered+st.Skipped != 0 {
		t.Errorf("%+v", st)
	}
	if j := jump(k.heard[""]); j > most {
		t.Errorf("a click of %.4f", j)
	}
	if d := k.mixer.Delay("ann"); d > 40*ms {
		t.Errorf("sound waits %v", d)
	}
	// It costs nothing either: there are two packets in each pause.
	if want := 10*50 + 10*3; k.codecs.decoded > want+20 {
		t.Errorf("%d packets were decoded, %d were sent", k.codecs.decoded, want)
	}
}

func TestAnOutageIsCaughtUpWith(t *testing.T) {
	k, ann := listener(t, Options{})
	k.run(3 * time.Second)
	k.forget()
	// Packets of 400 ms come all at once.
	base := 3 * time.Second
	ann.delay = nil
	wait := time.Duration(0)
	ann.dtx = func(at time.Duration) bool {
		wait = 10 * ms
		if at > base && at < base+400*ms {
			wait += base + 400*ms - at
		}
		return false
	}
	ann.delay = func(*rand.Rand) time.Duration { return wait }
	k.run(time.Second)
	if j := jump(k.heard[""]); j > most {
		t.Errorf("a click of %.4f", j)
	}
	k.run(20 * time.Second)
	if d := k.mixer.Delay("ann"); d > 60*ms {
		t.Errorf("20 s later sound waits %v", d)
	}
	if j := jump(k.heard[""]); j > most {
		t.Errorf("a click of %.4f", j)
	}
}

func TestPacketsOfAllLengthsAreTaken(t *testing.T) {
	for _, c := range []struct {
		toc    byte
		length int
	}{{0xe0, 120}, {0xe8, 240}, {0xf0, 480}, {0x10, 1920}, {0x18, 2880}, {0x1b, 5760}} {
		k, ann := listener(t, Options{})
		ann.toc, ann.length = c.toc, c.length
		k.run(2 * time.Second)
		k.forget()
		k.run(5 * time.Second)
		k.steady(duration(int64(c.length)).String())
		if st := k.mixer.Stats(); st.Lost+st.Late+st.Concealed+st.Broken != 0 {
			t.Errorf("%d: %+v", c.length, st)
		}
	}
}

func TestAStreamMayBeginAnew(t *testing.T) {
	k, ann := listener(t, Options{})
	k.run(2 * time.Second)
	ann.seq += 20000
	ann.sent += 1e6
	ann.from -= time.Duration(1e6) * 20 * ms // the timestamp jumps, not the clock
	k.run(2 * time.Second)
	k.forget()
	k.run(2 * time.Second)
	k.steady("after a restart")
	if st := k.mixer.Stats(); st.Restarts != 1 || st.Lost > 1 {
		t.Errorf("%+v", st)
	}
}

func TestWhatIsHeardTellsWhenItWasCaptured(t *testing.T) {
	k, ann := listener(t, Options{})
	ben := k.say("ben", tone(700, 0))
	ann.delay, ben.delay = evenly(10*ms, 60*ms), evenly(10*ms, 60*ms)
	k.run(10 * time.Second)
	// The tone's phase tells what is heard really: 500 Hz repeat every 2 ms,
	// so look at the silent beginning of a sender instead.
	cyd := k.say("cyd", func(i int64) float32 {
		if i < 2*sampleRate {
			return 0.001
		}
		return 0.5
	})
	cyd.level = func() uint8 { return 20 }
	begin := k.now
	var told media.Time
	k.forget()
	k.each = func(mixes []Mix) {
		if pcm := k.codecs.samples(mixes[len(mixes)-1]); told.IsZero() && peak(pcm) > 0.3 {
			at, ok := k.mixer.Heard("cyd")
			if !ok {
				t.Error("nothing is known of cyd")
			}
			for i, x := range pcm {
				if x > 0.3 {
					told = at.Add(duration(int64(i)))
					break
				}
			}
		}
	}
	k.run(4 * time.Second)
	if off := told.Sub(begin.Add(2 * time.Second)); off.Abs() > 2*ms {
		t.Errorf("the moment that cyd got loud is told %v off", off)
	}
	for _, who := range []string{"ann", "ben"} { // ben isn't in the mix
		at, ok := k.mixer.Heard(who)
		if wait := k.now.Sub(at); !ok || wait < 60*ms || wait > 150*ms {
			t.Errorf("what is heard of %s is %v old", who, wait)
		}
	}
	if _, ok := k.mixer.Heard("dan"); ok {
		t.Error("there is no dan")
	}
}

func TestABadNetworkIsBorne(t *testing.T) {
	k, ann := listener(t, Options{})
	bad := false
	ann.lost = func(rng *rand.Rand, _ int64) bool { // in bursts, 6 % in all
		if bad {
			bad = rng.IntN(2) == 0
		} else {
			bad = rng.IntN(33) == 0
		}
		return bad
	}
	ann.delay = func(rng *rand.Rand) time.Duration { // now and then much later
		return 20*ms + time.Duration(rng.ExpFloat64()*float64(12*ms))
	}
	k.run(10 * time.Second)
	k.forget()
	before := k.mixer.Stats()
	k.run(time.Minute)
	st := k.mixer.Stats()
	if d := k.mixer.Delay("ann"); d < 40*ms || d > 100*ms {
		t.Errorf("sound waits %v", d)
	}
	lost, late := st.Lost-before.Lost, st.Late-before.Late
	if lost < 3000*4/100 || lost > 3000*11/100 || late > 3000*4/100 {
		t.Errorf("of 3000 packets %d were missing, %d late", lost, late)
	}
	if made := duration(int64(st.Concealed - before.Concealed)); made > 5*time.Second {
		t.Errorf("of a minute %v were made up", made)
	}
	if j := jump(k.heard[""]); j > most {
		t.Errorf("a click of %.4f", j)
	}
}
