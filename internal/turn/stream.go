package turn

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
)

// The bounds of a client's TCP or TLS connection.
const (
	// maxStreamQueue is in bytes: messages to a client that reads more slowly
	// than it is sent to are dropped whole.
	maxStreamQueue = 256 << 10
	// keptQueue is how much of the queue's memory is kept when it is empty.
	keptQueue = 32 << 10
	// strangerTime is for a client without an allocation, from its coming or
	// from the end of its last one.
	strangerTime = 30 * time.Second
	// writeTime is for the client to take in what is queued.
	writeTime = 15 * time.Second
	// readSize is what a stream reads at once; a longer message gets memory
	// of its own.
	readSize = 4 << 10
	// maxMessage is the longest message there can be: a STUN header and a
	// length of 16 bits.
	maxMessage = 20 + 1<<16
)

// The first bytes of a message on a stream (RFC 8656 §3.1, §12.5): both kinds
// have a length in bytes 2 and 3.
const frameHeader = 4

var (
	errNoFrame    = errors.New("what came is neither STUN nor ChannelData")
	errStreamLate = errors.New("no allocation was made in time")
	errManyStream = errors.New("too many TURN connections are open")
)

// stream is a client's TCP or TLS connection. Its reader is the caller of
// ServeStream, and it has a goroutine that writes.
type stream struct {
	// Constant.
	server *Server
	conn   net.Conn
	tuple  relay.Tuple
	wake   chan struct{} // capacity 1
	done   chan struct{} // closed when the writer has ended
	once   sync.Once

	joined *peerConn // guarded by Server.mu; set once (RFC 6062 §5.4)

	mu     sync.Mutex
	queue  []byte // guarded by mu
	closed bool   // guarded by mu
}

// ServeStream serves TURN over TCP, or over TLS where secure is set, until the
// connection ends. It owns the connection.
func (s *Server) ServeStream(conn net.Conn, secure bool) error {
	defer conn.Close()
	st := &stream{server: s, conn: conn, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return ErrClosed
	case len(s.streams) >= s.opts.MaxStreams:
		s.mu.Unlock()
		s.drops.streams.Add(1)
		return errManyStream
	}
	s.lastConn++
	st.tuple = relay.Tuple{Transport: relay.TCP, Remote: addrPort(conn.RemoteAddr()), Local: addrPort(conn.LocalAddr()), Conn: s.lastConn}
	if secure {
		st.tuple.Transport = relay.TLS
	}
	s.streams[st.tuple.Conn] = st
	s.running.Add(1) // ServeStream itself, whose caller may be anybody
	s.mu.Unlock()
	defer s.running.Done()
	s.running.Go(st.write)
	err := st.read()
	st.close()
	<-st.done
	s.locked(func(_ media.Time, out *relay.Output) {
		delete(s.streams, st.tuple.Conn)
		s.core.Gone(st.tuple.Conn, st.tuple, out)
	})
	return err
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		parsed, _ := netip.ParseAddrPort(a.String())
		return netip.AddrPortFrom(parsed.Addr().Unmap(), parsed.Port())
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// read takes the client's messages until the end.
func (st *stream) read() error {
	buffer, have := make([]byte, readSize), 0
	stranger := time.Now().Add(strangerTime)
	for {
		_ = st.conn.SetReadDeadline(time.Now().Add(strangerTime))
		n, err := st.conn.Read(buffer[have:])
		have += n
		used, allocated, peer, err2 := st.take(buffer[:have])
		if peer != nil {
			return st.splice(peer, buffer[used:have])
		}
		have = copy(buffer, buffer[used:have])
		now := time.Now()
		if allocated {
			stranger = now.Add(strangerTime)
		}
		switch late := errors.Is(err, os.ErrDeadlineExceeded); {
		case err2 != nil:
			return err2
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && (!late || st.ended()):
			return err
		case now.After(stranger):
			return errStreamLate
		}
		if have == len(buffer) { // a message that is longer
			buffer = append(buffer, make([]byte, min(maxMessage, 2*len(buffer))-len(buffer))...)
		} else if have == 0 && len(buffer) > readSize {
			buffer = make([]byte, readSize)
		}
	}
}

// ended tells whether close was called.
func (st *stream) ended() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.closed
}

// take handles the whole messages in b, and returns how long they are. With peer
// the stream carries that connection's bytes from there on.
func (st *stream) take(b []byte) (used int, allocated bool, peer *peerConn, err error) {
	st.server.locked(func(now media.Time, out *relay.Output) {
		for peer == nil {
			n, size, ok := frame(b[used:])
			if !ok {
				err = errNoFrame
				return
			}
			if n == 0 {
				break
			}
			st.server.core.Handle(now, st.tuple, b[used:used+size], out)
			used += n
			st.server.flush(now)
			peer = st.joined
		}
		allocated = st.server.core.Has(st.tuple)
	})
	return used, allocated, peer, err
}

// frame measures the message at the start of b: n with its padding, 0 if it is
// not whole yet, and size without. It reports false for what is no message.
func frame(b []byte) (n, size int, ok bool) {
	if len(b) == 0 {
		return 0, 0, true
	}
	switch b[0] >> 6 {
	case 0:
		size = 20
	case 1:
		size = frameHeader
	default:
		return 0, 0, false
	}
	if len(b) < frameHeader {
		return 0, 0, true
	}
	size += int(binary.BigEndian.Uint16(b[2:]))
	n = (size + 3) &^ 3 // STUN is a multiple of 4, ChannelData is padded
	if b[0]>>6 == 0 && n != size {
		return 0, 0, false
	}
	if len(b) < n {
		return 0, 0, true
	}
	return n, size, true
}

// send queues a message for the client, or drops it whole.
func (st *stream) send(b []byte) {
	st.mu.Lock()
	if st.closed || len(st.queue)+len(b) > maxStreamQueue {
		st.mu.Unlock()
		st.server.drops.messages.Add(1)
		return
	}
	st.queue = append(st.queue, b...)
	st.mu.Unlock()
	select {
	case st.wake <- struct{}{}:
	default:
	}
}

// write is the goroutine that empties the queue into the connection. It closes a
// connection that takes in nothing.
func (st *stream) write() {
	defer close(st.done)
	var spare []byte
	for range st.wake {
		st.mu.Lock()
		if cap(spare) > keptQueue { // one slow moment is not remembered for ever
			spare = nil
		}
		spare, st.queue = st.queue, spare[:0]
		closed := st.closed
		st.mu.Unlock()
		if len(spare) > 0 {
			_ = st.conn.SetWriteDeadline(time.Now().Add(writeTime))
			if _, err := st.conn.Write(spare); err != nil {
				_ = st.conn.Close()
				return
			}
		}
		if closed {
			return
		}
	}
}

// close ends the stream: its reader at once, its writer after what is queued.
// Idempotent.
func (st *stream) close() {
	st.once.Do(func() {
		st.mu.Lock()
		st.closed = true
		st.mu.Unlock()
		_ = st.conn.SetReadDeadline(time.Unix(1, 0))
		select {
		case st.wake <- struct{}{}:
		default:
		}
	})
}
