package mixer

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

func dB(x float64) float64 { return 20 * math.Log10(x+1e-12) }

func TestATalkerHearsEverybodyElse(t *testing.T) {
	k := newStudio(t, Options{NoLevelling: true})
	k.say("ann", tone(500, 0.2))
	k.say("ben", tone(800, 0.2))
	k.mixer.SetListeners([]string{"ann", "ben", "cyd"}, true)
	k.run(2 * time.Second)
	for _, c := range []struct {
		without  string
		ann, ben bool
	}{{"", true, true}, {"ann", false, true}, {"ben", true, false}} {
		pcm := k.last(c.without, time.Second)
		for hz, want := range map[int64]bool{500: c.ann, 800: c.ben} {
			got := dB(amplitude(pcm, hz) / 0.2)
			if want && math.Abs(got) > 0.1 || !want && got > -100 {
				t.Errorf("the mix without %q has %d Hz at %.1f dB; want it: %v", c.without, hz, got, want)
			}
		}
	}
	if k.heard["cyd"] != nil {
		t.Error("cyd is silent and needs no mix of her own")
	}
	if st := k.mixer.Stats(); st.Lost+st.Late+st.Concealed != 0 || st.Decoders != 2 || st.Encoders != 3 {
		t.Errorf("on a good network nothing is lost: %+v", st)
	}
}

func TestALateTalkerFadesInWithItsFirstSyllable(t *testing.T) {
	k := newStudio(t, Options{NoLevelling: true})
	k.say("ann", tone(500, 0.1))
	k.mixer.SetListeners(nil, true)
	k.run(time.Second)
	k.forget()
	at := k.now
	k.say("ben", tone(900, 0.1))
	k.run(time.Second)
	// 500 and 900 Hz at 0.1 move at most that much from sample to sample.
	if j, most := jump(k.heard[""]), 0.1*2*math.Pi*1400/sampleRate; j > most*1.05 {
		t.Errorf("a click of %.4f, where the sum of tones moves by %.4f", j, most)
	}
	// The first packet is complete after 20 ms, arrives 10 ms later.
	pcm := k.heard[""][80*millisecond : 180*millisecond]
	if got := dB(amplitude(pcm, 900) / 0.1); math.Abs(got) > 1 {
		t.Errorf("80 ms after its first sample at %v the tone is at %.1f dB", at, got)
	}
}

func TestOnlyTheLoudestAreHeard(t *testing.T) {
	k := newStudio(t, Options{NoLevelling: true, Talkers: 2})
	for i := range 6 {
		k.say(fmt.Sprint("m", i), tone(400+200*int64(i), 0.02*math.Pow(1.8, float64(i))))
	}
	k.mixer.SetListeners(nil, true)
	k.run(8 * time.Second)
	pcm := k.last("", time.Second)
	for i := range 6 {
		level := dB(amplitude(pcm, 400+200*int64(i)) / (0.02 * math.Pow(1.8, float64(i))))
		if loud := i >= 4; loud != (level > -1) || !loud && level > -60 {
			t.Errorf("talker %d of six, louder by 5 dB each, is at %.1f dB", i, level)
		}
	}
	if j, most := jump(k.heard[""]), 2*math.Pi/sampleRate*0.38*2*1400; j > most {
		t.Errorf("a click of %.4f, where tones move by %.4f", j, most)
	}
	if st := k.mixer.Stats(); st.Heard != 2 {
		t.Errorf("%d are heard", st.Heard)
	}
	if k.codecs.decoded > 50*8*2+150 {
		t.Errorf("%d packets were decoded for two talkers", k.codecs.decoded)
	}
}

