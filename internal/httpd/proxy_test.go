package httpd

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/pires/go-proxyproto"
)

// loopback trusts the proxies of the tests.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// header is what a proxy says of a client: in version 1 or 2.
func header(t testing.TB, version byte, client string) []byte {
	t.Helper()
	h := proxyproto.HeaderProxyFromAddrs(version,
		net.TCPAddrFromAddrPort(netip.MustParseAddrPort(client)),
		net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.80:443")))
	b, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A client is called by its own address, whatever it speaks.
func TestAProxySaysWhoTheClientIs(t *testing.T) {
	cert, trust := selfSigned(t)
	a := newArrivals(t)
	_, addr := start(t, a.options(Options{Certificate: cert, TrustedProxies: loopback}))
	for _, test := range []struct {
		name     string
		version  byte
		overTLS  bool
		opens    opening
		together bool // the header comes with the first bytes
	}{
		{name: "HTTP, version 1", version: 1, overTLS: true, opens: openHTTP},
		{name: "HTTP, version 2", version: 2, overTLS: true, opens: openHTTP},
		{name: "TURN", version: 2, opens: openTURN, together: true},
		{name: "TURN over TLS", version: 1, overTLS: true, opens: openTURN},
		{name: "ICE-TCP", version: 1, opens: openICE, together: true},
		{name: "ICE-TCP in TLS", version: 2, overTLS: true, opens: openICE},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := dial(t, addr)
			first := header(t, test.version, "203.0.113.7:50000")
			if test.together {
				first = append(first, test.opens.bytes(t)...)
			}
			write(t, conn, first)
			if test.overTLS {
				conn = clientTLS(conn, trust)
			}
			if !test.together {
				write(t, conn, test.opens.bytes(t))
			}
			if got := <-a.came; got.remote != "203.0.113.7:50000" || got.opening != test.opens || got.secure != test.overTLS {
				t.Errorf("arrived as %+v", got)
			}
		})
	}
}

// Nagle has no say in it: the header may come in any two pieces.
func TestAProxyHeaderInPieces(t *testing.T) {
	a := newArrivals(t)
	ln := newPipes()
	ln.remote = &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1000}
	serve(t, ln, a.options(Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}))
	whole := append(header(t, 2, "[2001:db8::7]:50000"), openTURN.bytes(t)...)
	for at := 1; at < len(whole); at++ {
		conn := ln.dial()
		write(t, conn, whole[:at])
		write(t, conn, whole[at:])
		if got := <-a.came; got.remote != "[2001:db8::7]:50000" || got.opening != openTURN {
			t.Fatalf("in two pieces at byte %d arrived as %+v", at, got)
		}
		conn.Close()
	}
}

// A proxy that looks whether we live speaks for itself.
func TestAProxyMayCallItself(t *testing.T) {
	a := newArrivals(t)
	_, addr := start(t, a.options(Options{TrustedProxies: loopback}))
	for _, own := range []string{"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", "PROXY UNKNOWN\r\n"} {
		conn := dial(t, addr)
		write(t, conn, []byte(own))
		write(t, conn, openHTTP.bytes(t))
		if got := <-a.came; got.remote != conn.LocalAddr().String() {
			t.Errorf("%q arrived as %+v", own, got)
		}
	}
}

func TestAProxyWithoutAHeaderIsToldApart(t *testing.T) {
	var log bytes.Buffer
	s, addr := start(t, Options{TrustedProxies: loopback, Log: slog.New(slog.NewTextHandler(&log, nil))})
	unix := "\r\n\r\n\x00\r\nQUIT\n\x21\x31\x00\xd8" + strings.Repeat("\x00", 0xd8)
	for _, says := range []string{"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "PROXY TCP9 1 2 3 4\r\n", unix} {
		conn := dial(t, addr)
		write(t, conn, []byte(says))
		if answer, _ := io.ReadAll(conn); len(answer) > 0 {
			t.Errorf("%.20q is answered %q", says, answer)
		}
	}
	// One that only looks whether the port is open is not complained about.
	look := dial(t, addr)
	if err := look.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(look)
	want := [refusals]uint64{RefusedProxy: 3, RefusedGone: 1}
	if got := s.Stats().Refused; got != want {
		t.Errorf("refused %v, want %v", got, want)
	}
	// It is said once, not for every connection.
	if text := log.String(); strings.Count(text, "--proxy-protocol") != 1 || !strings.Contains(text, "127.0.0.1") {
		t.Errorf("the log says %q", text)
	}
}

// Who is not on the list can't say that he is somebody else.
func TestAHeaderOfAnybodyElseIsAStranger(t *testing.T) {
	s, addr := start(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	for version := byte(1); version <= 2; version++ {
		conn := dial(t, addr)
		write(t, conn, append(header(t, version, "192.0.2.1:4000"), openHTTP.bytes(t)...))
		if answer, _ := io.ReadAll(conn); len(answer) > 0 {
			t.Errorf("version %d is answered %q", version, answer)
		}
	}
	if got := s.Stats().Refused[RefusedUnknown]; got != 2 {
		t.Errorf("%d strangers, want 2", got)
	}
	if res, _ := get(t, "http://"+addr+"/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("without a header: %s", res.Status)
	}
}

// One client's many connections, of whatever kind, don't keep others out.
func TestOneSourceHasABound(t *testing.T) {
	a := newArrivals(t)
	s, addr := start(t, a.options(Options{TrustedProxies: loopback, MaxPerSource: 3}))
	enter := func(client string, opens opening) net.Conn {
		t.Helper()
		conn := dial(t, addr)
		write(t, conn, append(header(t, 2, client), opens.bytes(t)...))
		return conn
	}
	first := enter("203.0.113.7:1", openTURN)
	<-a.came
	for _, opens := range []opening{openICE, openTURN} {
		enter("203.0.113.7:2", opens)
		<-a.came
	}
	refused := enter("203.0.113.7:4", openTURN)
	if _, err := refused.Read(make([]byte, 1)); err == nil {
		t.Error("a fourth connection is served")
	}
	enter("203.0.113.8:1", openTURN)
	if got := <-a.came; got.remote != "203.0.113.8:1" {
		t.Errorf("not somebody else, but %+v arrived", got)
	}
	if got := s.Stats().Refused[RefusedCrowded]; got != 1 {
		t.Errorf("%d refused, want 1", got)
	}
	// When one has ended there is room for another.
	first.Close()
	<-a.went
	enter("203.0.113.7:5", openTURN)
	if got := <-a.came; got.remote != "203.0.113.7:5" {
		t.Errorf("%+v arrived", got)
	}
}

// Any bytes are a header, or an error; what follows a header is untouched.
func FuzzReadProxy(f *testing.F) {
	f.Add(header(f, 1, "203.0.113.7:50000"))
	f.Add(header(f, 2, "203.0.113.7:50000"))
	f.Add(header(f, 2, "[2001:db8::7]:50000"))
	f.Add([]byte("PROXY UNKNOWN\r\nGET"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00GET"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		client, rest, err := readProxy(r)
		if err != nil {
			return
		}
		unread, _ := io.ReadAll(r)
		if after := append(bytes.Clone(rest), unread...); !bytes.HasSuffix(data, after) {
			t.Errorf("after the header comes %q, which is not the end of %q", after, data)
		}
		if client != nil && !addressOf(client).IsValid() {
			t.Errorf("a client without an address: %v", client)
		}
	})
}
