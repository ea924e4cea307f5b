package check

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// sample is a small module: path to source. go.mod is filled in.
type sample map[string]string

func (s sample) fs() fstest.MapFS {
	files := fstest.MapFS{"go.mod": {Data: []byte("module example.test/m\n")}}
	for name, source := range s {
		files[name] = &fstest.MapFile{Data: []byte(source)}
	}
	return files
}

func load(t *testing.T, s sample) *Module {
	t.Helper()
	m, err := Load(s.fs())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ruleNamed(t *testing.T, name string) Rule {
	t.Helper()
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("no rule %q", name)
	}
	return rules[i]
}

// breakage is a small module and where it breaks a rule.
type breakage struct {
	rule  string
	name  string
	files sample
	want  []string // "path:line" of each finding
}

var breakages = []breakage{
	{"layers", "the fan-out and the mixer do not know each other",
		sample{"internal/sfu/a.go": "package sfu\nimport _ \"example.test/m/internal/mcu\"\n", "internal/mcu/a.go": "package mcu\n"},
		[]string{"internal/sfu/a.go:2"}},
	{"layers", "a room may speak of media",
		sample{"internal/room/a.go": "package room\nimport _ \"example.test/m/internal/media\"\n"}, nil},
	{"layers", "a part of a package may not import the whole",
		sample{"internal/peer/ice/a.go": "package ice\nimport _ \"example.test/m/internal/peer\"\n"},
		[]string{"internal/peer/ice/a.go:2"}},
	{"layers", "the whole may import its parts",
		sample{"internal/peer/a.go": "package peer\nimport _ \"example.test/m/internal/peer/ice\"\n"}, nil},
	{"layers", "parts of one layer may import each other",
		sample{"internal/algo/nack/a.go": "package nack\nimport _ \"example.test/m/internal/algo/seqmap\"\n"}, nil},
	{"layers", "a new folder asks for its row",
		sample{"internal/misc/a.go": "package misc\n"}, []string{"internal/misc/a.go:1"}},
	{"layers", "tests may import what they like",
		sample{"internal/sfu/a_test.go": "package sfu\nimport _ \"example.test/m/internal/peer\"\n"}, nil},

	{"config-users", "packages own their options",
		sample{"internal/httpd/a.go": "package httpd\nimport _ \"example.test/m/internal/config\"\n", "internal/app/a.go": "package app\nimport _ \"example.test/m/internal/config\"\n"},
		[]string{"internal/httpd/a.go:2"}},
	{"test-only", "simulated networks stay in tests",
		sample{"internal/peer/a.go": "package peer\nimport _ \"example.test/m/internal/netsim\"\n", "internal/peer/a_test.go": "package peer\nimport _ \"example.test/m/internal/netsim\"\n"},
		[]string{"internal/peer/a.go:2"}},
	{"confined", "Pion ends below the fan-out",
		sample{"internal/sfu/a.go": "package sfu\nimport _ \"github.com/pion/rtp\"\n", "internal/peer/a.go": "package peer\nimport _ \"github.com/pion/rtp\"\n"},
		[]string{"internal/sfu/a.go:2"}},
	{"confined", "no PeerConnection in the server",
		sample{"internal/peer/a.go": "package peer\nimport _ \"github.com/pion/webrtc/v4\"\n"}, []string{"internal/peer/a.go:2"}},
	{"confined", "the server calls no C",
		sample{"internal/udp/a.go": "package udp\nimport \"C\"\n"}, []string{"internal/udp/a.go:2"}},
	{"api-standard-library", "api brings nothing along",
		sample{"api/a.go": "package api\nimport _ \"encoding/json\"\nimport _ \"github.com/google/uuid\"\n"}, []string{"api/a.go:3"}},

	{"dependencies", "each direct one is explained, in its version",
		sample{
			"go.mod":               "module example.test/m\nrequire (\n\ta.test/x v1.0.0\n\ta.test/y/v2 v2.0.0 // indirect\n\ta.test/z v1.0.0\n\ta.test/tool v1.0.0\n)\ntool (\n\ta.test/tool/cmd/t\n)\n",
			"a/a.go":               "package a\nimport _ \"a.test/x/sub\"\nimport _ \"a.test/z\"\n",
			"docs/dependencies.md": "| `a.test/x` | v1.0.1 | x |\n| `a.test/z` | v1.0.0 | z |\n",
		},
		[]string{"go.mod:3", "go.mod:6"}},

	{"sans-io-imports", "a core takes addresses, not sockets",
		sample{"internal/peer/ice/a.go": "package ice\nimport _ \"net/netip\"\nimport _ \"net\"\nimport _ \"sync/atomic\"\n"},
		[]string{"internal/peer/ice/a.go:3", "internal/peer/ice/a.go:4"}},
	{"sans-io-clock", "a core does not look at the clock, under any name",
		sample{"internal/algo/bwe/a.go": "package bwe\nimport clock \"time\"\nvar d = clock.Second\nfunc f() { clock.Now() }\n"},
		[]string{"internal/algo/bwe/a.go:4"}},
	{"sans-io-goroutine", "a core starts nothing",
		sample{"internal/wire/a.go": "package wire\nfunc f() { go f() }\n"}, []string{"internal/wire/a.go:2"}},

	{"goroutines", "a new goroutine asks for its line",
		sample{"internal/room/a.go": "package room\nfunc f(g interface{ Go(func()) }) {\n go f(g)\n g.Go(nil)\n}\n"},
		[]string{"internal/room/a.go:3", "internal/room/a.go:4"}},
	{"goleak", "who starts goroutines proves that they end",
		sample{"internal/room/a.go": "package room\nfunc f() { go f() }\n", "internal/room/a_test.go": "package room\n"},
		[]string{"internal/room/a.go:2"}},
	{"goleak", "a TestMain that looks is the proof",
		sample{"internal/room/a.go": "package room\nfunc f() { go f() }\n", "internal/room/a_test.go": "package room\nimport \"go.uber.org/goleak\"\nfunc TestMain(m *testing.M) { goleak.VerifyTestMain(m) }\n"}, nil},
	{"sleeping-test", "no test waits for the wall",
		sample{"a/a_test.go": "package a\nimport \"time\"\nfunc f() { time.Sleep(1) }\n"}, []string{"a/a_test.go:3"}},
	{"sleeping-test", "a bubble's sleep takes no time",
		sample{"a/a_test.go": "package a\nimport (\n\"time\"\n\"testing/synctest\"\n)\nfunc f() { synctest.Test(nil, func() { time.Sleep(1) }) }\n"}, nil},

	{"init", "imports do nothing",
		sample{"a/a.go": "package a\nfunc init() {}\ntype t int\nfunc (t) init() {}\n"}, []string{"a/a.go:2"}},
	{"package-state", "tables and errors are fine",
		sample{"a/a.go": "package a\nimport \"errors\"\nvar errA = errors.New(\"a\")\nvar table = map[string]int{\"a\": 1}\nfunc f() int { table := table[\"a\"]; table = 2; return table }\n"}, nil},
	{"package-state", "a lock is there to change",
		sample{"a/a.go": "package a\nimport (\n\"sync\"\n\"sync/atomic\"\n)\nvar mu sync.Mutex\nvar p atomic.Pointer[int]\nvar c = make(chan int)\nvar o = &sync.Once{}\n"},
		[]string{"a/a.go:6", "a/a.go:7", "a/a.go:8", "a/a.go:9"}},
	{"package-state", "nothing assigns, in another file or in a test either",
		sample{"a/a.go": "package a\nvar table = map[string]int{\"a\": 1}\nvar n, limit int\n", "a/b.go": "package a\nfunc f() { n++; table[\"b\"] = 2; delete(table, \"a\") }\n", "a/a_test.go": "package a\nfunc g() {\n limit = 3\n _ = &n\n}\n"},
		[]string{"a/a_test.go:3", "a/a_test.go:4", "a/b.go:2", "a/b.go:2", "a/b.go:2"}},

	{"file-length", "a test may be longer",
		sample{"a/a.go": "package a\n" + strings.Repeat("//\n", maxFileLines), "a/a_test.go": "package a\n" + strings.Repeat("//\n", maxFileLines)},
		[]string{"a/a.go:1"}},
	{"function-length", "eighty lines are a screen and a half",
		sample{"a/a.go": "package a\nfunc f() {\n" + strings.Repeat("//\n", maxFuncLines-2) + "}\nfunc g() {\n" + strings.Repeat("//\n", maxFuncLines-1) + "}\n"},
		[]string{fmt.Sprintf("a/a.go:%d", maxFuncLines+2)}},
	{"struct-size", "fields in one line count too",
		sample{"a/a.go": "package a\ntype t struct{ a" + strings.Repeat(", a", maxFields) + " int }\n"}, []string{"a/a.go:2"}},
	{"interface-size", "five methods are enough",
		sample{"a/a.go": "package a\ntype t interface{ A(); B(); C(); D(); E() }\ntype u interface{ t; A(); B(); C(); D(); E() }\n"}, []string{"a/a.go:3"}},

	{"package-comment", "every package has one",
		sample{"a/a.go": "package a\n", "b/a.go": "// Package b is fine.\npackage b\n", "b/b.go": "// Package b again.\npackage b\n", "c/a.go": "// It is c.\npackage c\n"},
		[]string{"a/a.go:1", "b/b.go:2", "c/a.go:2"}},
	{"doc-comment", "exported names, methods among them, have one",
		sample{"a/a.go": "package a\nfunc F() {}\ntype T int\n// The group has one.\nconst (\n A = 1\n)\nvar (\n B = 1 // has its own\n C = 2\n d = 3\n)\nfunc (t *T) M() {}\nfunc (d x) M() {}\n"},
		[]string{"a/a.go:2", "a/a.go:3", "a/a.go:10", "a/a.go:13"}},

	{"package-name", "a name for everything",
		sample{"a/a.go": "package utils\n"}, []string{"a/a.go:1"}},
	{"type-name", "whole words, not their beginnings",
		sample{"a/a.go": "package a\ntype roomManager int\ntype Baseline int\ntype implDetail int\n"}, []string{"a/a.go:2", "a/a.go:4"}},
	{"fuzz", "parsers are fuzzed, methods too",
		sample{"a/a.go": "package a\nfunc ParseA() {}\nfunc (t *T) Parse() {}\nfunc ParseB() {}\n", "a/a_test.go": "package a\nfunc FuzzA(f any) { ParseA(); t.Parse() }\nfunc TestB() { ParseB() }\n"},
		[]string{"a/a.go:4"}},

	{"unwanted-text", "machines and put-off work",
		sample{"a/a.go": "package a\n// T" + "ODO later\nvar p = \"/t" + "mp/x\"\n", "docs/a.md": "in /ho" + "me/jan/x\n"},
		[]string{"a/a.go:2", "a/a.go:3", "docs/a.md:1"}},
	{"panic", "only bugs panic",
		sample{"a/a.go": "package a\nimport \"fmt\"\nfunc f(err error) {\n panic(\"BUG: a\" + \"b\")\n panic(fmt.Sprintf(\"BUG: %d\", 1))\n panic(err)\n panic(\"no\")\n}\n"},
		[]string{"a/a.go:6", "a/a.go:7"}},

	{"links", "files, folders, headings and anchors",
		sample{
			"README.md": "# A *good* start\n[ok](#a-good-start) [ok](docs/a.md#x-y) [ok](docs) [ok](https://example.test/x#y)\n" +
				"[no](docs/b.md) [no](docs/a.md#z) [no](#x-y) [no](go.mod#L1) [no](../m)\n![no](a.png) <img src=\"b.png\">\n[r]: c.md\n",
			"docs/a.md": "## `X` [y](#x-y)\n## X y\n[ok](#x-y-1)\n```\n[code](no.md)\n```\n`[code](no.md)`\n",
		},
		[]string{"README.md:3", "README.md:3", "README.md:3", "README.md:3", "README.md:3", "README.md:4", "README.md:4", "README.md:5"}},
	{"links", "a page that nobody leads to, but itself",
		sample{"README.md": "[a](docs/a.md)\n", "docs/a.md": "", "docs/b.md": "# B\n[b](#b) [b](b.md)\n"}, []string{"docs/b.md:1"}},
	{"examples", "JSON parses and make has its targets",
		sample{
			"Makefile": "all: b\nb:\n\ttouch b\n",
			"a.md":     "```json\n{\"a\": 1}\n```\n```json\n{a: 1}\n```\n```sh\nmake all b # and more\n$ make c X=\"d e\"\n```\n`make b`, `make d`\n",
		},
		[]string{"a.md:4", "a.md:9", "a.md:11"}},
	{"named-in-pages", "figures and paths",
		sample{"internal/a/a.go": "package a\nvar list = []string{\"tutti_a_total\"}\n", "a.md": "tutti_a_total, `internal/a`, `internal/a/a.go`\n`tutti_b`\n`internal/b`\n"},
		[]string{"a.md:2", "a.md:3"}},
	{"translations", "the same commands, the same places",
		sample{
			"a.md": "[x](x) [y](y#z) [zh](a.zh-CN.md) ![](p.svg)\n```sh\nls\n```\n", "a.zh-CN.md": "[y](y#w) [x](x) [en](a.md) ![](p.zh-CN.svg)\n```sh\nls\n```\n",
			"b.md": "[x](x)\n", "b.zh-CN.md": "```sh\nls\n```\n", "c.de.md": "# C\n",
		},
		[]string{"b.zh-CN.md:1", "b.zh-CN.md:1", "c.de.md:1"}},
}

