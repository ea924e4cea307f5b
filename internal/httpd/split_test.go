package httpd

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// All of them come in, in any two pieces, and lose no byte.
func TestEveryKindIsToldApart(t *testing.T) {
	cert, trust := selfSigned(t)
	a := newArrivals(t)
	ln := newPipes()
	serve(t, ln, a.options(Options{}))
	_, addr := start(t, a.options(Options{Certificate: cert}))
	for _, test := range []struct {
		name   string
		open   func() net.Conn
		secure bool
	}{
		// Each write on a pipe is a read of its own, and so is each TLS
		// record, whatever TCP makes of it.
		{"outside TLS", ln.dial, false},
		{"inside TLS", func() net.Conn { return clientTLS(dial(t, addr), trust) }, true},
		{"inside TLS, HTTP agreed on", func() net.Conn { return clientTLS(dial(t, addr), trust, "http/1.1") }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, opens := range []opening{openHTTP, openTURN, openICE} {
				whole := opens.bytes(t)
				for at := range whole {
					conn := test.open()
					write(t, conn, whole[:at])
					write(t, conn, whole[at:])
					got := <-a.came
					if got.opening != opens || got.secure != test.secure {
						t.Fatalf("%s in two pieces at byte %d arrived as %+v", opens, at, got)
					}
					if opens != openHTTP && got.said != string(whole) {
						t.Fatalf("%s in two pieces at byte %d says %x", opens, at, got.said)
					}
					conn.Close()
				}
			}
		})
	}
}

// RFC 7443: a client may say in the handshake that it wants TURN. Then there is
// nothing to guess.
func TestTURNByName(t *testing.T) {
	cert, trust := selfSigned(t)
	named := make(chan string, 1)
	_, addr := start(t, Options{Certificate: cert, TURN: func(conn net.Conn, secure bool) {
		defer conn.Close()
		// It comes before the client has said a word.
		named <- conn.(*tls.Conn).ConnectionState().NegotiatedProtocol
	}})
	for _, proto := range alpnTURN {
		conn := clientTLS(dial(t, addr), trust, proto)
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		if got := <-named; got != proto {
			t.Errorf("arrived as %q, want %q", got, proto)
		}
	}
	// Without TURN its name is not known either.
	_, addr = start(t, Options{Certificate: cert})
	if err := clientTLS(dial(t, addr), trust, "stun.turn").Handshake(); err == nil {
		t.Error("TURN is agreed on by a server that has none")
	}
}

// Handlers can't tell by which way a request over TLS has come.
func TestRequestsKnowThatTheyAreOverTLS(t *testing.T) {
	cert, trust := selfSigned(t)
	a := newArrivals(t)
	_, addr := start(t, a.options(Options{Certificate: cert}))
	for _, h2 := range []bool{false, true} {
		answered := make(chan *http.Response, 1)
		go func() {
			defer close(answered)
			transport := &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: h2}
			defer transport.CloseIdleConnections()
			res, err := transport.RoundTrip(request(t, "https://"+addr+"/api/ws"))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			answered <- res
		}()
		if got := <-a.came; !got.secure {
			t.Errorf("HTTP/2 %v: a request over TLS seems to be in plain", h2)
		}
		if res := <-answered; res == nil || res.StatusCode != http.StatusOK || (res.ProtoMajor == 2) != h2 {
			t.Errorf("HTTP/2 %v: answered %+v", h2, res)
		}
	}
}

// What is unknown inside TLS is as unwelcome as outside, TLS in TLS included.
func TestAStrangerInTLS(t *testing.T) {
	cert, trust := selfSigned(t)
	s, addr := start(t, newArrivals(t).options(Options{Certificate: cert}))
	for _, says := range []string{"\xff", "\x16\x03\x01", "PROXY TCP4 1.1.1.1"} {
		conn := clientTLS(dial(t, addr), trust)
		write(t, conn, []byte(says))
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%q is answered", says)
		}
	}
	if got := s.Stats().Refused[RefusedUnknown]; got != 3 {
		t.Errorf("%d refused, want 3", got)
	}
}

