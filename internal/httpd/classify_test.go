package httpd

import (
	"encoding/hex"
	"strings"
	"testing"
)

// An opening of TURN over TCP is an Allocate request, here for UDP; one of
// ICE-TCP is a length and a Binding request.
const (
	allocate = "0003" + "0008" + "2112a442" + "000102030405060708090a0b" + "0019 0004 11000000"
	frame    = "0014" + "0001" + "0000" + "2112a442" + "000102030405060708090a0b"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFirstBytesTell(t *testing.T) {
	for _, test := range []struct {
		name  string
		first []byte
		want  kind
	}{
		{"nothing yet", nil, undecided},
		{"a request", []byte("GET / HTTP/1.1\r\n"), speaksHTTP},
		{"its first letter", []byte("G"), speaksHTTP},
		{"POST or PROXY", []byte("P"), undecided},
		{"POST", []byte("PO"), speaksHTTP},
		{"PROPFIND or PROXY", []byte("PRO"), undecided},
		{"PROPFIND", []byte("PROP"), speaksHTTP},
		{"a PROXY header", []byte("PROXY TCP4 192.0.2.1"), stranger},
		{"a PROXY header, version 2", []byte("\r\n\r\n\x00\r\nQUIT\n"), stranger},
		{"HTTP/2 without TLS", []byte("PRI * HTTP/2.0"), speaksHTTP},
		{"ClientHello", unhex(t, "160301"), speaksTLS},
		{"ICE-TCP", unhex(t, frame), speaksICE},
		{"ICE-TCP, all but the last byte that decides", unhex(t, frame)[:decisive-1], undecided},
		{"ICE-TCP, one byte", unhex(t, "00"), undecided},
		{"ICE-TCP with a long request", unhex(t, "0578 0001 0564 2112a442"), speaksICE},
		{"a frame longer than a packet", unhex(t, "06"), stranger},
		{"a frame of media first", unhex(t, "0100 80"), stranger},
		{"a frame of something else", unhex(t, "0014 0001 0000 2112a443"), stranger},
		{"TURN", unhex(t, allocate), speaksTURN},
		{"TURN, all but the last byte that decides", unhex(t, allocate)[:7], undecided},
		{"TURN, just enough", unhex(t, allocate)[:8], speaksTURN},
		{"a long TURN request", unhex(t, "0003 0420 2112a442"), speaksTURN},
		{"a TURN request longer than a packet", unhex(t, "0003 0820 2112a442"), stranger},
		{"a TURN request of an odd length", unhex(t, "0003 0009 2112a442"), stranger},
		{"TURN data before a request", unhex(t, "4000 0004"), stranger},
		{"STUN as it was before the cookie (RFC 3489)", unhex(t, "0001 0000 00010203 0405"), stranger},
		{"a frame whose length looks like a type", unhex(t, "0101 0001 0000 2112a442"), speaksICE},
		{"a frame in which both may still be", unhex(t, "0100 0100"), undecided},
		{"SSH", []byte("SSH-2.0-"), speaksHTTP}, // HTTP answers 400
		{"small letters", []byte("get /"), stranger},
		{"noise", []byte{0xff}, stranger},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := classify(test.first); got != test.want {
				t.Errorf("classified as %d, want %d", got, test.want)
			}
		})
	}
}

// More bytes never change a decision, and enough bytes make one.
func FuzzClassify(f *testing.F) {
	f.Add(unhex(f, frame))
	f.Add(unhex(f, allocate))
	f.Add([]byte("PROXY TCP4 192.0.2.1"))
	f.Add([]byte("GET / HTTP/1.1"))
	f.Add(unhex(f, "16030100"))
	f.Fuzz(func(t *testing.T, first []byte) {
		decision := undecided
		for n := range len(first) + 1 {
			k := classify(first[:n])
			if decision != undecided && k != decision {
				t.Fatalf("decided %d, then %d at byte %d", decision, k, n)
			}
			decision = k
		}
		if len(first) >= decisive && decision == undecided {
			t.Fatal("still undecided")
		}
	})
}
