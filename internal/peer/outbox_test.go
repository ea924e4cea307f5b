package peer

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/peer/ice"
)

// put queues a datagram of n bytes, all of them b.
func (o *outbox) put(to ice.Address, n int, b byte) {
	s := o.space(n)
	for i := range s {
		s[i] = b
	}
	o.commit(to, n)
}

// shape lists the bursts as count × size, the last size apart if it differs.
func (o *outbox) shape() []string {
	var list []string
	for _, b := range o.bursts {
		full, rest := len(b.Data)/b.SegmentSize, len(b.Data)%b.SegmentSize
		s := fmt.Sprintf("%d×%d", full, b.SegmentSize)
		if rest > 0 {
			s += fmt.Sprintf("+%d", rest)
		}
		list = append(list, s)
	}
	return list
}

func TestBurstsFollowTheKernelsRules(t *testing.T) {
	other := clientAddr
	other.Remote = netip.MustParseAddrPort("203.0.113.2:5000")
	alias := clientAddr
	alias.Local = netip.MustParseAddr("10.8.0.1")
	type sent struct {
		to ice.Address
		n  int
	}
	same := func(n int, sizes ...int) []sent {
		var list []sent
		for range n {
			for _, size := range sizes {
				list = append(list, sent{clientAddr, size})
			}
		}
		return list
	}
	for _, c := range []struct {
		what string
		sent []sent
		want []string
	}{
		{"one size is one burst", same(6, 1000), []string{"6×1000"}},
		{"a shorter one ends it", same(2, 1000, 300), []string{"1×1000+300", "1×1000+300"}},
		{"a longer one begins another", same(1, 500, 600, 600), []string{"1×500", "2×600"}},
		{"each destination has its own", []sent{{clientAddr, 9}, {other, 9}, {clientAddr, 9}}, []string{"1×9", "1×9", "1×9"}},
		{"and so has each address of ours", []sent{{clientAddr, 9}, {alias, 9}}, []string{"1×9", "1×9"}},
		{"no more segments than the kernel takes", same(maxSegments+1, 100), []string{fmt.Sprintf("%d×100", maxSegments), "1×100"}},
		{"no more bytes than a datagram may have", same(50, 1400), []string{"46×1400", "4×1400"}},
	} {
		l, _ := bareLoop(Options{})
		for _, s := range c.sent {
			l.out.put(s.to, s.n, 0)
		}
		if got := l.out.shape(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestTheOutboxEmptiesItselfWhenFull(t *testing.T) {
	l, socket := bareLoop(Options{})
	const size, count = 1200, 3 * arenaSize / 1200
	for i := range count {
		l.out.put(clientAddr, size, byte(i))
	}
	for i := range 2 * maxBursts { // bursts of one, to many
		to := clientAddr
		to.Remote = netip.AddrPortFrom(to.Remote.Addr(), uint16(i+1))
		l.out.put(to, 10, byte(i))
	}
	l.out.flush()
	if len(socket.sent) != count+2*maxBursts {
		t.Fatalf("%d datagrams of %d were sent", len(socket.sent), count+2*maxBursts)
	}
	for i, b := range socket.sent[:count] {
		if len(b) != size || b[0] != byte(i) || b[size-1] != byte(i) {
			t.Fatalf("datagram %d is out of order or torn", i)
		}
	}
	if len(l.out.bursts) != 0 || len(l.out.arena) != 0 {
		t.Error("something is left")
	}
}

func TestWhatGoesByTCPDoesNotWaitForTheBurst(t *testing.T) {
	l, socket := bareLoop(Options{})
	c := &tcpConn{id: 7, server: l.server, wake: make(chan struct{}, 1)}
	l.server.conns[c.id] = c
	byTCP := ice.Address{Proto: ice.TCP, Remote: clientAddr.Remote, Conn: c.id}
	gone := byTCP
	gone.Conn = 8
	l.out.put(clientAddr, 3, 'a')
	l.out.put(byTCP, 3, 'b')
	l.out.put(byTCP, 2, 'c')
	l.out.put(gone, 2, 'd') // a connection that was closed takes nothing
	l.out.put(clientAddr, 3, 'e')
	if got := string(c.queue); got != "\x00\x03bbb\x00\x02cc" {
		t.Errorf("%q waits to be written", got)
	}
	l.out.flush()
	if len(socket.sent) != 2 || string(socket.sent[0]) != "aaa" || string(socket.sent[1]) != "eee" {
		t.Errorf("%q went by UDP", socket.sent)
	}
	// A client that does not read loses packets, and they are counted.
	for range maxTCPQueue/1000 + 1 {
		l.out.put(byTCP, 1000, 'f')
	}
	if len(c.queue) > maxTCPQueue || c.dropped.Load() == 0 {
		t.Errorf("%d bytes wait, %d frames were dropped", len(c.queue), c.dropped.Load())
	}
}
