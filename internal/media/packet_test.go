package media

import (
	"testing"
	"time"
)

func TestAPacketReturnsToItsPoolWithTheLastReference(t *testing.T) {
	var pool PacketPool
	p := pool.Get()
	p.Seq, p.KeyFrame, p.Payload = 7, true, p.Buffer()[:10]
	p.Retain() // a second sink keeps it
	p.Release()
	if p.Seq != 7 || pool.Lent() != 1 {
		t.Fatal("the packet was taken away from the sink that keeps it")
	}
	p.Release()
	if pool.Lent() != 0 {
		t.Fatalf("%d packets are still lent", pool.Lent())
	}
	// Whoever gets it next finds nothing of before.
	if q := pool.Get(); q.Seq != 0 || q.KeyFrame || q.Payload != nil || q.AudioLevel != NoLevel || q.Orientation != NoOrientation {
		t.Errorf("a packet from the pool is not clear: %+v", q.Layer)
	}
}

func TestMisusedReferencesAreBugs(t *testing.T) {
	panics := func(f func()) (did bool) {
		defer func() { did = recover() != nil }()
		f()
		return false
	}
	var pool PacketPool
	p := pool.Get()
	p.Release()
	if !panics(func() { p.Release() }) {
		t.Error("a second release went unnoticed")
	}
	q := (&PacketPool{}).Get()
	q.Release()
	if !panics(func() { q.Retain() }) {
		t.Error("a released packet was retained")
	}
}

func TestGettingAPacketAllocatesNothing(t *testing.T) {
	var pool PacketPool
	pool.Get().Release()
	if n := testing.AllocsPerRun(1000, func() { pool.Get().Release() }); n > 0.1 {
		t.Errorf("%v allocations per packet", n)
	}
}

func TestNTPTimesGoThereAndBack(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC),
		time.Date(2036, 2, 7, 6, 28, 15, 999999999, time.UTC), // the last second of NTP's first era
	} {
		want := Time(at.UnixNano())
		if got := TimeFromNTP(want.NTP()); got.Sub(want).Abs() > time.Nanosecond {
			t.Errorf("%v came back as %v", want, got)
		}
	}
	if got := Time(0).NTP() >> 32; got != 2208988800 {
		t.Errorf("1970 is %d seconds after 1900", got)
	}
}
