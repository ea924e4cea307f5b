package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// host is the server on a machine of the lab's internet, at the port of HTTPS.
type host struct {
	*server
	addrs []netip.Addr // of both families
}

// host starts the server for the length of the test.
func (l *lab) host(t *testing.T, args ...string) *host {
	t.Helper()
	n, addrs := l.machine(t, "server")
	from := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it is only asked whether it is ready
		DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
			err = n.enter(func() (err error) {
				conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
				return err
			})
			return conn, err
		},
	}
	t.Cleanup(from.CloseIdleConnections)
	h := &host{addrs: addrs, server: &server{
		t: t, addr: netip.MustParseAddrPort("[::]:443"), base: "https://" + addrs[0].String(),
		args: append(args, "--open"), data: t.TempDir(),
		launch: n.start, web: &http.Client{Transport: from},
	}}
	h.live()
	return h
}

// urlFor returns the address by which a client of this kind calls the server.
func (h *host) urlFor(k kind) string {
	if k.only6 {
		return "https://[" + h.addrs[1].String() + "]"
	}
	return h.url()
}

// certificate is the file with what the server made to prove itself: clients of
// the lab trust it.
func (h *host) certificate() string { return filepath.Join(h.data, "self-signed.pem") }

// guest is a visitor's process at a site, as the test sees it.
type guest struct {
	t      *testing.T
	name   string
	input  io.WriteCloser
	output bytes.Buffer  // of its errors; read after exited
	exited chan struct{} // closed when it has ended

	mu      sync.Mutex
	sight   sight         // the last one; guarded by mu
	changed chan struct{} // guarded by mu; closed and replaced with it
}

// visit lets a Go client at the site into a room for the length of the test.
func (s *site) visit(t *testing.T, h *host, room, name string) *guest {
	t.Helper()
	job, err := json.Marshal(visit{URL: h.urlFor(s.kind), Room: room, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{t: t, name: name, exited: make(chan struct{}), changed: make(chan struct{})}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), visitVariable+"="+string(job), "SSL_CERT_FILE="+h.certificate())
	cmd.Stderr = &g.output
	if g.input, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.client.start(cmd); err != nil {
		t.Fatal(err)
	}
	go g.read(output, cmd)
	t.Cleanup(func() { g.leave(cmd) })
	return g
}

// read takes what the process tells until it ends.
func (g *guest) read(output io.Reader, cmd *exec.Cmd) {
	defer close(g.exited)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		g.mu.Lock()
		if err := json.Unmarshal(lines.Bytes(), &g.sight); err != nil {
			fmt.Fprintf(&g.output, "%s: %v\n", lines.Bytes(), err)
		}
		close(g.changed)
		g.changed = make(chan struct{})
		g.mu.Unlock()
	}
	if err := cmd.Wait(); err != nil {
		fmt.Fprintln(&g.output, err)
	}
}

// leave ends the visit. The process ends by itself when its input does.
func (g *guest) leave(cmd *exec.Cmd) {
	err := g.input.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	late := time.AfterFunc(stopTime, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	<-g.exited
	if err != nil || !cmd.ProcessState.Success() {
		g.t.Errorf("%s ended with %v, %v", g.name, cmd.ProcessState, err)
	}
	if g.t.Failed() {
		g.t.Logf("%s: %s", g.name, &g.output)
	}
}

// tell sends the process a command.
func (g *guest) tell(command string) {
	g.t.Helper()
	if _, err := fmt.Fprintln(g.input, command); err != nil {
		g.t.Fatalf("%s: %v", g.name, err)
	}
}

// now returns what the guest sees.
func (g *guest) now() sight {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sight
}

// silence returns since when the guest has seen no picture.
func (g *guest) silence() time.Duration { return time.Since(time.UnixMilli(g.now().Last)) }

// sees waits until the guest sees what ok accepts, and returns it.
func (g *guest) sees(what string, ok func(sight) bool) sight {
	g.t.Helper()
	late := time.After(patience)
	for {
		g.mu.Lock()
		now, changed := g.sight, g.changed
		g.mu.Unlock()
		if ok(now) {
			return now
		}
		select {
		case <-changed:
		case <-g.exited:
			g.t.Fatalf("%s: %s has ended", what, g.name)
		case <-late:
			g.t.Fatalf("%s: not within %v; %s sees %+v", what, patience, g.name, now)
		}
	}
}
