package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// server is a server's process under measurement, alone on the first core.
type server struct {
	command *exec.Cmd
	output  string // file with what it has said
	ended   chan struct{}
}

// start runs a program on the first core and waits until it accepts TCP on
// address.
func start(ctx context.Context, dir, address, program string, arguments ...string) (*server, error) {
	if runtime.NumCPU() > 1 {
		arguments = append([]string{"-c", "0", program}, arguments...)
		program = "taskset"
	}
	s := &server{command: exec.Command(program, arguments...), output: filepath.Join(dir, "output"), ended: make(chan struct{})}
	output, err := os.Create(s.output)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	s.command.Stdout, s.command.Stderr = output, output
	s.command.Env = append(os.Environ(), "GOMAXPROCS=1")
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		_ = s.command.Wait() // stop looks at how it ended
		close(s.ended)
	}()
	if err := s.ready(ctx, address); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", program, err), s.stop())
	}
	return s, nil
}

func (s *server) ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-s.ended:
			return fmt.Errorf("it has ended: %s", s.said())
		case <-ctx.Done():
			return fmt.Errorf("it does not listen on %s: %s", address, s.said())
		}
	}
}

// said returns the end of the process's output.
func (s *server) said() string {
	file, err := os.Open(s.output)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > 2000 {
		_, _ = file.Seek(-2000, io.SeekEnd)
	}
	b, _ := io.ReadAll(file)
	return string(b)
}

func (s *server) pid() int { return s.command.Process.Pid } // taskset becomes the program

// stop asks the process to end and waits for it.
func (s *server) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(10 * time.Second):
		return errors.Join(errors.New("the server did not end within 10 s"), s.command.Process.Kill())
	}
}

// freePort returns a TCP port of the loopback interface that is free now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
