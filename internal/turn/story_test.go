package turn

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/dtls/v3"
	client "github.com/pion/turn/v5"
)

// ways are all by which a client reaches the relay.
func (h *house) ways() map[string]func(t *testing.T) net.PacketConn {
	dial := func(t *testing.T, c net.Conn, err error) net.PacketConn {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return client.NewSTUNConn(c)
	}
	return map[string]func(t *testing.T) net.PacketConn{
		"udp": plug,
		"tcp": func(t *testing.T) net.PacketConn {
			c, err := net.Dial("tcp4", h.tcp.Addr().String())
			return dial(t, c, err)
		},
		"tls": func(t *testing.T) net.PacketConn {
			c, err := tls.Dial("tcp4", h.tls.Addr().String(), &tls.Config{InsecureSkipVerify: true})
			return dial(t, c, err)
		},
		"dtls": func(t *testing.T) net.PacketConn {
			c, err := dtls.DialWithOptions("udp4", net.UDPAddrFromAddrPort(h.at), dtls.WithInsecureSkipVerify(true))
			if err != nil {
				t.Fatal(err)
			}
			return records{c}
		},
	}
}

// records are a DTLS client's messages: each is one record.
type records struct{ net.Conn }

func (r records) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := r.Read(b)
	return n, r.RemoteAddr(), err
}

func (r records) WriteTo(b []byte, _ net.Addr) (int, error) { return r.Write(b) }

// A client that has any way to the server reaches its media, and no port is
// opened for that.
func TestOwnMediaIsReachedByEveryTransport(t *testing.T) {
	h := serve(t, nil)
	for name, way := range h.ways() {
		t.Run(name, func(t *testing.T) {
			before := h.media.tunnels()
			_, relayed := (&house{Server: h.Server, t: t, at: h.at, media: h.media}).alice(way(t))
			server := net.UDPAddrFromAddrPort(h.media.addr)
			for _, what := range []string{"by Send indication", "by channel, once it is bound", "and on"} {
				says(t, relayed, server, what)
				if from := hears(t, relayed, what); from.String() != server.String() {
					t.Errorf("it comes from %v, want %v", from, server)
				}
			}
			if n := h.media.tunnels(); n != before+1 {
				t.Errorf("%d tunnels more, want 1", n-before)
			}
			h.media.mu.Lock()
			over := h.media.over[len(h.media.over)-1]
			h.media.mu.Unlock()
			if over.String() != name {
				t.Errorf("the media server is told %v", over)
			}
			// The client ends its allocation; its way to the media ends, too.
			if err := relayed.Close(); err != nil {
				t.Error(err)
			}
			eventually(t, "the tunnel's end", func() bool { return h.media.tunnels() == before })
		})
	}
	if h.pool != nil {
		t.Error("there are relay sockets")
	}
}

