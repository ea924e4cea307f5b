package check

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// dependencyPage says what each dependency is for, and why in this version.
const dependencyPage = "docs/dependencies.md"

func dependencyRules() []Rule {
	return []Rule{
		{"dependencies", "a dependency is a promise to keep up with it: " + dependencyPage + " says what it is for and why in this version", findUnexplained},
	}
}

// findUnexplained compares the modules that our code imports, and the tools of
// go.mod, with the page.
func findUnexplained(m *Module) []Finding {
	page := ""
	for _, text := range m.Texts {
		if text.Path == dependencyPage {
			page = text.source
		}
	}
	used := m.usedPaths()
	var found []Finding
	for i, line := range strings.Split(m.mod, "\n") {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "v") {
			continue
		}
		module, version := fields[0], fields[1]
		direct := slices.ContainsFunc(used, func(path string) bool { return within(path, module) })
		if direct && !strings.Contains(page, fmt.Sprintf("| `%s` | %s |", module, version)) {
			found = append(found, Finding{
				Pos:     token.Position{Filename: "go.mod", Line: i + 1},
				Subject: module,
				What:    fmt.Sprintf("%s has no row for %s %s", dependencyPage, module, version),
			})
		}
	}
	return found
}

// usedPaths are the packages of others that our files import, and our tools.
func (m *Module) usedPaths() []string {
	var used []string
	for _, p := range m.Packages {
		for _, f := range p.Files {
			for _, imp := range f.imports() {
				used = append(used, imp.path)
			}
		}
	}
	_, tools, _ := strings.Cut(m.mod, "\ntool (")
	tools, _, _ = strings.Cut(tools, ")")
	return append(used, strings.Fields(tools)...)
}
