package check

import (
	"os"
	"path/filepath"
	"testing"
)

// moduleRoot is this package's folder seen from the module's root, reversed.
const moduleRoot = "../.."

func TestTheCodeKeepsItsRules(t *testing.T) {
	root, err := filepath.Abs(moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	exceptions, err := parseExceptions(exceptionList)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, rule := range Rules() {
		known[rule.Name] = true
		t.Run(rule.Name, func(t *testing.T) {
			left, stale := except(rule.Name, sorted(rule.Find(m)), exceptions)
			for _, f := range left {
				t.Errorf("%v: %s: %s", f, rule.Name, rule.Reason)
			}
			for _, e := range stale {
				t.Errorf("internal/check/exceptions.txt:%d: %s keeps rule %s now: take the line out", e.line, e.subject, e.rule)
			}
		})
	}
	for _, e := range exceptions {
		if !known[e.rule] {
			t.Errorf("internal/check/exceptions.txt:%d: there is no rule %q", e.line, e.rule)
		}
	}
}

// Every row about a part of the house is about one that can exist: a renamed
// folder must not leave its rule behind.
func TestRulesNameEachOther(t *testing.T) {
	for _, l := range layers {
		for _, use := range l.uses {
			if _, ok := layerOf(use); use != anything && !ok {
				t.Errorf("layer %s uses %s, which has no row", l.dir, use)
			}
		}
	}
	for _, core := range cores {
		if _, ok := layerOf(core); !ok {
			t.Errorf("core %s has no layer", core)
		}
	}
}

func TestLoadSkipsWhatToolsFill(t *testing.T) {
	m := load(t, sample{
		"go.mod":                       "module example.test/m\n",
		"a/a.go":                       "package a\n",
		"a/testdata/broken.go":         "not go",
		"web/node_modules/x/golang.go": "not go",
		".git/hook.go":                 "not go",
		"docs/page.md":                 "text",
	})
	if len(m.Packages) != 1 || m.Packages[0].Dir != "a" {
		t.Errorf("packages %v, want a alone", m.Packages)
	}
	if len(m.Texts) != 1 || m.Texts[0].Path != "docs/page.md" {
		t.Errorf("texts %v, want docs/page.md alone", m.Texts)
	}
}
