package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// network is a network namespace, joined to this machine by a pair of virtual
// interfaces: a client's own computer, whose line can be broken and whose
// address can change. It needs root.
type network struct {
	name    string
	host    netip.Addr   // this machine's end
	clients []netip.Addr // addresses that the client may have; the first is in use
}

// newNetwork makes one for the length of the test. What still runs in it then
// is killed.
func newNetwork(t *testing.T) *network {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making networks needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		missing(t, "this needs ip: install iproute2")
	}
	// Processes have different numbers, and so have their networks.
	third := byte(os.Getpid() % 250)
	n := &network{name: fmt.Sprintf("tutti-e2e-%d", os.Getpid()), host: netip.AddrFrom4([4]byte{10, 213, third, 1})}
	for last := byte(2); last < 4; last++ {
		n.clients = append(n.clients, netip.AddrFrom4([4]byte{10, 213, third, last}))
	}
	out := fmt.Sprintf("te2e%d", os.Getpid())
	t.Cleanup(func() {
		if err := n.end(out); err != nil {
			t.Error(err)
		}
	})
	for _, line := range []string{
		"ip netns add " + n.name,
		"ip link add " + out + " type veth peer name eth0 netns " + n.name,
		"ip address add " + n.host.String() + "/24 dev " + out,
		"ip link set " + out + " up",
		"ip -n " + n.name + " link set lo up",
		"ip -n " + n.name + " address add " + n.clients[0].String() + "/24 dev eth0",
		"ip -n " + n.name + " link set eth0 up",
		"ip -n " + n.name + " route add default via " + n.host.String(),
	} {
		if err := command(line); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func (n *network) end(out string) error {
	// Processes in it first: a browser that a broken test left behind.
	if pids, err := exec.Command("ip", "netns", "pids", n.name).Output(); err == nil {
		for pid := range strings.FieldsSeq(string(pids)) {
			_ = exec.Command("kill", "-KILL", pid).Run()
		}
	}
	// The link before the namespace, which would take it along in its own time.
	return errors.Join(command("ip link delete "+out), command("ip netns delete "+n.name))
}

// move gives the client its other address, as one that changes its network has.
func (n *network) move() error {
	old, next := n.clients[0], n.clients[1]
	n.clients = []netip.Addr{next, old}
	return errors.Join(
		command("ip -n "+n.name+" address delete "+old.String()+"/24 dev eth0"),
		command("ip -n "+n.name+" address add "+next.String()+"/24 dev eth0"),
		// The route went with the address it was chosen for.
		command("ip -n "+n.name+" route replace default via "+n.host.String()),
	)
}

// blockUDP lets nothing out of the client's computer by UDP.
func (n *network) blockUDP() error {
	nft := "ip netns exec " + n.name + " nft "
	return errors.Join(
		command(nft+"add table inet e2e"),
		command(nft+"add chain inet e2e out { type filter hook output priority 0 ; }"),
		command(nft+"add rule inet e2e out oifname eth0 meta l4proto udp drop"),
	)
}

// openUDP ends blockUDP.
func (n *network) openUDP() error {
	return command("ip netns exec " + n.name + " nft delete table inet e2e")
}

// inside makes cmd run in the network.
func (n *network) inside(cmd *exec.Cmd) *exec.Cmd {
	if n == nil {
		return cmd
	}
	return exec.Command("ip", append([]string{"netns", "exec", n.name}, cmd.Args...)...)
}

func command(line string) error {
	fields := strings.Fields(line)
	if out, err := exec.Command(fields[0], fields[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, out)
	}
	return nil
}
