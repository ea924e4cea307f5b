package seqmap

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	alice SourceID = iota + 1
	bob
)

// slot is a munger whose outgoing stream begins at 1000 / 9000.
func slot() *Munger {
	return NewMunger(Options{ClockRate: 90000, History: 64, FirstSeq: 1000, FirstTimestamp: 9000})
}

// out returns the relative number that a packet gets in the slot, or −1.
func out(m *Munger, src SourceID, s media.Seq) int {
	o, ok := m.Map(In{Source: src, Seq: s, Timestamp: media.Ticks(s) * 3000, At: media.Time(s) * media.Time(33*time.Millisecond)})
	if !ok {
		return -1
	}
	return int(o.Seq - cycle - 1000)
}

func want(t *testing.T, why string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %d, want %d", why, got, want)
	}
}

func TestALostPacketLeavesAGapAndFillsItWhenItComes(t *testing.T) {
	m := slot()
	m.Switch(alice)
	want(t, "first", out(m, alice, 500), 0)
	want(t, "501 is lost on the way here", out(m, alice, 502), 2)
	if m.Reserved(alice, 503) || !m.Reserved(alice, 501) {
		t.Error("only 501 has a place already")
	}
	if _, ok := m.Resend(0, 0, 1001); ok {
		t.Error("the receiver asks for 1001, but it was never here")
	}
	want(t, "the publisher sends it again", out(m, alice, 501), 1)
	want(t, "and once more: a duplicate", out(m, alice, 501), -1)
	want(t, "from before the first", out(m, alice, 499), -1)
}

func TestADroppedLayerLeavesNoGap(t *testing.T) {
	m := slot()
	m.Switch(alice)
	want(t, "T0", out(m, alice, 10), 0)
	m.Drop(alice, 11) // T2
	want(t, "T1", out(m, alice, 12), 1)
	m.Drop(alice, 13)
	m.Drop(alice, 14)
	want(t, "T0", out(m, alice, 15), 2)
	// 16 is lost, 17 is of the layer that is not wanted: nobody knows what 16
	// was, so it keeps its place.
	m.Drop(alice, 17)
	want(t, "T0 after a loss", out(m, alice, 18), 4)
	want(t, "the lost one", out(m, alice, 16), 3)
	want(t, "a dropped one is not sent when it comes twice", out(m, alice, 13), -1)
	m.Drop(alice, 16) // too late to drop: must change nothing
	want(t, "next", out(m, alice, 19), 5)
}

func TestASwitchGoesOnWithoutAGap(t *testing.T) {
	m := slot()
	m.Switch(alice)
	want(t, "alice", out(m, alice, 100), 0)
	want(t, "101 is missing", out(m, alice, 102), 2)

	// Bob's key frame is on its way; alice flows until it is here.
	m.Switch(bob)
	m.Drop(bob, 7000) // not a key frame
	m.Drop(alice, 103)
	want(t, "alice still flows", out(m, alice, 104), 3)
	want(t, "bob's key frame follows", out(m, bob, 7005), 4)
	want(t, "alice is gone", out(m, alice, 105), -1)
	want(t, "but what she owed is welcome", out(m, alice, 101), 1)
	want(t, "bob", out(m, bob, 7006), 5)
	want(t, "bob from before the switch", out(m, bob, 7004), -1)

	// The page hides the tile for a while, then shows it again.
	m.Switch(bob)
	want(t, "bob resumes without a gap", out(m, bob, 9000), 6)
}

func TestTimestampsGoOnByTheClockAtASwitch(t *testing.T) {
	m := slot()
	send := func(src SourceID, s media.Seq, ts media.Ticks, at time.Duration) int64 {
		t.Helper()
		o, ok := m.Map(In{Source: src, Seq: s, Timestamp: ts, At: media.Time(time.Hour + at)})
		if !ok {
			t.Fatalf("packet %d of %d refused", s, src)
		}
		return int64(o.Timestamp - 1<<32 - 9000)
	}
	m.Switch(alice)
	want(t, "the first is where the stream begins", int(send(alice, 1, 777_000, 0)), 0)
	want(t, "then the source's own pace", int(send(alice, 2, 780_000, 50*time.Millisecond)), 3000)

	m.Switch(bob)
	want(t, "40 ms by the clock", int(send(bob, 1, 5, 90*time.Millisecond)), 3000+3600)
	want(t, "bob's pace", int(send(bob, 2, 3005, 120*time.Millisecond)), 3000+3600+3000)
	if ts, ok := m.Timestamp(bob, 3005); !ok || ts != 1<<32+9000+9600 {
		t.Errorf("sender reports see %d, %v", ts, ok)
	}
	if _, ok := m.Timestamp(alice, 3005); ok {
		t.Error("alice does not flow: her sender reports say nothing about the slot")
	}

	m.Switch(alice)
	want(t, "no time went by: never back", int(send(alice, 3, 783_000, 110*time.Millisecond)), 9601)

	m.Switch(alice)
	want(t, "resumed 10 s later: alice's own time", int(send(alice, 4, 783_000+900_000, 10300*time.Millisecond)), 9601+900_000)
}

