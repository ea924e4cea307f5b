//go:build unix

package proc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
)

// supported tells whether Start works.
const supported = true

// socketPair returns two ends of a stream: the server's, and one to hand down.
func socketPair() (near net.Conn, far *os.File, err error) {
	// Between the two calls no other goroutine may start a process.
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	far = os.NewFile(uintptr(fds[1]), "link")
	file := os.NewFile(uintptr(fds[0]), "link")
	near, err = net.FileConn(file) // has a descriptor of its own
	_ = file.Close()
	if err != nil {
		_ = far.Close()
		return nil, nil, err
	}
	return near, far, nil
}

// inherit takes over the files that Child hands down.
func inherit(o link.Options) (*link.Conn, *Marks, error) {
	// The descriptors may be anything, the runtime's own too, if a person
	// runs the command: nothing is touched before it is known.
	kind, err := unix.GetsockoptInt(socketFile, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM {
		return nil, nil, ErrByHand
	}
	var stat unix.Stat_t
	if err := unix.Fstat(marksFile, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Size != pageSize {
		return nil, nil, ErrByHand
	}
	page, err := unix.Mmap(marksFile, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("the page of marks: %w", os.NewSyscallError("mmap", err))
	}
	file := os.NewFile(socketFile, "link")
	conn, err := net.FileConn(file)
	if err = errors.Join(err, file.Close(), unix.Close(marksFile)); err != nil {
		return nil, nil, err
	}
	// The page is mapped for as long as the process lives.
	words := unsafe.Slice((*atomic.Uint64)(unsafe.Pointer(&page[0])), markWords)
	return link.NewConn(conn, o), &Marks{words: words}, nil
}
