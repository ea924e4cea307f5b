package check

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Module is the source of a whole Go module, parsed but not built: files of
// every system and build tag are in it.
type Module struct {
	// Path is the module path of go.mod.
	Path string
	// Packages are sorted by folder; one holds its tests too, those of the
	// external test package included.
	Packages []*Package
	// Texts are the other text files a person wrote: scripts, pages, docs.
	Texts []Text
	// Paths are all files and folders, relative to the module's root, with
	// slashes.
	Paths map[string]bool

	mod  string // the text of go.mod
	fset *token.FileSet
}

// Package is one folder of Go files.
type Package struct {
	// Dir is the folder relative to the module's root, with slashes.
	Dir string
	// Name is the package clause of its files that are not tests.
	Name  string
	Files []*File
}

// File is one parsed Go file.
type File struct {
	// Path is relative to the module's root, with slashes.
	Path      string
	Syntax    *ast.File
	Lines     int
	Test      bool
	Generated bool

	source string
}

// Text is one text file that is not Go.
type Text struct {
	Path   string
	source string
}

// Load parses the module whose root is root. Folders that tools fill
// (node_modules, dist, bin, testdata) and hidden ones are left out, but for .ci.
func Load(root fs.FS) (*Module, error) {
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return nil, err
	}
	match := regexp.MustCompile(`(?m)^module\s+(\S+)`).FindSubmatch(mod)
	if match == nil {
		return nil, errors.New("go.mod names no module")
	}
	m := &Module{Path: string(match[1]), Paths: make(map[string]bool), mod: string(mod), fset: token.NewFileSet()}
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		m.Paths[name] = true
		switch {
		case entry.IsDir():
			if skipDir(name) {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) == ".go":
			return m.addGo(root, name)
		case isText(name):
			source, err := fs.ReadFile(root, name)
			m.Texts = append(m.Texts, Text{Path: name, source: string(source)})
			return err
		}
		return nil
	})
	return m, err
}

func skipDir(name string) bool {
	base := path.Base(name)
	switch base {
	case "node_modules", "dist", "bin", "testdata":
		return true
	}
	return strings.HasPrefix(base, ".") && name != "." && name != ".ci"
}

func isText(name string) bool {
	if path.Base(name) == "package-lock.json" {
		return false
	}
	switch path.Ext(name) {
	case ".ts", ".tsx", ".js", ".mjs", ".css", ".html", ".json", ".md", ".sh", ".yaml", ".yml":
		return true
	}
	return name == "Makefile" || name == ".ci/run"
}

func (m *Module) addGo(root fs.FS, name string) error {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(m.fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("does not parse: %w", err)
	}
	dir := path.Dir(name)
	at, found := slices.BinarySearchFunc(m.Packages, dir, func(p *Package, dir string) int {
		return strings.Compare(p.Dir, dir)
	})
	if !found {
		m.Packages = slices.Insert(m.Packages, at, &Package{Dir: dir})
	}
	file := &File{
		Path:      name,
		Syntax:    syntax,
		Lines:     strings.Count(string(source), "\n"),
		Test:      strings.HasSuffix(name, "_test.go"),
		Generated: ast.IsGenerated(syntax),
		source:    string(source),
	}
	p := m.Packages[at]
	p.Files = append(p.Files, file)
	if !file.Test {
		p.Name = syntax.Name.Name
	}
	return nil
}

// finding makes a Finding at a node.
func (m *Module) finding(at ast.Node, subject, format string, args ...any) Finding {
	return Finding{Pos: m.fset.Position(at.Pos()), Subject: subject, What: fmt.Sprintf(format, args...)}
}

// span is the number of lines that node takes.
func (m *Module) span(node ast.Node) int {
	return m.fset.Position(node.End()).Line - m.fset.Position(node.Pos()).Line + 1
}

// code calls visit for each hand-written file that is not a test.
func (m *Module) code(visit func(*Package, *File)) {
	m.files(func(p *Package, f *File) {
		if !f.Test {
			visit(p, f)
		}
	})
}

// files calls visit for each hand-written file.
func (m *Module) files(visit func(*Package, *File)) {
	for _, p := range m.Packages {
		for _, f := range p.Files {
			if !f.Generated {
				visit(p, f)
			}
		}
	}
}

// imported is one import of a file.
type imported struct {
	spec *ast.ImportSpec
	path string
}

func (f *File) imports() []imported {
	var list []imported
	for _, spec := range f.Syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			list = append(list, imported{spec, p})
		}
	}
	return list
}

// localName is the name under which f uses the package at importPath, or "".
func (f *File) localName(importPath string) string {
	for _, imp := range f.imports() {
		switch {
		case imp.path != importPath:
		case imp.spec.Name != nil:
			return imp.spec.Name.Name
		default:
			return path.Base(importPath)
		}
	}
	return ""
}

// selected reports whether expr is pkg.name with name among names, for the
// local name of a package.
func selected(expr ast.Expr, pkg string, names ...string) bool {
	sel, ok := expr.(*ast.SelectorExpr)
	if !ok || pkg == "" {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == pkg && slices.Contains(names, sel.Sel.Name)
}

// within reports whether dir is one of tops or lies below one.
func within(dir string, tops ...string) bool {
	return slices.ContainsFunc(tops, func(top string) bool {
		return dir == top || strings.HasPrefix(dir, top+"/")
	})
}

// funcName is "Name", or "Type.Name" for a method.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	return receiver(fn) + "." + fn.Name.Name
}

// receiver is the type name of a method's receiver.
func receiver(fn *ast.FuncDecl) string {
	expr := fn.Recv.List[0].Type
	for {
		switch t := expr.(type) {
		case *ast.StarExpr:
			expr = t.X
		case *ast.IndexExpr:
			expr = t.X
		case *ast.IndexListExpr:
			expr = t.X
		case *ast.Ident:
			return t.Name
		default:
			return "?"
		}
	}
}
