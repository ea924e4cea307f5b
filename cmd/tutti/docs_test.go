package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tutti-rtc/tutti/internal/check"
	"github.com/tutti-rtc/tutti/internal/config"
)

// moduleRoot is this package's folder seen from the module's root, reversed.
const moduleRoot = "../.."

// An ellipsis in an example stands for something that the reader makes up.
const madeUp = "0123456789abcdef0123456789abcdef"

// pages returns the module's Markdown files by name.
func pages(t *testing.T) map[string]*check.Page {
	t.Helper()
	root := os.DirFS(moduleRoot)
	all := make(map[string]*check.Page)
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		names, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			source, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = check.ReadPage(strings.ReplaceAll(string(source), "…", madeUp))
		}
	}
	if len(all) < 3 {
		t.Fatalf("found %d pages", len(all))
	}
	return all
}

var (
	ownCommand  = regexp.MustCompile(`^(?:ExecStart=)?(?:[\w/]*/)?tutti ([a-z].*)$`)
	makeRun     = regexp.MustCompile(`^make run ARGS="([^"]*)"$`)
	variables   = regexp.MustCompile(`\bTUTTI_[A-Z_]*[A-Z]\b`)
	fileOptions = []string{"--config"}
)

// arguments returns those of a command line that runs tutti, nil for others.
func arguments(line string) []string {
	if match := makeRun.FindStringSubmatch(line); match != nil {
		return append([]string{"serve"}, strings.Fields(match[1])...)
	}
	match := ownCommand.FindStringSubmatch(line)
	if match == nil {
		return nil
	}
	words := strings.Fields(match[1])
	return slices.DeleteFunc(words, func(word string) bool { return word == "--help" })
}

// newParser is the command line as run has it.
func newParser(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(new(commands), kong.Name("tutti"), config.Environment())
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// Each command line that a page shows is one that tutti takes.
func TestCommandsInPages(t *testing.T) {
	shown := 0
	for name, page := range pages(t) {
		lines := page.Commands()
		for _, block := range page.Blocks {
			if block.Lang == "ini" { // a service's file
				for line := range strings.SplitSeq(block.Text, "\n") {
					lines = append(lines, check.Excerpt{Text: line, Line: block.Line})
				}
			}
		}
		for _, line := range lines {
			args := arguments(line.Text)
			if args == nil {
				continue
			}
			shown++
			t.Run(name+": "+line.Text, func(t *testing.T) {
				if args[0] == "token" {
					t.Setenv("TUTTI_SECRET", madeUp)
				}
				for i := range args[1:] {
					if slices.Contains(fileOptions, args[i]) {
						args[i+1] = file(t, "")
					}
				}
				if err := take(newParser(t), args); err != nil {
					t.Errorf("%s:%d: %v", name, line.Line, err)
				}
			})
		}
	}
	if shown < 5 {
		t.Errorf("found %d command lines: the pages show more", shown)
	}
}

// take parses a command line; a command that is only named must exist.
func take(parser *kong.Kong, args []string) error {
	if len(args) == 1 {
		for _, command := range parser.Model.Children {
			if command.Name == args[0] {
				return nil
			}
		}
	}
	_, err := parser.Parse(args)
	return err
}

// Each block marked yaml is a file of settings.
func TestSettingsInPages(t *testing.T) {
	shown := 0
	for name, page := range pages(t) {
		for _, block := range page.Blocks {
			if block.Lang != "yaml" {
				continue
			}
			shown++
			if _, err := newParser(t).Parse([]string{"serve", "--config", file(t, block.Text)}); err != nil {
				t.Errorf("%s:%d: %v", name, block.Line, err)
			}
		}
	}
	if shown == 0 {
		t.Error("no page shows settings")
	}
}

// Each variable that a page names is one that tutti reads.
func TestVariablesInPages(t *testing.T) {
	var known []string
	err := kong.Visit(newParser(t).Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known = append(known, flag.Envs...)
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range pages(t) {
		texts := page.Commands()
		for _, block := range page.Blocks {
			texts = append(texts, block.Excerpt)
		}
		for _, text := range texts {
			for _, variable := range variables.FindAllString(text.Text, -1) {
				if !slices.Contains(known, variable) {
					t.Errorf("%s:%d: there is no variable %s", name, text.Line, variable)
				}
			}
		}
	}
}

// file writes a file of settings and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	name := path.Join(filepath.ToSlash(t.TempDir()), "tutti.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
