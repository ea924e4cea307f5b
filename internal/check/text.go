package check

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// unwanted is text that must not be in any file a person wrote.
type unwanted struct {
	pattern *regexp.Regexp
	goOnly  bool
	what    string
}

// The brackets keep these patterns from finding themselves.
var unwantedTexts = []unwanted{
	{regexp.MustCompile(`/[w]ork/(main|shared)|/[h]ome/[a-z]+/|/[U]sers/[a-z]+/`), false, "a path of somebody's machine"},
	{regexp.MustCompile(`"/[t]mp/`), true, "a fixed path for temporary files: use t.TempDir or os.MkdirTemp"},
	{regexp.MustCompile(`[n]olint|lint:[i]gnore|eslint-[d]isable|@ts-[i]gnore`), false, "a linter told to look away"},
	{regexp.MustCompile(`\b(T[O]DO|F[I]XME|X[X]X)\b`), false, "a note about missing work: do it, or file it"},
}

func textRules() []Rule {
	return []Rule{
		{"unwanted-text", "the code is read on other machines, by people who can't see what it was written on or what was put off", findUnwantedText},
		{"panic", "input can never panic; a broken invariant says so: panic(\"BUG: …\")", findPanics},
	}
}

func findUnwantedText(m *Module) []Finding {
	var found []Finding
	scan := func(path, source string, isGo bool) {
		for _, u := range unwantedTexts {
			if u.goOnly && !isGo {
				continue
			}
			for _, at := range u.pattern.FindAllStringIndex(source, -1) {
				line := 1 + strings.Count(source[:at[0]], "\n")
				found = append(found, Finding{
					Pos:     token.Position{Filename: path, Line: line},
					Subject: path,
					What:    u.what + ": " + source[at[0]:at[1]],
				})
			}
		}
	}
	m.files(func(_ *Package, f *File) { scan(f.Path, f.source, true) })
	for _, text := range m.Texts {
		scan(text.Path, text.source, false)
	}
	return found
}

// findPanics wants "BUG: " at the start of what code panics with.
func findPanics(m *Module) []Finding {
	var found []Finding
	m.code(func(p *Package, f *File) {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			if fun, ok := call.Fun.(*ast.Ident); ok && fun.Name == "panic" && !strings.HasPrefix(firstString(call.Args[0]), `"BUG: `) {
				found = append(found, m.finding(call, f.Path, "panic without \"BUG: \""))
			}
			return true
		})
	})
	return found
}

// firstString is the string literal that an expression of concatenations and
// formats starts with, quoted, or "".
func firstString(expr ast.Expr) string {
	for {
		switch e := expr.(type) {
		case *ast.BasicLit:
			return e.Value
		case *ast.BinaryExpr:
			expr = e.X
		case *ast.CallExpr:
			if len(e.Args) == 0 {
				return ""
			}
			expr = e.Args[0]
		default:
			return ""
		}
	}
}
