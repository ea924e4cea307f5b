package httpd

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// start serves opts on a free port of loopback until the test ends.
func start(t *testing.T, opts Options) (s *Server, addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = serve(t, ln, opts)
	return s, ln.Addr().String()
}

func serve(t *testing.T, ln net.Listener, opts Options) *Server {
	t.Helper()
	s, err := New(ln, opts)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Serve()
	}()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		<-ended
	})
	return s
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// fetch gets one page by a client of its own and returns the answer with its
// body read.
func fetch(t *testing.T, transport *http.Transport, req *http.Request) (*http.Response, string) {
	t.Helper()
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	return fetch(t, &http.Transport{DisableCompression: true}, request(t, url))
}

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// selfSigned is a certificate in a fresh folder, with the client side that
// trusts it.
func selfSigned(t *testing.T) (*Certificate, *tls.Config) {
	t.Helper()
	cert, err := SelfSigned(t.TempDir(), nil, quiet())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert.current.Leaf)
	return cert, &tls.Config{RootCAs: roots}
}

func TestOnePortSpeaksAll(t *testing.T) {
	type ice struct {
		conn net.Conn
		got  []byte
	}
	arrived := make(chan ice, 1)
	cert, trust := selfSigned(t)
	_, addr := start(t, Options{
		Certificate: cert,
		ICETCP: func(conn net.Conn) {
			defer conn.Close()
			got := make([]byte, len(frame)/2)
			if _, err := io.ReadFull(conn, got); err != nil {
				t.Error(err)
			}
			arrived <- ice{conn, got}
		},
	})

	// A browser gets HTTP/2 over TLS.
	res, body := fetch(t, &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}, request(t, "https://"+addr+"/healthz"))
	if res.StatusCode != http.StatusOK || body != "ok\n" || res.ProtoMajor != 2 {
		t.Errorf("over TLS: %s %s %q", res.Proto, res.Status, body)
	}

	// Somebody who typed the address without https is sent there, with the
	// room's name.
	res, _ = get(t, "http://"+addr+"/r/tea?x=1")
	if want := "https://" + addr + "/r/tea?x=1"; res.StatusCode != http.StatusTemporaryRedirect || res.Header.Get("Location") != want {
		t.Errorf("in plain: %s to %q, want %q", res.Status, res.Header.Get("Location"), want)
	}
	// Who looks after the process asks without TLS.
	if res, _ := get(t, "http://"+addr+"/readyz"); res.StatusCode != http.StatusOK {
		t.Errorf("a probe in plain is answered %s", res.Status)
	}

	// A client behind a firewall speaks ICE-TCP, in crumbs: the media server
	// gets every byte.
	conn := dial(t, addr)
	for _, b := range unhex(t, frame) {
		if _, err := conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-arrived; string(got.got) != string(unhex(t, frame)) {
		t.Errorf("the media server read %x", got.got)
	}

	// A stranger is shown the door.
	conn = dial(t, addr)
	if _, err := conn.Write([]byte{0xff}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a stranger is answered")
	}
}

func TestWithoutAUserThereIsNoDoor(t *testing.T) {
	s, addr := start(t, Options{})
	for _, first := range []string{frame, allocate, "160301"} {
		conn := dial(t, addr)
		if _, err := conn.Write(unhex(t, first)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s is answered", first)
		}
	}
	if got := s.Stats().Refused[RefusedUnknown]; got != 3 {
		t.Errorf("%d refused, want 3", got)
	}
}

// A WebSocket is a connection that a handler takes over; the server neither
// counts it as waiting nor closes it while it is silent.
func TestSignallingTakesItsConnection(t *testing.T) {
	cert, trust := selfSigned(t)
	s, addr := start(t, Options{Certificate: cert, MaxWaiting: 1, Signal: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "echo "+line)
		}
	})})
	conn := tls.Client(dial(t, addr), &tls.Config{RootCAs: trust.RootCAs, ServerName: "localhost", NextProtos: []string{"http/1.1"}})
	if _, err := io.WriteString(conn, "GET /api/ws HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	say := func(word string) {
		t.Helper()
		if _, err := io.WriteString(conn, word+"\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := lines.ReadString('\n'); err != nil || line != "echo "+word+"\n" {
			t.Fatalf("heard %q, %v", line, err)
		}
	}
	say("hello")
	// Two silent newcomers: there is room for one, and it is not our
	// connection that goes.
	first, _ := dial(t, addr), dial(t, addr)
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("the silent connection that came first is still there")
	}
	say("still here")
	if got := s.Stats(); got.Evicted != 1 {
		t.Errorf("stats %+v, want one evicted", got)
	}
}

