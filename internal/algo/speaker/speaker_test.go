package speaker

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	ms    = time.Millisecond
	start = media.Time(time.Hour)
	// Levels in −dBov.
	loud, soft, noise, silence = 20, 32, 55, 127
)

// talk is a conversation in packets of 20 ms.
type talk struct {
	t       *testing.T
	d       *Detector
	now     media.Time
	voices  map[media.TrackID]*Voice
	changes int
}

func newTalk(t *testing.T, names ...media.TrackID) *talk {
	k := &talk{t: t, d: New(Options{}), now: start, voices: map[media.TrackID]*Voice{}}
	for _, n := range names {
		k.voices[n] = k.d.Add(n)
	}
	return k
}

// run lets time pass; those named send packets of their level, with the V bit
// if it is speech.
func (k *talk) run(d time.Duration, levels map[media.TrackID]uint8) {
	for end := k.now.Add(d); k.now.Before(end); k.now = k.now.Add(20 * ms) {
		for n, level := range levels {
			k.voices[n].Heard(k.now, level, level <= soft)
		}
		if at := k.d.Deadline(); !at.IsZero() && !k.now.Before(at) && k.d.Update(k.now) {
			k.changes++
		}
	}
}

func (k *talk) want(why string, speakers ...media.TrackID) {
	k.t.Helper()
	var got []media.TrackID
	for _, v := range k.d.Speakers(nil) {
		got = append(got, v.ID())
	}
	if !slices.Equal(got, speakers) {
		k.t.Errorf("%s: %v speak, want %v", why, got, speakers)
	}
}

type levels = map[media.TrackID]uint8

func TestOneSpeaksAfterTheOther(t *testing.T) {
	k := newTalk(t, "ann", "ben", "cyd")
	k.run(time.Second, levels{"ann": silence, "ben": noise, "cyd": silence})
	k.want("nobody said anything")
	if !k.d.Deadline().IsZero() || k.d.Dominant() != nil {
		t.Error("an idle room needs no timer and has no leader")
	}
	k.run(100*ms, levels{"ann": silence, "ben": loud, "cyd": silence})
	k.want("ben's first word", "ben")
	k.run(time.Second, levels{"ben": loud})
	k.run(300*ms, levels{"ben": silence})
	k.want("he draws breath", "ben")
	k.run(200*ms, levels{"ben": loud})
	k.run(1200*ms, levels{"ben": silence})
	k.want("he has said it")
	if k.d.Dominant() != k.voices["ben"] {
		t.Error("he still leads: nobody spoke since")
	}
	k.run(100*ms, levels{"cyd": soft})
	k.want("cyd answers", "cyd")
	if got := k.d.Loudest(2, nil); !slices.Equal(got, []media.TrackID{"cyd", "ben"}) {
		t.Errorf("two slots for sound hold %v", got)
	}
	if k.changes != 3 {
		t.Errorf("%d changes were told, want 3: ben begins and ends, cyd begins", k.changes)
	}
}

func TestACoughDoesNotTakeTheFloor(t *testing.T) {
	k := newTalk(t, "ann", "ben")
	k.run(2*time.Second, levels{"ann": soft})
	k.run(300*ms, levels{"ann": soft, "ben": loud})
	k.want("ben coughs", "ann", "ben")
	k.run(2*time.Second, levels{"ann": soft, "ben": silence})
	k.want("and is quiet", "ann")
	k.run(1500*ms, levels{"ann": soft, "ben": loud})
	k.want("now he means it", "ben", "ann")
	k.run(2*time.Second, levels{"ann": soft, "ben": soft})
	k.want("equally loud: no to and fro", "ben", "ann")
}

