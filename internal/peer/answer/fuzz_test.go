package answer

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse gives strangers' text: it is refused with a code or answered well,
// and the answer to the same offer again keeps what was agreed on.
func FuzzParse(f *testing.F) {
	f.Add(simple)
	for _, name := range []string{"chromium.sdp", "firefox.sdp", "safari.sdp", "obs.sdp"} {
		f.Add(beginning(offerFile(f, name), 4))
	}
	f.Fuzz(func(t *testing.T, text string) {
		offer, err := Parse(text)
		if err != nil {
			isError(t, err)
			return
		}
		l := local()
		first, err := offer.Answer(l)
		if err != nil {
			isError(t, err)
			return
		}
		wellFormed(t, offer, first)
		l.Previous = first
		second, err := offer.Answer(l)
		if err != nil {
			t.Fatalf("accepted at first, then: %v", err)
		}
		wellFormed(t, offer, second)
		for i := range first.Media {
			if first.Media[i].SSRC != second.Media[i].SSRC || first.Media[i].Role != second.Media[i].Role {
				t.Errorf("section %d: %+v became %+v", i, first.Media[i], second.Media[i])
			}
		}
	})
}

// beginning cuts an offer behind its first sections: fuzzing is quicker on
// shorter text.
func beginning(text string, sections int) string {
	parts := strings.SplitAfter(text, "\r\nm=")
	return strings.TrimSuffix(strings.Join(parts[:min(len(parts), sections+1)], ""), "m=")
}

func isError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code == "" {
		t.Errorf("error without a code: %v", err)
	}
}
