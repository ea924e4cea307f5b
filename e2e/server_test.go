package e2e

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTime = 10 * time.Second // for a server to become ready
	stopTime  = 15 * time.Second // for one to stop, its own bound included
)

// server is the real binary with a port and a data folder of its own. It keeps
// both when it is started again. start, stop and kill are called one at a time.
type server struct {
	t    *testing.T
	addr netip.AddrPort
	base string   // its URL, if not that of addr
	args []string // beside address and data folder
	data string
	log  serverLog
	// What is not as usual on a machine of the lab.
	launch func(*exec.Cmd) error
	web    *http.Client

	cmd    *exec.Cmd     // nil while it does not run
	exited chan struct{} // closed when it has ended; then cmd.ProcessState says how
}

// newServer starts a server at a free port of an address, to be stopped when
// the test ends. Its log is shown if the test fails.
func newServer(t *testing.T, ip netip.Addr, args ...string) *server {
	t.Helper()
	s := &server{
		t: t, addr: netip.AddrPortFrom(ip, freePort(t, ip)), args: args, data: t.TempDir(),
		launch: (*exec.Cmd).Start, web: http.DefaultClient,
	}
	s.live()
	return s
}

// live starts the server and sees to its end.
func (s *server) live() {
	s.t.Helper()
	s.t.Cleanup(func() {
		if err := s.stop(); err != nil {
			s.t.Error(err)
		}
		if s.t.Failed() {
			s.t.Logf("the server's log:\n%s", s.log.tail(200))
		}
	})
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

// local starts a server on loopback.
func local(t *testing.T, args ...string) *server {
	t.Helper()
	return newServer(t, netip.MustParseAddr("127.0.0.1"), args...)
}

func (s *server) url() string { return cmp.Or(s.base, "http://"+s.addr.String()) }

// start runs the binary and waits until it is ready.
func (s *server) start() error {
	path, err := program()
	if err != nil {
		return err
	}
	args := append([]string{"serve", "--listen", s.addr.String(), "--data", s.data, "--log-level", "debug"}, s.args...)
	cmd, exited := exec.Command(path, args...), make(chan struct{})
	if os.Geteuid() == 0 {
		// Browsers fill this machine; a server has one of its own.
		cmd = exec.Command("nice", append([]string{"-n", "-10", path}, args...)...)
	}
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	if err := s.launch(cmd); err != nil {
		return err
	}
	s.cmd, s.exited = cmd, exited
	go func() {
		_ = cmd.Wait() // stop reads how it ended
		close(exited)
	}()
	deadline := time.After(startTime)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !s.ready() {
		select {
		case <-tick.C:
		case <-exited:
			return fmt.Errorf("the server ended at its start (%v):\n%s", cmd.ProcessState, s.log.tail(20))
		case <-deadline:
			return errors.Join(fmt.Errorf("the server is not ready after %v", startTime), s.kill())
		}
	}
	return nil
}

func (s *server) ready() bool {
	response, err := s.web.Get(s.url() + "/readyz")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// stop asks the server to stop and waits; one that does not, or not in order,
// is an error. It does nothing if none runs.
func (s *server) stop() error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.exited:
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("the server runs on %v after SIGTERM", stopTime), s.kill())
	}
	state := s.cmd.ProcessState
	s.cmd = nil
	if !state.Success() {
		return fmt.Errorf("the server stopped with %v:\n%s", state, s.log.tail(60))
	}
	return nil
}

// kill ends the server as a crash would.
func (s *server) kill() error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.exited
	s.cmd = nil
	return nil
}

// tutti runs another command of the binary and returns what it prints.
func tutti(args ...string) (string, error) {
	path, err := program()
	if err != nil {
		return "", err
	}
	var stderr bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("tutti %s: %w: %s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}

// freePort returns a port of ip that is free for TCP and UDP, outside of the
// range from which systems take ports for outgoing connections: nobody takes it
// while the server is away.
func freePort(t *testing.T, ip netip.Addr) uint16 {
	t.Helper()
	for range 100 {
		addr := netip.AddrPortFrom(ip, uint16(20000+rand.IntN(10000)))
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
		if err != nil {
			continue
		}
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		if err == nil {
			err = udp.Close()
		}
		if errors.Join(err, tcp.Close()) == nil {
			return addr.Port()
		}
	}
	t.Fatalf("no port of %v is free", ip)
	return 0
}

// serverLog keeps what a server prints, over all its starts.
type serverLog struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

var _ io.Writer = (*serverLog)(nil)

// Write implements io.Writer.
func (l *serverLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tail returns the last lines.
func (l *serverLog) tail(n int) string {
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
