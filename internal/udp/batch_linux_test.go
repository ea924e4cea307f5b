package udp

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRunsTravelInOnePiece(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		a, b := open(t, host, Options{}), open(t, host, Options{})
		if !a.Stats().GSO || !b.Stats().GRO {
			t.Skipf("the kernel lacks UDP_SEGMENT or UDP_GRO: %+v", a.Stats())
		}
		data := pattern(40*1200 + 1)
		write(t, a.NewWriter(), 41, Burst{Addr: b.LocalAddr(), Data: data, SegmentSize: 1200})
		var got []byte
		for i, d := range read(t, b, 41) {
			if want := min(1200, len(data)-i*1200); len(d.Data) != want || d.Addr != a.LocalAddr() {
				t.Fatalf("datagram %d: %d bytes from %v", i, len(d.Data), d.Addr)
			}
			got = append(got, d.Data...)
		}
		if !bytes.Equal(got, data) {
			t.Error("the bytes are others")
		}
		// Forty-one datagrams, and two system calls in all.
		if s := a.Stats(); s.SendCalls != 1 || s.SegmentedSends != 1 || s.SegmentedDatagrams != 41 {
			t.Errorf("sent %+v", s)
		}
		if s := b.Stats(); s.ReceiveCalls != 1 || s.ReceivedDatagrams != 41 {
			t.Errorf("received %+v", s)
		}
	}
}

// Without checksums the kernel refuses to segment, as it does on a device that
// cannot compute them.
func TestRefusedSegmentsAreSentSingly(t *testing.T) {
	a, b := open(t, "127.0.0.1", Options{}), open(t, "127.0.0.1", Options{})
	if !a.Stats().GSO {
		t.Skip("the kernel lacks UDP_SEGMENT")
	}
	checksums := func(on int) {
		t.Helper()
		a.control(func(fd int) {
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1-on); err != nil {
				t.Fatal(err)
			}
		})
	}
	w := a.NewWriter()
	send := func() {
		t.Helper()
		data := pattern(5*100 + 7)
		write(t, w, 7, Burst{Addr: b.LocalAddr(), Data: data, SegmentSize: 100},
			Burst{Addr: b.LocalAddr(), Data: []byte("next")})
		var got []byte
		for _, d := range read(t, b, 7) {
			got = append(got, d.Data...)
		}
		if !bytes.Equal(got, append(data, "next"...)) {
			t.Fatal("the bytes are others")
		}
	}

	// A few refusals are a route's own: the next success forgets them.
	checksums(0)
	for range maxRefusals - 1 {
		send()
	}
	checksums(1)
	send()
	checksums(0)
	send()
	if s := a.Stats(); !s.GSO || s.DroppedError != 0 || s.SegmentedSends != 1 {
		t.Fatalf("after separate refusals: %+v", s)
	}
	// Many in a row are the machine's: from then on there is one call again.
	for range maxRefusals - 1 {
		send()
	}
	before := a.Stats()
	if before.GSO {
		t.Fatalf("after %d refusals in a row: %+v", maxRefusals, before)
	}
	send()
	if s := a.Stats(); s.SendCalls != before.SendCalls+1 || s.DroppedError != 0 {
		t.Errorf("after GSO was given up: %+v, then %+v", before, s)
	}
}

func TestKernelDropsAreCounted(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		o.ReceiveBuffer = 8 << 10
		a, b := open(t, "127.0.0.1", Options{}), open(t, "127.0.0.1", o)
		if b.Stats().ReceiveBuffer > 64<<10 {
			t.Fatalf("asked for 8 KB, got %+v", b.Stats())
		}
		const sent = 500
		for w := a.NewWriter(); a.Stats().SentDatagrams < sent; {
			write(t, w, 1, Burst{Addr: b.LocalAddr(), Data: pattern(1200)})
		}
		drops := b.Stats().KernelDrops
		if drops == 0 || drops >= sent {
			t.Fatalf("%d datagrams into 8 KB: %d drops", sent, drops)
		}
		read(t, b, int(sent-drops)) // all others are there
		b.Close()
		if got := b.Stats().KernelDrops; got != drops {
			t.Errorf("after Close: %d drops, before: %d", got, drops)
		}
	})
}

