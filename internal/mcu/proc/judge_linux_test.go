package proc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
)

// mark is what a worker's word is while it is inside for the turn-th time.
func mark(track uint32, turn uint64) uint64 { return uint64(track)<<32 | turn<<1 | markInside }

func TestWhoDiesWithinARecordHasNotBrokenTheRules(t *testing.T) {
	for range 50 { // whether the end of the link or of the process is seen first is chance
		l, err := newLedger()
		if err != nil {
			t.Fatal(err)
		}
		word := binary.NativeEndian.AppendUint64(nil, mark(7, 1))
		if _, err := l.file.WriteAt(word, 8*firstMark); err != nil {
			t.Fatal(err)
		}
		p := &process{
			ledger: l, says: newSays(slog.New(slog.DiscardHandler), time.Now),
			exited: make(chan struct{}), served: make(chan struct{}),
			broke: fmt.Errorf("%w: it ends too early: %w", link.ErrRecord, io.ErrUnexpectedEOF),
		}
		close(p.exited)
		close(p.served)
		c := &Child{closing: make(chan struct{}), pace: pace{base: time.Hour, patience: time.Hour}}
		if d := c.watch(p); !slices.Equal(d.suspects, []uint32{7}) || c.Stats().Crashes != 1 || c.Stats().Breaches != 0 {
			t.Fatalf("%+v, %+v", d, c.Stats())
		}
		_ = l.file.Close()
	}
}

func TestAWatchdogBarksWhenTheHeartStops(t *testing.T) {
	dog := watchdog{patience: 800 * time.Millisecond}
	var marks [Workers]uint64
	beats := uint64(1)
	look := func(times int) (hangs bool) {
		for range times {
			hangs = dog.look(dog.interval(), 0, beats, &marks)
		}
		return hangs
	}
	for range 100 {
		if beats++; look(8) {
			t.Fatal("it barks while the heart beats")
		}
	}
	if !look(1) {
		t.Error("it is still after its patience")
	}
	if len(dog.suspects()) != 0 {
		t.Error("somebody is suspected")
	}
}

func TestAWatchdogGivesTimeToStart(t *testing.T) {
	dog := watchdog{patience: 800 * time.Millisecond}
	var marks [Workers]uint64
	for i := range 100 {
		hangs := dog.look(dog.interval(), 0, 0, &marks)
		if late := i == 99; hangs != late {
			t.Fatalf("after %d looks: %v", i+1, hangs)
		}
	}
}

func TestAWatchdogKnowsWhoIsStuckAndWhoJustWorks(t *testing.T) {
	dog := watchdog{patience: 800 * time.Millisecond}
	var marks [Workers]uint64
	hangs := false
	for turn := uint64(1); !hangs; turn++ {
		if turn > 20 {
			t.Fatal("it never barks")
		}
		marks[0] = mark(5, turn) // comes and goes
		marks[1] = mark(6, 9)    // stays
		if turn >= 4 {
			marks[2] = mark(7, 9) // stays too, but not for that long
		}
		if turn >= 7 {
			marks[Workers-1] = mark(8, 9)
		}
		hangs = dog.look(dog.interval(), 0, turn, &marks)
	}
	if got := dog.suspects(); !slices.Equal(got, []uint32{6, 7}) {
		t.Errorf("suspects %v", got)
	}
	if got := suspects(&marks); !slices.Equal(got, []uint32{5, 6, 7, 8}) {
		t.Errorf("of a crash they would be %v", got)
	}
}

func TestAWatchdogThatOversleptBlamesNobody(t *testing.T) {
	dog := watchdog{patience: 800 * time.Millisecond}
	var marks [Workers]uint64
	marks[0] = mark(5, 1)
	dog.look(dog.interval(), 0, 1, &marks)
	for range 3 {
		if dog.look(time.Hour, 0, 1, &marks) {
			t.Fatal("an hour in which the server did not run counts")
		}
	}
	if !dog.look(time.Hour, 0, 1, &marks) {
		t.Error("it never barks")
	}
}

