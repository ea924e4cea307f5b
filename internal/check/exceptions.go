package check

import (
	_ "embed" // for exceptions.txt
	"fmt"
	"strings"
)

// exceptionList holds what may break a rule for now, one exception a line:
// rule, subject, reason. It may only shrink.
//
//go:embed exceptions.txt
var exceptionList string

// exception lets one subject break one rule.
type exception struct {
	rule, subject string
	line          int
}

// parseExceptions reads the list; a line without a reason is an error.
func parseExceptions(list string) ([]exception, error) {
	var parsed []exception
	for i, line := range strings.Split(list, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("exceptions.txt:%d: want rule, subject and reason, have %q", i+1, line)
		}
		parsed = append(parsed, exception{rule: fields[0], subject: fields[1], line: i + 1})
	}
	return parsed, nil
}

// except takes the excepted findings out of found, and reports the exceptions
// of this rule that nothing needs any more.
func except(rule string, found []Finding, exceptions []exception) (left []Finding, stale []exception) {
	used := make(map[exception]bool)
	for _, f := range found {
		excepted := false
		for _, e := range exceptions {
			if e.rule == rule && e.subject == f.Subject {
				used[e], excepted = true, true
			}
		}
		if !excepted {
			left = append(left, f)
		}
	}
	for _, e := range exceptions {
		if e.rule == rule && !used[e] {
			stale = append(stale, e)
		}
	}
	return left, stale
}
