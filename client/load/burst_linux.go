package load

import (
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"
)

// receiveBursts asks the kernel to hand over runs of datagrams as one.
func receiveBursts(socket *net.UDPConn) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		// Without it each datagram comes alone.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	})
}

// segmentSize returns the size of the datagrams of a run, 0 if it is a single
// one.
func segmentSize(control []byte) int {
	const header = unix.SizeofCmsghdr
	if len(control) < header+4 {
		return 0
	}
	level := binary.NativeEndian.Uint32(control[8:])
	kind := binary.NativeEndian.Uint32(control[12:])
	if level != unix.IPPROTO_UDP || kind != unix.UDP_GRO {
		return 0
	}
	return int(binary.NativeEndian.Uint32(control[header:]))
}
