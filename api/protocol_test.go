package api

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// page returns docs/protocol.md.
func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Who writes a client in another language has nothing but the page.
func TestThePageNamesEveryWordOfTheProtocol(t *testing.T) {
	text, _, _ := strings.Cut(page(t), "```transcript")
	check := func(what, word string) {
		if !strings.Contains(text, "`"+word+"`") {
			t.Errorf("docs/protocol.md does not name the %s `%s`", what, word)
		}
	}
	for _, name := range cases(t, "newClientMessage") {
		check("client's message", name)
	}
	for _, name := range cases(t, "newServerMessage") {
		check("server's message", name)
	}
	for kind, values := range words(t) {
		for _, v := range values {
			check(kind, v)
		}
	}
	for _, v := range []string{LabelReliable, LabelLossy, TopicChat, TopicFile} {
		check("data channel's word", v)
	}
}

// The transcript is held to the rules: strict decoding, a reply for each
// request, events without gaps.
func TestTheTranscriptIsACall(t *testing.T) {
	_, rest, found := strings.Cut(page(t), "```transcript\n")
	transcript, _, closed := strings.Cut(rest, "\n```")
	if !found || !closed {
		t.Fatal("docs/protocol.md has no transcript")
	}
	waiting := make(map[uint32]bool)
	number := uint64(0)
	for _, line := range strings.Split(transcript, "\n") {
		if out, ok := strings.CutPrefix(line, "→ "); ok {
			_, id := strict(t, []byte(out), DecodeClient)
			waiting[id] = true
			continue
		}
		in, ok := strings.CutPrefix(line, "← ")
		if !ok {
			t.Fatalf("neither sent nor received: %s", line)
		}
		m, id := strict(t, []byte(in), DecodeServer)
		if id != 0 && !waiting[id] {
			t.Errorf("reply to a request %d that waits for none: %s", id, line)
		}
		delete(waiting, id)
		switch m := m.(type) {
		case *Welcome:
			number = m.Room.Number
		case *Event:
			if number++; m.Number != number {
				t.Errorf("event %d should be %d", m.Number, number)
			}
		}
	}
	if len(waiting) != 0 {
		t.Errorf("requests without a reply: %v", waiting)
	}
}

// strict decodes a message and refuses fields that its type does not have.
func strict(t *testing.T, b []byte, decode func([]byte) (Message, uint32, error)) (Message, uint32) {
	t.Helper()
	m, id, err := decode(b)
	if err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	var e Envelope
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(e.Data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		t.Errorf("%s: %v", b, err)
	}
	return m, id
}
