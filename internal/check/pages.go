package check

import (
	"encoding/json"
	"fmt"
	"go/token"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

func pageRules() []Rule {
	return []Rule{
		{"links", "a reader follows links: each leads to a file or a heading that is there, and each page is found from another", findBrokenLinks},
		{"examples", "examples are copied: JSON parses, and make has the targets that pages show", findBrokenExamples},
		{"named-in-pages", "pages describe what is there: figures and paths that they name exist", findWrongNames},
		{"translations", "a translation shows the same commands and leads to the same places as its original", findStrayTranslations},
	}
}

// pages calls visit for each Markdown file.
func (m *Module) pages(visit func(Text, *Page)) {
	for _, text := range m.Texts {
		if path.Ext(text.Path) == ".md" {
			visit(text, ReadPage(text.source))
		}
	}
}

// onPage makes a Finding at a line of a page.
func onPage(page string, line int, format string, args ...any) Finding {
	return Finding{Pos: token.Position{Filename: page, Line: line}, Subject: page, What: fmt.Sprintf(format, args...)}
}

var schemePattern = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)

func findBrokenLinks(m *Module) []Finding {
	known := make(map[string]*Page)
	m.pages(func(text Text, page *Page) { known[text.Path] = page })
	reached := make(map[string]bool)
	var found []Finding
	m.pages(func(text Text, page *Page) {
		for _, link := range page.Links {
			if schemePattern.MatchString(link.Text) {
				continue
			}
			target, what := m.follow(text.Path, link.Text, known)
			if what != "" {
				found = append(found, onPage(text.Path, link.Line, "the link %s leads nowhere: %s", link.Text, what))
			}
			if target != text.Path {
				reached[target] = true
			}
		}
	})
	for name := range known {
		if within(name, "docs") && !reached[name] {
			found = append(found, onPage(name, 1, "no other page leads to %s: name it in docs/README.md", name))
		}
	}
	return found
}

// follow returns where a link of a page leads, and what is wrong with it.
func (m *Module) follow(page, link string, known map[string]*Page) (target, what string) {
	file, anchor, _ := strings.Cut(link, "#")
	file, err := url.PathUnescape(file)
	if err != nil {
		return "", err.Error()
	}
	target = page
	if file != "" {
		target = path.Join(path.Dir(page), file)
	}
	if anchor, err = url.PathUnescape(anchor); err != nil {
		return "", err.Error()
	}
	switch {
	case !m.Paths[target]:
		return target, "there is no " + target
	case anchor == "":
		return target, ""
	case known[target] == nil:
		return target, "an anchor in what is no page moves with the next edit"
	case !known[target].anchors[anchor]:
		return target, fmt.Sprintf("%s has no heading #%s", target, anchor)
	}
	return target, ""
}

var targetPattern = regexp.MustCompile(`(?m)^([a-z][a-z0-9_-]*):`)

func findBrokenExamples(m *Module) []Finding {
	targets := make(map[string]bool)
	for _, text := range m.Texts {
		if text.Path == "Makefile" {
			for _, target := range targetPattern.FindAllStringSubmatch(text.source, -1) {
				targets[target[1]] = true
			}
		}
	}
	var found []Finding
	m.pages(func(text Text, page *Page) {
		for _, block := range page.Blocks {
			if block.Lang == "json" && !json.Valid([]byte(block.Text)) {
				found = append(found, onPage(text.Path, block.Line, "this block is no JSON"))
			}
		}
		for _, line := range page.Commands() {
			for _, target := range madeBy(line.Text) {
				if !targets[target] {
					found = append(found, onPage(text.Path, line.Line, "the Makefile has no target %q", target))
				}
			}
		}
	})
	return found
}

// Commands returns the lines that a page tells its reader to type: those of its
// shell blocks and its inline code, without prompt and comment.
func (p *Page) Commands() []Excerpt {
	lines := slices.Clone(p.Spans)
	for _, block := range p.Blocks {
		if block.Lang != "sh" {
			continue
		}
		for i, line := range strings.Split(block.Text, "\n") {
			lines = append(lines, Excerpt{line, block.Line + 1 + i})
		}
	}
	for i := range lines {
		line, _, _ := strings.Cut(lines[i].Text, " #")
		lines[i].Text = strings.TrimSpace(strings.TrimPrefix(line, "$ "))
	}
	return lines
}

// madeBy returns the targets of a make command, none for other commands.
func madeBy(command string) []string {
	words := strings.Fields(command)
	if len(words) < 2 || words[0] != "make" {
		return nil
	}
	var targets []string
	for _, word := range words[1:] {
		if strings.Contains(word, "=") { // the values of variables may go on
			break
		}
		targets = append(targets, word)
	}
	return targets
}

var (
	figurePattern = regexp.MustCompile(`\btutti_[a-z0-9_]+\b`)
	placePattern  = regexp.MustCompile(`^(?:api|bench|client|cmd|docs|e2e|internal|scripts|web)/[\w./-]*\w$`)
)

func findWrongNames(m *Module) []Finding {
	named := func(figure string) bool {
		literal, found := `"`+figure+`"`, false
		m.code(func(_ *Package, f *File) { found = found || strings.Contains(f.source, literal) })
		return found
	}
	var found []Finding
	m.pages(func(text Text, page *Page) {
		for i, line := range strings.Split(text.source, "\n") {
			for _, figure := range figurePattern.FindAllString(line, -1) {
				if !named(figure) {
					found = append(found, onPage(text.Path, i+1, "there is no figure %s", figure))
				}
			}
		}
		for _, span := range page.Spans {
			if placePattern.MatchString(span.Text) && !m.Paths[span.Text] {
				found = append(found, onPage(text.Path, span.Line, "there is no %s", span.Text))
			}
		}
	})
	return found
}

var translationPattern = regexp.MustCompile(`\.([a-z]{2}(?:-[A-Z]{2})?)\.md$`)

func findStrayTranslations(m *Module) []Finding {
	known := make(map[string]*Page)
	m.pages(func(text Text, page *Page) { known[text.Path] = page })
	var found []Finding
	for name, page := range known {
		match := translationPattern.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		original := strings.TrimSuffix(name, match[0]) + ".md"
		if known[original] == nil {
			found = append(found, onPage(name, 1, "there is no %s that it translates", original))
			continue
		}
		if blocks(page) != blocks(known[original]) {
			found = append(found, onPage(name, 1, "its blocks of code are not those of %s", original))
		}
		here, there := page.places(original, match[1]), known[original].places(original, match[1])
		if !slices.Equal(here, there) {
			found = append(found, onPage(name, 1, "its links %v are not those of %s: %v", here, original, there))
		}
	}
	return found
}

// blocks returns all blocks as one text.
func blocks(p *Page) string {
	var all strings.Builder
	for _, b := range p.Blocks {
		all.WriteString(b.Lang + "\n" + b.Text)
	}
	return all.String()
}

// places lists where a page leads, but for the other page of the pair. Headings
// and pictures may have names of their own in the language.
func (p *Page) places(original, language string) []string {
	var list []string
	for _, link := range p.Links {
		target, _, _ := strings.Cut(link.Text, "#")
		target = strings.Replace(target, "."+language+".", ".", 1)
		if target != "" && target != path.Base(original) {
			list = append(list, target)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
