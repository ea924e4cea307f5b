package twcc

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pion/rtcp"
)

// randomFeedback makes messages of all shapes: long runs, mixtures, big steps.
func randomFeedback(rng *rand.Rand) Feedback {
	f := Feedback{BaseSeq: uint16(rng.Uint32()), ReferenceTime: rng.Uint32() >> 8, Number: uint8(rng.Uint32())}
	for range 1 + rng.IntN(8) {
		kind, n := rng.IntN(4), 1+rng.IntN(40)
		for range n {
			d := NotReceived
			switch {
			case kind == 1 || kind == 3 && rng.IntN(2) == 0:
				d = Delta(rng.IntN(256))
			case kind == 2 || kind == 3 && rng.IntN(3) == 0:
				d = Delta(rng.IntN(1<<16) - 1<<15)
			}
			f.Deltas = append(f.Deltas, d)
		}
	}
	return f
}

func same(a, b Feedback) bool {
	return a.BaseSeq == b.BaseSeq && a.ReferenceTime == b.ReferenceTime && a.Number == b.Number && slices.Equal(a.Deltas, b.Deltas)
}

func TestFeedbackComesBackAsItWas(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var got Feedback
	for range 5000 {
		want := randomFeedback(rng)
		fci := want.Append(nil)
		if err := got.Parse(fci); err != nil {
			t.Fatal(err)
		}
		if !same(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	}
}

// TestPionReadsTheSame is an interoperability test with Pion's codec.
func TestPionReadsTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		f := randomFeedback(rng)
		fci := f.Append(nil)
		words := uint16((8+len(fci)+4)/4 - 1)
		packet := append([]byte{0x80 | rtcp.FormatTCC, 205, byte(words >> 8), byte(words), 0, 0, 0, 1, 0, 0, 0, 2}, fci...)
		var got rtcp.TransportLayerCC
		if err := got.Unmarshal(packet); err != nil {
			t.Fatalf("%v: %+v", err, f)
		}
		if got.BaseSequenceNumber != f.BaseSeq || got.ReferenceTime != f.ReferenceTime || got.FbPktCount != f.Number || int(got.PacketStatusCount) != len(f.Deltas) {
			t.Fatalf("header: got %+v, want %+v", got, f)
		}
		var want []int64
		for _, d := range f.Deltas {
			if d != NotReceived {
				want = append(want, int64(d)*250)
			}
		}
		for i, d := range got.RecvDeltas {
			if i >= len(want) || d.Delta != want[i] {
				t.Fatalf("delta %d: %d µs", i, d.Delta)
			}
		}
		if len(got.RecvDeltas) != len(want) {
			t.Fatalf("%d deltas, want %d", len(got.RecvDeltas), len(want))
		}
	}
}

func TestChunksAreSmall(t *testing.T) {
	repeat := func(d Delta, n int) []Delta { return slices.Repeat([]Delta{d}, n) }
	for _, c := range []struct {
		why    string
		deltas []Delta
		chunks int
	}{
		{"all came: one run", repeat(4, 200), 1},
		{"nothing came: one run", repeat(NotReceived, 8000), 1},
		{"one of 14 is missing: one vector of bits", append(repeat(4, 13), NotReceived), 1},
		{"one large delta: seven go into a vector", append(repeat(4, 6), 300), 1},
		{"a run of 8 large ones", append(repeat(300, 8), repeat(4, 14)...), 2},
	} {
		f := Feedback{Deltas: c.deltas}
		size := headerSize + 2*c.chunks
		for _, d := range c.deltas {
			size += int(d.symbol()) // one byte for small, two for large
		}
		if got := len(f.Append(nil)); got != (size+3)&^3 {
			t.Errorf("%s: %d bytes, want %d", c.why, got, (size+3)&^3)
		}
	}
}

func TestParseRefusesWhatIsBroken(t *testing.T) {
	var f Feedback
	whole := (&Feedback{Deltas: []Delta{1, 300, NotReceived, math.MinInt16}}).Append(nil)
	for n := range 8 + 2 + 5 {
		if f.Parse(whole[:n]) == nil {
			t.Errorf("%d of %d bytes are not the message", n, len(whole))
		}
	}
	for why, fci := range map[string][]byte{
		"more packets than anybody sends": {0, 0, 0xff, 0xff, 0, 0, 0, 0, 0x1f, 0xff},
		"the reserved status":             {0, 0, 0, 1, 0, 0, 0, 0, 0x60, 1},
		"a chunk of nothing, then no end": {0, 0, 0, 1, 0, 0, 0, 0, 0, 0},
	} {
		if f.Parse(fci) == nil {
			t.Errorf("%s: taken", why)
		}
	}
}

func FuzzParse(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		seed := randomFeedback(rng)
		f.Add(seed.Append(nil))
	}
	f.Fuzz(func(t *testing.T, fci []byte) {
		var in, again Feedback
		if in.Parse(fci) != nil {
			return
		}
		if err := again.Parse(in.Append(nil)); err != nil || !same(in, again) {
			t.Fatalf("%+v became %+v: %v", in, again, err)
		}
		h := NewHistory(64)
		for range 100 {
			h.Sent(1, 1200, 0)
		}
		h.Feedback(&in, nil)
		if h.InFlight() < 0 {
			t.Fatalf("%d bytes in flight", h.InFlight())
		}
	})
}
