package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

// TestMain runs the tests, or what the tests start: a mixer, a mixer that breaks
// the link's rules, or a server with a mixer.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || !strings.HasPrefix(os.Args[1], "as-") {
		goleak.VerifyTestMain(m)
		return
	}
	var err error
	switch os.Args[1] {
	case "as-mixer":
		err = Run(context.Background(), runStub)
	case "as-liar":
		_, err = os.NewFile(socketFile, "link").WriteString("HTTP/1.1 400 Bad Request\r\n\r\n")
		if err == nil {
			_, err = io.Copy(io.Discard, os.NewFile(socketFile, "link"))
		}
	case "as-server":
		err = runServer()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tutti:", err)
		os.Exit(1)
	}
}

// command is how a test starts one of the above.
func command(t *testing.T, as string) []string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{path, as}
}

// What the stub of an engine does when it gets a packet, by its first byte.
const (
	doEcho    = 'e' // send it back
	doCrash   = 'c' // enter its track and die of it
	doHang    = 'h' // enter its track and stay
	doCrowd   = 't' // enter its track, let another worker enter the next one, and die
	doSilence = 'q' // stop the heartbeat
	doLeave   = 'x' // end with an exit code
	doVisit   = 'v' // enter its track and leave, then send it back
)

// stub is an engine for tests. Its first message is Failed, with its process id
// as the number and its environment as the text.
type stub struct {
	conn   *link.Conn
	marks  *Marks
	silent atomic.Bool
}

func runStub(_ context.Context, conn *link.Conn, marks *Marks) error {
	s := &stub{conn: conn, marks: marks}
	hello := link.Failed{Number: uint32(os.Getpid()), Text: strings.Join(os.Environ(), "\n")}
	if err := errors.Join(conn.Write(link.Alive{}), conn.Write(hello)); err != nil {
		return err
	}
	go s.beat()
	return conn.Serve(s)
}

func (s *stub) beat() {
	for range time.Tick(20 * time.Millisecond) {
		if !s.silent.Load() {
			_ = s.conn.Write(link.Alive{})
		}
	}
}

func (s *stub) Message(link.Message) {}

func (s *stub) Packet(number uint32, p *media.Packet) {
	switch p.Payload[0] {
	case doEcho:
		s.conn.WritePacket(number, p)
	case doVisit:
		s.marks.Enter(0, number)
		s.marks.Leave(0)
		s.conn.WritePacket(number, p)
	case doCrash:
		s.marks.Enter(0, number)
		die()
	case doHang:
		s.marks.Enter(0, number)
		select {}
	case doCrowd:
		s.marks.Enter(0, number)
		second := make(chan struct{})
		go func() {
			s.marks.Enter(1, number+1)
			close(second)
			select {}
		}()
		select {
		case <-second:
		case <-time.After(200 * time.Millisecond): // it is kept out
		}
		die()
	case doSilence:
		s.silent.Store(true)
	case doLeave:
		os.Exit(3)
	}
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
	select {}
}

// runServer runs a child until it is killed, and prints the process's id.
func runServer() error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	log := newLog()
	c, err := Start(Options{Command: []string{path, "as-mixer"}, Patience: time.Hour}, log)
	if err != nil {
		return err
	}
	<-log.up
	fmt.Println(<-log.pids)
	_, err = io.Copy(io.Discard, os.Stdin)
	return fmt.Errorf("%w, and closed: %w", err, c.Close())
}

// log is a Handler that passes everything on to a test.
type log struct {
	up      chan *link.Conn
	ready   chan link.Ready
	down    chan down
	packets chan uint32
	pids    chan int
	texts   chan string
}

type down struct {
	cause    error
	suspects []uint32
}

func newLog() *log {
	return &log{
		up: make(chan *link.Conn, 100), ready: make(chan link.Ready, 100), down: make(chan down, 100),
		packets: make(chan uint32, 100), pids: make(chan int, 100), texts: make(chan string, 100),
	}
}

func (l *log) Up(conn *link.Conn, ready link.Ready)       { l.up <- conn; l.ready <- ready }
func (l *log) Down(cause error, suspects []uint32)        { l.down <- down{cause, suspects} }
func (l *log) Packet(number uint32, packet *media.Packet) { l.packets <- number }
func (l *log) Message(m link.Message) {
	if m, ok := m.(link.Failed); ok {
		l.pids <- int(m.Number)
		l.texts <- m.Text
	}
}

// start starts a child that ends with the test.
func start(t *testing.T, o Options) (*Child, *log) {
	t.Helper()
	if o.Command == nil {
		o.Command = command(t, "as-mixer")
	}
	if o.Patience == 0 {
		o.Patience = time.Hour // only what is to be killed is
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	l := newLog()
	c, err := Start(o, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, l
}

// packet is one of a track that tells the stub what to do.
func packet(what byte) *media.Packet {
	p := new(media.PacketPool).Get()
	p.Codec, p.Payload = media.VP8, append(p.Buffer()[:0], what)
	return p
}
