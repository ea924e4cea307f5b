package udp

import (
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a read that waits for a datagram that will never come.
const patience = 10 * time.Second

// paths are the implementations that the tests run against.
var paths = map[string]Options{"batched": {}, "portable": {Portable: true}}

// onEachPath runs story once per implementation.
func onEachPath(t *testing.T, story func(*testing.T, Options)) {
	for name, o := range paths {
		t.Run(name, func(t *testing.T) { story(t, o) })
	}
}

// open listens on host, on a port that the system picks, for the length of the
// test.
func open(t testing.TB, host string, o Options) *Conn {
	t.Helper()
	c, err := Listen(netip.AddrPortFrom(netip.MustParseAddr(host), 0), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// at is the address of c's port on host.
func at(host string, c *Conn) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(host), c.LocalAddr().Port())
}

// read reads n datagrams, and copies what it was lent.
func read(t testing.TB, c *Conn, n int) []Datagram {
	t.Helper()
	var got []Datagram
	batch := make([]Datagram, 64)
	for len(got) < n {
		k, err := c.ReadBatch(batch[:min(len(batch), n-len(got))])
		if err != nil {
			t.Fatalf("after %d of %d datagrams: %v", len(got), n, err)
		}
		for _, d := range batch[:k] {
			d.Data = append([]byte{}, d.Data...)
			got = append(got, d)
		}
	}
	return got
}

// write sends and wants all n datagrams taken.
func write(t testing.TB, w *Writer, n int, bursts ...Burst) {
	t.Helper()
	got, err := w.Write(bursts)
	if err != nil || got != n {
		t.Fatalf("Write took %d datagrams, %v; want %d", got, err, n)
	}
}

// pattern returns n bytes that tell their place.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8)
	}
	return b
}
