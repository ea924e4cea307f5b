package check

import (
	_ "embed" // for goroutines.txt
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// goroutineList says how many places of a package may start a goroutine, and
// who ends it. One package a line: folder, count, owner.
//
//go:embed goroutines.txt
var goroutineList string

// goroutineFile is where that list is, for its findings.
const goroutineFile = "internal/check/goroutines.txt"

func concurrencyRules() []Rule {
	return []Rule{
		{"goroutines", "one goroutine owns one thing, and its type says who ends it: each place that starts one is on the list in internal/check/goroutines.txt", func(m *Module) []Finding {
			return findGoroutines(m, goroutineList)
		}},
		{"goleak", "a package that starts goroutines proves that they end: TestMain calls goleak.VerifyTestMain", findUncheckedLeaks},
		{"sleeping-test", "a test that sleeps is slow or flaky: wait for the event, pass now, or run in a synctest bubble", findSleeps},
	}
}

// goroutines returns the places of f that start one: go statements, Go methods
// of groups, and timers that call back.
func goroutines(f *File) []ast.Node {
	var starts []ast.Node
	time := f.localName("time")
	context := f.localName("context")
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			starts = append(starts, n)
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				break
			}
			group := sel.Sel.Name == "Go" && len(n.Args) == 1
			if group || selected(sel, time, "AfterFunc") || selected(sel, context, "AfterFunc") {
				starts = append(starts, n)
			}
		}
		return true
	})
	return starts
}

func findGoroutines(m *Module, list string) []Finding {
	allowed := make(map[string]int)
	var found []Finding
	for i, line := range strings.Split(list, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		n := 0
		if len(fields) > 2 {
			n, _ = strconv.Atoi(fields[1])
		}
		if n <= 0 {
			found = append(found, Finding{
				Pos:  token.Position{Filename: goroutineFile, Line: i + 1},
				What: "want: folder, count, who owns and ends them; have: " + line,
			})
			continue
		}
		allowed[fields[0]] = n
	}
	for _, p := range m.Packages {
		want := allowed[p.Dir]
		delete(allowed, p.Dir)
		var starts []Finding
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			for _, start := range goroutines(f) {
				starts = append(starts, m.finding(start, p.Dir, ""))
			}
		}
		if len(starts) == want {
			continue
		}
		for i := range starts {
			starts[i].What = p.Dir + " starts goroutines in " + strconv.Itoa(len(starts)) +
				" places, this one among them; the list says " + strconv.Itoa(want)
		}
		if len(starts) == 0 {
			starts = []Finding{m.finding(p.Files[0].Syntax.Name, p.Dir, "%s starts no goroutine any more: take it off the list", p.Dir)}
		}
		found = append(found, starts...)
	}
	for dir := range allowed {
		found = append(found, Finding{
			Pos:     token.Position{Filename: goroutineFile, Line: 1},
			Subject: dir,
			What:    dir + " is no package: take it off the list",
		})
	}
	return found
}

func findUncheckedLeaks(m *Module) []Finding {
	var found []Finding
	for _, p := range m.Packages {
		// Programs end with their process, and so do their goroutines.
		if p.Name == "main" || within(p.Dir, "bench", "e2e") {
			continue
		}
		var start ast.Node
		checked := false
		for _, f := range p.Files {
			if f.Test {
				checked = checked || callsGoleak(f)
			} else if starts := goroutines(f); start == nil && len(starts) > 0 {
				start = starts[0]
			}
		}
		if start != nil && !checked {
			found = append(found, m.finding(start, p.Dir, "%s starts goroutines, but its tests have no TestMain with goleak.VerifyTestMain", p.Dir))
		}
	}
	return found
}

func callsGoleak(f *File) bool {
	goleak := f.localName("go.uber.org/goleak")
	calls := false
	for _, decl := range f.Syntax.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "TestMain" {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && selected(call.Fun, goleak, "VerifyTestMain", "Find") {
				calls = true
			}
			return true
		})
	}
	return calls
}

// findSleeps allows time.Sleep where it moves the clock of a synctest bubble.
func findSleeps(m *Module) []Finding {
	var found []Finding
	m.files(func(p *Package, f *File) {
		if !f.Test || f.localName("testing/synctest") != "" {
			return
		}
		time := f.localName("time")
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && selected(call.Fun, time, "Sleep") {
				found = append(found, m.finding(call, f.Path, "a test sleeps"))
			}
			return true
		})
	})
	return found
}
