package udp

import (
	"bytes"
	"net/netip"
	"testing"
)

func TestGatherMakesBursts(t *testing.T) {
	to, other := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2")
	local := netip.MustParseAddr("192.0.2.9")
	c := open(t, "127.0.0.1", Options{})
	g := c.NewGather()
	for _, d := range []struct {
		to    netip.AddrPort
		local netip.Addr
		size  int
	}{
		{to, local, 10}, {to, local, 10}, {to, local, 4}, // the shorter one ends a burst
		{to, local, 4}, {other, local, 4}, {to, netip.Addr{}, 4}, {to, netip.Addr{}, 0}, {to, netip.Addr{}, 4},
	} {
		g.Add(d.to, d.local, bytes.Repeat([]byte{byte(d.size)}, d.size))
	}
	want := []struct{ bytes, segment int }{{24, 10}, {4, 4}, {4, 4}, {4, 4}, {0, 0}, {4, 4}}
	if len(g.bursts) != len(want) {
		t.Fatalf("%d bursts, want %d: %v", len(g.bursts), len(want), g.bursts)
	}
	for i, w := range want {
		if b := g.bursts[i]; len(b.Data) != w.bytes || b.SegmentSize != w.segment {
			t.Errorf("burst %d has %d bytes in pieces of %d, want %v", i, len(b.Data), b.SegmentSize, w)
		}
	}
	if first := g.bursts[0].Data; !bytes.Equal(first, append(bytes.Repeat([]byte{10}, 20), 4, 4, 4, 4)) {
		t.Errorf("the first burst is %v", first)
	}
}

func TestGatherArrivesWholeAndAllocatesNothing(t *testing.T) {
	from, at := open(t, "127.0.0.1", Options{}), open(t, "127.0.0.1", Options{})
	g := from.NewGather()
	const n = 200 // more than one burst and one system call hold
	for i := range n {
		g.Add(at.LocalAddr(), netip.Addr{}, bytes.Repeat([]byte{byte(i)}, 1000))
	}
	g.Flush()
	batch, got := make([]Datagram, 64), 0
	for got < n {
		m, err := at.ReadBatch(batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range batch[:m] {
			if len(d.Data) != 1000 || d.Data[0] != byte(got) {
				t.Fatalf("datagram %d has %d bytes of %d", got, len(d.Data), d.Data[0])
			}
			got++
		}
	}
	data := make([]byte, 500)
	if allocs := testing.AllocsPerRun(100, func() {
		for range 5 {
			g.Add(at.LocalAddr(), netip.Addr{}, data)
		}
		g.Flush()
	}); allocs > 0 {
		t.Errorf("%v allocations for five datagrams", allocs)
	}
}

func TestOneGatherServesManyLeanPorts(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		o.Lean = true
		a, b, at := open(t, "127.0.0.1", o), open(t, "127.0.0.1", o), open(t, "127.0.0.1", o)
		g := a.NewGather()
		g.Add(at.LocalAddr(), netip.Addr{}, []byte("from a"))
		g.On(b)
		g.Add(at.LocalAddr(), netip.Addr{}, make([]byte, leanDatagram)) // too long for a lean port
		g.Add(at.LocalAddr(), netip.Addr{}, []byte("from b"))
		g.Flush()
		for i, from := range []*Conn{a, b} {
			d := read(t, at, 1)[0]
			if d.Addr != from.LocalAddr() || string(d.Data) != "from "+string(rune('a'+i)) {
				t.Errorf("%q from %v, want %v", d.Data, d.Addr, from.LocalAddr())
			}
		}
		if n := at.Stats().Truncated; n != 1 {
			t.Errorf("%d datagrams were cut short, want 1", n)
		}
	})
}
