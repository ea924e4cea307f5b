package seqmap

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// model is the slow, plain munger: it writes down the fate of every number.
type model struct {
	source  SourceID
	pending bool
	opened  bool
	highest media.Seq              // of the source since the switch
	known   map[SourceID]media.Seq // highest ever of a source
	next    int                    // outgoing number, counted from 0
	runs    int                    // runs of dropped packets and switches so far
	fate    map[number]int
	runAt   map[int]int // outgoing number → runs when it was given
	sent    map[int]number
}

type number struct {
	src SourceID
	seq media.Seq
}

func (m *model) give(n number) {
	m.fate[n], m.runAt[m.next] = m.next, m.runs
	m.next++
}

func (m *model) advance(src SourceID, s media.Seq) {
	for missing := m.highest + 1; missing < s; missing++ {
		m.give(number{src, missing})
	}
	m.highest, m.known[src] = s, s
}

func (m *model) send(src SourceID, s media.Seq) (int, bool) {
	if m.pending && src == m.source && s > m.known[src] {
		m.pending, m.opened, m.highest = false, true, s-1
		m.runs++
	}
	if m.opened && src == m.source && s > m.highest {
		m.advance(src, s)
		m.give(number{src, s})
	}
	out, ok := m.fate[number{src, s}]
	if _, dup := m.sent[out]; !ok || dup {
		return 0, false
	}
	m.sent[out] = number{src, s}
	return out, true
}

func (m *model) drop(src SourceID, s media.Seq) {
	if m.opened && src == m.source && s > m.highest {
		m.advance(src, s)
		m.runs++
	}
}

// TestMungerAgreesWithAPlainModel feeds both with streams that lose, reorder,
// repeat and drop packets and switch at random. The munger may forget (its
// tables are bounded), but it must never err.
func TestMungerAgreesWithAPlainModel(t *testing.T) {
	const history = 256
	rng := rand.New(rand.NewPCG(3, 4))
	m := NewMunger(Options{ClockRate: 90000, History: history, FirstSeq: 65000})
	plain := &model{known: map[SourceID]media.Seq{}, fate: map[number]int{}, runAt: map[int]int{}, sent: map[int]number{}}
	heads := []media.Seq{0, cycle + 65000, cycle + 123, cycle + 40000}
	base := media.Seq(cycle + 65000)
	lastSwitchTs := media.Ticks(0)
	var late []number
	var forgot, mapped int

	for step := range 200_000 {
		if step%1500 == 0 {
			src := SourceID(1 + rng.IntN(3))
			m.Switch(src)
			plain.source, plain.pending, plain.opened = src, true, false
			heads[src] += media.Seq(rng.IntN(5000)) // it went on unseen
		}
		n := number{plain.source, heads[plain.source]}
		switch p := rng.IntN(100); {
		case p < 6 && len(late) > 0: // a packet comes late, or twice
			n = late[rng.IntN(len(late))]
		case p < 12: // lost for now
			late = append(late, n)
			heads[n.src]++
			continue
		case p < 24: // of a layer that is not wanted
			heads[n.src]++
			m.Drop(n.src, n.seq)
			plain.drop(n.src, n.seq)
			continue
		default:
			heads[n.src]++
		}
		if len(late) > 40 {
			late = late[1:]
		}
		got, ok := m.Map(In{Source: n.src, Seq: n.seq, Timestamp: media.Ticks(n.seq) * 100, At: media.Time(step) * media.Time(time.Millisecond)})
		wantOut, wantOK := plain.send(n.src, n.seq)
		switch {
		case ok && !wantOK:
			t.Fatalf("step %d: %v maps to %d, but must not map", step, n, got.Seq-base)
		case ok && int(got.Seq-base) != wantOut:
			t.Fatalf("step %d: %v maps to %d, want %d", step, n, got.Seq-base, wantOut)
		case !ok && wantOK:
			forgot++
			if plain.next-wantOut <= history && plain.runs-plain.runAt[wantOut] < maxSpans-2 {
				t.Fatalf("step %d: %v was forgotten too early", step, n)
			}
			delete(plain.sent, wantOut)
		case ok:
			mapped++
			if newest := wantOut == plain.next-1; newest && got.Timestamp < lastSwitchTs {
				t.Fatalf("step %d: timestamp %d after %d", step, got.Timestamp, lastSwitchTs)
			} else if newest {
				lastSwitchTs = got.Timestamp
			}
		}
		checkInverse(t, m, plain, base, rng, history)
	}
	t.Logf("%d mapped, %d forgotten", mapped, forgot)
}

// checkInverse asks for one of the last outgoing packets.
func checkInverse(t *testing.T, m *Munger, plain *model, base media.Seq, rng *rand.Rand, history int) {
	t.Helper()
	ask := plain.next - 1 - rng.IntN(history)
	if ask < 0 {
		return
	}
	sent, was := plain.sent[ask]
	got, ok := m.Resend(0, 0, uint16(base+media.Seq(ask)))
	switch {
	case ok && !was:
		t.Fatalf("%d was never sent, but is said to be %+v", ask, got)
	case ok && (got.Source != sent.src || got.Seq != sent.seq):
		t.Fatalf("%d is %v, but is said to be %+v", ask, sent, got)
	case !ok && was && plain.runs-plain.runAt[ask] < maxSpans-2 && m.mark(int64(base)+int64(ask)).resends < maxResends:
		t.Fatalf("%d (%v) can't be found", ask, sent)
	}
}
