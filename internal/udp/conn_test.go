package udp

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// The stories of this file hold on every path and every system.

func TestThereAndBack(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		for _, host := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"} {
			a, b := open(t, host, o), open(t, host, o)

			// A datagram tells whom to answer, and where it came to.
			write(t, a.NewWriter(), 1, Burst{Addr: b.LocalAddr(), Data: []byte("there")})
			d := read(t, b, 1)[0]
			if d.Addr != a.LocalAddr() || d.Local != b.LocalAddr().Addr() || string(d.Data) != "there" {
				t.Fatalf("%s: got %v", host, d)
			}
			if d.Addr.Addr().Is4In6() {
				t.Fatalf("%s: the sender is v4-mapped: %v", host, d.Addr)
			}
			write(t, b.NewWriter(), 1, Burst{Addr: d.Addr, Local: d.Local, Data: []byte("back")})
			if d := read(t, a, 1)[0]; d.Addr != b.LocalAddr() || string(d.Data) != "back" {
				t.Fatalf("%s: got %v", host, d)
			}
		}
	})
}

func TestWildcardServesBothFamilies(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		for _, host := range []string{"::", "0.0.0.0"} {
			server := open(t, host, o)
			for _, client := range []string{"127.0.0.1", "::1"} {
				c := open(t, client, o)
				write(t, c.NewWriter(), 1, Burst{Addr: at(client, server), Data: []byte("?")})
				if d := read(t, server, 1)[0]; d.Addr != c.LocalAddr() {
					t.Errorf("on %s: %s came as %v", host, c.LocalAddr(), d.Addr)
				}
				// v4-mapped destinations are taken too.
				mapped := netip.AddrPortFrom(netip.AddrFrom16(c.LocalAddr().Addr().As16()), c.LocalAddr().Port())
				write(t, server.NewWriter(), 1, Burst{Addr: mapped, Data: []byte("!")})
				read(t, c, 1)
			}
		}
	})
}

// A client drops an answer that comes from another address than it asked.
func TestAnswerLeavesFromTheAddressAsked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs 127.0.0.2, which Linux alone has without configuration")
	}
	onEachPath(t, func(t *testing.T, o Options) {
		server := open(t, "::", o)
		w := server.NewWriter()
		client := open(t, "0.0.0.0", o)
		for _, asked := range []string{"127.0.0.2", "127.0.0.1", "127.0.0.3"} {
			// The client asks one of the server's addresses.
			write(t, client.NewWriter(), 1, Burst{
				Addr: at(asked, server), Local: netip.MustParseAddr("127.0.0.1"), Data: []byte("?")})
			d := read(t, server, 1)[0]
			if d.Local.String() != asked {
				t.Fatalf("asked %s, came to %v", asked, d.Local)
			}
			// It is answered from there, by single datagram and by burst.
			write(t, w, 4,
				Burst{Addr: d.Addr, Local: d.Local, Data: []byte("!")},
				Burst{Addr: d.Addr, Local: d.Local, Data: make([]byte, 25), SegmentSize: 10})
			for _, d := range read(t, client, 4) {
				if d.Addr != at(asked, server) {
					t.Errorf("asked %s, answered from %v", asked, d.Addr)
				}
			}
		}
		// Without a Local the system's routes decide.
		write(t, w, 1, Burst{Addr: at("127.0.0.1", client), Data: []byte("!")})
		if d := read(t, client, 1)[0]; d.Addr != at("127.0.0.1", server) {
			t.Errorf("answered from %v", d.Addr)
		}
	})
}

// split is the slow and plain model of a Burst.
func split(b Burst) [][]byte {
	if b.SegmentSize <= 0 || len(b.Data) == 0 {
		return [][]byte{b.Data}
	}
	var out [][]byte
	for rest := b.Data; len(rest) > 0; {
		n := min(b.SegmentSize, len(rest))
		out, rest = append(out, rest[:n]), rest[n:]
	}
	return out
}

