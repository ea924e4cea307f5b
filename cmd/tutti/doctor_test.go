package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client/probe"
	"github.com/tutti-rtc/tutti/internal/auth"
	"github.com/tutti-rtc/tutti/internal/config"
)

// diagnosis is what the doctor's JSON says.
type diagnosis struct {
	probe.Report
	Findings []explained `json:"findings"`
}

func (d diagnosis) causes() (list []api.Cause) {
	for _, f := range d.Findings {
		list = append(list, f.Cause)
	}
	return list
}

// words are those of one finding.
func (d diagnosis) words(c api.Cause) string {
	for _, f := range d.Findings {
		if f.Cause == c {
			return f.Title + " " + f.Why + " " + f.Fix
		}
	}
	return ""
}

func (d diagnosis) working() (list []string) {
	for _, p := range d.Paths {
		if p.Works {
			list = append(list, p.Kind)
		}
	}
	return list
}

// consult runs the doctor and returns what it says, in a language.
func consult(t *testing.T, language string, args ...string) (code int, d diagnosis) {
	t.Helper()
	code, out, log := call(t, slices.Concat([]string{"doctor", "--json", "--lang", language, "--patience", "4s"}, args)...)
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("exit %d, it said %q and %q: %v", code, out, log, err)
	}
	return code, d
}

