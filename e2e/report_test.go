package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// reportFile is where a run leaves its table, for the docs.
const reportFile = "../bin/e2e-measured.md"

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

func measuredFile(dir string) string { return filepath.Join(dir, "measured.jsonl") }

// report prints all figures of the run as a table and keeps it in reportFile.
func report(dir string) error {
	lines, err := os.ReadFile(measuredFile(dir))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	table := bytes.NewBufferString("| story | measured | |\n|---|---|---|\n")
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	for scanner.Scan() {
		var m measured
		if err := json.Unmarshal(scanner.Bytes(), &m); err != nil {
			return err
		}
		fmt.Fprintf(table, "| %s | %s | %.4g %s |\n", m.Story, m.What, m.Value, m.Unit)
	}
	fmt.Printf("\n%s\n", table)
	if err := os.MkdirAll(filepath.Dir(reportFile), 0o755); err != nil {
		return err
	}
	return os.WriteFile(reportFile, table.Bytes(), 0o644)
}
