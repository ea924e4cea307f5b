//go:build !linux

package e2e

import (
	"net/netip"
	"os/exec"
	"testing"
)

// network is made on Linux only.
type network struct{ host netip.Addr }

func newNetwork(t *testing.T) *network {
	t.Helper()
	t.Skip("networks are made with Linux' namespaces")
	return nil
}

func (*network) move() error                    { return nil }
func (*network) blockUDP() error                { return nil }
func (*network) openUDP() error                 { return nil }
func (*network) inside(cmd *exec.Cmd) *exec.Cmd { return cmd }