func TestBurstsAreTheirSegments(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		a, b := open(t, "127.0.0.1", o), open(t, "127.0.0.1", o)
		w := a.NewWriter()
		check := func(bursts ...Burst) {
			t.Helper()
			var want [][]byte
			for i := range bursts {
				bursts[i].Addr = b.LocalAddr()
				want = append(want, split(bursts[i])...)
			}
			write(t, w, len(want), bursts...)
			for i, d := range read(t, b, len(want)) {
				if !bytes.Equal(d.Data, want[i]) {
					t.Fatalf("datagram %d of %d has %d bytes, want %d", i, len(want), len(d.Data), len(want[i]))
				}
			}
		}
		// The corners: a short last segment, none, sizes that mean "one
		// datagram", nothing at all, the largest datagram, ...
		check(Burst{Data: pattern(5*1200 + 300), SegmentSize: 1200})
		check(Burst{Data: pattern(5 * 1200), SegmentSize: 1200})
		check(Burst{Data: pattern(1200)}, Burst{Data: pattern(100), SegmentSize: 100},
			Burst{Data: pattern(99), SegmentSize: 100}, Burst{Data: pattern(7), SegmentSize: -1})
		check(Burst{}, Burst{SegmentSize: 1200}, Burst{Data: pattern(3), SegmentSize: 1})
		check(Burst{Data: pattern(65507)})
		// ... more segments, and more bytes, than one message can hold.
		check(Burst{Data: pattern(130), SegmentSize: 1})
		check(Burst{Data: pattern(70 * 1200), SegmentSize: 1200})
		check(Burst{Data: pattern(90000), SegmentSize: 40000})
		// And whatever else: one seed replays one run.
		random := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			var bursts []Burst
			for room := 100; room > 0; { // the receive buffer may be small
				size := 1 + random.IntN(1500)
				b := Burst{Data: pattern(random.IntN(20 * size)), SegmentSize: size}
				bursts = append(bursts, b)
				room -= len(split(b))
			}
			check(bursts...)
		}
	})
}

func TestSmallBatchLeavesTheRest(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		a, b := open(t, "::1", o), open(t, "::1", o)
		if n, err := b.ReadBatch(nil); n != 0 || !errors.Is(err, io.ErrShortBuffer) {
			t.Fatalf("no room at all: %d, %v", n, err)
		}
		// Ten datagrams in three runs are read in threes.
		write(t, a.NewWriter(), 10,
			Burst{Addr: b.LocalAddr(), Data: pattern(50), SegmentSize: 10},
			Burst{Addr: b.LocalAddr(), Data: pattern(35), SegmentSize: 10},
			Burst{Addr: b.LocalAddr(), Data: pattern(5)})
		var sizes []int
		batch := make([]Datagram, 3)
		for len(sizes) < 10 {
			n, err := b.ReadBatch(batch)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range batch[:n] {
				sizes = append(sizes, len(d.Data))
				if cap(d.Data) != len(d.Data) && b.batched {
					t.Error("appending to a datagram would overwrite the next")
				}
			}
		}
		for i, want := range []int{10, 10, 10, 10, 10, 10, 10, 10, 5, 5} {
			if sizes[i] != want {
				t.Fatalf("sizes %v", sizes)
			}
		}
	})
}

func TestHugeBatch(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		// A thousand bursts to ten ports, in one Write.
		a := open(t, "127.0.0.1", o)
		var ports [10]*Conn
		for i := range ports {
			ports[i] = open(t, "127.0.0.1", o)
		}
		bursts := make([]Burst, 1000)
		for i := range bursts {
			bursts[i] = Burst{Addr: ports[i%10].LocalAddr(), Data: []byte{byte(i / 10), 1, byte(i / 10)}, SegmentSize: 2}
		}
		write(t, a.NewWriter(), 2000, bursts...)
		for _, p := range ports {
			for i, d := range read(t, p, 200) {
				if d.Data[0] != byte(i/2) {
					t.Fatalf("datagram %d is of burst %d", i, d.Data[0])
				}
			}
		}
	})
}

