package check

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Page is what there is to check in a Markdown file. It reads what people write
// here (inline links, fenced blocks, headings with #), not all of CommonMark.
type Page struct {
	// Links are the targets of links and pictures, as written.
	Links []Excerpt
	// Blocks are the fenced code blocks.
	Blocks []Block
	// Spans are the inline pieces of code.
	Spans []Excerpt

	anchors map[string]bool
}

// Excerpt is a piece of a page.
type Excerpt struct {
	Text string
	Line int // of the page, from 1
}

// Block is a fenced code block.
type Block struct {
	Excerpt        // the line is that of the opening fence
	Lang    string // the first word behind the fence, or ""
}

var (
	fencePattern   = regexp.MustCompile("^\\s*(`{3,}|~{3,})\\s*([^\\s`]*)[^`]*$")
	headingPattern = regexp.MustCompile(`^#{1,6}\s+(.*?)(?:\s+#+)?\s*$`)
	spanPattern    = regexp.MustCompile("`([^`]+)`")
	linkedPattern  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	anchorPattern  = regexp.MustCompile(`\b(?:id|name)="([^"]+)"`)
	linkPattern    = regexp.MustCompile(`\]\(<?([^()<>\s]+)>?(?:\s+"[^"]*")?\)|\b(?:href|src|srcset)="([^"\s]+)[^"]*"|^\s*\[[^\]]+\]:\s+(\S+)`)
)

// ReadPage takes a Markdown text apart.
func ReadPage(source string) *Page {
	p := &Page{anchors: make(map[string]bool)}
	fence := "" // of the open block
	var body strings.Builder
	for i, line := range strings.Split(source, "\n") {
		mark := fencePattern.FindStringSubmatch(line)
		switch {
		case fence != "" && mark != nil && mark[2] == "" && strings.HasPrefix(mark[1], fence):
			p.Blocks[len(p.Blocks)-1].Text = body.String()
			fence = ""
		case fence != "":
			body.WriteString(line + "\n")
		case mark != nil:
			fence = mark[1]
			body.Reset()
			p.Blocks = append(p.Blocks, Block{Excerpt{Line: i + 1}, mark[2]})
		default:
			p.readProse(line, i+1)
		}
	}
	return p
}

func (p *Page) readProse(line string, number int) {
	if heading := headingPattern.FindStringSubmatch(line); heading != nil {
		p.addAnchor(slug(heading[1]))
	}
	for _, span := range spanPattern.FindAllStringSubmatch(line, -1) {
		p.Spans = append(p.Spans, Excerpt{span[1], number})
	}
	line = spanPattern.ReplaceAllString(line, "code")
	for _, id := range anchorPattern.FindAllStringSubmatch(line, -1) {
		p.anchors[id[1]] = true
	}
	for _, link := range linkPattern.FindAllStringSubmatch(line, -1) {
		p.Links = append(p.Links, Excerpt{link[1] + link[2] + link[3], number})
	}
}

// addAnchor numbers headings of one text, as GitHub does.
func (p *Page) addAnchor(name string) {
	anchor := name
	for n := 1; p.anchors[anchor]; n++ {
		anchor = fmt.Sprintf("%s-%d", name, n)
	}
	p.anchors[anchor] = true
}

// slug is the anchor that GitHub gives a heading.
func slug(heading string) string {
	heading = linkedPattern.ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}
