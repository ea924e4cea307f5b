package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/auth"
	"github.com/tutti-rtc/tutti/internal/config"
)

const secret = "0123456789abcdef"

// call runs one command line to its end.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(t.Context(), args, &out, &log)
	return code, out.String(), log.String()
}

func TestVersion(t *testing.T) {
	if code, out, _ := call(t, "version"); code != 0 || !strings.HasPrefix(out, "tutti ") {
		t.Errorf("exit %d, %q", code, out)
	}
}

func TestToken(t *testing.T) {
	t.Setenv("TUTTI_SECRET", secret)
	code, out, log := call(t, "token", "--room", "tea", "--name", "Wei", "--only", "microphone", "--no-data")
	if code != 0 {
		t.Fatal(log)
	}
	g, err := auth.Verify(secret, strings.TrimSpace(out), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if g.Room != "tea" || g.Name != "Wei" || !g.Join || !g.Publish || g.PublishData || g.Admin || g.Identity == "" {
		t.Errorf("granted %+v", g)
	}
	if len(g.Origins) != 1 || g.Origins[0] != api.OriginMicrophone {
		t.Errorf("may send from %v", g.Origins)
	}
}

func TestTokenInALink(t *testing.T) {
	code, out, log := call(t, "token", "--secret", secret, "--room", "tea time", "--link", "https://example.org:8443/")
	if code != 0 {
		t.Fatal(log)
	}
	link, token, ok := strings.Cut(strings.TrimSpace(out), "#token=")
	if !ok || link != "https://example.org:8443/r/tea%20time" {
		t.Fatalf("link %q", out)
	}
	if _, err := auth.Verify(secret, token, time.Now()); err != nil {
		t.Error(err)
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no command", nil, exitUsage, "serve"},
		{"no such command", []string{"server"}, exitUsage, `"serve"`},
		{"no secret", []string{"token"}, exitUsage, "--secret"},
		{"a link to nowhere", []string{"token", "--secret", secret, "--link", "https://x"}, exitFailed, "--room"},
		{"beyond loopback", []string{"serve", "--listen", ":0"}, exitUsage, "--open"},
		{"unknown flag", []string{"serve", "--maxrooms", "1"}, exitUsage, "--max-rooms"},
		{"no such certificate", []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--tls-cert", "none.pem", "--tls-key", "none.pem"}, exitFailed, "none.pem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, log := call(t, test.args...)
			if code != test.code || !strings.Contains(log, test.want) || out != "" {
				t.Errorf("exit %d, said %q and %q; want %d and %q", code, out, log, test.code, test.want)
			}
		})
	}
}

// serve starts the server on a free port, returns the link that it prints, and
// stops it at the end of the test.
func serve(t *testing.T, args ...string) (link string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	var log bytes.Buffer
	go func() {
		defer writer.Close()
		done <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, args...), writer, &log)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("exit %d: %s", code, &log)
		}
	})
	out := make([]byte, 1024)
	for said := ""; link == ""; {
		n, err := reader.Read(out)
		if err != nil {
			t.Fatalf("it said %q and ended", said)
		}
		said += string(out[:n])
		link = regexp.MustCompile(`https?://\S+`).FindString(said)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	return link
}

func TestServe(t *testing.T) {
	link := serve(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(link + "readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("ready: %s", res.Status)
	}
}

func greeting(t *testing.T, c config.Config, addr string) string {
	t.Helper()
	var out bytes.Buffer
	greet(&terminal{out: &out}, c, netip.MustParseAddrPort(addr))
	return out.String()
}

func TestGreeting(t *testing.T) {
	var c config.Config
	c.Network.Listen.AddrPort = netip.MustParseAddrPort("127.0.0.1:8080")
	if got := greeting(t, c, "127.0.0.1:8080"); !strings.Contains(got, "\n    http://127.0.0.1:8080/\n") {
		t.Errorf("at home: %q", got)
	}

	// On the network: every address by which others come, and what phones
	// will say to the certificate.
	c.Network.Listen.AddrPort = netip.MustParseAddrPort("[::]:8443")
	c.Network.PublicIP = []config.Address{{AddrPort: netip.MustParseAddrPort("203.0.113.5:443")}}
	c.Access.Secret = secret
	got := greeting(t, c, "[::]:8443")
	for _, want := range []string{"https://203.0.113.5:443/", "https://127.0.0.1:8443/", "browsers warn", "tutti token"} {
		if !strings.Contains(got, want) {
			t.Errorf("on the network: %q does not say %q", got, want)
		}
	}
	if strings.ContainsRune(got, '\x1b') {
		t.Error("a program that reads along gets colours")
	}

	c.TLS.Mode = "off"
	if got := greeting(t, c, "[::]:8443"); !strings.Contains(got, "no camera") || !strings.Contains(got, "http://203") {
		t.Errorf("without TLS: %q", got)
	}
}

func TestQRCode(t *testing.T) {
	code := qrCode("https://192.0.2.10:8080/")
	lines := strings.Split(strings.TrimSuffix(code, "\n"), "\n")
	// 25 modules a side and the border, two to a line.
	if len(lines) != (25+2*quiet+1)/2 {
		t.Errorf("%d lines", len(lines))
	}
	if qrCode(strings.Repeat("x", 10_000)) != "" {
		t.Error("a text that does not fit is drawn")
	}
}