func TestNoiseIsNoSpeech(t *testing.T) {
	k := newTalk(t, "ann", "ben")
	k.run(500*ms, levels{"ann": soft})
	k.run(2*time.Second, levels{"ann": silence})
	for range 100 { // a fan, loud but without the V bit, which ann sets for speech
		k.voices["ann"].Heard(k.now, loud, false)
		k.run(20*ms, nil)
	}
	k.want("a fan")
	for range 100 { // ben's client never sets it: his level alone must do
		k.voices["ben"].Heard(k.now, loud, false)
		k.run(20*ms, nil)
	}
	k.want("a client without voice detection", "ben")
	k.voices["ben"].Heard(k.now, media.NoLevel, false)
	k.want("a packet without a level tells nothing", "ben")
}

func TestSendersThatStopAreSilent(t *testing.T) {
	k := newTalk(t, "ann")
	k.run(time.Second, levels{"ann": loud})
	k.run(1500*ms, nil) // DTX: no packets at all
	k.want("nothing comes")
	if l := k.voices["ann"].DBov(); l > -40 {
		t.Errorf("the level still is %.0f dBov", l)
	}
	if !k.d.Deadline().IsZero() {
		t.Error("and no timer runs")
	}
}

func TestRemovedVoicesAreGone(t *testing.T) {
	k := newTalk(t, "ann", "ben")
	k.run(time.Second, levels{"ann": loud, "ben": soft})
	k.d.Remove(k.voices["ann"])
	k.d.Remove(k.voices["ann"]) // twice does no harm
	k.want("ann left", "ben")
	k.run(2*time.Second, nil)
	k.voices["ann"].Heard(k.now, loud, true) // a last packet of hers
	k.want("and ben is quiet")
	if !k.d.Deadline().IsZero() {
		t.Error("the detector still counts ann among the speakers")
	}
}

// TestRandomTalk checks what must always hold.
func TestRandomTalk(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	names := []media.TrackID{"a", "b", "c", "d", "e", "f"}
	k := newTalk(t, names...)
	for range 2000 {
		now := levels{}
		for _, n := range names {
			if rng.IntN(3) > 0 {
				now[n] = uint8(rng.IntN(128))
			}
		}
		k.run(time.Duration(20+rng.IntN(800))*ms, now)
		speakers := k.d.Speakers(nil)
		all := k.d.Loudest(len(names), nil)
		if !slices.Equal(slices.Sorted(slices.Values(all)), names) {
			t.Fatalf("the ranking lost somebody: %v", all)
		}
		for i, v := range speakers {
			if v.ID() != all[i] {
				t.Fatalf("speakers %v do not lead the ranking %v", speakers, all)
			}
			if k.now.Sub(v.loud) > 600*ms+200*ms+20*ms {
				t.Fatalf("%s speaks, but was last heard %v ago", v.ID(), k.now.Sub(v.loud))
			}
		}
		if (len(speakers) > 0) != !k.d.Deadline().IsZero() {
			t.Fatalf("%d speakers, deadline %v", len(speakers), k.d.Deadline())
		}
	}
}

func TestHeardAllocatesNothing(t *testing.T) {
	k := newTalk(t, "ann", "ben")
	i := 0
	if n := testing.AllocsPerRun(2000, func() {
		i++
		k.now = k.now.Add(20 * ms)
		k.voices["ann"].Heard(k.now, loud, true)
		k.voices["ben"].Heard(k.now, uint8(i%80), true)
		k.d.Update(k.now)
	}); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func BenchmarkHeard(b *testing.B) {
	b.ReportAllocs()
	d := New(Options{})
	v, now := d.Add("ann"), start
	for range b.N {
		now = now.Add(20 * ms)
		v.Heard(now, loud, true)
	}
}

func BenchmarkUpdateOf100(b *testing.B) {
	b.ReportAllocs()
	d, now := New(Options{}), start
	voices := make([]*Voice, 100)
	for i := range voices {
		voices[i] = d.Add("x")
	}
	for i := range b.N {
		now = now.Add(200 * ms)
		voices[i%100].Heard(now, loud, true)
		d.Update(now)
	}
}
