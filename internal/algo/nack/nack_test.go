package nack

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	ms    = time.Millisecond
	rtt   = 60 * ms
	start = media.Time(time.Hour)
)

func wantDue(t *testing.T, why string, tr *Tracker, now media.Time, want ...media.Seq) {
	t.Helper()
	if got := tr.Due(now, rtt, nil); !slices.Equal(got, want) {
		t.Errorf("%s: asks for %v, want %v", why, got, want)
	}
}

func TestALostPacketIsAskedForOncePerRoundTrip(t *testing.T) {
	tr := New(Options{})
	tr.Received(start, 100, false)
	tr.Received(start, 103, false)
	if got := tr.Deadline(); got != start.Add(10*ms) {
		t.Errorf("deadline %v, want after the tolerance", got.Sub(start))
	}
	wantDue(t, "perhaps they were only overtaken", tr, start.Add(9*ms))
	tr.Received(start.Add(9*ms), 101, false)
	wantDue(t, "101 was, 102 is lost", tr, start.Add(10*ms), 102)
	wantDue(t, "the answer takes a round trip", tr, start.Add(69*ms))
	wantDue(t, "it did not come", tr, start.Add(70*ms), 102)
	tr.Received(start.Add(100*ms), 102, false)
	if !tr.Deadline().IsZero() {
		t.Error("nothing is missing, so there is nothing to wait for")
	}
	want := Stats{Missing: 2, Recovered: 1, Reordered: 1, Requested: 2}
	if got := tr.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestWhatDoesNotComeIsGivenUpForAKeyFrame(t *testing.T) {
	tr := New(Options{MaxTries: 3})
	tr.Received(start, 1, true)
	tr.Received(start, 3, false)
	asked := 0
	for now := start; !tr.Deadline().IsZero(); now = tr.Deadline() {
		asked += len(tr.Due(now, rtt, nil))
	}
	if asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
	if !tr.WantsKeyFrame() {
		t.Error("the picture is broken after packet 1: a key frame is wanted")
	}
	if tr.WantsKeyFrame() {
		t.Error("once is enough")
	}

	// The same loss, but a key frame came meanwhile.
	tr.Received(start, 5, false)
	tr.Received(start, 6, true)
	for now := start; !tr.Deadline().IsZero(); now = tr.Deadline() {
		tr.Due(now, rtt, nil)
	}
	if tr.WantsKeyFrame() {
		t.Error("packet 4 was before the key frame: nobody needs it")
	}
}

func TestAPacketIsTooOldAfterMaxAge(t *testing.T) {
	tr := New(Options{MaxAge: 200 * ms})
	tr.Received(start, 1, false)
	tr.Received(start, 3, false)
	wantDue(t, "just young enough", tr, start.Add(199*ms), 2)
	wantDue(t, "too old", tr, start.Add(300*ms))
	if !tr.Deadline().IsZero() || tr.Stats().Abandoned != 1 {
		t.Errorf("deadline %v, stats %+v", tr.Deadline(), tr.Stats())
	}
}

func TestTooMuchLossAsksForAKeyFrameAtOnce(t *testing.T) {
	tr := New(Options{MaxMissing: 8})
	tr.Received(start, 0, false)
	tr.Received(start, 9, false) // exactly what fits
	if tr.WantsKeyFrame() {
		t.Error("eight may be missing")
	}
	tr.Received(start, 11, false)
	if !tr.WantsKeyFrame() || !tr.Deadline().IsZero() {
		t.Error("nine may not: start afresh with a key frame")
	}

	// Losses before a key frame make room first.
	tr.Received(start, 20, true)
	tr.Received(start, 22, false)
	if tr.WantsKeyFrame() {
		t.Error("there is a key frame at 20")
	}
	wantDue(t, "only what was lost since", tr, start.Add(10*ms), 21)
	tr.Received(start, 90, true)
	if tr.WantsKeyFrame() {
		t.Error("the gap ends with a key frame")
	}
}

func TestResetForgets(t *testing.T) {
	tr := New(Options{})
	tr.Received(start, 1, false)
	tr.Received(start, 3, false)
	tr.Reset()
	tr.Received(start, 50_000, false)
	wantDue(t, "the stream began anew", tr, start.Add(time.Second))
}

// TestTrackerAgreesWithAPlainModel compares it with a table of all losses that
// is searched from end to end.
func TestTrackerAgreesWithAPlainModel(t *testing.T) {
	type fate struct {
		since, next media.Time
		tries       int
	}
	rng := rand.New(rand.NewPCG(7, 8))
	tr := New(Options{MaxMissing: 1 << 20})
	plain := map[media.Seq]*fate{}
	highest := media.Seq(1000)
	tr.Received(start, highest, false)
	now := start
	for range 50_000 {
		now = now.Add(time.Duration(rng.IntN(8)) * ms)
		s := highest + 1 + media.Seq(max(0, rng.IntN(8)-5))
		if rng.IntN(4) == 0 {
			s = highest - media.Seq(rng.IntN(60))
		}
		tr.Received(now, s, false)
		delete(plain, s)
		for m := highest + 1; m < s; m++ {
			plain[m] = &fate{since: now, next: now.Add(10 * ms)}
		}
		highest = max(highest, s)

		var want []media.Seq
		var deadline media.Time
		for s, f := range plain {
			if f.tries >= 10 && !now.Before(f.next) || now.Sub(f.since) >= time.Second {
				delete(plain, s)
				continue
			}
			if !now.Before(f.next) {
				want = append(want, s)
				f.tries++
				f.next = now.Add(rtt)
			}
			if deadline.IsZero() || f.next.Before(deadline) {
				deadline = f.next
			}
		}
		slices.Sort(want)
		if got := tr.Due(now, rtt, nil); !slices.Equal(got, want) {
			t.Fatalf("asks for %v, want %v", got, want)
		}
		if got := tr.Deadline(); got.After(deadline) || got.IsZero() != deadline.IsZero() {
			t.Fatalf("sleeps until %v, must wake at %v", got, deadline)
		}
	}
	st := tr.Stats()
	if sum := st.Recovered + st.Reordered + st.Abandoned + uint64(len(plain)); sum != st.Missing {
		t.Errorf("%d packets were missing, %d are accounted for: %+v", st.Missing, sum, st)
	}
}

func TestTrackerAllocatesNothing(t *testing.T) {
	tr := New(Options{})
	s, now := media.Seq(0), start
	dst := make([]media.Seq, 0, 64)
	round := func() {
		tr.Received(now, s, false)
		tr.Received(now, s+3, false)
		now = now.Add(20 * ms)
		dst = tr.Due(now, rtt, dst[:0])
		tr.Received(now, s+1, false)
		tr.Received(now, s+2, false)
		s += 4
	}
	round() // the list is made with the first loss
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations per round", n)
	}
}

func BenchmarkReceived(b *testing.B) {
	b.ReportAllocs()
	tr := New(Options{})
	for i := range b.N {
		tr.Received(start, media.Seq(i), false)
	}
}

func BenchmarkReceivedWithLoss(b *testing.B) {
	b.ReportAllocs()
	tr := New(Options{})
	var dst []media.Seq
	for i := range b.N {
		if i%20 == 0 {
			continue
		}
		now := start.Add(time.Duration(i) * ms)
		tr.Received(now, media.Seq(i), false)
		dst = tr.Due(now, rtt, dst[:0])
	}
}