func TestAWatchdogBearsWithAProcessThatStarves(t *testing.T) {
	dog := watchdog{patience: 800 * time.Millisecond}
	var marks [Workers]uint64
	dog.look(dog.interval(), 0, 1, &marks)
	looks := 1
	for !dog.look(dog.interval(), dog.interval(), 1, &marks) {
		if looks++; looks > 100 {
			t.Fatal("it never barks")
		}
		if easy := looks <= 8; easy == dog.uneasy() {
			t.Fatalf("uneasy after %d looks: %v", looks, !easy)
		}
	}
	if looks != 4*8 {
		t.Errorf("it barks after %d looks", looks)
	}
}

func TestAProcessStarvesWhenAThreadIsKeptWaiting(t *testing.T) {
	const ms = time.Millisecond
	var h hunger
	for i, step := range []struct {
		turns map[int]turn
		want  time.Duration
	}{
		{map[int]turn{1: {ran: 500 * ms, waited: 900 * ms}}, 0},                               // the first look
		{map[int]turn{1: {ran: 500 * ms, waited: 900 * ms}, 2: {waited: 5000 * ms}}, 0},       // one sleeps, one is new
		{map[int]turn{1: {ran: 510 * ms, waited: 970 * ms}, 2: {waited: 5000 * ms}}, 70 * ms}, // it had to wait
		{map[int]turn{1: {ran: 510 * ms, waited: 970 * ms, wants: true}, 2: {}}, 0},           // it begins to
		{map[int]turn{1: {ran: 540 * ms, waited: 970 * ms, wants: true}, 3: {}}, 70 * ms},     // and still does
		{map[int]turn{1: {ran: 640 * ms, waited: 970 * ms, wants: true}}, 0},                  // a loop without end
		{map[int]turn{1: {ran: 640 * ms, waited: 9970 * ms, wants: true}}, 100 * ms},          // no more than there was
		{nil, 0},
	} {
		if got := h.look(100*ms, step.turns); got != step.want {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
}

func TestWhatTheSystemTellsOfThreadsIsRead(t *testing.T) {
	got, ok := readTurn([]byte("123 456 7\n"), []byte("99 (evil) S 1) R 1 2 3"))
	if want := (turn{123, 456, true}); !ok || got != want {
		t.Errorf("%+v", got)
	}
	if got, ok := readTurn([]byte("123 456 7\n"), []byte("99 (tutti) S 1 2 3")); !ok || got.wants {
		t.Errorf("one that sleeps: %+v, %v", got, ok)
	}
	for _, broken := range [][2]string{{"", ""}, {"1", "1 (a) S"}, {"1 x", "1 (a) S"}, {"1 2 3", ""}, {"1 2 3", "1 (a)"}, {"1 2 3", "1 (a) "}} {
		if got, ok := readTurn([]byte(broken[0]), []byte(broken[1])); ok {
			t.Errorf("%q is read as %+v", broken, got)
		}
	}
	mine := readTurns(os.Getpid())
	if len(mine) == 0 || !slices.ContainsFunc(slices.Collect(maps.Values(mine)), func(t turn) bool { return t.ran > 0 }) {
		t.Errorf("of this process: %v", mine)
	}
}

func TestTheFirstRestartsAreAtOnceAndLaterOnesTakeTime(t *testing.T) {
	p := pace{base: patience, patience: patience}
	crash := death{cause: errors.New("crash"), lived: time.Second}
	steps := []struct {
		death death
		left  bool
		want  time.Duration
	}{
		{crash, false, 0},
		{crash, false, 0},
		{crash, false, 0},
		{crash, false, time.Second},
		{crash, true, 0}, // the cause is known
		{crash, false, 0},
		{crash, false, 0},
		{crash, false, time.Second},
		{crash, false, time.Second},
		{crash, false, time.Second},
		{crash, false, 5 * time.Second},
		{crash, false, 5 * time.Second},
		{death{cause: errors.New("crash"), lived: time.Hour}, false, 0},
	}
	for i, s := range steps {
		if got := p.after(s.death, s.left); got != s.want {
			t.Errorf("step %d waits %v, want %v", i, got, s.want)
		}
	}
}

func TestPatienceGrowsOnASlowMachineAndComesBack(t *testing.T) {
	p := pace{base: patience, patience: patience}
	var got []time.Duration
	for _, lived := range []time.Duration{1, 1, 1, 1, calm} {
		p.after(death{hung: true, lived: lived}, false)
		got = append(got, p.patience)
	}
	p.after(death{lived: calm}, false)
	got = append(got, p.patience)
	want := []time.Duration{2 * patience, 4 * patience, maxPatience, maxPatience, 2 * patience, patience}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSuspicionsAreForgottenAndNeverFillTheMemory(t *testing.T) {
	var r register
	at := time.Unix(1e9, 0)
	if r.strike(at, []uint32{1, 1}) || r.isLeftOut(1) {
		t.Error("two workers with one track count twice")
	}
	if r.strike(at.Add(strikeAge+1), []uint32{1}) {
		t.Error("an old suspicion counts")
	}
	if !r.strike(at.Add(strikeAge+2), []uint32{1}) || !r.isLeftOut(1) {
		t.Error("a second one does not")
	}
	if r.strike(at, []uint32{1}) {
		t.Error("who is left out is left out again")
	}
	var many []uint32
	for i := range uint32(maxLeftOut + 100) {
		many = append(many, i)
	}
	for range 3 {
		r.strike(at, many)
	}
	for i := range many {
		many[i] += 1 << 20
	}
	r.strike(at, many)
	if len(r.leftOut) > maxLeftOut || len(r.struck) > maxLeftOut {
		t.Errorf("%d left out, %d suspected", len(r.leftOut), len(r.struck))
	}
}

func TestWhatTheMixerSaysIsLoggedWithinBounds(t *testing.T) {
	var out bytes.Buffer
	at := time.Unix(1e9, 0)
	s := newSays(slog.New(slog.NewTextHandler(&out, nil)), func() time.Time { return at })
	fmt.Fprintf(s, "first ")
	fmt.Fprintf(s, "line\n\n%s\x00end\n", strings.Repeat("long ", 1000))
	for range 1000 {
		fmt.Fprintln(s, "again")
	}
	if lines := strings.Count(out.String(), "\n"); lines != lineBurst || !strings.Contains(out.String(), `line="first line"`) {
		t.Errorf("%d lines:\n%s", lines, out.String())
	}
	if strings.Contains(out.String(), "end") {
		t.Error("a long line is logged as a whole")
	}
	out.Reset()
	at = at.Add(2 * lineEvery)
	fmt.Fprint(s, "a\nb\nc\n")
	if lines := strings.Count(out.String(), "\n"); lines != 2 {
		t.Errorf("%d lines in two intervals", lines)
	}
	if got := s.reason(); got != "c" {
		t.Errorf("the reason is %q", got)
	}
}

func TestACrashIsToldInOneRecord(t *testing.T) {
	var out bytes.Buffer
	s := newSays(slog.New(slog.NewTextHandler(&out, nil)), time.Now)
	fmt.Fprintln(s, "SIGSEGV: segmentation violation")
	for range 1000 {
		fmt.Fprintln(s, "goroutine 1 [running]:")
	}
	fmt.Fprint(s, "rax 0")
	s.finish()
	text := out.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "SIGSEGV") || !strings.Contains(text, "running") || len(text) > 2*maxWords {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	if got := s.reason(); got != "SIGSEGV: segmentation violation" {
		t.Errorf("the reason is %q", got)
	}
}

func TestNoMarksAreNeeded(t *testing.T) {
	var m *Marks
	m.Enter(0, 1)
	m.Leave(0)
}

func TestTheMixerCanNotBeRunByHand(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(path, "as-mixer").CombinedOutput()
	if err == nil || !strings.Contains(string(text), "by hand") {
		t.Errorf("%v: %s", err, text)
	}
}
