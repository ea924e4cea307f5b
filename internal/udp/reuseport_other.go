//go:build !unix || solaris || illumos

package udp

import (
	"errors"
	"fmt"
	"syscall"
)

// setReusePort refuses: sockets cannot share a port here.
func setReusePort(syscall.RawConn) error {
	return fmt.Errorf("ReusePort: %w; open one Conn without it", errors.ErrUnsupported)
}
