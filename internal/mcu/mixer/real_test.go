//go:build cgo && unix

package mixer_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/opus"
	"github.com/tutti-rtc/tutti/internal/mcu/mixer"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	frame = codec.FrameSamples
	start = media.Time(1000 * time.Hour)
)

func decoder(media.TrackID) (mixer.Decoder, error) { return opus.NewDecoder() }
func encoder() (mixer.Encoder, error)              { return opus.NewEncoder(64_000) }

// voice is a member whose microphone hears a vowel that comes and goes.
type voice struct {
	track   media.TrackID
	encoder *opus.Encoder
	second  []float32 // what is heard, again and again
	packet  media.Packet
	n       int
}

func newVoice(t testing.TB, name string, pitch float64) *voice {
	e, err := opus.NewEncoder(32_000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	v := &voice{track: media.TrackID(name), encoder: e, second: make([]float32, codec.SampleRate*codec.Channels)}
	for i := range codec.SampleRate {
		at, x := float64(i)/codec.SampleRate, 0.0
		for h := 1.0; h < 12; h++ {
			x += math.Sin(2*math.Pi*pitch*h*at) / h
		}
		v.second[2*i] = float32(0.08 * x * (0.6 + 0.4*math.Sin(2*math.Pi*3*at)))
		v.second[2*i+1] = v.second[2*i]
	}
	return v
}

// next encodes the next 20 ms.
func (v *voice) next(t testing.TB, arrival media.Time) *media.Packet {
	const size = frame * codec.Channels
	at := v.n * size % len(v.second)
	payload, err := v.encoder.Encode(v.packet.Payload[:0], v.second[at:at+size])
	if err != nil {
		t.Fatal(err)
	}
	v.packet = media.Packet{
		Seq: media.Seq(v.n), Timestamp: media.Ticks(v.n * frame), Codec: media.Opus,
		AudioLevel: 25, Voice: true, Arrival: arrival, Captured: arrival, Payload: payload,
	}
	v.n++
	return &v.packet
}

// TestRealCodecsAreHeard mixes two voices over a network with losses, and
// decodes what a third hears.
func TestRealCodecsAreHeard(t *testing.T) {
	m := mixer.New(mixer.Options{NoLevelling: true}, decoder, encoder)
	defer m.Close()
	m.SetSources([]mixer.Source{
		{Track: "ann", Member: "ann", Origin: media.Microphone},
		{Track: "ben", Member: "ben", Origin: media.Microphone},
	})
	m.SetListeners([]string{"ann", "ben", "cyd"}, false)
	ann, ben := newVoice(t, "ann", 120), newVoice(t, "ben", 190)
	rng := rand.New(rand.NewPCG(1, 2))
	heard := map[string][]float32{}
	ears := map[string]*opus.Decoder{}
	for _, who := range []string{"", "ann", "ben"} {
		d, err := opus.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		ears[who] = d
	}
	pcm := make([]float32, 5760*2)
	for now := start; now.Sub(start) < 10*time.Second; now = m.Deadline() {
		for _, v := range []*voice{ann, ben} {
			if p := v.next(t, now); rng.IntN(20) > 0 {
				m.WritePacket(now, v.track, p)
			}
		}
		for _, x := range m.Tick(now) {
			n, err := ears[x.Without].Decode(pcm, x.Payload)
			if err != nil || n != frame {
				t.Fatalf("the mix without %q: %d samples, %v", x.Without, n, err)
			}
			for i := range n {
				heard[x.Without] = append(heard[x.Without], pcm[2*i])
			}
		}
	}
	st := m.Stats()
	if st.Lost < 30 || st.Broken+st.CodecErrors != 0 {
		t.Errorf("%+v", st)
	}
	for who, want := range map[string][2]bool{"": {true, true}, "ann": {false, true}, "ben": {true, false}} {
		h := heard[who][len(heard[who])-codec.SampleRate:]
		for i, pitch := range []float64{120, 190} {
			if got := tone(h, pitch); got > 0.02 != want[i] {
				t.Errorf("without %q: %v Hz has an amplitude of %.4f", who, pitch, got)
			}
		}
	}
}

// TestWhoBeginsToTalkHearsNoSeam compares what somebody hears who begins to
// talk, and so gets a mix of its own, with what it would hear if it didn't.
func TestWhoBeginsToTalkHearsNoSeam(t *testing.T) {
	type ear struct {
		mixer   *mixer.Mixer
		decoder *opus.Decoder
		pcm     [5760 * 2]float32
	}
	var ears [2]ear
	for i := range ears {
		m := mixer.New(mixer.Options{NoLevelling: true}, decoder, encoder)
		defer m.Close()
		d, err := opus.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		ears[i].mixer, ears[i].decoder = m, d
		m.SetListeners([]string{"ann"}, true)
	}
	ben := mixer.Source{Track: "ben", Member: "ben", Origin: media.Microphone}
	ann := mixer.Source{Track: "ann", Member: "ann", Origin: media.Microphone}
	ears[0].mixer.SetSources([]mixer.Source{ben, ann})
	ears[1].mixer.SetSources([]mixer.Source{ben})
	voices := []*voice{newVoice(t, "ben", 150), newVoice(t, "ann", 210)}
	switches, own := 0, false
	for now, n := start, 0; n < 1200; n++ {
		for i, v := range voices {
			p := v.next(t, now)
			if i == 1 && n%400 < 300 {
				continue // ann is silent for 6 s of 8
			}
			ears[0].mixer.WritePacket(now, v.track, p)
			ears[1].mixer.WritePacket(now, v.track, p)
		}
		for i := range ears {
			e := &ears[i]
			mixes := e.mixer.Tick(now)
			x := mixes[0] // ann's, if there is one
			if i == 0 && own != (x.Without == "ann") {
				own = !own
				switches++
			}
			if _, err := e.decoder.Decode(e.pcm[:], x.Payload); err != nil {
				t.Fatal(err)
			}
		}
		var signal, seam float64
		for i := range frame * 2 {
			x, y := float64(ears[0].pcm[i]), float64(ears[1].pcm[i])
			signal, seam = signal+y*y, seam+(x-y)*(x-y)
		}
		if n > 50 && seam > signal/100 {
			t.Errorf("frame %d, own mix %v: differs by %.1f dB", n, own, 10*math.Log10(seam/signal))
		}
		now = ears[0].mixer.Deadline()
	}
	if switches < 3 {
		t.Errorf("%d switches", switches)
	}
}

// tone returns how much of a tone is in pcm.
func tone(pcm []float32, hz float64) float64 {
	var re, im float64
	for i, x := range pcm {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / codec.SampleRate)
		re, im = re+float64(x)*c, im+float64(x)*s
	}
	return 2 * math.Hypot(re, im) / float64(len(pcm))
}

