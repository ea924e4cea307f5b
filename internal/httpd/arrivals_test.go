package httpd

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
)

// opening is what a client says first.
type opening string

const (
	openHTTP opening = "HTTP"
	openTURN opening = "TURN"
	openICE  opening = "ICE-TCP"
)

func (o opening) bytes(t testing.TB) []byte {
	switch o {
	case openTURN:
		return unhex(t, allocate)
	case openICE:
		return unhex(t, frame)
	}
	return []byte("GET /api/ws HTTP/1.1\r\nHost: tutti\r\n\r\n")
}

// arrival is a connection, or a request, that came to whom it is for.
type arrival struct {
	opening opening
	secure  bool
	remote  string
	said    string // its first bytes, of TURN and ICE-TCP
}

// arrivals takes what a server hands on.
type arrivals struct {
	t    testing.TB
	came chan arrival
	went chan arrival // those of TURN and ICE-TCP that have ended
}

func newArrivals(t testing.TB) *arrivals {
	return &arrivals{t: t, came: make(chan arrival), went: make(chan arrival, 1000)}
}

// options are opts with somebody behind each door.
func (a *arrivals) options(opts Options) Options {
	opts.ICETCP = func(conn net.Conn) {
		_, inTLS := conn.(interface{ ConnectionState() tls.ConnectionState })
		a.stream(conn, openICE, inTLS)
	}
	opts.TURN = func(conn net.Conn, secure bool) {
		a.stream(conn, openTURN, secure)
	}
	opts.Signal = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.came <- arrival{opening: openHTTP, secure: r.TLS != nil, remote: r.RemoteAddr}
	})
	return opts
}

func (a *arrivals) stream(conn net.Conn, o opening, secure bool) {
	came := arrival{opening: o, secure: secure, remote: conn.RemoteAddr().String()}
	first := make([]byte, len(o.bytes(a.t)))
	if _, err := io.ReadFull(conn, first); err == nil {
		came.said = string(first)
		a.came <- came
		_, _ = io.Copy(io.Discard, conn) // until it ends
	}
	conn.Close()
	a.went <- came
}

func write(t *testing.T, conn net.Conn, b []byte) {
	t.Helper()
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
}

// clientTLS is the client's side of TLS over conn, with these protocols on offer.
func clientTLS(conn net.Conn, trust *tls.Config, protos ...string) *tls.Conn {
	return tls.Client(conn, &tls.Config{RootCAs: trust.RootCAs, ServerName: "localhost", NextProtos: protos})
}
