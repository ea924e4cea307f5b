package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// terminal is where a command talks to people: answers to out, the log to log.
type terminal struct{ out, log io.Writer }

// interactive reports whether a person reads out, rather than a file or program.
func (t *terminal) interactive() bool {
	file, ok := t.out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// printf writes to out. Nobody is left to be told when that fails.
func (t *terminal) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(t.out, format, args...)
}
