package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tutti-rtc/tutti/client/load"
)

// relayWork is what is measured at a relay.
type relayWork struct {
	up    bool // from clients to peers, else the other way
	size  int  // bytes of a packet's payload
	burst int  // packets that follow one another to one destination
}

// String describes the work as a row of the table.
func (w relayWork) String() string {
	way, what := "down", "single packets"
	if w.up {
		way = "up"
	}
	if w.burst > 1 {
		what = fmt.Sprintf("bursts of %d", w.burst)
	}
	return fmt.Sprintf("%s, %d B, %s", way, w.size, what)
}

// The load on a relay.
const (
	relayPairs = 40     // clients, each with a peer of its own
	relayRate  = 40_000 // packets per second in all
	relayTick  = 500 * time.Microsecond
)

// relayPair is a client and its peer.
type relayPair struct {
	client *relayClient
	peer   *net.UDPConn
}

// relayLoad is a set of pairs at one server.
type relayLoad struct {
	pairs    []relayPair
	received atomic.Uint64
	reading  sync.WaitGroup
}

// openRelayLoad makes the pairs: each client has an allocation with a channel to
// its peer.
func openRelayLoad(server netip.AddrPort, username, password string) (*relayLoad, error) {
	l := &relayLoad{}
	for range relayPairs {
		client, err := newRelayClient(server, username, password)
		if err != nil {
			return l, err
		}
		peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return l, err
		}
		l.pairs = append(l.pairs, relayPair{client, peer})
		if err := client.allocate(); err != nil {
			return l, err
		}
		if err := client.bind(peer.LocalAddr().(*net.UDPAddr).AddrPort()); err != nil {
			return l, err
		}
	}
	for _, p := range l.pairs {
		for _, socket := range []*net.UDPConn{p.client.socket, p.peer} {
			_ = socket.SetReadBuffer(1 << 20) // less is a loss that is counted
			l.reading.Go(func() { l.count(socket) })
		}
	}
	return l, nil
}

// count reads a socket until it is closed.
func (l *relayLoad) count(socket *net.UDPConn) {
	buffer := make([]byte, 2048)
	for {
		if _, _, err := socket.ReadFromUDPAddrPort(buffer); err != nil {
			return
		}
		l.received.Add(1)
	}
}

// close ends all sockets.
func (l *relayLoad) close() {
	for _, p := range l.pairs {
		_ = p.client.socket.Close()
		_ = p.peer.Close()
	}
	l.reading.Wait()
}

// relayFigures is what a server needed for a piece of work.
type relayFigures struct {
	Work      string  `json:"work"`
	CPU       float64 `json:"cpu_us_per_packet"` // of the server, per packet delivered
	Delivered float64 `json:"delivered"`         // share
}

// run does work for a while and measures the server's process.
func (l *relayLoad) run(ctx context.Context, w relayWork, pid int, d time.Duration) (relayFigures, error) {
	send := l.sender(w)
	if _, err := l.drive(ctx, w, send, time.Second); err != nil { // warm
		return relayFigures{}, err
	}
	before, err := load.ReadUsage(pid)
	if err != nil {
		return relayFigures{}, err
	}
	received := l.received.Load()
	sent, err := l.drive(ctx, w, send, d)
	if err != nil {
		return relayFigures{}, err
	}
	after, err := load.ReadUsage(pid)
	if err != nil {
		return relayFigures{}, err
	}
	delivered := l.received.Load() - received
	if delivered == 0 {
		return relayFigures{}, errors.New("nothing was relayed")
	}
	return relayFigures{
		Work:      w.String(),
		CPU:       float64((after.CPU - before.CPU).Microseconds()) / float64(delivered),
		Delivered: float64(delivered) / float64(sent),
	}, nil
}

// sender returns what sends one burst for a pair. The packets of a burst leave in
// one piece (UDP_SEGMENT), and reach a server that takes it so (UDP_GRO) in one,
// as a network card brings those that follow one another; others get them singly.
func (l *relayLoad) sender(w relayWork) func(relayPair) error {
	packet := make([]byte, w.size)
	if w.up {
		packet = binary.BigEndian.AppendUint16(nil, relayChannel)
		packet = binary.BigEndian.AppendUint16(packet, uint16(w.size))
		packet = append(packet, make([]byte, w.size)...)
	}
	burst, control := bytes.Repeat(packet, w.burst), segments(len(packet))
	if w.burst == 1 {
		control = nil
	}
	return func(p relayPair) error {
		socket, to := p.peer, p.client.relayed
		if w.up {
			socket, to = p.client.socket, p.client.server
		}
		_, _, err := socket.WriteMsgUDPAddrPort(burst, control, to)
		return err
	}
}

// segments is the control message that makes datagrams of a size out of one
// piece of memory.
func segments(size int) []byte {
	b := make([]byte, unix.CmsgSpace(2))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(b[unix.CmsgLen(0):], uint16(size))
	return b
}

// drive sends at relayRate for a while, a burst for each pair in turn, and
// returns how many packets it has sent.
func (l *relayLoad) drive(ctx context.Context, w relayWork, send func(relayPair) error, d time.Duration) (sent int, err error) {
	tick := time.NewTicker(relayTick)
	defer tick.Stop()
	begin, next := time.Now(), 0
	for elapsed := time.Duration(0); elapsed < d; elapsed = time.Since(begin) {
		for due := int(elapsed.Seconds() * relayRate); sent+w.burst <= due; next++ {
			if err := send(l.pairs[next%len(l.pairs)]); err != nil {
				return sent, err
			}
			sent += w.burst
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return sent, ctx.Err()
		}
	}
	return sent, nil
}
