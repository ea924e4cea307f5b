package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// source returns the package's own files, for tests that hold the protocol's
// names against something else.
func source(t *testing.T) []*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// cases returns the strings of the switch in a function.
func cases(t *testing.T, fn string) (names []string) {
	t.Helper()
	for _, f := range source(t) {
		for _, d := range f.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Name.Name != fn {
				continue
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if c, ok := n.(*ast.CaseClause); ok {
					names = append(names, unquote(t, c.List[0]))
				}
				return true
			})
		}
	}
	if len(names) == 0 {
		t.Fatalf("there are no cases in %s", fn)
	}
	return names
}

// words returns the values of the named string types, by type.
func words(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, f := range source(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := v.Type.(*ast.Ident); ok && len(v.Values) > 0 {
				all[kind.Name] = append(all[kind.Name], unquote(t, v.Values[0]))
			}
			return true
		})
	}
	return all
}

func unquote(t *testing.T, e ast.Expr) string {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("%T is no literal", e)
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
