package check

import (
	"go/ast"
	"slices"
	"strings"
	"unicode"
)

// emptyPackages say nothing about what is in them.
var emptyPackages = []string{"utils", "util", "types", "interfaces", "common", "helpers", "helper", "base", "misc", "shared"}

// emptyWords say nothing about the type that bears them.
var emptyWords = []string{"Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Impl"}

func nameRules() []Rule {
	return []Rule{
		{"package-name", "a name that fits everything attracts everything: name what it does", findEmptyPackages},
		{"type-name", "the design's words (Room, Member, Peer, Track, Layer, Slot, Program, Viewer, Node) and the field's say what a thing is; these words do not", findEmptyTypes},
		{"fuzz", "input can never panic: each Parse function that a stranger's bytes reach is called by a Fuzz target", findUnfuzzed},
	}
}

func findEmptyPackages(m *Module) []Finding {
	var found []Finding
	for _, p := range m.Packages {
		if slices.Contains(emptyPackages, strings.TrimSuffix(p.Name, "_test")) {
			found = append(found, m.finding(p.Files[0].Syntax.Name, p.Dir, "package %s", p.Name))
		}
	}
	return found
}

func findEmptyTypes(m *Module) []Finding {
	var found []Finding
	m.files(func(p *Package, f *File) {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			for _, word := range words(spec.Name.Name) {
				if slices.Contains(emptyWords, word) {
					found = append(found, m.finding(spec, p.Dir+"."+spec.Name.Name, "type %s has %q in its name", spec.Name.Name, word))
				}
			}
			return true
		})
	})
	return found
}

// words splits a Go name at its capitals, each word with a capital first
// letter: "roomManager" is Room, Manager.
func words(name string) []string {
	var list []string
	for i, r := range name {
		if i == 0 || unicode.IsUpper(r) {
			list = append(list, string(unicode.ToUpper(r)))
			continue
		}
		list[len(list)-1] += string(r)
	}
	return list
}

func findUnfuzzed(m *Module) []Finding {
	var found []Finding
	for _, p := range m.Packages {
		called := callsOfFuzzTargets(p)
		for _, f := range p.Files {
			if f.Test || f.Generated {
				continue
			}
			for _, decl := range f.Syntax.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if ok && strings.HasPrefix(fn.Name.Name, "Parse") && !called[fn.Name.Name] {
					found = append(found, m.finding(fn, p.Dir+"."+funcName(fn), "no Fuzz target beside it calls %s", funcName(fn)))
				}
			}
		}
	}
	return found
}

// callsOfFuzzTargets returns the names of the functions and methods that the
// package's Fuzz targets call.
func callsOfFuzzTargets(p *Package) map[string]bool {
	called := make(map[string]bool)
	for _, f := range p.Files {
		if !f.Test {
			continue
		}
		for _, decl := range f.Syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					called[n.Sel.Name] = true
				case *ast.Ident:
					called[n.Name] = true
				}
				return true
			})
		}
	}
	return called
}