func TestScreenSoundIsAlwaysHeard(t *testing.T) {
	k := newStudio(t, Options{NoLevelling: true, Talkers: 1})
	film := k.say("film", tone(300, 0.01))
	film.source.Origin = media.ScreenAudio
	film.source.Member = "ann"
	k.say("ann", tone(500, 0.2))
	k.say("ben", tone(800, 0.1))
	k.mixer.SetListeners([]string{"ann", "ben"}, true)
	k.run(3 * time.Second)
	for without, want := range map[string][3]bool{"": {true, true, false}, "ann": {}} {
		pcm := k.last(without, time.Second)
		for i, hz := range []int64{300, 500, 800} {
			if got := amplitude(pcm, hz) > 0.005; got != want[i] {
				t.Errorf("the mix without %q: %d Hz is heard: %v", without, hz, got)
			}
		}
	}
}

func TestSilenceCostsNothing(t *testing.T) {
	k := newStudio(t, Options{})
	k.say("ann", tone(500, 0.1)).until = time.Second
	k.mixer.SetListeners([]string{"ann", "ben"}, true)
	k.run(2 * time.Second)
	encoded, decoded := k.codecs.encoded, k.codecs.decoded
	k.deaf = true
	k.each = func(mixes []Mix) {
		if len(mixes) == 0 || string(mixes[len(mixes)-1].Payload) != silence || mixes[0].Level != 127 {
			t.Fatalf("silence is %+v", mixes)
		}
	}
	k.run(20 * time.Second)
	if k.codecs.encoded != encoded || k.codecs.decoded != decoded {
		t.Error("codecs work on silence")
	}
	if st := k.mixer.Stats(); st.Decoders != 0 || st.Encoders != 1 {
		t.Errorf("codecs are kept for nobody: %+v", st)
	}
	k.mixer.Close()
	if k.codecs.decoders != 0 || k.codecs.encoders != 0 {
		t.Errorf("%d decoders and %d encoders were not closed", k.codecs.decoders, k.codecs.encoders)
	}
}

func TestWhatNobodyHearsIsNotDecoded(t *testing.T) {
	k := newStudio(t, Options{})
	k.say("ann", tone(500, 0.1))
	k.run(2 * time.Second)
	if k.codecs.decoded != 0 || k.ticks == 0 {
		t.Error("nobody listens")
	}
	k.mixer.SetListeners([]string{"ann"}, false)
	k.run(2 * time.Second)
	if k.codecs.decoded != 0 {
		t.Error("ann hears herself alone")
	}
	if got := k.mixer.Talkers(nil); len(got) != 1 || got[0].Member != "ann" {
		t.Errorf("that she talks is known all the same: %v", got)
	}
	k.mixer.SetListeners([]string{"ann", "ben"}, false)
	k.run(2 * time.Second)
	if got := amplitude(k.last("", time.Second), 500); got < 0.05 {
		t.Errorf("ben hears her at %.1f dB", dB(got))
	}
}

func TestTickAllocatesNothing(t *testing.T) {
	k := newStudio(t, Options{})
	members := []string{"x"}
	for i := range 8 {
		members = append(members, fmt.Sprint("m", i))
		k.say(members[i+1], speech(uint64(i), 0.2))
	}
	k.mixer.SetListeners(members, true)
	k.run(5 * time.Second)
	packets := make([]media.Packet, 8)
	for i := range packets {
		packets[i].Payload = make([]byte, 0, 64)
	}
	n := int64(5 * 50)
	if a := testing.AllocsPerRun(200, func() {
		for i := range packets {
			p := &packets[i]
			*p = media.Packet{
				Seq: media.Seq(70000 + n), Timestamp: media.Ticks(1e9 + n*frame), AudioLevel: uint8(20 + i), Arrival: k.now,
				Payload: fakePacket(p.Payload[:0], toc20, i, n*frame),
			}
			k.mixer.WritePacket(k.now, media.TrackID(members[i+1]), p)
		}
		n++
		k.mixer.Tick(k.now)
		k.now = k.mixer.Deadline()
	}); a != 0 {
		t.Errorf("%v allocations per Tick", a)
	}
}