func TestOneBadDestinationHarmsNoOther(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		a, b := open(t, "127.0.0.1", o), open(t, "127.0.0.1", o)
		good := Burst{Addr: b.LocalAddr(), Data: pattern(20), SegmentSize: 10}
		bad := []Burst{
			{Data: pattern(20), SegmentSize: 10},                                                             // no destination
			{Addr: netip.MustParseAddrPort("[2001:db8::1]:9"), Data: pattern(25), SegmentSize: 10},           // not IPv4
			{Addr: netip.MustParseAddrPort("203.0.113.1:9"), Data: pattern(25), SegmentSize: 10},             // not from a loopback address
			{Addr: netip.AddrPortFrom(b.LocalAddr().Addr(), 0), Data: pattern(20), SegmentSize: 10},          // EINVAL
			{Addr: b.LocalAddr(), Data: pattern(65508)},                                                      // EMSGSIZE
			{Addr: b.LocalAddr(), Data: pattern(140000), SegmentSize: 70000},                                 // EMSGSIZE
			{Addr: netip.AddrPortFrom(netip.IPv6Unspecified(), 9), Data: pattern(200 * 64), SegmentSize: 64}, // not IPv4
		}
		lost := 2 + 3 + 3 + 2 + 1 + 2 + 200
		bursts := []Burst{good}
		for _, b := range bad {
			bursts = append(bursts, b, good)
		}
		write(t, a.NewWriter(), 2*8, bursts...)
		read(t, b, 2*8)
		if s := a.Stats(); s.DroppedError != uint64(lost) || s.SendError == 0 || s.DroppedFull != 0 {
			t.Errorf("%+v, want %d datagrams dropped", s, lost)
		}
		if s := a.Stats(); a.batched && !s.GSO {
			t.Error("bad destinations ended GSO")
		}
	})
}

// A closed port answers by ICMP, which the system may hand to our next call.
func TestClosedDestinationHarmsNoOther(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		for _, host := range []string{"127.0.0.1", "::1"} {
			a, b, gone := open(t, host, o), open(t, host, o), open(t, host, o)
			gone.Close()
			w := a.NewWriter()
			for range 10 {
				if _, err := w.Write([]Burst{
					{Addr: gone.LocalAddr(), Data: pattern(1000), SegmentSize: 100},
					{Addr: b.LocalAddr(), Data: pattern(1000), SegmentSize: 100},
				}); err != nil {
					t.Fatal(err)
				}
				read(t, b, 10)
				// Reading goes on as well.
				write(t, b.NewWriter(), 1, Burst{Addr: a.LocalAddr(), Data: []byte("!")})
				read(t, a, 1)
			}
		}
	})
}

func TestClose(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		c := open(t, "::", o)
		w := c.NewWriter()
		write(t, w, 1, Burst{Addr: at("::1", c), Data: []byte("to myself")})
		read(t, c, 1)

		// A reader that waits is told; Close may be called twice.
		done := make(chan error)
		go func() {
			_, err := c.ReadBatch(make([]Datagram, 1))
			done <- err
		}()
		for range 2 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Error("ReadBatch:", err)
		}
		// So are those who come later, and the figures stay.
		if _, err := c.ReadBatch(make([]Datagram, 1)); !errors.Is(err, net.ErrClosed) {
			t.Error("ReadBatch:", err)
		}
		if n, err := w.Write([]Burst{{Addr: at("::1", c), Data: []byte("too late")}}); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %d, %v", n, err)
		}
		if s := c.Stats(); s.SentDatagrams != 1 || s.ReceivedDatagrams != 1 || s.DroppedError != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestListenErrors(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		c := open(t, "127.0.0.1", o)
		if _, err := Listen(c.LocalAddr(), o); !errors.Is(err, syscall.EADDRINUSE) && runtime.GOOS != "windows" {
			t.Error("a taken port:", err)
		}
		if _, err := Listen(netip.AddrPort{}, o); err == nil {
			t.Error("no address: no error")
		}
	})
}

