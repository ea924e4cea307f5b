package jitter

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	ms    = time.Millisecond
	start = media.Time(1_700_000_000 * time.Second)
)

// arrive lets packet n of a 50/s Opus stream arrive late by the given time.
func arrive(r *Receiver, n int, late time.Duration) {
	r.Received(start.Add(time.Duration(n)*20*ms+late), media.Seq(70000+n), media.Ticks(n*960))
}

func TestReportsTellLossSinceTheLastAndInAll(t *testing.T) {
	r := New(48000)
	if _, ok := r.Report(start); ok {
		t.Error("nothing came, so there is nothing to report")
	}
	for _, n := range []int{0, 1, 3, 2, 4, 5, 7, 9} { // 6 and 8 are lost
		arrive(r, n, 0)
	}
	rep, ok := r.Report(start)
	if !ok || rep.FractionLost != 2*256/10 || rep.CumulativeLost != 2 || rep.HighestSeq != 70009-65536 {
		t.Errorf("two of ten are lost: %+v", rep)
	}
	arrive(r, 10, 0)
	arrive(r, 8, 0) // very late
	rep, _ = r.Report(start)
	if rep.FractionLost != 0 || rep.CumulativeLost != 1 {
		t.Errorf("one came late, so one is lost: %+v", rep)
	}
	for range 5 {
		arrive(r, 10, 0)
	}
	if rep, _ = r.Report(start); rep.CumulativeLost != -4 || rep.FractionLost != 0 {
		t.Errorf("duplicates make up for losses and more: %+v", rep)
	}
}

func TestHighestSeqCountsItsOwnCycles(t *testing.T) {
	r := New(48000)
	r.Received(start, 65536+65535, 0)
	r.Received(start, 65536+65536, 960)
	if rep, _ := r.Report(start); rep.HighestSeq != 1<<16 {
		t.Errorf("the second packet begins the stream's second cycle: %#x", rep.HighestSeq)
	}
}

func TestARestartIsNoLoss(t *testing.T) {
	r := New(48000)
	for _, n := range []int{0, 2} {
		arrive(r, n, 0)
	}
	r.Restart()
	arrive(r, 40_000, 0)
	if rep, _ := r.Report(start); rep.CumulativeLost != 1 || rep.FractionLost != 0 {
		t.Errorf("one was lost before the jump, none at it: %+v", rep)
	}
}

func TestJitterMatchesTheFormulaInFloatingPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	r := New(48000)
	var plain, before float64
	for n := range 5000 {
		late := time.Duration(rng.ExpFloat64() * float64(8*ms))
		arrive(r, n, late)
		// RFC 3550 §6.4.1: J += (|D| − J) / 16, in order of arrival.
		transit := late.Seconds() * 48000
		if n > 0 {
			plain += (math.Abs(transit-before) - plain) / 16
		}
		before = transit
	}
	rep, _ := r.Report(start)
	if math.Abs(float64(rep.Jitter)-plain) > 3 {
		t.Errorf("jitter %d ticks, want %.1f", rep.Jitter, plain)
	}
	if want := time.Duration(plain / 48000 * 1e9); (r.Jitter() - want).Abs() > ms/10 {
		t.Errorf("jitter %v, want %v", r.Jitter(), want)
	}
}

func TestRoundTrip(t *testing.T) {
	r := New(90000)
	r.Received(start, 1, 1)
	if rep, _ := r.Report(start); rep.LastSR != 0 || rep.DelaySinceLastSR != 0 {
		t.Errorf("no sender report came: %+v", rep)
	}
	// A report leaves at start, takes 30 ms, rests 500 ms, and its answer
	// takes another 30 ms.
	r.SenderReport(start.Add(30*ms), start.NTP())
	rep, _ := r.Report(start.Add(530 * ms))
	rtt, ok := RoundTrip(start.Add(560*ms), rep.LastSR, rep.DelaySinceLastSR)
	if !ok || (rtt-60*ms).Abs() > ms/10 {
		t.Errorf("round trip %v, %v; want 60 ms", rtt, ok)
	}
	if _, ok := RoundTrip(start, 0, 0); ok {
		t.Error("a report without LSR tells no round trip")
	}
	if rtt, _ := RoundTrip(start, rep.LastSR, rep.DelaySinceLastSR); rtt != 0 {
		t.Errorf("an answer from the future: %v, want 0", rtt)
	}
}

func TestReceivedAllocatesNothing(t *testing.T) {
	r := New(48000)
	n := 0
	if a := testing.AllocsPerRun(1000, func() {
		arrive(r, n, 0)
		r.Report(start)
		n++
	}); a != 0 {
		t.Errorf("%v allocations per packet", a)
	}
}

func BenchmarkReceived(b *testing.B) {
	b.ReportAllocs()
	r := New(90000)
	for i := range b.N {
		r.Received(start.Add(time.Duration(i)*ms), media.Seq(i), media.Ticks(i*90))
	}
}
