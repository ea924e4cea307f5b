//go:build unix && !linux

package proc

import (
	"os"
	"syscall"
)

// attributes make the process one that gets none of the signals that a terminal
// sends to the server. It ends with the server as its socket does.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// anonymousFile returns a file of pageSize zeroes that has no name any more.
func anonymousFile() (*os.File, error) {
	file, err := os.CreateTemp("", "tutti-marks-")
	if err != nil {
		return nil, err
	}
	err = os.Remove(file.Name())
	if err == nil {
		err = file.Truncate(pageSize)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