func TestAHugeGapIsClosed(t *testing.T) {
	m := slot()
	m.Switch(alice)
	want(t, "first", out(m, alice, 100), 0)
	want(t, "64 missing: all could still be sent", out(m, alice, 164), 64)
	want(t, "65 are too many", out(m, alice, 164+65), 65)
	want(t, "as after a switch", out(m, alice, 164+66), 66)
	want(t, "nothing of the gap maps", out(m, alice, 180), -1)
}

func TestResend(t *testing.T) {
	const rtt = 50 * time.Millisecond
	now := media.Time(time.Hour)
	m := slot()
	m.Switch(alice)
	out(m, alice, 100)
	m.Drop(alice, 101)
	m.Map(In{Source: alice, Seq: 102, Timestamp: 306_000, At: now, Marker: true})
	m.Switch(bob)
	o, _ := m.Map(In{Source: bob, Seq: 7, Timestamp: 1, At: now})

	got, ok := m.Resend(now, rtt, 1001)
	if !ok || got.Source != alice || got.Seq != 102 || !got.Marker {
		t.Errorf("1001 is alice's 102: got %+v, %v", got, ok)
	}
	if _, ok := m.Resend(now.Add(rtt-time.Millisecond), rtt, 1001); ok {
		t.Error("asked again within a round trip: the answer is on its way")
	}
	if _, ok := m.Resend(now.Add(rtt), rtt, 1001); !ok {
		t.Error("asked again after a round trip: the answer was lost")
	}
	got, ok = m.Resend(now, rtt, 1002)
	if !ok || got.Source != bob || got.Seq != 7 || got.Out != o.Seq || 1+got.Shift != o.Timestamp {
		t.Errorf("1002 is bob's 7: got %+v, %v", got, ok)
	}
	for _, wire := range []uint16{999, 1003, 40000} {
		if _, ok := m.Resend(now, rtt, wire); ok {
			t.Errorf("%d was never sent", wire)
		}
	}
	for i := range maxResends {
		m.Resend(now.Add(time.Duration(i)*time.Second), rtt, 1000)
	}
	if _, ok := m.Resend(now.Add(time.Hour), rtt, 1000); ok {
		t.Error("enough is enough")
	}
	for s := media.Seq(8); s < 8+64; s++ {
		out(m, bob, s)
	}
	if _, ok := m.Resend(now, rtt, 1002); ok {
		t.Error("1002 is older than the history")
	}
}

func TestBeforeTheFirstSwitchNothingMaps(t *testing.T) {
	m := slot()
	want(t, "no source yet", out(m, alice, 1), -1)
	m.Drop(alice, 1)
	if _, ok := m.Resend(0, 0, 1000); ok {
		t.Error("nothing was sent")
	}
	if _, ok := m.Source(); ok {
		t.Error("there is no source")
	}
	m.Switch(bob)
	want(t, "only bob may begin", out(m, alice, 1), -1)
	want(t, "he does", out(m, bob, 1), 0)
}

func TestMapAllocatesNothing(t *testing.T) {
	m := slot()
	m.Switch(alice)
	out(m, alice, 1)
	s := media.Seq(1)
	if n := testing.AllocsPerRun(1000, func() {
		m.Drop(alice, s+1)
		out(m, alice, s+2)
		m.Switch(alice)
		out(m, alice, s+3)
		m.Resend(0, 0, uint16(1000+s))
		s += 3
	}); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func BenchmarkMungerMap(b *testing.B) {
	b.ReportAllocs()
	m := NewMunger(Options{ClockRate: 90000})
	m.Switch(alice)
	for i := range b.N {
		if i%6 == 5 {
			m.Drop(alice, media.Seq(i))
			continue
		}
		m.Map(In{Source: alice, Seq: media.Seq(i), Timestamp: media.Ticks(i * 500)})
	}
}
