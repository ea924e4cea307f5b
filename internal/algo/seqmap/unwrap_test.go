package seqmap

import (
	"math/rand/v2"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestUnwrapperFollowsReorderingAcrossTheWrap(t *testing.T) {
	var u Unwrapper
	first, _ := u.Unwrap(65534)
	for _, step := range []struct {
		in   uint16
		want media.Seq
		why  string
	}{
		{65535, first + 1, "the next packet"},
		{1, first + 3, "0 is missing, the number wraps"},
		{0, first + 2, "0 comes late"},
		{65533, first - 1, "a packet from before the first one"},
		{2, first + 4, "order goes on after a late packet"},
		{2, first + 4, "a duplicate is the same packet"},
	} {
		got, verdict := u.Unwrap(step.in)
		if got != step.want || verdict != Accepted {
			t.Errorf("%s: Unwrap(%d) = %d, %d; want %d, accepted", step.why, step.in, got, verdict, step.want)
		}
	}
}

func TestUnwrapperBelievesAJumpThatIsConfirmed(t *testing.T) {
	var u Unwrapper
	before, _ := u.Unwrap(1000)

	// One stray packet is not a restart.
	if _, v := u.Unwrap(30000); v != Rejected {
		t.Fatalf("a stray packet: verdict %d, want rejected", v)
	}
	if got, v := u.Unwrap(1001); got != before+1 || v != Accepted {
		t.Fatalf("the stream goes on: %d, %d", got, v)
	}
	// After the stream went on, the stray packet's successor proves nothing.
	if _, v := u.Unwrap(30001); v != Rejected {
		t.Fatalf("verdict %d, want rejected", v)
	}
	// Two in a row do, and the numbers still only grow, even for a jump back.
	u.Unwrap(40000)
	got, v := u.Unwrap(40001)
	if v != Restarted || got <= before || uint16(got) != 40001 {
		t.Fatalf("a confirmed jump: %d, %d", got, v)
	}
	u.Unwrap(20000)
	back, v := u.Unwrap(20001)
	if v != Restarted || back <= got || uint16(back) != 20001 {
		t.Fatalf("a confirmed jump back: %d, %d", back, v)
	}
}

func TestUnwrapperAgreesWithTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var u Unwrapper
	var ticks TicksUnwrapper
	truth := media.Seq(cycle + rng.IntN(1<<16))
	at := media.Ticks(1<<32 + rng.Int64N(1<<32))
	u.Unwrap(uint16(truth))
	ticks.Unwrap(uint32(at))
	highest := truth
	for range 200_000 {
		// A walk with steps both ways, mostly forward, never a jump.
		truth = highest + media.Seq(rng.IntN(60)-25)
		got, v := u.Unwrap(uint16(truth))
		if v != Accepted || got != truth {
			t.Fatalf("Unwrap = %d, %d; want %d", got, v, truth)
		}
		highest = max(highest, truth)
		at += media.Ticks(rng.Int64N(1<<31) - 1<<29)
		if got := ticks.Unwrap(uint32(at)); got != at {
			t.Fatalf("timestamp %d, want %d", got, at)
		}
	}
	if highest < 5*cycle {
		t.Fatalf("the walk ended at %d: it never wrapped", highest)
	}
}

func TestNear(t *testing.T) {
	for _, c := range []struct {
		ref  media.Seq
		s    uint16
		want media.Seq
	}{
		{3 * cycle, 0, 3 * cycle},
		{3 * cycle, 65535, 3*cycle - 1},
		{3*cycle - 1, 2, 3*cycle + 2},
	} {
		if got := Near(c.ref, c.s); got != c.want {
			t.Errorf("Near(%d, %d) = %d, want %d", c.ref, c.s, got, c.want)
		}
	}
}
