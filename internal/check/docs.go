package check

import (
	"go/ast"
	"go/token"
	"strings"
)

func docRules() []Rule {
	return []Rule{
		{"package-comment", "a reader starts there: what the package is, what it is not, who owns its goroutines", findPackageComments},
		{"doc-comment", "an exported name is a promise: its comment gives units, ranges, errors and ownership", findUndocumented},
	}
}

func findPackageComments(m *Module) []Finding {
	var found []Finding
	for _, p := range m.Packages {
		var documented []*File
		var first *File
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			if first == nil {
				first = f
			}
			if f.Syntax.Doc != nil {
				documented = append(documented, f)
			}
		}
		switch {
		case first == nil: // only tests
		case len(documented) == 0:
			found = append(found, m.finding(first.Syntax.Name, p.Dir, "package %s has no comment", p.Name))
		case len(documented) > 1:
			for _, f := range documented[1:] {
				found = append(found, m.finding(f.Syntax.Name, p.Dir, "package %s has a second comment, one is in %s", p.Name, documented[0].Path))
			}
		default:
			text := documented[0].Syntax.Doc.Text()
			if p.Name != "main" && !strings.HasPrefix(text, "Package "+p.Name+" ") {
				found = append(found, m.finding(documented[0].Syntax.Name, p.Dir, "the comment of package %s does not start with \"Package %s \"", p.Name, p.Name))
			}
		}
	}
	return found
}

func findUndocumented(m *Module) []Finding {
	var found []Finding
	m.code(func(p *Package, f *File) {
		if p.Name == "main" {
			return
		}
		for _, decl := range f.Syntax.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				exported := decl.Name.IsExported() && (decl.Recv == nil || ast.IsExported(receiver(decl)))
				if exported && decl.Doc == nil {
					found = append(found, m.finding(decl, p.Dir+"."+funcName(decl), "%s has no doc comment", funcName(decl)))
				}
			case *ast.GenDecl:
				for _, name := range undocumentedNames(decl) {
					found = append(found, m.finding(name, p.Dir+"."+name.Name, "%s has no doc comment", name.Name))
				}
			}
		}
	})
	return found
}

// undocumentedNames returns the exported names of decl without a comment of
// their own or of their group.
func undocumentedNames(decl *ast.GenDecl) []*ast.Ident {
	var names []*ast.Ident
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Doc == nil && spec.Comment == nil && decl.Doc == nil {
				names = append(names, spec.Name)
			}
		case *ast.ValueSpec:
			if spec.Doc == nil && spec.Comment == nil && decl.Doc == nil {
				names = append(names, spec.Names...)
			}
		}
	}
	if decl.Tok == token.IMPORT {
		return nil
	}
	exported := names[:0]
	for _, name := range names {
		if name.IsExported() {
			exported = append(exported, name)
		}
	}
	return exported
}
