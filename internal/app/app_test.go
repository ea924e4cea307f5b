package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/internal/auth"
	"github.com/tutti-rtc/tutti/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves on a free port of loopback until the test ends.
func start(t *testing.T, edit func(*config.Config)) (base string, s *Server) {
	t.Helper()
	var c config.Config
	c.Network.Listen.AddrPort = netip.MustParseAddrPort("127.0.0.1:0")
	c.Run.Data, c.TLS.Mode = t.TempDir(), "off"
	if edit != nil {
		edit(&c)
	}
	s, err := New(c, Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("the server did not close: %v", err)
		}
	})
	return "http://" + s.Addr().String(), s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAllPartsServeOnePort(t *testing.T) {
	base, _ := start(t, nil)
	for path, want := range map[string]string{
		"/healthz": "", "/readyz": "", "/version": `"test"`, "/metrics": "tutti_rooms 0",
	} {
		if status, body := get(t, base+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s answers %d: %.80q", path, status, body)
		}
	}
	// Media flows on the same number: a member's voice reaches another one.
	ctx, heard := within(t), make(chan struct{})
	listener, err := client.Join(ctx, base, client.Options{
		Room: "hall", Name: "listener", AudioSlots: 1,
		Handlers: client.Handlers{Track: func(r *client.RemoteTrack) {
			go func() {
				if _, _, err := r.ReadRTP(); err == nil {
					close(heard)
				}
			}()
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	talker, err := client.Join(ctx, base, client.Options{Room: "hall", Name: "talker", AudioSenders: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer talker.Close()
	track, err := talker.Publish(ctx, client.TrackOptions{Codec: client.Opus, Origin: api.OriginMicrophone})
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := track.WriteSample(client.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: 20 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
			continue
		case <-ctx.Done():
			t.Fatal("nothing was heard")
		case <-heard:
		}
		break
	}
	_, body := get(t, base+"/metrics")
	for _, want := range []string{
		"tutti_members 2", "tutti_peers 2", `tutti_peers_selected{protocol="udp",relay="none"} 2`,
		"tutti_turn_allocations 0", `tutti_turn_refused_total{cause="quota"} 0`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the metrics do not show %q", want)
		}
	}
}

// A balancer that is on the list says who the client is; without its header it
// gets nothing.
func TestABalancerIsAskedWhoTheClientIs(t *testing.T) {
	base, _ := start(t, func(c *config.Config) {
		c.Network.Proxies = []config.Prefix{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}
	})
	for header, want := range map[string]string{"PROXY TCP4 203.0.113.7 192.0.2.80 50000 443\r\n": "HTTP/1.0 200 OK", "": ""} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, header+"GET /healthz HTTP/1.0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		// What is refused may be reset: its request was never read.
		if answer, _ := io.ReadAll(conn); !strings.HasPrefix(string(answer), want) || (want == "") != (len(answer) == 0) {
			t.Errorf("with header %q it is answered %q", header, answer)
		}
	}
}

func TestASecretAsksForTokens(t *testing.T) {
	const secret = "a secret of more than sixteen characters"
	base, _ := start(t, func(c *config.Config) { c.Access.Secret = secret })
	for name, want := range map[string]struct {
		grant auth.Grant
		code  api.Code
	}{
		"the right room": {auth.Grant{Identity: "anna", Room: "hall", Join: true, Publish: true, Subscribe: true}, ""},
		"another room":   {auth.Grant{Identity: "anna", Room: "cellar", Join: true}, api.CodeTokenRoom},
	} {
		token, err := auth.Mint(secret, want.grant, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		room, err := client.Join(within(t), base, client.Options{Room: "hall", Name: "anna", Token: token})
		if err == nil {
			room.Close()
		}
		var refused *api.Error
		switch {
		case want.code == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want.code != "" && (!errors.As(err, &refused) || refused.Code != want.code):
			t.Errorf("%s: got %v, want %s", name, err, want.code)
		}
	}
	var refused *api.Error
	if _, err := client.Join(within(t), base, client.Options{Room: "hall", Name: "bela"}); !errors.As(err, &refused) || refused.Code != api.CodeTokenMissing {
		t.Errorf("without a token: %v", err)
	}
	// The operator's figures are not for everybody either.
	if status, _ := get(t, base+"/metrics"); status != http.StatusUnauthorized {
		t.Errorf("/metrics answers %d without a token", status)
	}
}

func TestWhatCannotBeOpenedIsNamed(t *testing.T) {
	_, s := start(t, nil)
	var c config.Config
	c.Network.Listen.AddrPort = s.Addr()
	c.Run.Data, c.TLS.Mode = t.TempDir(), "off"
	if _, err := New(c, Options{}); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("a port that is taken: %v", err)
	}
	c.Run.Data = "/dev/null/data"
	if _, err := New(c, Options{}); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("a folder that can't be made: %v", err)
	}
}