// A client that does not trust the certificate, and one that goes away, are told
// apart from strangers and from those that are silent.
func TestRefusalsHaveTheirCause(t *testing.T) {
	cert, _ := selfSigned(t)
	s, addr := start(t, Options{Certificate: cert})
	distrusts, gone := dial(t, addr), dial(t, addr)
	if err := tls.Client(distrusts, &tls.Config{ServerName: "localhost"}).Handshake(); err == nil {
		t.Error("a self-signed certificate is trusted")
	}
	if err := gone.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	// The server closes when it has counted.
	for _, conn := range []net.Conn{distrusts, gone} {
		_, _ = io.Copy(io.Discard, conn)
	}
	want := [refusals]uint64{RefusedGone: 1, RefusedHandshake: 1}
	if got := s.Stats().Refused; got != want {
		t.Errorf("refused %v, want %v", got, want)
	}
}

// A client that agrees on TLS and then says nothing has as little time as one
// that never begins.
func TestSilenceInTLSEnds(t *testing.T) {
	cert, trust := selfSigned(t)
	synctest.Test(t, func(t *testing.T) {
		ln := newPipes()
		s := serve(t, ln, newArrivals(t).options(Options{Certificate: cert}))
		conn := clientTLS(ln.dial(), trust)
		defer conn.Close()
		begin := time.Now()
		// The client reads, but it has nothing to say.
		if _, err := io.Copy(io.Discard, conn); err == nil {
			t.Error("it is told goodbye")
		}
		if took := time.Since(begin); took != openTimeout {
			t.Errorf("closed after %v, want %v", took, openTimeout)
		}
		synctest.Wait()
		if got := s.Stats(); got.Refused[RefusedSlow] != 1 || got.Waiting != 0 {
			t.Errorf("stats %+v, want one that was slow", got)
		}
	})
}

// Two thousand that say nothing, or stop in the middle of a TLS handshake, are
// there all the time; somebody who wants something gets it.
func TestAnHonestUserGetsInBesideThousands(t *testing.T) {
	const crowd = 2000
	cert, trust := selfSigned(t)
	a := newArrivals(t)
	s, addr := start(t, a.options(Options{Certificate: cert}))
	half := [][]byte{nil, {0x16}, {0x16, 3, 1, 2, 0, 1}, {0x00}, unhex(t, allocate)[:6], []byte("P")}
	for i := range crowd {
		conn := dial(t, addr)
		write(t, conn, half[i%len(half)])
	}
	for _, opens := range []opening{openTURN, openICE, openHTTP} {
		for _, overTLS := range []bool{true, false} {
			begin, conn := time.Now(), dial(t, addr)
			if overTLS {
				conn = clientTLS(conn, trust)
			} else if opens == openHTTP {
				continue // is sent to https
			}
			write(t, conn, opens.bytes(t))
			if got := <-a.came; got.opening != opens || got.secure != overTLS {
				t.Errorf("arrived as %+v", got)
			}
			t.Logf("%s, TLS %v: in after %v", opens, overTLS, time.Since(begin).Round(time.Millisecond))
		}
	}
	if res, _ := fetch(t, &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}, request(t, "https://"+addr+"/healthz")); res.ProtoMajor != 2 || res.StatusCode != http.StatusOK {
		t.Errorf("a browser is answered %s %s", res.Proto, res.Status)
	}
	if got := s.Stats(); got.Waiting > 1024 || got.Evicted < crowd-1024 {
		t.Errorf("stats %+v, want no more than 1024 waiting, and the others gone", got)
	}
}

// TURN over TLS shows the new certificate as HTTPS does, without a restart.
func TestTURNFollowsTheCertificate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cert.pem")
	renew := func() {
		t.Helper()
		dir := t.TempDir()
		mustSelfSigned(t, dir)
		data, err := os.ReadFile(filepath.Join(dir, selfSignedFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	renew()
	synctest.Test(t, func(t *testing.T) {
		cert, err := FileCertificate(file, file, quiet())
		if err != nil {
			t.Fatal(err)
		}
		ln := newPipes()
		serve(t, ln, Options{Certificate: cert, TURN: func(conn net.Conn, _ bool) { conn.Close() }})
		shown := func() []byte {
			t.Helper()
			conn := tls.Client(ln.dial(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"stun.turn"}})
			defer conn.Close()
			if err := conn.Handshake(); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, conn)
			return slices.Clone(conn.ConnectionState().PeerCertificates[0].Raw)
		}
		before := shown()
		renew()
		time.Sleep(recheck)
		if bytes.Equal(before, shown()) {
			t.Error("TURN still shows the old certificate")
		}
	})
}
