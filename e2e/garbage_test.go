package e2e

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// TestStrangersDisturbNobody lets a call run while others send the server
// everything that is not of the protocol.
func TestStrangersDisturbNobody(t *testing.T) {
	s := local(t)
	ann := enter(t, s.url(), client.Options{Name: "Ann"})
	ann.films()
	ben := enter(t, s.url(), watching("Ben"))
	ben.sees("pictures", pictures(10))

	t.Run("signalling", func(t *testing.T) { misbehave(t, s) })
	t.Run("datagrams", func(t *testing.T) { throwDatagrams(t, s) })
	t.Run("connections", func(t *testing.T) { throwConnections(t, s) })

	now := ben.sees("pictures", pictures(1))
	ben.sees("the call has noticed nothing", pictures(now.pictures+10))
	if !s.ready() {
		t.Error("the server is not ready")
	}
}

// misbehave says wrong things on sockets and looks with which code each ends.
func misbehave(t *testing.T, s *server) {
	join := `{"type":"join","id":1,"data":{"version":1,"room":"stage","name":"Eve"}}`
	offer := `{"type":"offer","id":2,"data":{"sdp":"v=0\r\nnonsense"}}`
	for what, c := range map[string]struct {
		say  []string
		want api.Code // of a bye or an error
	}{
		"not JSON":            {[]string{"hello?"}, api.CodeBadMessage},
		"not an envelope":     {[]string{`[1,2]`}, api.CodeBadMessage},
		"no join":             {[]string{`{"type":"ping","id":1,"data":{}}`}, api.CodeNotJoined},
		"another version":     {[]string{`{"type":"join","id":1,"data":{"version":99,"room":"stage","name":"Eve"}}`}, api.CodeVersion},
		"no name":             {[]string{`{"type":"join","id":1,"data":{"version":1,"room":"stage","name":""}}`}, api.CodeBadName},
		"joined twice":        {[]string{join, join}, api.CodeJoined},
		"an unknown type":     {[]string{join, `{"type":"dance","id":2,"data":{}}`}, api.CodeUnknownType},
		"an offer of nothing": {[]string{join, offer}, api.CodeBadSDP},
		"somebody's track":    {[]string{join, `{"type":"mute","id":2,"data":{"track":"t1","muted":true}}`}, api.CodeNotFound},
		"a host's action":     {[]string{join, `{"type":"moderate","id":2,"data":{"action":"end"}}`}, api.CodeForbidden},
		"a novel":             {[]string{join, `{"type":"say","id":2,"data":{"text":"` + strings.Repeat("a", 300_000) + `"}}`}, api.CodeTooLarge},
		"too much":            {append([]string{join}, repeat(`{"type":"ping","id":3,"data":{}}`, 300)...), api.CodeTooFast},
	} {
		if heard := converse(t, s, c.say); !strings.Contains(heard, `"code":"`+string(c.want)+`"`) {
			t.Errorf("%s: want %s, heard %.300s", what, c.want, heard)
		}
	}
}

func repeat(text string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = text
	}
	return list
}

// converse says lines on a socket of its own and returns all that is heard
// until the first error or bye.
func converse(t *testing.T, s *server, lines []string) string {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.url(), "http")+"/api/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	go func() {
		for _, line := range lines {
			if conn.Write(ctx, websocket.MessageText, []byte(line)) != nil {
				return // the server has had enough
			}
		}
	}()
	var heard strings.Builder
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			return heard.String() + err.Error()
		}
		heard.Write(b)
		if strings.Contains(string(b), `"type":"error"`) || strings.Contains(string(b), `"type":"bye"`) {
			return heard.String()
		}
	}
}

// throwDatagrams sends what begins like STUN, DTLS, RTP and nothing known.
func throwDatagrams(t *testing.T, s *server) {
	conn, err := net.Dial("udp", s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b := make([]byte, 1400)
	for i := range 5000 {
		_, _ = rand.Read(b)
		b[0] = []byte{0, 1, 22, 23, 64, 79, 128, 144, 200, 255}[i%10]
		if i%10 < 2 { // STUN's cookie and a length that fits, now and then
			copy(b, []byte{0, 1, 0, byte(i) &^ 3, 0x21, 0x12, 0xa4, 0x42})
		}
		if _, err := conn.Write(b[:i%len(b)]); err != nil {
			t.Fatal(err)
		}
	}
}

// throwConnections sends the same by TCP, and leaves connections silent.
func throwConnections(t *testing.T, s *server) {
	for i := range 100 {
		conn, err := net.Dial("tcp", s.addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		b := make([]byte, 100+i)
		_, _ = rand.Read(b)
		switch i % 4 {
		case 0: // silent
			continue
		case 1: // RFC 4571, with STUN's first bytes
			copy(b, []byte{0, 60, 0, 1, 0, 40, 0x21, 0x12, 0xa4, 0x42})
		case 2:
			copy(b, "GET / HTTP/1.1\r\nHost: ")
		}
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, conn)
	}
}
