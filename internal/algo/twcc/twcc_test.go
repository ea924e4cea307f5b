package twcc

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	ms    = time.Millisecond
	start = media.Time(1_700_000_000 * time.Second)
)

// next returns the recorder's next feedback after it went over the wire.
func next(t *testing.T, r *Recorder, now media.Time) (Feedback, bool) {
	t.Helper()
	var f, got Feedback
	if !r.Next(now, &f) {
		return Feedback{}, false
	}
	fci := f.Append(nil)
	if len(fci) > 1200 {
		t.Errorf("feedback of %d bytes does not fit a packet", len(fci))
	}
	if err := got.Parse(fci); err != nil {
		t.Fatal(err)
	}
	return got, true
}

func TestTheSenderLearnsWhatBecameOfEachPacket(t *testing.T) {
	h, r := NewHistory(0), NewRecorder(0)
	wire := make([]uint16, 4)
	for i := range wire {
		wire[i] = h.Sent(start.Add(time.Duration(i)*5*ms), 1000+i, i)
	}
	if h.InFlight() != 4006 {
		t.Errorf("%d bytes in flight, want all", h.InFlight())
	}
	r.Received(start.Add(40*ms), wire[0])
	r.Received(start.Add(52*ms), wire[3]) // 1 is lost, 2 comes after 3
	r.Received(start.Add(53*ms), wire[2])
	f, _ := next(t, r, start.Add(60*ms))
	got := h.Feedback(&f, nil)
	if len(got) != 4 || h.InFlight() != 0 {
		t.Fatalf("results %+v, %d bytes in flight", got, h.InFlight())
	}
	if !got[1].Arrival.IsZero() || got[1].Size != 1001 || got[1].Probe != 1 || got[1].Sent != start.Add(5*ms) {
		t.Errorf("packet 1 is lost: %+v", got[1])
	}
	if d := got[3].Arrival.Sub(got[0].Arrival); d != 12*ms {
		t.Errorf("3 came %v after 0, want 12 ms", d)
	}
	if d := got[2].Arrival.Sub(got[3].Arrival); d != ms {
		t.Errorf("2 came %v after 3, want 1 ms", d)
	}

	// Packet 1 turns up after all, and the recorder corrects itself.
	r.Received(start.Add(90*ms), wire[1])
	f, ok := next(t, r, start.Add(100*ms))
	if !ok || f.BaseSeq != wire[1] {
		t.Fatalf("the second feedback begins at %d, want %d", f.BaseSeq, wire[1])
	}
	got2 := h.Feedback(&f, nil)
	if len(got2) != 1 || got2[0].Arrival.Sub(got[0].Arrival) != 50*ms {
		t.Errorf("only packet 1 is news: %+v", got2)
	}
	if _, ok := next(t, r, start.Add(110*ms)); ok {
		t.Error("nothing came since: nothing to tell")
	}
}

func TestFeedbackIsSentOncePerInterval(t *testing.T) {
	r := NewRecorder(100 * ms)
	if !r.Deadline().IsZero() {
		t.Error("nothing came")
	}
	r.Received(start, 7)
	if r.Deadline() != start {
		t.Error("the first packet is told of at once")
	}
	next(t, r, start)
	r.Received(start.Add(3*ms), 8)
	if got := r.Deadline().Sub(start); got != 100*ms {
		t.Errorf("then an interval later: %v", got)
	}
	next(t, r, start.Add(100*ms))
	r.Received(start.Add(time.Second), 9)
	if got := r.Deadline().Sub(start); got != time.Second {
		t.Errorf("after a pause at once again: %v", got)
	}
}

func TestLongPausesAndLongListsTakeMoreThanOneMessage(t *testing.T) {
	r := NewRecorder(0)
	r.Received(start, 1)
	r.Received(start.Add(20*time.Second), 2) // more than a delta can hold
	f, _ := next(t, r, start.Add(21*time.Second))
	g, ok := next(t, r, start.Add(21*time.Second))
	if !ok || len(f.Deltas) != 1 || len(g.Deltas) != 1 || g.Number != f.Number+1 {
		t.Errorf("two messages of one packet: %+v, %+v", f, g)
	}
	if d := int(g.ReferenceTime-f.ReferenceTime) * int(ReferenceUnit/ms); d < 19_900 || d > 20_100 {
		t.Errorf("the reference time moved by %d ms, want 20 s", d)
	}
	r.Received(start.Add(30*time.Second), 3+1000) // a thousand are lost
	told := 0
	for f, ok := next(t, r, start); ok; f, ok = next(t, r, start) {
		told += len(f.Deltas)
	}
	if told != 1001 {
		t.Errorf("%d packets told of, want 1001", told)
	}
}

