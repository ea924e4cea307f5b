package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

// process is one life of a mixer. It takes what comes from it, in its reading
// goroutine, and passes it on.
type process struct {
	child  *Child     // constant
	cmd    *exec.Cmd  // constant
	conn   *link.Conn // constant
	ledger *ledger    // constant
	says   *says      // constant

	exited chan struct{} // closed when the process is gone
	ended  error         // of waiting for it; set before exited is closed
	served chan struct{} // closed when nothing more comes
	broke  error         // rules of the link; set before served is closed

	beats atomic.Uint64
	up    bool // owned by the reading goroutine
}

// start starts a process with its two goroutines.
func (c *Child) start() (*process, error) {
	ledger, err := newLedger()
	if err != nil {
		return nil, err
	}
	ledger.setCareful(c.pace.careful)
	near, far, err := socketPair()
	if err != nil {
		_ = ledger.file.Close()
		return nil, fmt.Errorf("a socket for the mixer: %w", err)
	}
	p := &process{
		child: c, ledger: ledger, says: newSays(c.opt.Log, time.Now),
		exited: make(chan struct{}), served: make(chan struct{}),
	}
	p.cmd = &exec.Cmd{
		Path:        c.opt.Command[0],
		Args:        c.opt.Command,
		Env:         environment(os.Environ()),
		Dir:         "/",
		Stderr:      p.says,
		ExtraFiles:  []*os.File{socketFile - 3: far, marksFile - 3: ledger.file},
		SysProcAttr: attributes(),
		WaitDelay:   500 * time.Millisecond,
	}
	err = p.cmd.Start()
	_ = far.Close() // the process has its own
	if err != nil {
		_, _ = near.Close(), ledger.file.Close()
		return nil, fmt.Errorf("the mixer can't be started: %w", err)
	}
	p.conn = link.NewConn(near, c.opt.Link)
	go func() {
		defer close(p.served)
		p.broke = p.conn.Serve(p)
	}()
	go func() {
		defer close(p.exited)
		p.ended = p.cmd.Wait()
	}()
	return p, nil
}

// Packet implements link.Handler.
func (p *process) Packet(number uint32, m *media.Packet) {
	if p.up {
		p.child.handler.Packet(number, m)
	}
}

// Message implements link.Handler.
func (p *process) Message(m link.Message) {
	switch m := m.(type) {
	case link.Ready:
		if !p.up {
			p.up = true
			p.child.ready.Store(true)
			p.child.opt.Log.Info("the mixer is ready", "sandbox", m.Sandbox, "lacking", m.Lacking)
			p.child.handler.Up(p.conn, m)
		}
		return
	case link.Alive:
		p.beats.Add(1)
	}
	if p.up {
		p.child.handler.Message(m)
	}
}

// end ends the process, by force after grace, and waits for its end.
func (p *process) end(grace time.Duration) {
	if grace > 0 {
		_ = p.conn.Close() // asks it to
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-p.exited:
			return
		case <-timer.C:
		}
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// release frees what is left of a process that has ended. Nothing is handed to
// the handler any more.
func (p *process) release() {
	<-p.served // what it sent before its end still counts
	_ = p.conn.Close()
	p.says.finish()
	_ = p.ledger.file.Close()
}

// cause says how the process ended, as far as is known.
func (p *process) cause() error {
	how := "it left"
	var exit *exec.ExitError
	switch {
	case errors.As(p.ended, &exit):
		how = exit.ProcessState.String()
	case p.ended != nil:
		how = p.ended.Error()
	}
	if reason := p.says.reason(); reason != "" {
		return fmt.Errorf("the mixer died: %s: %s", how, reason)
	}
	return fmt.Errorf("the mixer died: %s", how)
}

// handedOn are the variables that a mixer gets to see of the server's
// environment, which may hold secrets.
var handedOn = []string{"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOCOVERDIR", "GORACE", "LD_LIBRARY_PATH", "TZ", "SystemRoot"}

// environment picks what a mixer gets to see.
func environment(all []string) []string {
	list := []string{"GOTRACEBACK=single"} // a crash's cause, not all that waits
	for _, pair := range all {
		if name, _, _ := strings.Cut(pair, "="); slices.Contains(handedOn, name) {
			list = append(list, pair)
		}
	}
	return list
}

// ownCommand is this binary's mixer. If the file has been replaced since, by a
// newer version say, it is still the one that runs.
func ownCommand() ([]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	const running = "/proc/self/exe"
	now, errNow := os.Stat(path)
	if own, err := os.Stat(running); err == nil && (errNow != nil || !os.SameFile(now, own)) {
		path = running
	}
	return []string{path, "mixer"}, nil
}