func TestTruncatedIsDroppedAndCounted(t *testing.T) {
	a, b := open(t, "127.0.0.1", Options{}), open(t, "127.0.0.1", Options{})
	b.receiver = newSizedReceiver(b, 100)
	w := a.NewWriter()
	write(t, w, 1, Burst{Addr: b.LocalAddr(), Data: pattern(101)})
	write(t, w, 1, Burst{Addr: b.LocalAddr(), Data: pattern(100)})
	if d := read(t, b, 1)[0]; len(d.Data) != 100 {
		t.Errorf("got %d bytes", len(d.Data))
	}
	if s := b.Stats(); s.Truncated != 1 || s.ReceivedDatagrams != 1 {
		t.Errorf("%+v", s)
	}
}

// A kernel without IPv6 gives a wildcard socket of family IPv4.
func TestIPv4OnlyWildcard(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		socket, err := net.ListenUDP("udp4", nil)
		if err != nil {
			t.Fatal(err)
		}
		server := &Conn{socket: socket}
		t.Cleanup(func() { server.Close() })
		if err := server.open(o); err != nil {
			t.Fatal(err)
		}
		if server.LocalAddr().Addr() != netip.IPv4Unspecified() {
			t.Fatalf("open on %v", server.LocalAddr())
		}
		client := open(t, "127.0.0.1", o)
		write(t, client.NewWriter(), 1, Burst{Addr: at("127.0.0.2", server), Data: []byte("?")})
		d := read(t, server, 1)[0]
		if d.Local != netip.MustParseAddr("127.0.0.2") || d.Addr != client.LocalAddr() {
			t.Fatalf("got %v", d)
		}
		w := server.NewWriter()
		write(t, w, 3, Burst{Addr: d.Addr, Local: d.Local, Data: pattern(25), SegmentSize: 10})
		for _, d := range read(t, client, 3) {
			if d.Addr != at("127.0.0.2", server) {
				t.Errorf("answered from %v", d.Addr)
			}
		}
		if n := testing.AllocsPerRun(20, func() {
			write(t, w, 1, Burst{Addr: d.Addr, Local: d.Local, Data: d.Data})
		}); n > 2 { // the test's own
			t.Errorf("%v allocations a datagram", n)
		}
	})
}

// A link-local peer is known by its interface as well.
func TestLinkLocalAddressesKeepTheirZone(t *testing.T) {
	inNamespace(t, "link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
		"addr add fe80::a/64 dev v0 nodad", "addr add fe80::b/64 dev v1 nodad")
	a, b := open(t, "::", Options{}), open(t, "::", Options{})
	// The zone may be given by name; it comes back as a number, which works.
	to := netip.AddrPortFrom(netip.MustParseAddr("fe80::b").WithZone("v0"), b.LocalAddr().Port())
	write(t, a.NewWriter(), 1, Burst{Addr: to, Local: netip.MustParseAddr("fe80::a"), Data: []byte("?")})
	d := read(t, b, 1)[0]
	if ip := d.Addr.Addr(); ip.WithZone("") != netip.MustParseAddr("fe80::a") || ip.Zone() == "" {
		t.Fatalf("came from %v", ip)
	}
	write(t, b.NewWriter(), 1, Burst{Addr: d.Addr, Local: d.Local, Data: []byte("!")})
	read(t, a, 1)
}