// With relaying on, other peers are reached, and only those that a client permits
// get through to it.
func TestPeersAreReachedThroughRelaySockets(t *testing.T) {
	for name, mode := range map[string]Mode{"ports": Ports, "shared": Shared} {
		t.Run(name, func(t *testing.T) {
			h := serve(t, func(o *Options) { o.Mode = mode })
			c1, first := h.alice(plug(t))
			_, second := h.alice(plug(t))
			bob, carol := plug(t), plug(t)
			says(t, first, bob.LocalAddr(), "hello from the first")
			at := hears(t, bob, "hello from the first")
			if port := at.(*net.UDPAddr).Port; port < 50000 || port > 51999 {
				t.Errorf("it comes from port %d", port)
			}
			says(t, bob, at, "welcome")
			hears(t, first, "welcome")
			says(t, second, carol.LocalAddr(), "hello from the second")
			from := hears(t, carol, "hello from the second")
			if mode == Ports && from.String() == at.String() {
				t.Error("two allocations have one port")
			}
			says(t, carol, from, "welcome, second")
			hears(t, second, "welcome, second")

			// A stranger's packet is for nobody.
			stranger, err := net.ListenPacket("udp4", "127.0.0.3:0")
			if err != nil {
				t.Fatal(err)
			}
			defer stranger.Close()
			says(t, stranger, at, "let me in")
			eventually(t, "the stranger's packet to be dropped", func() bool { return h.Stats().Unpermitted > 0 })
			if err := c1.CreatePermission(stranger.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			says(t, stranger, at, "please")
			hears(t, first, "please")
		})
	}
}

// Every port is given back.
func TestPortsAreGivenBack(t *testing.T) {
	h := serve(t, func(o *Options) { o.Mode, o.MinPort, o.MaxPort = Ports, 52000, 52003 })
	for range 3 {
		var list []net.PacketConn
		for range 4 {
			_, relayed := h.alice(plug(t))
			list = append(list, relayed)
		}
		for _, r := range list {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		eventually(t, "all allocations to end", func() bool { return h.Stats().Allocations == 0 })
	}
}

// A client of a TCP allocation (RFC 6062) and its peer have a stream between them.
func TestTCPAllocation(t *testing.T) {
	dialled, end := serve(t, func(o *Options) { o.Mode = Ports }).dialled()
	for _, pair := range [][2]net.Conn{{dialled, end}, {end, dialled}} {
		if _, err := pair[0].Write([]byte("a stream")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 8)
		if _, err := pair[1].Read(b); err != nil || string(b) != "a stream" {
			t.Fatalf("%q, %v", b, err)
		}
	}
}

// Two addresses with two ports tell a client what it is behind (RFC 5780).
func TestAlternateAddresses(t *testing.T) {
	h := serve(t, func(o *Options) {
		o.Main = o.Conn.LocalAddr()
		o.Alternate = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), o.Main.Port()+1)
	})
	a, b := h.opts.Main, h.opts.Alternate
	for _, at := range []netip.AddrPort{a, b, netip.AddrPortFrom(a.Addr(), b.Port()), netip.AddrPortFrom(b.Addr(), a.Port())} {
		for flags := range byte(4) {
			want := netip.AddrPortFrom(pick(flags&2 != 0, a.Addr(), b.Addr(), at.Addr()), pick(flags&1 != 0, a.Port(), b.Port(), at.Port()))
			if from := asks(t, at, flags<<1); from != want {
				t.Errorf("asked %v to change %b: the answer comes from %v, want %v", at, flags, from, want)
			}
		}
	}
	for _, bad := range []string{"127.0.0.1:1", "[::1]:1", "127.0.0.9:" + strings.Split(a.String(), ":")[1]} {
		conn := h.opts.Conn
		if s, err := New(Options{Conn: conn, Main: a, Alternate: netip.MustParseAddrPort(bad)}); err == nil {
			s.Close()
			t.Errorf("%s is taken as an alternate of %v", bad, a)
		}
	}
}

// pick is the other of two, or the one that is.
func pick[T comparable](change bool, a, b, is T) T {
	switch {
	case !change:
		return is
	case is == a:
		return b
	}
	return a
}

func TestDrainedServerTakesNobodyNew(t *testing.T) {
	h := serve(t, nil)
	_, relayed := h.alice(plug(t))
	h.Drain(netip.AddrPort{})
	server := net.UDPAddrFromAddrPort(h.media.addr)
	says(t, relayed, server, "my call goes on")
	hears(t, relayed, "my call goes on")
	conn := plug(t)
	c, err := client.NewClient(&client.ClientConfig{TURNServerAddr: h.at.String(), Conn: conn, Username: "alice", Password: "wonderland"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Allocate(); err == nil || !strings.Contains(err.Error(), "508") {
		t.Errorf("a new client gets %v, want 508", err)
	}
	if got := h.Stats(); got.Allocations != 1 || got.Opened != 1 {
		t.Errorf("stats %+v", got)
	}
}
