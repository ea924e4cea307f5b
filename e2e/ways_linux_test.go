package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// waysFile is where the matrix leaves its table, for the docs.
const waysFile = "../bin/e2e-ways.md"

// ways is the table of the matrix: by which way each pair has come together.
type ways struct {
	mu   sync.Mutex
	rows []wayRow // guarded by mu
}

// wayRow is one pair. Times are in milliseconds since the second one wished to
// join.
type wayRow struct {
	order        int // of the pair, which finish in any
	pair         string
	path         string // p2p or sfu
	left, right  string // candidate type and protocol
	media, moved int64  // first pictures of both; on a direct path, 0 for never
}

func (w *ways) add(row wayRow) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows = append(w.rows, row)
}

// write prints the table and keeps it in waysFile.
func (w *ways) write(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortFunc(w.rows, func(a, b wayRow) int { return cmp.Compare(a.order, b.order) })
	table := bytes.NewBufferString("| pair | path | first | second | pictures after | direct after |\n|---|---|---|---|---|---|\n")
	for _, r := range w.rows {
		moved := ""
		if r.moved > 0 {
			moved = fmt.Sprintf("%d ms", r.moved)
		}
		fmt.Fprintf(table, "| %s | %s | %s | %s | %d ms | %s |\n", r.pair, r.path, r.left, r.right, r.media, moved)
	}
	t.Logf("%s", strings.TrimSpace(table.String()))
	if err := os.MkdirAll(filepath.Dir(waysFile), 0o755); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(waysFile, table.Bytes(), 0o644); err != nil {
		t.Error(err)
	}
}