// Segments wider than the path are refused as a run; singly IP fragments them.
func TestPathNarrowerThanSegments(t *testing.T) {
	inNamespace(t, "link set lo up mtu 1280")
	for _, host := range []string{"127.0.0.1", "::1"} {
		a, b := open(t, host, Options{}), open(t, host, Options{})
		data := pattern(5 * 1400)
		write(t, a.NewWriter(), 5, Burst{Addr: b.LocalAddr(), Data: data, SegmentSize: 1400})
		for i, d := range read(t, b, 5) {
			if !bytes.Equal(d.Data, data[i*1400:][:1400]) {
				t.Errorf("%s: datagram %d is not what was sent", host, i)
			}
		}
		if s := a.Stats(); s.DroppedError != 0 || !s.GSO {
			t.Errorf("%s: %+v", host, s)
		}
	}
}

// A link that is slower than the sender fills the send buffer.
func TestFullSendBufferDropsTheRest(t *testing.T) {
	onEachPath(t, func(t *testing.T, o Options) {
		inNamespace(t, "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
			"addr add 10.9.9.1/24 dev v0", "neigh add 10.9.9.2 dev v0 lladdr 02:00:00:00:00:02",
			"tc qdisc add dev v0 root tbf rate 100bit burst 2kb limit 100mb")
		o.SendBuffer = 64 << 10
		a := open(t, "0.0.0.0", o)
		const n = 1000
		bursts := make([]Burst, n)
		for i := range bursts {
			bursts[i] = Burst{Addr: netip.MustParseAddrPort("10.9.9.2:9"), Data: pattern(1000)}
		}
		w := a.NewWriter()
		taken, err := w.Write(bursts)
		if err != nil || taken == 0 || taken == n {
			t.Fatalf("Write took %d of %d, %v", taken, n, err)
		}
		s := a.Stats()
		if s.DroppedFull != uint64(n-taken) || s.SentDatagrams != uint64(taken) || s.DroppedError != 0 {
			t.Errorf("took %d: %+v", taken, s)
		}
		// It counts segments as well, and the next call tries again.
		full := s.DroppedFull
		if k, err := w.Write([]Burst{{Addr: bursts[0].Addr, Data: pattern(50000), SegmentSize: 1000}}); k != 0 || err != nil {
			t.Errorf("Write took %d, %v", k, err)
		}
		if got := a.Stats().DroppedFull - full; got != 50 {
			t.Errorf("%d segments dropped, want 50", got)
		}
	})
}

// inNamespace gives the rest of the test a network of its own, made by ip(8) and
// tc(8) commands. It needs root. Subtests have goroutines of their own and stay
// outside.
func inNamespace(t *testing.T, commands ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to make a network namespace")
	}
	runtime.LockOSThread() // for good: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("needs a network namespace: ", err)
	}
	for _, c := range commands {
		args := strings.Fields(c)
		name := "ip"
		if args[0] == "tc" {
			name, args = "tc", args[1:]
		}
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("needs iproute2: ", err)
		}
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v: %s", name, c, err, out)
		}
	}
}

func FuzzParseControl(f *testing.F) {
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		f.Fatal(err)
	}
	// Seeds: what the kernel says, and cuts of it.
	c := &Conn{socket: socket}
	f.Cleanup(func() { c.Close() })
	if err := c.open(Options{}); err != nil {
		f.Fatal(err)
	}
	if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		f.Fatal(err)
	}
	write(f, c.NewWriter(), 3, Burst{Addr: at("127.0.0.1", c), Data: pattern(25), SegmentSize: 10})
	oob := make([]byte, maxControl)
	_, n, _, _, err := socket.ReadMsgUDPAddrPort(make([]byte, 100), oob)
	if err != nil {
		f.Fatal(err)
	}
	if local, size := parseControl(oob[:n]); size != 10 || local != netip.MustParseAddr("127.0.0.1") {
		f.Fatalf("%x: %v, %d", oob[:n], local, size)
	}
	f.Add(oob[:n])
	f.Add(oob[:n-1])
	f.Add(oob[:7])
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, size := parseControl(b); size <= 0 || size > maxDatagram {
			t.Errorf("datagrams of %d bytes", size)
		}
		parseLocal(b, true)
		parseLocal(b, false)
	})
}
