package main

import (
	"fmt"
	"maps"
	"strings"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client/probe"
)

// doctorWords are what the report says beside its findings.
type doctorWords struct {
	fix                          string
	path, works, roundTrip, lost string
	yes, no, notOffered          string
	paths                        map[string]string
}

func wordsOf(language string) doctorWords {
	if language == "zh" {
		return doctorWords{
			fix: "→ ", path: "路径", works: "是否可用", roundTrip: "往返", lost: "丢包",
			yes: "可用", no: "不可用", notOffered: "服务器未提供",
			paths: map[string]string{
				probe.PathUDP: "UDP", probe.PathTCP: "TCP", probe.PathTURNUDP: "中继，UDP", probe.PathTURNTCP: "中继，TCP", probe.PathTURNTLS: "中继，TLS",
			},
		}
	}
	return doctorWords{
		fix: "→ ", path: "path", works: "works", roundTrip: "there and back", lost: "lost",
		yes: "yes", no: "no", notOffered: "not offered",
		paths: map[string]string{
			probe.PathUDP: "UDP", probe.PathTCP: "TCP", probe.PathTURNUDP: "relay, UDP", probe.PathTURNTCP: "relay, TCP", probe.PathTURNTLS: "relay, TLS",
		},
	}
}

// named gives a path that a finding speaks of its name in this language.
func (w doctorWords) named(f api.Finding) api.Finding {
	name, ok := w.paths[f.Params["path"]]
	if !ok {
		return f
	}
	named := api.Finding{Cause: f.Cause, Params: maps.Clone(f.Params)}
	named.Params["path"] = name
	return named
}

// signs stand before each finding.
var signs = map[api.Severity]string{api.SeverityOK: "✓", api.SeverityWarn: "!", api.SeverityFail: "✗"}

// printReport prints the report for a person.
func printReport(t *terminal, r *probe.Report, language string) {
	words := wordsOf(language)
	name := r.URL
	if r.Version != "" {
		name += " (tutti " + r.Version + ")"
	}
	t.printf("%s\n\n", name)
	for _, f := range r.Findings {
		text := words.named(f).Explain(language)
		t.printf("%s %s\n", signs[f.Severity()], text.Title)
		if f.Severity() == api.SeverityOK {
			continue
		}
		for _, line := range []string{text.Why, words.fix + text.Fix} {
			t.printf("    %s\n", line)
		}
	}
	if len(r.Paths) > 0 {
		printPaths(t, r.Paths, words)
	}
}

// printPaths prints a table of the ways of media.
func printPaths(t *terminal, paths []probe.Path, words doctorWords) {
	rows := [][]string{{words.path, words.works, words.roundTrip, words.lost}}
	for _, p := range paths {
		row := []string{words.paths[p.Kind], words.yes, fmt.Sprintf("%.1f ms", p.RoundTrip), fmt.Sprintf("%.0f %%", p.Loss)}
		switch {
		case !p.Offered:
			row = []string{row[0], words.notOffered, "", ""}
		case !p.Works:
			row = []string{row[0], words.no, p.Error, ""}
		}
		rows = append(rows, row)
	}
	t.printf("\n")
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			if i < 2 || row[3] != "" { // an error has no column
				widths[i] = max(widths[i], columns(cell))
			}
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString("  " + cell + strings.Repeat(" ", max(0, widths[i]-columns(cell))))
		}
		t.printf("%s\n", strings.TrimRight(line.String(), " "))
	}
}

// columns is how wide a terminal shows a text: Chinese takes two for each.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r >= 0x2e80 {
			n++
		}
	}
	return n
}
