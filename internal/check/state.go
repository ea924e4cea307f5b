package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

func stateRules() []Rule {
	return []Rule{
		{"init", "work done by an import cannot be seen, ordered or tested: do it in a constructor", findInits},
		{"package-state", "state that a package shares behind everybody's back makes two servers in one process, and tests side by side, impossible: give it an owner", findPackageState},
	}
}

func findInits(m *Module) []Finding {
	var found []Finding
	m.files(func(p *Package, f *File) {
		for _, decl := range f.Syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found = append(found, m.finding(fn, f.Path, "func init"))
			}
		}
	})
	return found
}

// findPackageState finds package variables that are made to change, or that
// something changes. Tables, errors, regular expressions and embedded files
// that nobody assigns to are fine.
func findPackageState(m *Module) []Finding {
	var found []Finding
	for _, p := range m.Packages {
		for _, f := range p.Files {
			if !f.Generated && !f.Test {
				found = append(found, m.mutableByKind(p, f)...)
			}
		}
		found = append(found, m.changedVariables(p)...)
	}
	return found
}

// mutableByKind finds package variables of f whose very kind is to change.
func (m *Module) mutableByKind(p *Package, f *File) []Finding {
	var found []Finding
	for _, decl := range f.Syntax.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			v := spec.(*ast.ValueSpec)
			for _, expr := range append(slices.Clone(v.Values), v.Type) {
				if kind := changeable(f, expr); kind != "" {
					name := v.Names[0].Name
					found = append(found, m.finding(v, p.Dir+"."+name, "package variable %s is %s", name, kind))
				}
			}
		}
	}
	return found
}

// changeable tells why a type or a first value is made to change, or "".
func changeable(f *File, expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.ChanType:
		return "a channel"
	case *ast.UnaryExpr:
		return changeable(f, e.X)
	case *ast.CompositeLit:
		return changeable(f, e.Type)
	case *ast.IndexExpr: // atomic.Pointer[T]
		return changeable(f, e.X)
	case *ast.CallExpr:
		return changeableCall(f, e)
	case *ast.SelectorExpr:
		pkg, ok := e.X.(*ast.Ident)
		if !ok {
			return ""
		}
		for _, imp := range []string{"sync", "sync/atomic"} {
			if f.localName(imp) == pkg.Name {
				return "a " + path.Base(imp) + "." + e.Sel.Name
			}
		}
	}
	return ""
}

// changeableCall judges a constructor: make of a channel or map gives something
// to change, and so do constructors of objects, but for the few whose objects
// never change.
func changeableCall(f *File, call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		if fun.Name != "make" || len(call.Args) == 0 {
			return ""
		}
		switch call.Args[0].(type) {
		case *ast.ChanType:
			return "a channel"
		case *ast.MapType:
			return "an empty map, to be filled"
		}
	case *ast.SelectorExpr:
		constant := selected(fun, f.localName("errors"), "New") ||
			selected(fun, f.localName("strings"), "NewReplacer") ||
			selected(fun, f.localName("math/big"), "NewInt")
		if strings.HasPrefix(fun.Sel.Name, "New") && !constant {
			return "an object made by " + types.ExprString(fun)
		}
	}
	return ""
}

// changedVariables finds what assigns to the package's variables, in tests too.
func (m *Module) changedVariables(p *Package) []Finding {
	var found []Finding
	info := m.resolve(p)
	report := func(at ast.Node, target ast.Expr, how string) {
		id := root(target)
		if id == nil {
			return
		}
		v, ok := info.Uses[id].(*types.Var)
		if !ok || v.IsField() || v.Parent() == nil || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
			return
		}
		found = append(found, m.finding(at, p.Dir+"."+v.Name(), "package variable %s is %s", v.Name(), how))
	}
	for _, f := range p.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					report(n, left, "assigned to")
				}
			case *ast.IncDecStmt:
				report(n, n.X, "counted with")
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					report(n, n.Key, "assigned to")
					report(n, n.Value, "assigned to")
				}
			case *ast.UnaryExpr:
				if _, whole := n.X.(*ast.Ident); whole && n.Op == token.AND {
					report(n, n.X, "lent out by its address")
				}
			case *ast.CallExpr:
				if fun, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, fun.Name) {
					report(n, n.Args[0], "changed by "+fun.Name)
				}
			}
			return true
		})
	}
	return found
}

// root is the identifier that an assignable expression starts from, without
// following pointers: a[i].f starts from a.
func root(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.Ident:
			return e
		case *ast.IndexExpr:
			expr = e.X
		case *ast.SelectorExpr:
			expr = e.X
		case *ast.SliceExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		case *ast.StarExpr:
			expr = e.X
		default:
			return nil
		}
	}
}

// resolve finds out which name means what, inside a package only: imports stay
// unknown and errors are none of our business, the compiler tells them.
func (m *Module) resolve(p *Package) *types.Info {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{
		Importer:    strangers{},
		FakeImportC: true,
		Error:       func(error) {},
	}
	for _, external := range []bool{false, true} {
		var files []*ast.File
		for _, f := range p.Files {
			if strings.HasSuffix(f.Syntax.Name.Name, "_test") == external {
				files = append(files, f.Syntax)
			}
		}
		_, _ = config.Check(p.Dir, m.fset, files, info)
	}
	return info
}

// strangers imports every package as an empty one.
type strangers struct{}

// Import implements types.Importer.
func (strangers) Import(importPath string) (*types.Package, error) {
	pkg := types.NewPackage(importPath, path.Base(importPath))
	pkg.MarkComplete()
	return pkg, nil
}
