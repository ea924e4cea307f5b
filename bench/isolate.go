package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// wire is a network interface of the namespace beside loopback, and its address.
// Packets to the address go the way of loopback all the same.
const (
	wire        = "bench0"
	wireAddress = "198.18.0.1/24" // RFC 2544: for benchmarks
)

// prepare makes the namespace's interfaces and then becomes the program that
// its arguments name.
const prepare = `ip link set lo up &&
ip link add ` + wire + ` type veth peer name ` + wire + `peer &&
ip address add ` + wireAddress + ` dev ` + wire + ` &&
ip link set ` + wire + ` up && ip link set ` + wire + `peer up &&
exec "$@"`

// isolate moves this process into a network namespace of its own and to the
// second core, by running itself anew.
func isolate() error {
	const done = "BENCH_ISOLATED"
	if os.Getenv(done) != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := []string{"unshare", "--net"}
	if os.Geteuid() != 0 {
		command = append(command, "--map-root-user")
	}
	command = append(command, "sh", "-c", prepare, "sh")
	if runtime.NumCPU() > 1 {
		command = append(command, "taskset", "-c", "1")
	}
	command = append(append(command, self), os.Args[1:]...)
	program, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	return syscall.Exec(program, command, append(os.Environ(), done+"=1", "GOMAXPROCS=1"))
}
