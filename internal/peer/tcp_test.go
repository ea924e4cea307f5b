package peer

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
)

// tcpClient is a client's end of an ICE-TCP connection in memory.
type tcpClient struct {
	net.Conn
	t     *testing.T
	ended chan error // of the server's end
}

// remote is a pipe that has an address.
type remote struct{ net.Conn }

func (remote) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 1), Port: 6000} }

func dialTCP(t *testing.T, s *Server) *tcpClient {
	near, far := net.Pipe()
	c := &tcpClient{Conn: near, t: t, ended: make(chan error, 1)}
	go func() { c.ended <- s.ServeTCP(remote{far}) }()
	t.Cleanup(func() { near.Close() })
	return c
}

// send writes a frame (RFC 4571).
func (c *tcpClient) send(b []byte) {
	c.t.Helper()
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)); err != nil {
		c.t.Fatal(err)
	}
}

// receive reads a frame.
func (c *tcpClient) receive() []byte {
	c.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		c.t.Fatal(err)
	}
	b := make([]byte, binary.BigEndian.Uint16(head))
	if _, err := io.ReadFull(c, b); err != nil {
		c.t.Fatal(err)
	}
	return b
}

// checks sends a check and fails if it is not answered.
func (c *tcpClient) checks(p *Peer) {
	c.t.Helper()
	c.send(check(c.t, p, true))
	m := &stun.Message{Raw: c.receive()}
	if err := m.Decode(); err != nil || m.Type != stun.BindingSuccess {
		c.t.Fatalf("the check was answered with %v (%v)", m, err)
	}
}

// tcpStory is a peer whose loop runs, without a UDP client.
func tcpStory(t *testing.T, tell func(t *testing.T, s *Server, p *Peer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, _ := bareLoop(Options{TCP: true})
		p := barePeer(t, l, offerAll)
		p.selected.Store(nil)
		go l.run()
		defer l.close()
		tell(t, l.server, p)
	})
}

func TestATCPConnectionThatBringsNoCheckIsClosed(t *testing.T) {
	tcpStory(t, func(t *testing.T, s *Server, p *Peer) {
		begin := time.Now()
		idle, noisy, torn, huge := dialTCP(t, s), dialTCP(t, s), dialTCP(t, s), dialTCP(t, s)
		var noise sync.WaitGroup
		defer noise.Wait()
		noise.Go(func() { // random frames keep nothing open
			for noisy.SetWriteDeadline(time.Now().Add(time.Second)) == nil {
				if _, err := noisy.Write([]byte{0, 4, 0x80, 96, 0, 1}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		if _, err := torn.Write([]byte{0, 100, 1, 2, 3}); err != nil {
			t.Fatal(err)
		}
		if _, err := huge.Write([]byte{0xff, 0xff}); err != nil {
			t.Fatal(err)
		}
		if err := <-huge.ended; err == nil || time.Since(begin) > time.Second {
			t.Errorf("a frame larger than a packet is waited for: %v", err)
		}
		for _, c := range []*tcpClient{idle, noisy, torn} {
			if err := <-c.ended; err == nil {
				t.Error("no reason was given")
			}
		}
		if d := time.Since(begin); d > tcpFirstCheck+time.Second {
			t.Errorf("a connection without a check was kept for %v", d)
		}
		if s.strays.Load() < 5 {
			t.Errorf("%d stray frames were counted", s.strays.Load())
		}
		// The server takes none beyond its bound, nor after its end.
		s.tcpConns = maxTCPConns
		if err := <-dialTCP(t, s).ended; !errors.Is(err, errTooManyTCP) {
			t.Errorf("one connection too many got %v", err)
		}
		s.tcpConns = 0
		s.closed = true
		if err := <-dialTCP(t, s).ended; !errors.Is(err, ErrClosed) {
			t.Errorf("after the end a connection got %v", err)
		}
	})
}

func TestATCPClientThatDoesNotReadIsCutOff(t *testing.T) {
	tcpStory(t, func(t *testing.T, s *Server, p *Peer) {
		c := dialTCP(t, s)
		c.checks(p)
		p.loop.Do(func(now media.Time) {
			if to := p.selected.Load(); to == nil || to.Conn == 0 {
				t.Fatal("the server does not send by TCP")
			}
			for range 1000 {
				p.Sender("3").Write(now, frame(1, 1000))
			}
		})
		begin := time.Now()
		<-c.ended
		if d := time.Since(begin); d > tcpWriteExpiry+time.Second {
			t.Errorf("it took %v to give up", d)
		}
	})
}
