package proc

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes make the process one that dies with the server's thread and gets
// none of the signals that a terminal sends to the server.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// anonymousFile returns a file of pageSize zeroes in memory, the size of which
// nobody can change.
func anonymousFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("tutti-marks", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "marks")
	err = file.Truncate(pageSize)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