// BenchmarkOpus is a Tick of a room with real codecs: 3 who talk, and so many
// who listen. cores is the part of
// a core that it takes, wherever else the machine is busy.
func BenchmarkOpus(b *testing.B) {
	for _, listeners := range []int{10, 1000} {
		b.Run(fmt.Sprintf("3 talkers, %d listeners", listeners), func(b *testing.B) {
			m := mixer.New(mixer.Options{}, decoder, encoder)
			defer m.Close()
			var members []string
			for i := range listeners {
				members = append(members, fmt.Sprint("m", i))
			}
			const talkers, seconds = 3, 10
			var payloads [talkers][][]byte
			var sources []mixer.Source
			for i := range payloads {
				v := newVoice(b, members[i], 110+30*float64(i))
				sources = append(sources, mixer.Source{Track: v.track, Member: members[i], Origin: media.Microphone})
				for range seconds * 50 {
					payloads[i] = append(payloads[i], slices.Clone(v.next(b, 0).Payload))
				}
			}
			m.SetSources(sources)
			m.SetListeners(members, true)
			b.ReportAllocs()
			now, before := start, cpu()
			p := &media.Packet{AudioLevel: 25, Voice: true}
			for n := 0; b.Loop(); n++ {
				for i := range payloads {
					p.Payload = payloads[i][n%len(payloads[i])]
					p.Seq, p.Timestamp, p.Arrival = media.Seq(n), media.Ticks(n*frame), now
					m.WritePacket(now, sources[i].Track, p)
				}
				m.Tick(now)
				now = m.Deadline()
			}
			b.ReportMetric(float64(cpu()-before)/float64(b.N)/20e6, "cores")
		})
	}
}

// cpu returns the time that the process has computed.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
