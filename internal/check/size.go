package check

import (
	"go/ast"
)

// The sizes beyond which nobody reads.
const (
	maxFileLines     = 600
	maxTestFileLines = 1000
	maxFuncLines     = 80
	maxTestFuncLines = 120
	maxFields        = 25
	maxMethods       = 5
)

func sizeRules() []Rule {
	return []Rule{
		{"file-length", "a file is one idea: split it by ideas", findLongFiles},
		{"function-length", "a function is one thought: name its parts", findLongFunctions},
		{"struct-size", "a struct with many fields does many things: find the values inside it", findWideStructs},
		{"interface-size", "a small interface is declared by its user and can be met by anybody", findWideInterfaces},
	}
}

func findLongFiles(m *Module) []Finding {
	var found []Finding
	m.files(func(_ *Package, f *File) {
		limit := maxFileLines
		if f.Test {
			limit = maxTestFileLines
		}
		if f.Lines > limit {
			found = append(found, m.finding(f.Syntax, f.Path, "%d lines, more than %d", f.Lines, limit))
		}
	})
	return found
}

func findLongFunctions(m *Module) []Finding {
	var found []Finding
	m.files(func(p *Package, f *File) {
		limit := maxFuncLines
		if f.Test {
			limit = maxTestFuncLines
		}
		for _, decl := range f.Syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := m.span(fn); lines > limit {
				found = append(found, m.finding(fn, p.Dir+"."+funcName(fn), "%s has %d lines, more than %d", funcName(fn), lines, limit))
			}
		}
	})
	return found
}

func findWideStructs(m *Module) []Finding {
	return m.wideTypes(func(expr ast.Expr) (n int, limit int, what string) {
		if t, ok := expr.(*ast.StructType); ok {
			return t.Fields.NumFields(), maxFields, "fields"
		}
		return 0, 0, ""
	})
}

func findWideInterfaces(m *Module) []Finding {
	return m.wideTypes(func(expr ast.Expr) (n int, limit int, what string) {
		if t, ok := expr.(*ast.InterfaceType); ok {
			return t.Methods.NumFields(), maxMethods, "methods"
		}
		return 0, 0, ""
	})
}

// wideTypes finds the declared types of which measure counts more than its
// limit.
func (m *Module) wideTypes(measure func(ast.Expr) (n, limit int, what string)) []Finding {
	var found []Finding
	m.files(func(p *Package, f *File) {
		ast.Inspect(f.Syntax, func(node ast.Node) bool {
			spec, ok := node.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if n, limit, what := measure(spec.Type); n > limit {
				found = append(found, m.finding(spec, p.Dir+"."+spec.Name.Name, "%s has %d %s, more than %d", spec.Name.Name, n, what, limit))
			}
			return true
		})
	})
	return found
}
