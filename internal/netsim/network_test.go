package netsim

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen opens a port of a new host on the internet.
func listen(t *testing.T, n *Network, address string) (*Node, *Conn) {
	t.Helper()
	ap := addrPort(address)
	host := n.AddHost(nil, address, ap.Addr())
	c, err := n.Listen(host, ap.Port())
	if err != nil {
		t.Fatal(err)
	}
	return host, c
}

func write(t *testing.T, c net.PacketConn, to, text string) {
	t.Helper()
	if _, err := c.WriteTo([]byte(text), net.UDPAddrFromAddrPort(addrPort(to))); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c net.PacketConn) (text, from string) {
	t.Helper()
	b := make([]byte, 1500)
	n, sender, err := c.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), sender.String()
}

func TestNetworkTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		defer n.Close()
		_, a := listen(t, n, "192.0.2.1:1")
		host, b := listen(t, n, "192.0.2.2:2")
		n.Change(func(*Fabric) { host.Down().SetOptions(LinkOptions{Delay: 250 * time.Millisecond}) })

		begin := time.Now()
		write(t, a, "192.0.2.2:2", "hello")
		if text, from := read(t, b); text != "hello" || from != "192.0.2.1:1" || time.Since(begin) != 250*time.Millisecond {
			t.Errorf("%q came from %s after %v", text, from, time.Since(begin))
		}
		// A burst keeps its order.
		for i := range 100 {
			write(t, a, "192.0.2.2:2", fmt.Sprint(i))
		}
		for i := range 100 {
			if text, _ := read(t, b); text != fmt.Sprint(i) {
				t.Fatalf("packet %s came in the place of %d", text, i)
			}
		}
	})
}

func TestConnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		defer n.Close()
		_, a := listen(t, n, "192.0.2.1:1")
		begin := time.Now()
		if err := a.SetReadDeadline(begin.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _, err := a.ReadFrom(make([]byte, 10))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("the read ended with %v after %v", err, time.Since(begin))
		}
		// Moved on, it reads again.
		if err := a.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		write(t, a, "192.0.2.1:1", "myself")
		if text, _ := read(t, a); text != "myself" {
			t.Errorf("read %q", text)
		}
	})
}

func TestConnClose(t *testing.T) {
	n := New(1)
	host, a := listen(t, n, "192.0.2.1:1")
	if _, err := n.Listen(host, 1); err == nil {
		t.Error("a port was opened twice")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.ReadFrom(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading a closed socket returned %v", err)
	}
	b, err := n.Listen(host, 1)
	if err != nil {
		t.Fatal(err)
	}
	n.Close()
	n.Close()
	if _, _, err := b.ReadFrom(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading a socket of a closed network returned %v", err)
	}
}

func TestGatewayReachesARealServer(t *testing.T) {
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	n := New(1)
	defer n.Close()
	n.OpenGateway()
	nat := n.AddNAT(nil, "home", addr("198.51.100.1"), NATOptions{Kind: PortRestricted})
	host := n.AddHost(nat, "host", addr("192.168.1.2"))
	c, err := n.Listen(host, 0)
	if err != nil {
		t.Fatal(err)
	}

	exchange := func() (seen string) {
		write(t, c, server.LocalAddr().String(), "ping")
		_, from := read(t, server)
		write(t, server, from, "pong")
		if text, sender := read(t, c); text != "pong" || sender != server.LocalAddr().String() {
			t.Errorf("%q came from %s", text, sender)
		}
		return from
	}
	before := exchange()
	if again := exchange(); again != before {
		t.Errorf("the server saw %s and then %s", before, again)
	}
	// The home router restarts: the server sees another address.
	n.Change(func(*Fabric) { nat.NAT().Reset() })
	if after := exchange(); after == before {
		t.Errorf("the server saw %s after the router's restart too", after)
	}
	// Nothing leaves this machine.
	n.Change(func(f *Fabric) {
		f.Send(n.clock.Now(), host, 1, netip.MustParseAddrPort("203.0.113.1:9"), []byte("out"))
	})
	n.nudge()
	write(t, c, server.LocalAddr().String(), "last")
	read(t, server)
	n.Change(func(f *Fabric) {
		if f.Unroutable() != 1 {
			t.Errorf("%d packets had nowhere to go, want 1", f.Unroutable())
		}
	})
}

func TestHTTPInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ListenStream()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Hour) // costs nothing here
			fmt.Fprint(w, "at last")
		})}
		go server.Serve(l)
		transport := &http.Transport{DialContext: l.Dial}
		response, err := (&http.Client{Transport: transport}).Get("http://server.test/")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if body, err := io.ReadAll(response.Body); string(body) != "at last" {
			t.Errorf("the server said %q, %v", body, err)
		}
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if _, err := l.Dial(t.Context(), "tcp", "server.test:80"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dialling a closed listener returned %v", err)
		}
	})
}
