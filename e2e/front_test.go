package e2e

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// front is what browsers come to: it serves the test page below /e2e/ and
// passes everything else on to the server, as a proxy of an operator would. Its
// connections can be cut, and kept from coming back.
type front struct {
	net.Listener
	url string

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
	shut  bool              // guarded by mu
}

// newFront opens a front at a free port of the server's address. pages is the
// folder of the test page.
func newFront(t *testing.T, s *server, pages string) *front {
	t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(s.addr.Addr().String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	f := &front{Listener: ln, url: "http://" + ln.Addr().String(), conns: map[net.Conn]bool{}}
	target, err := url.Parse(s.url())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/e2e/", http.StripPrefix("/e2e/", http.FileServer(http.Dir(pages))))
	silent := log.New(io.Discard, "", 0) // a server that is away is no news here
	mux.Handle("/", &httputil.ReverseProxy{
		ErrorLog: silent,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.SetXForwarded() // what is at the front's address is not the server itself
		},
	})
	server := &http.Server{Handler: mux, ErrorLog: silent}
	go func() { _ = server.Serve(f) }() // until Close
	t.Cleanup(func() {
		_ = server.Close()
		f.cut()
	})
	return f
}

// Accept implements net.Listener.
func (f *front) Accept() (net.Conn, error) {
	for {
		conn, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		f.mu.Lock()
		shut := f.shut
		if !shut {
			f.conns[conn] = true
		}
		f.mu.Unlock()
		if !shut {
			return &frontConn{Conn: conn, front: f}, nil
		}
		reset(conn)
	}
}

// cut breaks all connections, as a network that goes away does.
func (f *front) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		reset(conn)
	}
	clear(f.conns)
}

// setShut refuses new connections, or takes them again.
func (f *front) setShut(shut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shut = shut
}

// reset closes without the farewell of TCP.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// frontConn takes itself off the front's list.
type frontConn struct {
	net.Conn
	front *front
}

// Close implements net.Conn.
func (c *frontConn) Close() error {
	c.front.mu.Lock()
	delete(c.front.conns, c.Conn)
	c.front.mu.Unlock()
	return c.Conn.Close()
}
