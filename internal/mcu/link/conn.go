package link

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Handler takes what the other end sends, in its order, from the goroutine that
// calls Serve.
type Handler interface {
	// Packet takes a packet of the track or output with this number. It
	// borrows p for the call, and must Retain p to keep it.
	Packet(number uint32, p *media.Packet)
	// Message takes a message, which is its to keep.
	Message(m Message)
}

// Options shape a Conn. The zero value works.
type Options struct {
	// Capacity is how many bytes of packets may wait to be written; 0 stands
	// for 1 MiB. Messages may fill eight times as much.
	Capacity int
	// Flush is how long Close waits for what has queued to be written; 0
	// stands for 100 ms.
	Flush time.Duration
	// Most is how many bytes the other end may send a second, where each
	// record counts for 1 KiB at least: more breaks the rules. 0 sets no
	// bound.
	Most int
}

// Traffic counts what a Conn has moved.
type Traffic struct {
	// Writes counts the calls that wrote Sent bytes.
	Writes, Sent uint64
	// Packets counts those queued; DroppedAudio and DroppedVideo those that
	// found the queue full or ended.
	Packets, DroppedAudio, DroppedVideo uint64
	// Received counts packets that came.
	Received uint64
}

// Conn is one end of the link. It may be used from any goroutine, but Serve by
// one only. Its writing goroutine is ended by Close.
type Conn struct {
	rw    io.ReadWriteCloser // constant
	queue *queue             // constant
	opt   Options            // constant
	pool  media.PacketPool

	done   chan struct{} // closed when the writing goroutine has ended
	close  sync.Once
	failed error // of writing; set before done is closed

	writes, sent, packets, droppedAudio, droppedVideo, received atomic.Uint64
}

const (
	defaultCapacity = 1 << 20
	// keptBuffer is how much storage is kept for what comes: what a backlog
	// took beyond that is given back.
	keptBuffer = 256 << 10
)

// NewConn returns an end of the link over rw, which it owns from here on.
func NewConn(rw io.ReadWriteCloser, o Options) *Conn {
	o.Capacity = cmp.Or(o.Capacity, defaultCapacity)
	o.Flush = cmp.Or(o.Flush, 100*time.Millisecond)
	c := &Conn{rw: rw, opt: o, queue: newQueue(o.Capacity), done: make(chan struct{})}
	go c.write()
	return c
}

// WritePacket queues a packet of the track or output with this number, and
// reports whether it did: it drops and counts what does not fit. It borrows p for
// the call and never blocks.
func (c *Conn) WritePacket(number uint32, p *media.Packet) bool {
	limit, dropped := c.opt.Capacity*3/4, &c.droppedVideo
	if p.Codec.Kind() == media.Audio {
		limit, dropped = c.opt.Capacity, &c.droppedAudio
	}
	ok := c.queue.add(limit, func(dst []byte) []byte { return AppendPacket(dst, number, p) })
	if !ok {
		dropped.Add(1)
		return false
	}
	c.packets.Add(1)
	return true
}

// Write queues a message. It fails if the connection is closed, the message is
// larger than MaxMessage, or the other end has not read for so long that
// messages have filled their bound, which ends the connection.
func (c *Conn) Write(m Message) error {
	record, err := AppendMessage(nil, m)
	if err != nil {
		return err
	}
	if c.queue.add(8*c.opt.Capacity, func(dst []byte) []byte { return append(dst, record...) }) {
		return nil
	}
	if c.queue.ended() {
		return net.ErrClosed
	}
	// Its reader hangs. The goroutine that writes does too: closing wakes it.
	c.queue.end()
	_ = c.rw.Close()
	return errors.New("link: the other end does not read")
}

// write writes what has queued, all in one call, until the queue ends or the
// other end is gone.
func (c *Conn) write() {
	defer close(c.done)
	var buffer []byte
	for over := false; !over; {
		<-c.queue.wake
		buffer, over = c.queue.take(buffer)
		if len(buffer) == 0 {
			continue
		}
		n, err := c.rw.Write(buffer)
		c.writes.Add(1)
		c.sent.Add(uint64(n))
		if err != nil {
			c.failed = err
			c.queue.end()
			_ = c.rw.Close() // wakes Serve
			return
		}
		if cap(buffer) > keptBuffer {
			buffer = nil
		}
	}
}

