//go:build cgo

package opus

import (
	"errors"
	"math"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
)

const frame = codec.FrameSamples * codec.Channels

func decoder(t testing.TB) *Decoder {
	t.Helper()
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func encoder(t testing.TB) *Encoder {
	t.Helper()
	e, err := NewEncoder(64_000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// tones is frame n of one tone on the left and another on the right.
func tones(n int, left, right float64) []float32 {
	pcm := make([]float32, frame)
	for i := range codec.FrameSamples {
		at := 2 * math.Pi * float64(n*codec.FrameSamples+i) / codec.SampleRate
		pcm[2*i] = float32(0.4 * math.Sin(at*left))
		pcm[2*i+1] = float32(0.4 * math.Sin(at*right))
	}
	return pcm
}

// goertzel is the amplitude of one frequency in one channel.
func goertzel(pcm []float32, channel int, hz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hz/codec.SampleRate)
	var s1, s2 float64
	n := len(pcm) / 2
	for i := range n {
		s1, s2 = float64(pcm[2*i+channel])+c*s1-s2, s1
	}
	return 2 * math.Sqrt(s1*s1+s2*s2-c*s1*s2) / float64(n)
}

func packets(t testing.TB, n int) [][]byte {
	t.Helper()
	e := encoder(t)
	var stream [][]byte
	for i := range n {
		packet, err := e.Encode(nil, tones(i, 500, 1200))
		if err != nil {
			t.Fatal(err)
		}
		stream = append(stream, packet)
	}
	return stream
}

// heard requires that each channel has its tone and not the other's.
func heard(t *testing.T, what string, pcm []float32, least float64) {
	t.Helper()
	for channel, hz := range []float64{500, 1200} {
		own, other := goertzel(pcm, channel, hz), goertzel(pcm, channel, 1700-hz)
		if own < least || other > 0.1 {
			t.Errorf("%s: channel %d has %.2f of its tone and %.2f of the other's", what, channel, own, other)
		}
	}
}

func TestTonesGoThrough(t *testing.T) {
	d := decoder(t)
	pcm := make([]float32, 6*frame)
	for i, packet := range packets(t, 20) {
		n, err := d.Decode(pcm, packet)
		if err != nil || n != codec.FrameSamples {
			t.Fatalf("packet %d: %d samples, %v", i, n, err)
		}
		if i > 1 {
			heard(t, "a packet", pcm[:frame], 0.37)
		}
	}
}

func TestALostPacketIsGuessed(t *testing.T) {
	d := decoder(t)
	stream := packets(t, 12)
	pcm := make([]float32, frame)
	for i, packet := range stream[:10] {
		if _, err := d.Decode(pcm, packet); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	if err := d.Conceal(pcm); err != nil {
		t.Fatal(err)
	}
	heard(t, "the guess", pcm, 0.2)
	if err := d.Recover(pcm, stream[11]); err != nil {
		t.Fatal(err)
	}
	if err := d.Recover(pcm, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decode(pcm, stream[11]); err != nil {
		t.Fatal(err)
	}
	// A guess may be any multiple of 2.5 ms.
	if err := d.Conceal(pcm[:240]); err != nil {
		t.Error(err)
	}
}

func TestEncodeAppends(t *testing.T) {
	e := encoder(t)
	dst := []byte("before")
	out, err := e.Encode(dst, tones(0, 500, 1200))
	if err != nil {
		t.Fatal(err)
	}
	if string(out[:6]) != "before" || len(out) < 20 {
		t.Errorf("%d bytes that begin with %q", len(out), out[:6])
	}
	if _, err := e.Encode(nil, make([]float32, 7)); err == nil {
		t.Error("7 numbers are a frame")
	}
}

func TestTheRateIsAsAskedFor(t *testing.T) {
	sum := 0
	for _, packet := range packets(t, 100) {
		sum += len(packet)
	}
	if rate := sum * 8 / 2; rate < 30_000 || rate > 90_000 {
		t.Errorf("%d bit/s, want about 64000", rate)
	}
}

func TestBrokenOpusDoesNoHarm(t *testing.T) {
	d := decoder(t)
	pcm := make([]float32, 6*frame)
	for _, packet := range packets(t, 3) {
		for n := range len(packet) {
			feed(t, d, pcm, packet[:n])
		}
		for at := range packet {
			bad := append([]byte(nil), packet...)
			bad[at] ^= 1 << (at % 8)
			feed(t, d, pcm, bad)
		}
	}
	// Longer than there is room for.
	if _, err := d.Decode(make([]float32, 2), packets(t, 1)[0]); !errors.Is(err, codec.ErrBroken) {
		t.Errorf("20 ms go into one sample: %v", err)
	}
}

func feed(t *testing.T, d *Decoder, pcm []float32, packet []byte) {
	t.Helper()
	n, err := d.Decode(pcm, packet)
	if err != nil && !errors.Is(err, codec.ErrBroken) {
		t.Fatalf("the error is not ErrBroken: %v", err)
	}
	if n < 0 || n > len(pcm)/codec.Channels {
		t.Fatalf("%d samples", n)
	}
	for _, x := range pcm[:n*codec.Channels] {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			t.Fatalf("a sample of %v", x)
		}
	}
	if err := d.Recover(pcm[:frame], packet); err != nil && !errors.Is(err, codec.ErrBroken) {
		t.Fatalf("the error is not ErrBroken: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, packet := range packets(f, 3) {
		f.Add(packet)
	}
	f.Add([]byte{0x08})                      // nothing but a head
	f.Add([]byte{0xff, 0x3f, 1, 2, 3, 4, 5}) // many frames
	f.Fuzz(func(t *testing.T, packet []byte) {
		feed(t, decoder(t), make([]float32, 6*frame), packet)
	})
}

func TestClosedCodecsRefuse(t *testing.T) {
	d, e := decoder(t), encoder(t)
	for range 2 {
		d.Close()
		e.Close()
	}
	if _, err := d.Decode(make([]float32, frame), []byte{1}); err == nil {
		t.Error("a closed decoder decodes")
	}
	if _, err := e.Encode(nil, make([]float32, frame)); err == nil {
		t.Error("a closed encoder encodes")
	}
}

func TestSteadyWorkAllocatesNothing(t *testing.T) {
	e, d := encoder(t), decoder(t)
	pcm, out := tones(0, 500, 1200), make([]float32, frame)
	packet := make([]byte, 0, 2*maxPacket)
	if allocs := testing.AllocsPerRun(50, func() {
		packet, _ = e.Encode(packet[:0], pcm)
		if _, err := d.Decode(out, packet); err != nil {
			t.Fatal(err)
		}
		if err := d.Conceal(out); err != nil {
			t.Fatal(err)
		}
	}); allocs > 0 {
		t.Errorf("%.1f allocations a frame", allocs)
	}
}

func BenchmarkDecode(b *testing.B) {
	stream, d, pcm := packets(b, 50), decoder(b), make([]float32, frame)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := d.Decode(pcm, stream[i%len(stream)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e := encoder(b)
	var film [50][]float32
	for i := range film {
		film[i] = tones(i, 500, 1200)
		for j := range film[i] {
			film[i][j] += float32(uint32(i*frame+j)*2654435761>>16)/65536*0.1 - 0.05
		}
	}
	packet := make([]byte, 0, maxPacket)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := e.Encode(packet, film[i%len(film)]); err != nil {
			b.Fatal(err)
		}
	}
}
