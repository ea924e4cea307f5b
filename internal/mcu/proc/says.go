package proc

import (
	"bytes"
	"log/slog"
	"strings"
	"time"
)

const (
	// maxLine is how much of a line of the mixer's is kept, in bytes.
	maxLine = 512
	// Of what the mixer says this many lines are logged at once, and one
	// more each lineEvery.
	lineBurst = 40
	lineEvery = time.Second
	// maxWords is how much of a crash's report is kept, in bytes: its cause,
	// and where the goroutine was.
	maxWords = 3 << 10
)

// says takes what a mixer writes to its standard error: lines go to the log, as
// many as a log should have, and a crash's report in one. It is used by one
// goroutine at a time.
type says struct {
	log *slog.Logger     // constant
	now func() time.Time // constant

	line    []byte // that has begun
	cut     bool   // its rest is thrown away
	tokens  float64
	last    time.Time
	skipped int
	cause   string // the first line that tells of an end
	newest  string
	words   strings.Builder // from cause on
}

func newSays(log *slog.Logger, now func() time.Time) *says {
	return &says{log: log, now: now, tokens: lineBurst, last: now()}
}

// Write implements io.Writer; it never fails.
func (s *says) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part, rest, whole := bytes.Cut(b, []byte("\n"))
		if room := maxLine - len(s.line); !s.cut && room > 0 {
			s.cut = len(part) > room
			s.line = append(s.line, part[:min(room, len(part))]...)
		}
		if whole {
			s.end()
		}
		b = rest
	}
	return n, nil
}

// end ends a line.
func (s *says) end() {
	line := strings.ToValidUTF8(string(bytes.TrimSpace(s.line)), "\uFFFD")
	s.line, s.cut = s.line[:0], false
	if line == "" {
		return
	}
	s.newest = line
	if s.cause == "" && tellsOfAnEnd(line) {
		s.cause = line
	}
	if s.cause != "" {
		if s.words.Len()+len(line) < maxWords {
			s.words.WriteString(line)
			s.words.WriteByte('\n')
		}
		return
	}
	now := s.now()
	s.tokens = min(lineBurst, s.tokens+float64(now.Sub(s.last))/float64(lineEvery))
	s.last = now
	if s.tokens < 1 {
		s.skipped++
		return
	}
	s.tokens--
	s.log.Warn("the mixer says", "line", line)
}

// tellsOfAnEnd reports whether the line is how Go, or C's library, says that the
// process ends.
func tellsOfAnEnd(line string) bool {
	for _, start := range []string{"panic: ", "fatal error: ", "SIG", "runtime: ", "tutti: "} {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return false
}

// finish is called after the last Write: it logs what is left.
func (s *says) finish() {
	s.end()
	if s.skipped > 0 {
		s.log.Warn("the mixer said more than is logged", "lines", s.skipped)
	}
	if s.words.Len() > 0 {
		s.log.Warn("the mixer's last words", "words", s.words.String())
	}
}

// reason is what the mixer said of its end, or the last that it said at all, or
// "".
func (s *says) reason() string {
	if s.cause != "" {
		return s.cause
	}
	return s.newest
}
