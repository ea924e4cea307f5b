package mixer

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	ms    = time.Millisecond
	start = media.Time(1000 * time.Hour)
	// toc20 begins a packet of one frame of 20 ms, CELT, mono.
	toc20 = 0xf8
)

// A signal gives a sample of a sound for every moment of its sender's clock.
type signal func(i int64) float32

// tone is a sine of a whole number of Hz.
func tone(hz int64, amplitude float64) signal {
	table := make([]float32, sampleRate)
	for i := range table {
		table[i] = float32(amplitude * math.Sin(2*math.Pi*float64(i)/sampleRate))
	}
	return func(i int64) float32 { return table[uint64(i*hz)%sampleRate] }
}

// noise is white, the same for the same seed.
func noise(seed uint64, amplitude float64) signal {
	return func(i int64) float32 {
		x := (uint64(i) + seed<<40) * 0x9e3779b97f4a7c15
		x = (x ^ x>>29) * 0xbf58476d1ce4e5b9
		x ^= x >> 32
		return float32(amplitude * (float64(x>>11)/(1<<52) - 1))
	}
}

// speech is noise that goes up and down like syllables, with a pause of half a
// second in three.
func speech(seed uint64, amplitude float64) signal {
	n := noise(seed, amplitude)
	return func(i int64) float32 {
		t := float64(i) / sampleRate
		e := math.Pow(math.Sin(math.Pi*4*t), 2)
		if math.Mod(t, 3) > 2.5 {
			e = 0.001
		}
		return n(i) * float32(e)
	}
}

// codecs are fakes: a packet says which signal it is of and where it begins.
type codecs struct {
	signals  []signal
	decoders int // open
	encoders int
	made     []*fakeEncoder
	decoded  int
	encoded  int
	fail     bool
}

var errFake = errors.New("fake codec")

func (c *codecs) decoder(media.TrackID) (Decoder, error) {
	if c.fail {
		return nil, errFake
	}
	c.decoders++
	return &fakeDecoder{codecs: c}, nil
}

func (c *codecs) encoder() (Encoder, error) {
	if c.fail {
		return nil, errFake
	}
	c.encoders++
	c.made = append(c.made, &fakeEncoder{codecs: c, number: byte(len(c.made))})
	return c.made[len(c.made)-1], nil
}

type fakeDecoder struct {
	codecs *codecs
	signal int
	next   int64
}

const fakeSize = 12 // of a packet

func fakePacket(dst []byte, toc byte, signal int, at int64) []byte {
	dst = append(dst, toc, 2, byte(signal), 0) // two frames, if toc is of code 3
	return binary.BigEndian.AppendUint64(dst, uint64(at))
}

func (d *fakeDecoder) Decode(pcm []float32, packet []byte) (int, error) {
	n := opusLength(packet)
	if len(packet) <= 2 { // DTX
		clear(pcm[:n*channels])
		return n, nil
	}
	if len(packet) != fakeSize || int(packet[2]) >= len(d.codecs.signals) {
		return 0, errFake
	}
	d.codecs.decoded++
	d.signal, d.next = int(packet[2]), int64(binary.BigEndian.Uint64(packet[4:]))
	return n, d.Conceal(pcm[:n*channels])
}

func (d *fakeDecoder) Recover(pcm []float32, next []byte) error {
	if len(next) == fakeSize && int(next[2]) < len(d.codecs.signals) {
		d.signal, d.next = int(next[2]), int64(binary.BigEndian.Uint64(next[4:]))-int64(len(pcm)/channels)
	}
	return d.Conceal(pcm)
}

// Conceal goes on as the signal does: a perfect guess.
func (d *fakeDecoder) Conceal(pcm []float32) error {
	if len(pcm)%(grain*channels) != 0 {
		panic("BUG: not a multiple of 2.5 ms")
	}
	for i := 0; i < len(pcm); i += channels {
		pcm[i] = d.codecs.signals[d.signal](d.next)
		pcm[i+1] = pcm[i]
		d.next++
	}
	return nil
}

func (d *fakeDecoder) Close() { d.codecs.decoders-- }

// fakeEncoder keeps the samples, and names itself in the packet.
type fakeEncoder struct {
	codecs *codecs
	number byte
	pcm    [frame * channels]float32
}

func (e *fakeEncoder) Encode(dst []byte, pcm []float32) ([]byte, error) {
	e.codecs.encoded++
	copy(e.pcm[:], pcm)
	return append(dst, 'p', 'c', 'm', e.number), nil
}

func (e *fakeEncoder) Close() { e.codecs.encoders-- }

// samples returns what a mix of the last Tick sounds like on the left.
func (c *codecs) samples(x Mix) []float32 {
	pcm := make([]float32, frame)
	if string(x.Payload) != silence {
		for i := range pcm {
			pcm[i] = c.made[x.Payload[3]].pcm[2*i]
		}
	}
	return pcm
}

// sender publishes one signal.
type sender struct {
	source Source
	signal int
	ppm    float64                              // how fast its clock is
	length int                                  // of packets; 0: 20 ms
	toc    byte                                 // 0: toc20
	delay  func(rng *rand.Rand) time.Duration   // nil: 10 ms
	lost   func(rng *rand.Rand, n int64) bool   // nil: none
	level  func() (level uint8)                 // nil: measured
	dtx    func(at time.Duration) (silent bool) // nil: never
	from   time.Duration                        // when it begins
	until  time.Duration                        // 0: never ends
	seq    int64
	sent   int64 // moments of time, in packets
}

