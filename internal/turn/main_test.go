package turn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	client "github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/policy"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
	"github.com/tutti-rtc/tutti/internal/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// users knows one user (relay.Users).
type users struct{ ownOnly bool }

func (users) Password(name string) (string, bool)  { return "wonderland", name == "alice" }
func (users) Expired(string, media.Time) bool      { return false }
func (u users) Account(name string) (string, bool) { return name, u.ownOnly }

// mirror is a media server that sends back what it gets, with the addresses that
// it sees (Media).
type mirror struct {
	addr netip.AddrPort
	mu   sync.Mutex
	open int // tunnels
	over []relay.Transport
}

func (m *mirror) Owns(a netip.AddrPort) bool { return a == m.addr }

func (m *mirror) Attach(relayed netip.AddrPort, over relay.Transport, reply func([]byte)) (Tunnel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open++
	m.over = append(m.over, over)
	t := &mirrorTunnel{mirror: m, in: make(chan []byte, 100)}
	go func() { // a media server answers from goroutines of its own
		for b := range t.in {
			reply(b)
		}
	}()
	return t, nil
}

func (m *mirror) tunnels() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open
}

type mirrorTunnel struct {
	mirror *mirror
	in     chan []byte
}

func (t *mirrorTunnel) Receive(b []byte) { t.in <- bytes.Clone(b) }

func (t *mirrorTunnel) Close() {
	close(t.in)
	t.mirror.mu.Lock()
	defer t.mirror.mu.Unlock()
	t.mirror.open--
}

// house is a TURN server on loopback with its shared socket, TCP and TLS.
type house struct {
	*Server
	t      *testing.T
	at     netip.AddrPort
	media  *mirror
	tcp    net.Listener
	tls    net.Listener
	config *tls.Config
}

// serve starts one until the test ends.
func serve(t *testing.T, edit func(*Options)) *house {
	t.Helper()
	conn, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"), udp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, at: conn.LocalAddr(), media: &mirror{addr: netip.MustParseAddrPort("127.0.0.1:9")}, config: certificate(t)}
	o := Options{
		Conn: conn, Media: h.media, OwnAddr: func(a netip.Addr) bool { return a == h.media.addr.Addr() },
		MinPort: 50000, MaxPort: 51999,
		Core:        relay.Options{Users: users{}, Policy: policy.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}},
		Certificate: func() *tls.Certificate { return &h.config.Certificates[0] },
	}
	if edit != nil {
		edit(&o)
	}
	if h.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		batch := make([]udp.Datagram, 64)
		for {
			n, err := conn.ReadBatch(batch)
			if err != nil {
				return
			}
			h.Receive(batch[:n])
		}
	})
	h.tcp, h.tls = listen(t), listen(t)
	accept := func(l net.Listener, secure bool) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if secure {
				c = tls.Server(c, h.config)
			}
			running.Go(func() { _ = h.ServeStream(c, secure) })
		}
	}
	running.Go(func() { accept(h.tcp, false) })
	running.Go(func() { accept(h.tls, true) })
	t.Cleanup(func() {
		h.tcp.Close()
		h.tls.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil { // idempotent
			t.Error(err)
		}
		conn.Close()
		running.Wait()
		if n := h.media.tunnels(); n != 0 {
			t.Errorf("%d tunnels are left", n)
		}
	})
	return h
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// alice is a client of another stack. conn is her way to the server.
func (h *house) alice(conn net.PacketConn) (*client.Client, net.PacketConn) {
	h.t.Helper()
	c, err := client.NewClient(&client.ClientConfig{
		TURNServerAddr: h.at.String(), STUNServerAddr: h.at.String(), Conn: conn, Username: "alice", Password: "wonderland",
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := c.Listen(); err != nil {
		h.t.Fatal(err)
	}
	relayed, err := c.Allocate()
	h.t.Cleanup(func() {
		if relayed != nil {
			relayed.Close() // perhaps not for the first time
		}
		c.Close()
		conn.Close()
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c, relayed
}

// dialled returns both ends of a stream that a client with a TCP allocation (RFC
// 6062) has opened to its peer.
func (h *house) dialled() (mine, peers net.Conn) {
	h.t.Helper()
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	control, err := net.Dial("tcp4", h.tcp.Addr().String())
	must(err)
	c, err := client.NewClient(&client.ClientConfig{
		TURNServerAddr: h.tcp.Addr().String(), Conn: client.NewSTUNConn(control), Username: "alice", Password: "wonderland",
	})
	must(err)
	h.t.Cleanup(c.Close)
	must(c.Listen())
	allocation, err := c.AllocateTCP()
	must(err)
	h.t.Cleanup(func() { allocation.Close() })
	bob := listen(h.t)
	h.t.Cleanup(func() { bob.Close() })
	mine, err = allocation.Dial("tcp", bob.Addr().String())
	must(err)
	h.t.Cleanup(func() { mine.Close() })
	peers, err = bob.Accept()
	must(err)
	h.t.Cleanup(func() { peers.Close() })
	return mine, peers
}

// plug is a UDP socket on loopback.
func plug(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// hears reads one packet.
func hears(t *testing.T, c net.PacketConn, want string) net.Addr {
	t.Helper()
	b := make([]byte, 2000)
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, from, err := c.ReadFrom(b)
	if err != nil {
		t.Fatalf("waiting for %q: %v", want, err)
	}
	if string(b[:n]) != want {
		t.Fatalf("got %q, want %q", b[:n], want)
	}
	return from
}

// says sends one.
func says(t *testing.T, c net.PacketConn, to net.Addr, what string) {
	t.Helper()
	if _, err := c.WriteTo([]byte(what), to); err != nil {
		t.Fatal(err)
	}
}