func TestReusePort(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		o.ReusePort = true
		c, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), o)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		d, err := Listen(c.LocalAddr(), o)
		if err != nil {
			t.Fatal(err)
		}
		d.Close()
	})
}

func TestStatsAddUp(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		a, b := open(t, "127.0.0.1", o), open(t, "127.0.0.1", o)
		// 1 + 5 + 66 datagrams.
		write(t, a.NewWriter(), 72,
			Burst{Addr: b.LocalAddr(), Data: pattern(7)},
			Burst{Addr: b.LocalAddr(), Data: pattern(4500), SegmentSize: 1000},
			Burst{Addr: b.LocalAddr(), Data: pattern(6600), SegmentSize: 100})
		read(t, b, 72)
		sent, got := a.Stats(), b.Stats()
		if sent.SentDatagrams != 72 || sent.SentBytes != 7+4500+6600 {
			t.Errorf("sent %+v", sent)
		}
		if got.ReceivedDatagrams != 72 || got.ReceivedBytes != 7+4500+6600 || got.ReceiveCalls == 0 {
			t.Errorf("received %+v", got)
		}
		if a.batched && (sent.SendCalls != 1 || sent.SegmentedSends != 3 || sent.SegmentedDatagrams != 5+64+2) {
			t.Errorf("sent %+v, want one call", sent)
		}
		if got.ReceiveBuffer < 64<<10 || got.SendBuffer < 64<<10 {
			t.Errorf("buffers of %d and %d bytes", got.ReceiveBuffer, got.SendBuffer)
		}
	})
}

func TestWritersDoNotMeet(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		const writers, rounds = 4, 50
		a := open(t, "::", o)
		var wg sync.WaitGroup
		for id := range byte(writers) {
			b := open(t, "127.0.0.1", o)
			wg.Go(func() {
				w := a.NewWriter()
				for round := range byte(rounds) {
					data := bytes.Repeat([]byte{id, round}, 5)
					if n, err := w.Write([]Burst{{Addr: b.LocalAddr(), Data: data, SegmentSize: 2}}); n != 5 || err != nil {
						t.Errorf("Write: %d, %v", n, err)
						return
					}
				}
			})
			// Each destination sees its own writer, in order.
			wg.Go(func() {
				batch := make([]Datagram, 16)
				for seen := 0; seen < 5*rounds; {
					n, err := b.ReadBatch(batch)
					if err != nil {
						t.Error(err)
						return
					}
					for _, d := range batch[:n] {
						if d.Data[0] != id || d.Data[1] != byte(seen/5) {
							t.Errorf("writer %d, datagram %d: got %v", id, seen, d.Data)
						}
						seen++
					}
				}
			})
		}
		wg.Wait()
		if s := a.Stats(); s.SentDatagrams != writers*rounds*5 {
			t.Errorf("%+v", s)
		}
	})
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		for _, host := range []string{"127.0.0.1", "::1"} {
			a, b := open(t, "::", o), open(t, "::", o)
			w := a.NewWriter()
			to := at(host, b)
			bursts := []Burst{
				{Addr: to, Local: to.Addr(), Data: pattern(5*1200 + 10), SegmentSize: 1200},
				{Addr: to, Data: pattern(100)},
				{Addr: to, Local: to.Addr(), Data: pattern(100)},
			}
			batch := make([]Datagram, 64)
			round := func() {
				if n, err := w.Write(bursts); n != 8 || err != nil {
					t.Fatal(n, err)
				}
				for n := 0; n < 8; {
					k, err := b.ReadBatch(batch)
					if err != nil {
						t.Fatal(err)
					}
					n += k
				}
			}
			if n := testing.AllocsPerRun(200, round); n != 0 {
				t.Errorf("%s: %v allocations a round", host, n)
			}
		}
	})
}
