package proc

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// Workers is how many goroutines may mark what they decode.
const Workers = 62

// The page of marks, in words of 8 bytes: the first tells to be careful, the
// second is kept, each other one is a worker's: the track's number, a running
// number of 31 bits, and a bit that is set while the worker is inside.
const (
	markWords = 2 + Workers
	pageSize  = markWords * 8

	carefulWord = 0
	firstMark   = 2
	markInside  = 1
)

// Marks tell the server which tracks are being decoded, so that it knows whom to
// suspect when the process dies of it. A nil Marks marks nothing. Each worker's
// number belongs to one goroutine.
type Marks struct {
	words []atomic.Uint64 // constant; the page, shared with the server
	turns [Workers]uint64 // each its worker's
	alone [Workers]bool   // each its worker's: it holds mu

	mu sync.Mutex // held inside while the server wants to know for sure
}

// Enter notes that the worker, 0 to Workers−1, hands bytes of this track to C.
// After a crash with several suspects it lets one worker in at a time, so that
// the next one has a culprit.
func (m *Marks) Enter(worker int, track uint32) {
	if m == nil {
		return
	}
	if m.words[carefulWord].Load() != 0 {
		m.mu.Lock()
		m.alone[worker] = true
	}
	m.turns[worker]++
	m.words[firstMark+worker].Store(uint64(track)<<32 | m.turns[worker]<<1&0xffffffff | markInside)
}

// Leave notes that the worker is back.
func (m *Marks) Leave(worker int) {
	if m == nil {
		return
	}
	m.words[firstMark+worker].Store(0)
	if m.alone[worker] {
		m.alone[worker] = false
		m.mu.Unlock()
	}
}

// ledger is the server's view of a process's marks. It reads the file instead of
// mapping it: a process gone wrong can't make the server stumble over its page.
type ledger struct {
	file *os.File
	page [pageSize]byte
}

// read returns the workers' words, lent until the next call; zeroes if the file
// can't be read.
func (l *ledger) read() (marks [Workers]uint64) {
	if n, err := l.file.ReadAt(l.page[:], 0); n < pageSize && err != nil {
		return marks
	}
	for i := range marks {
		marks[i] = binary.NativeEndian.Uint64(l.page[8*(firstMark+i):])
	}
	return marks
}

// setCareful tells the process to let one worker in at a time, or all.
func (l *ledger) setCareful(on bool) {
	var word [8]byte
	if on {
		binary.NativeEndian.PutUint64(word[:], 1)
	}
	// What fails costs only that suspects are told apart later.
	_, _ = l.file.WriteAt(word[:], 8*carefulWord)
}

// newLedger makes an empty page in a file without a name.
func newLedger() (*ledger, error) {
	file, err := anonymousFile()
	if err != nil {
		return nil, fmt.Errorf("a page for the mixer's marks: %w", err)
	}
	l := &ledger{file: file}
	if err := file.Truncate(pageSize); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("a page for the mixer's marks: %w", err)
	}
	return l, nil
}

// inside tells whether a mark is of a worker inside, and of which track.
func inside(mark uint64) (track uint32, ok bool) {
	return uint32(mark >> 32), mark&markInside != 0
}