// Each rule finds what breaks it, at its place, and nothing in what keeps it.
func TestRulesFindWhatBreaksThem(t *testing.T) {
	for _, test := range breakages {
		t.Run(test.rule+"/"+test.name, func(t *testing.T) {
			var got []string
			for _, f := range sorted(ruleNamed(t, test.rule).Find(load(t, test.files))) {
				// The lists are the real module's: none of its folders is here.
				if f.Pos.Line > 0 && test.files[f.Pos.Filename] != "" {
					got = append(got, fmt.Sprintf("%s:%d", f.Pos.Filename, f.Pos.Line))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found %v, want %v", got, test.want)
			}
		})
	}
}

func TestTheGoroutineListMayOnlyShrink(t *testing.T) {
	m := load(t, sample{"a/a.go": "package a\nfunc f() { go f() }\n", "b/b.go": "package b\n"})
	if found := findGoroutines(m, "a 1 the loop of f\n"); len(found) != 0 {
		t.Errorf("a listed goroutine is found: %v", found)
	}
	found := findGoroutines(m, "# comment\na 1 the loop\nb 1 long gone\nc\nd 1 renamed\n")
	if len(found) != 3 || found[0].Pos.Filename != goroutineFile || found[1].Subject != "b" || found[2].Subject != "d" {
		t.Errorf("found %v, want the broken line, the ended goroutine and the package that is gone", found)
	}
}

func TestExceptionsMayOnlyShrink(t *testing.T) {
	exceptions, err := parseExceptions("# comment\nfile-length a/a.go history\nfile-length a/b.go history\n")
	if err != nil {
		t.Fatal(err)
	}
	left, stale := except("file-length", []Finding{{Subject: "a/a.go"}, {Subject: "a/c.go"}}, exceptions)
	if len(left) != 1 || left[0].Subject != "a/c.go" {
		t.Errorf("left %v, want a/c.go", left)
	}
	if len(stale) != 1 || stale[0].subject != "a/b.go" {
		t.Errorf("stale %v, want a/b.go", stale)
	}
	if _, err := parseExceptions("file-length a/a.go\n"); err == nil {
		t.Error("an exception without a reason is taken")
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{"roomManager": "Room Manager", "Baseline": "Baseline", "ICEImpl": "I C E Impl"} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("words(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestReceiverNames(t *testing.T) {
	m := load(t, sample{"a/a.go": "package a\nfunc (t *T[A, B]) f() {}\nfunc (t T[A]) f() {}\nfunc (t *T) f() {}\nfunc f() {}\n"})
	var got []string
	for _, decl := range m.Packages[0].Files[0].Syntax.Decls {
		got = append(got, funcName(decl.(*ast.FuncDecl)))
	}
	if want := []string{"T.f", "T.f", "T.f", "f"}; !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
}
