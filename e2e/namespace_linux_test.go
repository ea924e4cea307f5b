package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// namespace is a machine of the lab: interfaces, routes and a firewall of its
// own, and nothing that leads to the machine of the tests. Processes and sockets
// that enter starts live in it.
type namespace struct{ name string }

// namespacePrefix is followed by the process number and the machine's name.
const namespacePrefix = "tutti-lab-"

// newNamespace makes a machine for the length of the test. What still runs on it
// then is killed.
func newNamespace(t *testing.T, name string) *namespace {
	t.Helper()
	n := &namespace{namespacePrefix + strconv.Itoa(os.Getpid()) + "-" + name}
	if err := command("ip netns add " + n.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeNamespace(n.name); err != nil {
			t.Error(err)
		}
	})
	// Link-local addresses are there at once, see assign.
	n.set(t, map[string]string{"ipv6/conf/default/accept_dad": "0"})
	n.ip(t, "link set lo up")
	return n
}

// removeNamespace kills what runs in a namespace and deletes it; its interfaces
// go with it.
func removeNamespace(name string) error {
	if pids, err := exec.Command("ip", "netns", "pids", name).Output(); err == nil {
		for pid := range strings.FieldsSeq(string(pids)) {
			if pid != strconv.Itoa(os.Getpid()) { // a thread of ours that is about to end
				_ = exec.Command("kill", "-KILL", pid).Run()
			}
		}
	}
	return command("ip netns delete " + name)
}

// sweepNamespaces removes what test processes left behind that were killed.
func sweepNamespaces(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob("/run/netns/" + namespacePrefix + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), namespacePrefix), "-")
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			_ = removeNamespace(filepath.Base(path)) // or another test does
		}
	}
}

// enter runs f on the machine: sockets that it opens and processes that it
// starts are there, and stay there.
func (n *namespace) enter(f func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread, of no use to others any more, ends with
		// this goroutine.
		runtime.LockOSThread()
		done <- n.move(f)
	}()
	return <-done
}

// move takes this thread along.
func (n *namespace) move(f func() error) error {
	file, err := os.Open("/run/netns/" + n.name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter %s: %w", n.name, err)
	}
	return f()
}

// start starts a process on the machine.
func (n *namespace) start(cmd *exec.Cmd) error { return n.enter(cmd.Start) }

// output runs a program on the machine and returns what it prints.
func (n *namespace) output(args ...string) (string, error) { return n.feed("", args...) }

// feed runs a program on the machine with this as its input.
func (n *namespace) feed(input string, args ...string) (string, error) {
	var out, failure bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &failure
	if err := n.enter(cmd.Run); err != nil {
		return "", fmt.Errorf("%s: %s: %w: %s\n%s", n.name, strings.Join(args, " "), err, &failure, input)
	}
	return strings.TrimSpace(out.String()), nil
}

// ip runs commands of iproute2 on the machine.
func (n *namespace) ip(t *testing.T, lines ...string) {
	t.Helper()
	if _, err := n.feed(strings.Join(lines, "\n"), "ip", "-batch", "-"); err != nil {
		t.Fatal(err)
	}
}

// awaitLink waits until an interface of the machine carries packets.
func (n *namespace) awaitLink(t *testing.T, device string) {
	t.Helper()
	await(t, device+" of "+n.name+" is up", func() bool {
		var link *net.Interface
		err := n.enter(func() (err error) {
			link, err = net.InterfaceByName(device)
			return err
		})
		return err == nil && link.Flags&net.FlagRunning != 0
	})
}

// set writes settings of the kernel below net, which each machine has of its own.
func (n *namespace) set(t *testing.T, settings map[string]string) {
	t.Helper()
	err := n.enter(func() error {
		for name, value := range settings {
			if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", n.name, err)
	}
}

// segment is an Ethernet to which machines are attached: a bridge on one of
// them, which is the gateway of the others.
type segment struct {
	machine *namespace
	bridge  string
	nets    []netip.Prefix // of each family in use; the first address is the gateway's
	next    *byte          // last byte of the next address
}

// newSegment makes one on a machine that forwards between it and the rest.
func newSegment(t *testing.T, machine *namespace, bridge string, next byte, nets ...string) *segment {
	t.Helper()
	s := &segment{machine: machine, bridge: bridge, next: &next}
	lines := []string{"link add " + bridge + " type bridge", "link set " + bridge + " up"}
	for _, text := range nets {
		prefix := netip.MustParsePrefix(text)
		s.nets = append(s.nets, prefix)
		lines = append(lines, assign(s.at(prefix, 1), bridge))
	}
	machine.ip(t, lines...)
	return s
}

// only returns the segment as who attaches by one of its families sees it.
func (s *segment) only(net int) *segment {
	narrow := *s
	narrow.nets = s.nets[net : net+1]
	return &narrow
}

// attach connects a machine by an interface with this name and an address of
// each family of the segment, and makes the segment's gateway its own.
func (s *segment) attach(t *testing.T, n *namespace, device string) []netip.Addr {
	t.Helper()
	port := "p" + strconv.Itoa(int(*s.next))
	s.machine.ip(t,
		"link add "+port+" type veth peer name "+device+" netns "+n.name,
		"link set "+port+" master "+s.bridge+" up",
	)
	lines := []string{"link set " + device + " up"}
	var addrs []netip.Addr
	for _, prefix := range s.nets {
		own := s.at(prefix, *s.next)
		addrs = append(addrs, own.Addr())
		lines = append(lines, assign(own, device))
	}
	for _, prefix := range s.nets {
		lines = append(lines, "route add default via "+s.at(prefix, 1).Addr().String())
	}
	*s.next++
	n.ip(t, lines...)
	// The kernel brings links up in its own time, and drops what is sent before.
	s.machine.awaitLink(t, port)
	s.machine.awaitLink(t, s.bridge)
	n.awaitLink(t, device)
	return addrs
}

// at returns an address of a net by its last byte.
func (s *segment) at(prefix netip.Prefix, last byte) netip.Prefix {
	b := prefix.Addr().AsSlice()
	b[len(b)-1] = last
	addr, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(addr, prefix.Bits())
}

// assign is the command that gives an interface an address, which is there at
// once: nobody else can have it (RFC 4862 §5.4).
func assign(own netip.Prefix, device string) string {
	line := "address add " + own.String() + " dev " + device
	if own.Addr().Is6() {
		line += " nodad"
	}
	return line
}
