//go:build unix && !solaris && !illumos

package udp

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// setReusePort lets other sockets take the same port, before this one does.
func setReusePort(raw syscall.RawConn) error {
	var err error
	if e := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); e != nil {
		return e
	}
	return os.NewSyscallError("setsockopt SO_REUSEPORT", err)
}
