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

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// waysFile is where the matrix leaves its table, for the docs.
const waysFile = "../bin/e2e-ways.md"

// ways is the table of the matrix: by which way each pair has come together.
type ways struct {
	mu   sync.Mutex
	rows []wayRow // guarded by mu
}

// wayRow is one pair: the ways of the two to the server, and to each other if
// they met. Times are in milliseconds since the second one wished to join: until
// both see each other, and until they do so directly.
type wayRow struct {
	order          int // of the pairs, which finish in any
	pair           string
	server, direct [2]client.Candidate
	media, met     int64
}

func (w *ways) add(row wayRow) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows = append(w.rows, row)
}

// within returns the share of the pairs that saw each other within so many
// milliseconds.
func (w *ways) within(limit int64) float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, r := range w.rows {
		if r.media <= limit {
			n++
		}
	}
	return float64(n) / float64(max(1, len(w.rows)))
}

// write prints the table and keeps it in waysFile.
func (w *ways) write(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortFunc(w.rows, func(a, b wayRow) int { return cmp.Compare(a.order, b.order) })
	table := bytes.NewBufferString("| pair | to the server | pictures after | to each other | after |\n|---|---|---|---|---|\n")
	for _, r := range w.rows {
		fmt.Fprintf(table, "| %s | %s | %d ms |", r.pair, describe(r.server), r.media)
		if r.met > 0 {
			fmt.Fprintf(table, " %s | %d ms |\n", describe(r.direct), r.met)
		} else {
			fmt.Fprint(table, " | |\n")
		}
	}
	t.Logf("%s", strings.TrimSpace(table.String()))
	if err := os.MkdirAll(filepath.Dir(waysFile), 0o755); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(waysFile, table.Bytes(), 0o644); err != nil {
		t.Error(err)
	}
}

// describe says two ends in a few words.
func describe(ends [2]client.Candidate) string {
	var words []string
	for _, c := range ends {
		if c.Relay != "" {
			c.Protocol = "by " + api.CandidateProtocol(c.Relay)
		}
		words = append(words, string(c.Type)+" "+string(c.Protocol))
	}
	return strings.Join(words, ", ")
}