type flight struct {
	at     media.Time
	track  media.TrackID
	packet *media.Packet
}

// studio is a room on a simulated network.
type studio struct {
	t       testing.TB
	codecs  *codecs
	mixer   *Mixer
	senders []*sender
	now     media.Time
	rng     *rand.Rand
	flights []flight
	heard   map[string][]float32 // what each mix sounded like
	ticks   int
	deaf    bool // don't write down what is heard
	each    func(mixes []Mix)
}

func newStudio(t testing.TB, o Options, senders ...*sender) *studio {
	c := &codecs{}
	k := &studio{
		t: t, codecs: c, mixer: New(o, c.decoder, c.encoder), now: start,
		rng: rand.New(rand.NewPCG(1, 2)), heard: map[string][]float32{},
	}
	k.add(senders...)
	return k
}

func (k *studio) add(senders ...*sender) {
	k.senders = append(k.senders, senders...)
	var sources []Source
	for _, s := range k.senders {
		sources = append(sources, s.source)
	}
	k.mixer.SetSources(sources)
}

// say makes a microphone of a member with a signal.
func (k *studio) say(member string, s signal) *sender {
	snd := &sender{source: Source{Track: media.TrackID(member), Member: member, Origin: media.Microphone}, from: k.now.Sub(start)}
	snd.signal = len(k.codecs.signals)
	k.codecs.signals = append(k.codecs.signals, s)
	k.add(snd)
	return snd
}

func (s *sender) size() int {
	if s.length > 0 {
		return s.length
	}
	return frame
}

// send puts what was said until now on the wire.
func (k *studio) send(s *sender, now time.Duration) {
	size := int64(s.size())
	period := time.Duration(float64(time.Duration(size)*time.Second/sampleRate) / (1 + s.ppm/1e6))
	for {
		done := s.from + time.Duration(s.sent+1)*period // the last sample was captured
		if done > now || s.until > 0 && done > s.until {
			return
		}
		at := s.sent * size
		s.sent++
		if s.dtx != nil && s.dtx(done) {
			continue
		}
		n := s.seq
		s.seq++
		if s.lost != nil && s.lost(k.rng, n) {
			continue
		}
		delay := 10 * ms
		if s.delay != nil {
			delay = s.delay(k.rng)
		}
		toc := s.toc
		if toc == 0 {
			toc = toc20
		}
		p := &media.Packet{
			Seq: media.Seq(70000 + n), Timestamp: media.Ticks(1e9 + at), Codec: media.Opus,
			Payload:  fakePacket(nil, toc, s.signal, at),
			Captured: start.Add(done - period), Arrival: start.Add(done + delay),
		}
		p.AudioLevel = k.levelOf(s, at)
		k.flights = append(k.flights, flight{p.Arrival, s.source.Track, p})
	}
}

func (k *studio) levelOf(s *sender, at int64) uint8 {
	if s.level != nil {
		return s.level()
	}
	pcm := make([]float32, s.size())
	for i := range pcm {
		pcm[i] = k.codecs.signals[s.signal](at + int64(i))
	}
	return levelOf(loudness(pcm))
}

// run lets time pass.
func (k *studio) run(d time.Duration) {
	for end := k.now.Add(d); k.now.Before(end); {
		for _, s := range k.senders {
			k.send(s, k.now.Sub(start))
		}
		slices.SortStableFunc(k.flights, func(a, b flight) int { return int(a.at.Sub(b.at)) })
		n := 0
		for n < len(k.flights) && !k.flights[n].at.After(k.now) {
			f := k.flights[n]
			k.mixer.WritePacket(f.at, f.track, f.packet)
			n++
		}
		k.flights = slices.Delete(k.flights, 0, n)
		mixes := k.mixer.Tick(k.now)
		k.ticks++
		if k.each != nil {
			k.each(mixes)
		}
		if !k.deaf {
			k.listen(mixes)
		}
		k.now = k.mixer.Deadline()
	}
}

// listen writes down what is heard; a mix that isn't there is silence.
func (k *studio) listen(mixes []Mix) {
	for _, x := range mixes {
		h := k.heard[x.Without]
		h = append(h, make([]float32, (k.ticks-1)*frame-len(h))...)
		k.heard[x.Without] = append(h, k.codecs.samples(x)...)
	}
}

// forget drops what was heard until now.
func (k *studio) forget() {
	for who, pcm := range k.heard {
		k.heard[who] = pcm[:0]
	}
	k.ticks = 0
}

// jump returns the largest step from one sample to the next.
func jump(pcm []float32) float64 {
	j := float32(0)
	for i := 1; i < len(pcm); i++ {
		j = max(j, pcm[i]-pcm[i-1], pcm[i-1]-pcm[i])
	}
	return float64(j)
}

// amplitude returns how much of a tone is in pcm.
func amplitude(pcm []float32, hz int64) float64 {
	var re, im float64
	for i, x := range pcm {
		s, c := math.Sincos(2 * math.Pi * float64(hz) * float64(i) / sampleRate)
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(pcm)))
		re += float64(x) * c * w
		im += float64(x) * s * w
	}
	return 4 * math.Hypot(re, im) / float64(len(pcm))
}

// last returns the end of what a mix sounded like.
func (k *studio) last(without string, d time.Duration) []float32 {
	h := k.heard[without]
	n := int(d * sampleRate / time.Second)
	if len(h) < n {
		k.t.Fatalf("the mix without %q is only %d samples long", without, len(h))
	}
	return h[len(h)-n:]
}