// spoil stands between the doctor and a server, and changes what that says of
// itself, and its answers to probes.
func spoil(t *testing.T, link string, info func(*api.DoctorInfo), answer func(string) string) string {
	t.Helper()
	target, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			var change func([]byte) ([]byte, error)
			switch r.Request.URL.Path {
			case "/api/doctor":
				change = func(body []byte) ([]byte, error) {
					var i api.DoctorInfo
					if err := json.Unmarshal(body, &i); err != nil {
						return nil, err
					}
					info(&i)
					return json.Marshal(i)
				}
			case "/api/doctor/probe":
				change = func(body []byte) ([]byte, error) { return []byte(answer(string(body))), nil }
			default:
				return nil
			}
			body, err := io.ReadAll(r.Body)
			if err == nil {
				body, err = change(body)
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return err
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// deadPort is one where nothing listens, by UDP or TCP.
func deadPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

func TestTheDoctorFindsAHealthyServer(t *testing.T) {
	link := serve(t, "--tls", "on")
	code, d := consult(t, "en", link)
	if code != 0 || !d.Works || d.Findings[0].Cause != api.CauseOK {
		t.Errorf("exit %d, found %v", code, d.causes())
	}
	if got := d.working(); len(got) != 5 {
		t.Errorf("of five paths these work: %v; %+v", got, d.Paths)
	}
	for _, p := range d.Paths {
		if p.RoundTrip <= 0 || p.Setup <= 0 {
			t.Errorf("%s takes %v ms there and back, %v ms to set up", p.Kind, p.RoundTrip, p.Setup)
		}
	}
	// Its own certificate is known to nobody; who says so wants to hear nothing.
	if !slices.Contains(d.causes(), api.CauseTLSUntrusted) {
		t.Errorf("found %v", d.causes())
	}
	code, out, _ := call(t, "doctor", "--lang", "zh", "--insecure", link)
	if code != 0 || !strings.Contains(out, "✓ 可以正常通话。") || strings.Contains(out, "证书") || !strings.Contains(out, "中继，TLS") {
		t.Errorf("exit %d, it said\n%s", code, out)
	}
}

// What a firewall that takes no UDP leaves is TCP, and the doctor says what it costs.
func TestTheDoctorFindsADeadUDPPort(t *testing.T) {
	link := serve(t)
	u, _ := url.Parse(link)
	dead := deadPort(t)
	fake := spoil(t, link, func(i *api.DoctorInfo) {
		i.Server.Addresses = []string{"127.0.0.1:" + dead}
		for s := range i.ICEServers {
			for n, url := range i.ICEServers[s].URLs {
				if !strings.HasSuffix(url, "=tcp") {
					i.ICEServers[s].URLs[n] = strings.Replace(url, ":"+u.Port(), ":"+dead, 1)
				}
			}
		}
	}, func(sdp string) string {
		var out strings.Builder
		for line := range strings.Lines(sdp) {
			if strings.HasPrefix(line, "a=candidate:") && strings.Contains(line, " udp ") {
				line = strings.Replace(line, " "+u.Port()+" ", " "+dead+" ", 1)
			}
			out.WriteString(line)
		}
		return out.String()
	})
	code, d := consult(t, "en", fake)
	if code != 0 || !d.Works || !slices.Contains(d.working(), probe.PathTCP) || slices.Contains(d.working(), probe.PathUDP) {
		t.Errorf("exit %d, these work: %v", code, d.working())
	}
	port := fake[strings.LastIndex(fake, ":")+1:]
	if words := d.words(api.CauseUDPRejected); !strings.Contains(words, "sudo ufw allow "+port+"/udp") {
		t.Errorf("of UDP it says %q; it found %v", words, d.causes())
	}
	if words := d.words(api.CauseTCPFallback); !strings.Contains(words, "sound and picture wait") {
		t.Errorf("of the cost it says %q", words)
	}
	for _, cause := range []api.Cause{api.CauseTURNUDPFailed, api.CauseSTUNNoAnswer, api.CauseMediaUnreachable} {
		if slices.Contains(d.causes(), cause) {
			t.Errorf("it says %s besides", cause)
		}
	}
}

func TestTheDoctorFindsThatNoMediaGetsThrough(t *testing.T) {
	link := serve(t)
	u, _ := url.Parse(link)
	dead := deadPort(t)
	fake := spoil(t, link, func(i *api.DoctorInfo) {
		for s := range i.ICEServers {
			for n, url := range i.ICEServers[s].URLs {
				i.ICEServers[s].URLs[n] = strings.Replace(url, ":"+u.Port(), ":"+dead, 1)
			}
		}
	}, func(sdp string) string { return strings.ReplaceAll(sdp, " "+u.Port()+" ", " "+dead+" ") })
	code, d := consult(t, "zh", fake)
	if code != exitFailed || d.Works || len(d.working()) != 0 {
		t.Errorf("exit %d, these work: %v", code, d.working())
	}
	if words := d.words(api.CauseMediaUnreachable); !strings.Contains(words, "声音和画面无法连通") || !strings.Contains(words, "--public-ip") {
		t.Errorf("it says %q; it found %v", words, d.causes())
	}
}

func TestTheDoctorFindsAWrongClockAndWrongCredentials(t *testing.T) {
	link := serve(t)
	fake := spoil(t, link, func(i *api.DoctorInfo) {
		i.Time -= time.Hour.Milliseconds()
		for s := range i.ICEServers {
			if i.ICEServers[s].Credential != "" {
				i.ICEServers[s].Credential = "made up"
			}
		}
	}, func(sdp string) string { return sdp })
	for language, want := range map[string][2]string{
		"en": {"are 3600 seconds apart", "refuses your credentials"},
		"zh": {"相差 3600 秒", "拒绝了你的凭证"},
	} {
		code, d := consult(t, language, fake)
		if code != 0 || !d.Works { // media flows without TURN
			t.Errorf("exit %d, found %v", code, d.causes())
		}
		if words := d.words(api.CauseClockSkew); !strings.Contains(words, want[0]) || !strings.Contains(words, "timedatectl") {
			t.Errorf("of the clock it says %q", words)
		}
		if words := d.words(api.CauseTURNRefused); !strings.Contains(words, want[1]) || !strings.Contains(words, "--turn-secret") {
			t.Errorf("of the credentials it says %q; it found %v", words, d.causes())
		}
	}
}

func TestTheDoctorTriesAToken(t *testing.T) {
	link := serve(t, "--secret", secret)
	mint := func(secret string, at time.Time) string {
		token, err := auth.Mint(secret, auth.Grant{Identity: "wei", Room: "tea", Join: true}, at, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, test := range []struct {
		token string
		want  api.Cause
		code  int
	}{
		{mint(secret, time.Now()), api.CauseOK, 0},
		{mint(secret, time.Now().Add(-time.Hour)), api.CauseTokenExpired, exitFailed},
		{mint("another secret of some length", time.Now()), api.CauseTokenInvalid, exitFailed},
	} {
		if code, d := consult(t, "en", "--token", test.token, link); code != test.code || !slices.Contains(d.causes(), test.want) {
			t.Errorf("exit %d, found %v, want %s", code, d.causes(), test.want)
		}
	}
}

func TestTheDoctorKnowsWhoIsNoServer(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if code, d := consult(t, "en", other.URL); code != exitFailed || d.causes()[0] != api.CauseNotTutti {
		t.Errorf("of another server: exit %d, found %v", code, d.causes())
	}
	if code, d := consult(t, "zh", "http://127.0.0.1:"+deadPort(t)); code != exitFailed || !strings.Contains(d.words(api.CausePortClosedTCP), "没有响应") {
		t.Errorf("of nobody: exit %d, found %v", code, d.causes())
	}
	if code, _, log := call(t, "doctor", "call.example.org"); code != exitFailed || !strings.Contains(log, "https://call.example.org") {
		t.Errorf("of a name without https: exit %d, %s", code, log)
	}
}

func TestTheDoctorLooksAtItsOwnMachine(t *testing.T) {
	own := []string{"--data", t.TempDir(), "--listen"}
	code, d := consult(t, "en", append(own, "127.0.0.1:0")...)
	if code != 0 || !d.Works || !slices.Contains(d.causes(), api.CauseLoopbackOnly) || len(d.working()) != 4 {
		t.Errorf("exit %d, found %v, these work: %v", code, d.causes(), d.working())
	}
	// A server that runs there already is asked itself.
	link := serve(t)
	if code, d := consult(t, "en", append(own, strings.Trim(strings.TrimPrefix(link, "http://"), "/"))...); code != 0 || d.URL+"/" != link {
		t.Errorf("exit %d, it looked at %s and found %v", code, d.URL, d.causes())
	}
	// Somebody else's port can't be had.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	code, d = consult(t, "en", append(own, ln.Addr().String())...)
	if words := d.words(api.CausePortInUse); code != exitFailed || !strings.Contains(words, "sudo ss -lntup") {
		t.Errorf("exit %d, it says %q", code, words)
	}
	// Nor an address of another machine.
	if code, d := consult(t, "zh", append(own, "192.0.2.77:8080", "--open")...); code != exitFailed || !strings.Contains(d.words(api.CauseAddressForeign), "--public-ip 192.0.2.77") {
		t.Errorf("exit %d, found %v", code, d.causes())
	}
}

func TestTheDoctorReadsTheCertificate(t *testing.T) {
	dir := t.TempDir()
	code, out, log := call(t, "doctor", "--data", dir, "--listen", "127.0.0.1:0", "--tls", "on")
	if code != 0 {
		t.Fatalf("exit %d: %s%s", code, out, log)
	}
	pems, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(pems) == 0 {
		t.Fatalf("no certificate was made: %v %v", pems, err)
	}
	cut := filepath.Join(dir, "cut.pem")
	if err := os.WriteFile(cut, []byte("-----BEGIN CERTIFICATE-----"), 0o600); err != nil {
		t.Fatal(err)
	}
	if list := examineCertificate(config.TLS{Cert: cut, Key: cut}, time.Now()); len(list) != 1 || list[0].Cause != api.CauseCertificateUnusable {
		t.Errorf("of a file that was cut short it says %v", list)
	}
	cert, key := madePair(t, pems)
	for at, want := range map[time.Duration]string{
		0: "[]", -100 * 365 * 24 * time.Hour: string(api.CauseTLSExpired), 100 * 365 * 24 * time.Hour: string(api.CauseTLSExpired),
	} {
		if got := fmt.Sprint(examineCertificate(config.TLS{Cert: cert, Key: key}, time.Now().Add(at))); !strings.Contains(got, want) {
			t.Errorf("at %v it says %s, want %s", at, got, want)
		}
	}
}

// madePair finds the certificate and key that the server has made.
func madePair(t *testing.T, files []string) (cert, key string) {
	t.Helper()
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // a folder
		}
		if bytes.Contains(b, []byte("BEGIN CERTIFICATE")) {
			cert = name
		}
		if bytes.Contains(b, []byte("PRIVATE KEY")) {
			key = name
		}
	}
	if cert == "" || key == "" {
		t.Fatalf("no pair in %v", files)
	}
	return cert, key
}