func TestHistoryIgnoresWhatItDoesNotKnow(t *testing.T) {
	h := NewHistory(4)
	var last uint16
	for range 6 {
		last = h.Sent(start, 100, 0)
	}
	if h.InFlight() != 400 {
		t.Errorf("%d bytes in flight: what is forgotten does not count", h.InFlight())
	}
	// From before the first packet to after the last one.
	f := Feedback{BaseSeq: last - 7, Deltas: slices.Repeat([]Delta{1}, 10)}
	if got := h.Feedback(&f, nil); len(got) != 4 || h.Unmatched() != 6 {
		t.Errorf("%d results, %d unmatched; want 4 and 6", len(got), h.Unmatched())
	}
}

// TestFeedbackAgreesWithTheTruth sends packets over a network that loses,
// delays and reorders them, and compares what the sender learns with what
// happened, over wraps of the number and of the reference time.
func TestFeedbackAgreesWithTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	h, r := NewHistory(2048), NewRecorder(0)
	type event struct {
		at   media.Time
		wire uint16
	}
	const offset = (1<<24 - 3000) * 64 * media.Time(time.Millisecond) // near the wrap
	var arrivals []media.Time                                         // the truth; zero if lost
	var flying []event
	var drift time.Duration
	resolved, lostOnes, known := 0, 0, false
	now := start
	feed := func() {
		for f, ok := next(t, r, now-start+offset); ok; f, ok = next(t, r, now-start+offset) {
			for _, res := range h.Feedback(&f, nil) {
				i := int(res.Sent.Sub(start)/(5*ms)) - 1 // one left every 5 ms
				if res.Probe != i%1000 {
					t.Fatalf("packet %d is mistaken for one with tag %d", i, res.Probe)
				}
				if res.Arrival.IsZero() {
					lostOnes++
					continue
				}
				resolved++
				d := res.Arrival.Sub(arrivals[i])
				if !known {
					drift, known = d, true
				}
				if (d - drift).Abs() > ms/2 {
					t.Fatalf("packet %d: arrival is off by %v", i, d-drift)
				}
			}
		}
	}
	delivered := 0
	for i := range 100_000 {
		now = now.Add(5 * ms)
		wire := h.Sent(now, 1000, i%1000)
		arrivals = append(arrivals, 0)
		if rng.IntN(20) > 0 {
			at := now.Add(time.Duration(30+rng.IntN(40)) * ms)
			arrivals[i] = at - start + offset
			flying = append(flying, event{at, wire})
			delivered++
		}
		rest := flying[:0]
		slices.SortStableFunc(flying, func(a, b event) int { return int(a.at - b.at) })
		for _, e := range flying {
			if e.at.After(now) {
				rest = append(rest, e)
				continue
			}
			r.Received(e.at-start+offset, e.wire)
		}
		flying = rest
		if i%10 == 0 {
			feed()
		}
	}
	if delivered-resolved > 50 || resolved > delivered {
		t.Errorf("%d delivered, %d told of", delivered, resolved)
	}
	if h.Unmatched() != 0 || r.Skipped() != 0 {
		t.Errorf("%d unmatched, %d skipped", h.Unmatched(), r.Skipped())
	}
	t.Logf("%d delivered, %d told lost (some came later)", delivered, lostOnes)
}

func TestFeedbackAllocatesNothing(t *testing.T) {
	h, r := NewHistory(0), NewRecorder(0)
	var f, g Feedback
	var fci []byte
	var results []Result
	now := start
	round := func() {
		for range 20 {
			now = now.Add(ms)
			r.Received(now, h.Sent(now, 1200, 0))
		}
		r.Next(now, &f)
		fci = f.Append(fci[:0])
		if err := g.Parse(fci); err != nil {
			t.Fatal(err)
		}
		results = h.Feedback(&g, results[:0])
	}
	round()
	if n := testing.AllocsPerRun(500, round); n != 0 {
		t.Errorf("%v allocations per round", n)
	}
}

func BenchmarkSentAndReceived(b *testing.B) {
	b.ReportAllocs()
	h, r := NewHistory(0), NewRecorder(0)
	now := start
	for range b.N {
		now = now.Add(ms)
		r.Received(now, h.Sent(now, 1200, 0))
	}
}

func BenchmarkFeedbackOf100(b *testing.B) {
	b.ReportAllocs()
	h, r := NewHistory(0), NewRecorder(0)
	var f, g Feedback
	var fci []byte
	var results []Result
	now := start
	for range b.N {
		for i := range 100 {
			now = now.Add(ms)
			if wire := h.Sent(now, 1200, 0); i%25 > 0 {
				r.Received(now, wire)
			}
		}
		r.Next(now, &f)
		fci = f.Append(fci[:0])
		_ = g.Parse(fci)
		results = h.Feedback(&g, results[:0])
	}
}
