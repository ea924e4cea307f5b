package sandbox

import "golang.org/x/sys/unix"

// machine is how the kernel calls this one.
const machine = unix.AUDIT_ARCH_AARCH64

// allowedHere are system calls that other machines don't have.
var allowedHere []uint32
