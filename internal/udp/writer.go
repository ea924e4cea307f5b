package udp

import "net/netip"

// Burst is a run of datagrams for one destination.
type Burst struct {
	// Addr is the destination.
	Addr netip.AddrPort
	// Local is the address of this machine to send from: a Datagram's
	// Local, for an answer. The zero Addr leaves it to the system. It counts
	// on a wildcard Conn only.
	Local netip.Addr
	// Data holds the datagrams end to end, each SegmentSize bytes long but
	// the last, which may be shorter. It is borrowed for the call.
	Data []byte
	// SegmentSize is in bytes. If it is 0, or not less than len(Data), Data
	// is one datagram.
	SegmentSize int
}

// segmentSize is SegmentSize or what stands for it; it is 0 only if Data is
// empty.
func (b *Burst) segmentSize() int {
	if b.SegmentSize <= 0 {
		return len(b.Data)
	}
	return min(b.SegmentSize, len(b.Data))
}

// datagrams is how many datagrams of size bytes n bytes make; no byte at all
// makes one empty datagram.
func datagrams(n, size int) int {
	if n <= size {
		return 1
	}
	return (n + size - 1) / size
}

// Writer sends through a Conn. It owns the memory that system calls need, so
// each goroutine that sends has its own; Writers of one Conn do not wait for
// each other.
type Writer struct {
	sender sender
}

// A sender gives bursts to the kernel, and says how many datagrams it took. The
// error is net.ErrClosed or nil.
type sender interface {
	send([]Burst) (int, error)
	on(*Conn)
}

// NewWriter returns a Writer of c. It needs no closing.
func (c *Conn) NewWriter() *Writer {
	switch {
	case c.other != nil:
		return &Writer{&otherSender{c}}
	case c.batched:
		return &Writer{newBatchSender(c)}
	}
	return &Writer{newPortableSender(c)}
}

// On makes w send through another Conn from now on: of the same kind, and of the
// same address family, as the one it was made for.
func (w *Writer) On(c *Conn) { w.sender.on(c) }

// Write sends bursts and returns how many datagrams the kernel took. It never
// waits: when the send buffer is full, it drops the rest. (The portable path
// first waits a tenth of a second for room.) A destination that fails loses its own
// datagrams only. Both are counted in Stats; the error is net.ErrClosed or nil.
func (w *Writer) Write(bursts []Burst) (int, error) { return w.sender.send(bursts) }
