package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// reportFile is where a run leaves its table, for the docs.
const reportFile = "../bin/e2e-measured.md"

// mixFile is where figures of the program are kept, those of stories that did not
// run now included: Go clients and browsers have runs of their own.
const mixFile = "../bin/e2e-mix.md"

// measured is one figure that a test took.
type measured struct {
	Story string  `json:"story"`
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// record keeps a figure for the table at the end of the run.
func record(t *testing.T, m measured) {
	t.Helper()
	line, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(measuredFile(os.Getenv(runFolder)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
}

// took keeps how long something took.
func took(t *testing.T, what string, d time.Duration) {
	t.Helper()
	t.Logf("%s: %v", what, d.Round(time.Millisecond))
	record(t, measured{t.Name(), what, float64(d.Milliseconds()), "ms"})
}

func measuredFile(dir string) string { return filepath.Join(dir, "measured.jsonl") }

// row returns the figure's line of a table.
func (m measured) row() string {
	return fmt.Sprintf("| %s | %s | %.4g %s |\n", m.Story, m.What, m.Value, m.Unit)
}

const tableHead = "| story | measured | |\n|---|---|---|\n"

// report prints all figures of the run as a table and keeps it in reportFile, those
// of the program in mixFile.
func report(dir string) error {
	lines, err := os.ReadFile(measuredFile(dir))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var all []measured
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	for scanner.Scan() {
		var m measured
		if err := json.Unmarshal(scanner.Bytes(), &m); err != nil {
			return err
		}
		all = append(all, m)
	}
	table := tableHead
	for _, m := range all {
		table += m.row()
	}
	fmt.Printf("\n%s\n", table)
	if err := os.MkdirAll(filepath.Dir(reportFile), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(reportFile, []byte(table), 0o644); err != nil {
		return err
	}
	return reportMix(all)
}

// reportMix puts the figures of the program into mixFile.
func reportMix(all []measured) error {
	all = slices.DeleteFunc(all, func(m measured) bool { return !strings.Contains(strings.ToLower(m.Story), "program") })
	if len(all) == 0 {
		return nil
	}
	before, err := os.ReadFile(mixFile)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	table := tableHead
	for line := range strings.Lines(strings.TrimPrefix(string(before), tableHead)) {
		if !slices.ContainsFunc(all, func(m measured) bool { return strings.HasPrefix(line, "| "+m.Story+" |") }) {
			table += line
		}
	}
	for _, m := range all {
		table += m.row()
	}
	return os.WriteFile(mixFile, []byte(table), 0o644)
}