// Serve hands what the other end sends to h until the connection ends. It
// returns nil if the other end or Close ended it, and what went wrong otherwise:
// io.ErrUnexpectedEOF, wrapped, where the other end died within a record.
func (c *Conn) Serve(h Handler) error {
	err := c.read(h)
	c.queue.end()
	if closed(err) {
		return nil
	}
	_ = c.rw.Close() // what breaks the rules is not listened to any more
	return err
}

// closed reports whether err is how reading or writing ends when an end of the
// connection was closed.
func closed(err error) bool {
	for _, end := range []error{io.EOF, net.ErrClosed, os.ErrClosed, io.ErrClosedPipe, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

func (c *Conn) read(h Handler) error {
	in := bufio.NewReaderSize(c.rw, 64<<10)
	var large []byte
	allowed := allowance{most: c.opt.Most, since: time.Now()}
	for {
		head, err := in.Peek(lengthSize + 1)
		if err != nil {
			return endOf(err, len(head))
		}
		record, n, err := ParseLength(head)
		if err != nil {
			return err
		}
		if !allowed.take(n) {
			return fmt.Errorf("%w: more than %d bytes in a second", ErrRecord, c.opt.Most)
		}
		_, _ = in.Discard(lengthSize + 1) // it was peeked at
		var body []byte
		if n <= in.Size() {
			body, err = in.Peek(n)
		} else {
			if cap(large) < n {
				large = make([]byte, n)
			}
			body = large[:n]
			_, err = io.ReadFull(in, body)
		}
		if err != nil {
			return endOf(err, 1)
		}
		if err := c.deliver(h, record, body); err != nil {
			return err
		}
		if n <= in.Size() {
			_, _ = in.Discard(n)
		}
	}
}

// allowance is what may yet be read. What counts is when it is read: a reader that
// was kept from it finds no more than what the socket and the other end's queue
// hold.
type allowance struct {
	most  int // constant; bytes a second, 0: any
	used  int
	since time.Time
}

// leastRecord is what a record counts for at least, in bytes: small ones cost the
// reader as much.
const leastRecord = 1 << 10

// take takes a record of n bytes, and reports whether it is allowed.
func (a *allowance) take(n int) bool {
	if a.most == 0 {
		return true
	}
	if a.used += max(n, leastRecord); a.used <= a.most {
		return true
	}
	now := time.Now()
	if now.Sub(a.since) < time.Second {
		return false
	}
	a.since, a.used = now, max(n, leastRecord)
	return true
}

// endOf makes an end within a record, of which read bytes have come, what it is.
func endOf(err error, read int) error {
	if read > 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return fmt.Errorf("%w: it ends too early: %w", ErrRecord, io.ErrUnexpectedEOF)
	}
	return err
}

func (c *Conn) deliver(h Handler, record byte, body []byte) error {
	if record != recordPacket {
		m, err := ParseMessage(record, body)
		if err != nil {
			return err
		}
		h.Message(m)
		return nil
	}
	p := c.pool.Get()
	defer p.Release()
	number, err := ParsePacket(body, p)
	if err != nil {
		return err
	}
	c.received.Add(1)
	h.Packet(number, p)
	return nil
}

// Traffic returns what was counted so far.
func (c *Conn) Traffic() Traffic {
	return Traffic{
		Writes: c.writes.Load(), Sent: c.sent.Load(), Packets: c.packets.Load(),
		DroppedAudio: c.droppedAudio.Load(), DroppedVideo: c.droppedVideo.Load(),
		Received: c.received.Load(),
	}
}

// Close writes what has queued if that takes no longer than Options.Flush, closes
// the connection and waits for its goroutine. Serve returns soon after. It may be
// called again, and never fails twice.
func (c *Conn) Close() error {
	var err error
	c.close.Do(func() {
		c.queue.end()
		timer := time.NewTimer(c.opt.Flush)
		defer timer.Stop()
		select {
		case <-c.done:
		case <-timer.C:
		}
		if e := c.rw.Close(); e != nil && !closed(e) {
			err = e
		}
		<-c.done
		if err == nil && c.failed != nil && !closed(c.failed) {
			err = c.failed
		}
	})
	return err
}
