package check

import (
	"go/ast"
	"slices"
)

// cores are the protocol cores: input and now go in, output and the next
// deadline come out.
var cores = []string{
	"internal/wire",
	"internal/algo",
	"internal/peer/ice",
	"internal/peer/answer",
	"internal/turn/relay",
	"internal/turn/policy",
	"internal/mcu/layout",
	"internal/mcu/mixer",
	"internal/mcu/video",
}

// worldly packages reach for what a core gets from its caller.
var worldly = []string{"net", "os", "sync", "log", "syscall", "golang.org/x/sys"}

// clockReaders are what of package time reads or waits for a clock.
var clockReaders = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}

func sansIORules() []Rule {
	const reason = "a core without clock, socket, lock and logger replays from one seed, in virtual time"
	return []Rule{
		{"sans-io-imports", reason, findWorldlyCores},
		{"sans-io-clock", reason, findClocks},
		{"sans-io-goroutine", reason, findCoreGoroutines},
	}
}

func (m *Module) coreFiles(visit func(*Package, *File)) {
	m.code(func(p *Package, f *File) {
		if within(p.Dir, cores...) {
			visit(p, f)
		}
	})
}

func findWorldlyCores(m *Module) []Finding {
	var found []Finding
	m.coreFiles(func(p *Package, f *File) {
		for _, imp := range f.imports() {
			if imp.path != "net/netip" && within(imp.path, worldly...) {
				found = append(found, m.finding(imp.spec, p.Dir, "%s is a protocol core and must not import %s", p.Dir, imp.path))
			}
		}
	})
	return found
}

func findClocks(m *Module) []Finding {
	var found []Finding
	m.coreFiles(func(p *Package, f *File) {
		time := f.localName("time")
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(clockReaders, sel.Sel.Name) && selected(sel, time, sel.Sel.Name) {
				found = append(found, m.finding(sel, p.Dir, "%s is a protocol core and must not call time.%s: take now as an argument", p.Dir, sel.Sel.Name))
			}
			return true
		})
	})
	return found
}

func findCoreGoroutines(m *Module) []Finding {
	var found []Finding
	m.coreFiles(func(p *Package, f *File) {
		for _, start := range goroutines(f) {
			found = append(found, m.finding(start, p.Dir, "%s is a protocol core and must not start a goroutine", p.Dir))
		}
	})
	return found
}
