package udp

import "net/netip"

// The bounds of a Gather: enough for many bursts in one system call, and little
// enough to stay in a core's cache.
const (
	gatherBytes  = 128 << 10
	gatherBursts = 128
)

// Gather collects single datagrams and sends them as bursts: consecutive ones of
// one size to one destination become one, which the kernel segments. It belongs
// to one goroutine at a time.
type Gather struct {
	conn   *Conn
	writer *Writer
	arena  []byte // what the bursts point into
	bursts []Burst
	open   bool // the last burst may grow
}

// NewGather returns an empty Gather of c. It needs no closing.
func (c *Conn) NewGather() *Gather { return &Gather{conn: c, writer: c.NewWriter()} }

// Add queues a copy of a datagram to a destination, sent from local as in Burst.
// When there is no room it flushes first.
func (g *Gather) Add(to netip.AddrPort, local netip.Addr, data []byte) {
	if len(g.arena)+len(data) > gatherBytes || len(g.bursts) == gatherBursts {
		g.Flush()
	}
	if g.arena == nil {
		g.arena = make([]byte, 0, gatherBytes)
	}
	start, n := len(g.arena), len(data)
	g.arena = append(g.arena, data...)
	if g.open {
		b := &g.bursts[len(g.bursts)-1]
		size := len(b.Data)
		if b.Addr == to && b.Local == local && n <= b.SegmentSize && n > 0 && size+n <= maxGathered && size/b.SegmentSize < maxSegmentsGathered {
			b.Data = g.arena[start-size : start+n]
			g.open = n == b.SegmentSize // a shorter one must be the last
			return
		}
	}
	g.bursts = append(g.bursts, Burst{Addr: to, Local: local, Data: g.arena[start : start+n], SegmentSize: n})
	g.open = n > 0
}

// What the kernel takes in one send, on every system (see send_linux.go).
const (
	maxSegmentsGathered = 60
	maxGathered         = 65_000
)

// On makes g send through a Conn from now on, as Writer.On. If that is another
// one than before, what is queued is sent first.
func (g *Gather) On(c *Conn) {
	if g.conn == c {
		return
	}
	g.Flush()
	g.conn = c
	g.writer.On(c)
}

// Flush sends what is queued. What the kernel does not take is lost and counted.
func (g *Gather) Flush() {
	if len(g.bursts) > 0 {
		_, _ = g.writer.Write(g.bursts) // an error is that the port is closed
		clear(g.bursts)
	}
	g.bursts, g.arena, g.open = g.bursts[:0], g.arena[:0], false
}