// pipes is a listener in memory, for virtual time.
type pipes struct {
	remote net.Addr // whom connections come from; nil for nobody
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	if p.remote != nil {
		server = from{server, p.remote}
	}
	p.conns <- server
	return client
}

// from is a connection from somewhere.
type from struct {
	net.Conn
	remote net.Addr
}

func (c from) RemoteAddr() net.Addr { return c.remote }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

func TestPatienceEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		says string
		want time.Duration
	}{
		{"silent", "", openTimeout},
		{"half an ICE-TCP header", "\x00\x14\x00\x01", openTimeout},
		{"half a TURN header", "\x00\x03\x00\x08\x21", openTimeout},
		{"half a ClientHello", "\x16\x03\x01\x02\x00\x01", openTimeout},
		{"half an HTTP header", "GET / HTTP/1.1\r\nHost:", headerTimeout},
		{"idle between requests", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", idleTimeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln := newPipes()
				cert, _ := selfSigned(t)
				open := func(net.Conn) { t.Error("taken for a client") }
				s := serve(t, ln, Options{Certificate: cert, ICETCP: open, TURN: func(c net.Conn, _ bool) { open(c) }})
				conn := ln.dial()
				defer conn.Close()
				begin := time.Now()
				if _, err := io.WriteString(conn, test.says); err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took != test.want {
					t.Errorf("closed after %v, want %v", took, test.want)
				}
				synctest.Wait()
				if got := s.Stats().Waiting; got != 0 {
					t.Errorf("%d still waiting", got)
				}
			})
		})
	}
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := newPipes()
		release := make(chan struct{})
		iceEnded := make(chan error, 1)
		s, err := New(ln, Options{
			Signal: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { <-release }),
			ICETCP: func(conn net.Conn) {
				_, err := io.Copy(io.Discard, conn)
				iceEnded <- err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			s.Serve()
		}()
		silent, busy, ice := ln.dial(), ln.dial(), ln.dial()
		for conn, first := range map[net.Conn]string{busy: "GET /api/ws HTTP/1.1\r\nHost: x\r\n\r\n", ice: string(unhex(t, frame))} {
			if _, err := io.WriteString(conn, first); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := s.Stats(); got.Waiting != 1 || got.ICETCP != 1 {
			t.Fatalf("stats %+v, want one silent and one ICE-TCP", got)
		}

		// It waits for the running request, but no longer than it may.
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		err = s.Shutdown(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 3*time.Second {
			t.Errorf("ended after %v with %v", time.Since(begin), err)
		}
		// Nobody else is kept waiting, and nobody new comes in.
		if _, err := silent.Read(make([]byte, 1)); err == nil {
			t.Error("the silent connection is still open")
		}
		<-iceEnded
		close(release)
		<-served
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("a second shutdown: %v", err)
		}
		for _, conn := range []net.Conn{silent, busy, ice} {
			conn.Close()
		}
	})
}

func TestHealth(t *testing.T) {
	s, addr := start(t, Options{Version: map[string]string{"version": "v1.2.3"}})
	if _, body := get(t, "http://"+addr+"/version"); body != `{"version":"v1.2.3"}`+"\n" {
		t.Errorf("version %q", body)
	}
	if res, _ := get(t, "http://"+addr+"/readyz"); res.StatusCode != http.StatusOK {
		t.Errorf("ready: %s", res.Status)
	}
	s.Drain()
	if res, body := get(t, "http://"+addr+"/readyz"); res.StatusCode != http.StatusServiceUnavailable || body != "stopping\n" {
		t.Errorf("while stopping: %s %q", res.Status, body)
	}
	// It stops, but it is not sick.
	if res, _ := get(t, "http://"+addr+"/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("health while stopping: %s", res.Status)
	}
}

func TestEveryAnswerIsSecured(t *testing.T) {
	_, addr := start(t, Options{Client: fstest.MapFS{"index.html": {Data: []byte("hi")}}})
	for _, path := range []string{"/", "/r/tea", "/nothing", "/api/nothing"} {
		res, _ := get(t, "http://"+addr+path)
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if got := res.Header.Get("Permissions-Policy"); !strings.Contains(got, "camera=(self)") {
			t.Errorf("%s: permissions %q", path, got)
		}
	}
}
