package httpd

import (
	"encoding/hex"
	"strings"
	"testing"
)

// frame is an ICE-TCP opening: a length and a Binding request.
const frame = "0014" + "0001" + "0000" + "2112a442" + "000102030405060708090a0b"

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
		{"its first letter", []byte("P"), speaksHTTP},
		{"HTTP/2 without TLS", []byte("PRI * HTTP/2.0"), speaksHTTP},
		{"ClientHello", unhex(t, "160301"), speaksTLS},
		{"ICE-TCP", unhex(t, frame), speaksICE},
		{"ICE-TCP, all but the last byte that decides", unhex(t, frame)[:decisive-1], undecided},
		{"ICE-TCP, one byte", unhex(t, "00"), undecided},
		{"ICE-TCP with a long request", unhex(t, "0578 0001 0564 2112a442"), speaksICE},
		{"a frame longer than a packet", unhex(t, "06"), stranger},
		{"a frame of media first", unhex(t, "0100 80"), stranger},
		{"a frame of something else", unhex(t, "0014 0001 0000 2112a443"), stranger},
		{"STUN without a frame", unhex(t, "0001 0000 2112a442 0001"), stranger},
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
