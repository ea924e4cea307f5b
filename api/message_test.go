package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode"
)

// bodies are one message of each type, as the switches make them.
func bodies(t *testing.T, make func(string) Message, fn string) []Message {
	t.Helper()
	var all []Message
	for _, name := range cases(t, fn) {
		m := make(name)
		if m == nil || m.MessageType() != name {
			t.Errorf("%s makes %T of %q", fn, m, name)
			continue
		}
		all = append(all, m)
	}
	return all
}

// The type name on the wire is the Go name in snake_case, so that one can be
// found by the other.
func TestMessagesAreNamedAsTheirTypes(t *testing.T) {
	for _, m := range append(bodies(t, newClientMessage, "newClientMessage"), bodies(t, newServerMessage, "newServerMessage")...) {
		var snake strings.Builder
		name := reflect.TypeOf(m).Elem().Name()
		for i, r := range name {
			if i > 0 && unicode.IsUpper(r) && !unicode.IsUpper(rune(name[i-1])) {
				snake.WriteByte('_')
			}
			snake.WriteRune(unicode.ToLower(r))
		}
		if snake.String() != m.MessageType() {
			t.Errorf("%s is %q on the wire, want %q", name, m.MessageType(), &snake)
		}
	}
}

func TestEncodeAndDecodeAreInverse(t *testing.T) {
	line := uint16(1)
	for _, c := range []struct {
		decode func([]byte) (Message, uint32, error)
		m      Message
	}{
		{DecodeClient, &Join{Version: 1, Room: "stage", Name: "安", Resume: &Resume{"m", "k", 7}}},
		{DecodeClient, &Direct{Session: "s", Tracks: map[string]string{"0": "t1"}, Candidate: &Candidate{SDPMLineIndex: &line}}},
		{DecodeClient, &Ping{}},
		{DecodeServer, &Event{Number: 3, Kind: EventChat, Chat: &ChatLine{Text: "hi"}}},
		{DecodeServer, Errorf(CodeFull, "The room is full.")},
	} {
		b, err := Encode(5, c.m)
		if err != nil {
			t.Fatal(err)
		}
		m, id, err := c.decode(b)
		if err != nil || id != 5 || !reflect.DeepEqual(m, c.m) {
			t.Errorf("%s became %+v, id %d, %v", b, m, id, err)
		}
	}
}

func TestWhatCannotBeDecoded(t *testing.T) {
	for text, want := range map[string]Code{
		``:                                CodeBadMessage,
		`[]`:                              CodeBadMessage,
		`{"type":"join","data":[]}`:       CodeBadMessage,
		`{"type":"sing","id":3}`:          CodeUnknownType,
		`{"type":"welcome","id":3}`:       CodeUnknownType, // the server's to send
		`{"type":"join","id":-1}`:         CodeBadMessage,
		`{"type":"join","id":4294967296}`: CodeBadMessage,
	} {
		m, _, err := DecodeClient([]byte(text))
		var refusal *Error
		if m != nil || !errors.As(err, &refusal) || refusal.Code != want {
			t.Errorf("%s became %v, %v", text, m, err)
		}
		if refusal != nil && !strings.Contains(refusal.Error(), string(want)) {
			t.Errorf("the error %q does not name its code", refusal.Error())
		}
	}
}

func FuzzDecodeClient(f *testing.F) {
	f.Add([]byte(`{"type":"join","id":1,"data":{"version":1,"room":"stage","name":"Ann","direct":true}}`))
	f.Add([]byte(`{"type":"view","id":2,"data":{"slots":[{"slot":"3","track":"t1","width":640,"height":360}]}}`))
	f.Add([]byte(`{"type":"direct","id":3,"data":{"session":"s","candidate":{"candidate":"","sdpMLineIndex":0}}}`))
	f.Add([]byte(`{"type":"moderate","id":4,"data":{"action":"settings","settings":{"locked":true,"path":"sfu"}}}`))
	f.Add([]byte(`{"type":"moderate","id":5,"data":{"action":"settings","settings":{"path":"mcu","program":{"layout":"scene","scene":{"tiles":[{"width":1,"height":0.5}]}}}}}`))
	f.Add([]byte(`{"type":"load","id":6,"data":{"decode":0.9,"dropped":0.25}}`))
	f.Add([]byte(`{"type":"ping","data":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, id, err := DecodeClient(b)
		var refusal *Error
		if err != nil {
			if m != nil || !errors.As(err, &refusal) {
				t.Fatalf("%v, %v", m, err)
			}
			return
		}
		// What was understood can be said again.
		again, err := Encode(id, m)
		if err != nil {
			t.Fatal(err)
		}
		m2, id2, err := DecodeClient(again)
		if err != nil || id2 != id || m2.MessageType() != m.MessageType() {
			t.Fatalf("%s became %s: %v", b, again, err)
		}
	})
}

func TestDataMessages(t *testing.T) {
	h := DataHeader{To: "m", From: "n", Topic: TopicFile}
	b, err := AppendData([]byte("before"), h, []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	got, payload, err := ParseData(bytes.TrimPrefix(b, []byte("before")))
	if err != nil || got != h || string(payload) != "payload" {
		t.Errorf("became %+v %q, %v", got, payload, err)
	}
	// The largest header just fits.
	head, err := json.Marshal(DataHeader{})
	if err != nil {
		t.Fatal(err)
	}
	room := MaxDataHeader - len(head)
	if _, err := AppendData(nil, DataHeader{Topic: strings.Repeat("x", room)}, nil); err != nil {
		t.Errorf("a header of %d bytes: %v", MaxDataHeader, err)
	}
	_, err = AppendData(nil, DataHeader{Topic: strings.Repeat("x", room+1)}, nil)
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != CodeTooLarge {
		t.Errorf("a header of %d bytes: %v", MaxDataHeader+1, err)
	}
	for _, bad := range []string{"", "\x00", "\x00\x02{", "\x04\x01" + strings.Repeat(" ", 1025), "\x00\x02[]"} {
		if _, _, err := ParseData([]byte(bad)); !errors.As(err, &refusal) || refusal.Code != CodeBadMessage {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseData(f *testing.F) {
	f.Add([]byte("\x00\x10{\"topic\":\"chat\"}hello"))
	f.Add([]byte("\x00\x19{\"to\":\"m\",\"topic\":\"file\"}"))
	f.Add([]byte("\xff\xff{}"))
	f.Add([]byte("\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := ParseData(b)
		if err != nil {
			return
		}
		again, err := AppendData(nil, h, payload)
		if err != nil {
			return // a header that grew by escaping
		}
		h2, payload2, err := ParseData(again)
		if err != nil || h2 != h || !bytes.Equal(payload2, payload) {
			t.Fatalf("%q became %q: %v", b, again, err)
		}
	})
}
