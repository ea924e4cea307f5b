//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// allowed are the system calls that Go's runtime, the C library's memory and
// threads, and the link need, the frequent ones first. None of them opens what is
// outside, or names another process.
var allowed = []uint32{
	unix.SYS_FUTEX, unix.SYS_READ, unix.SYS_WRITE, unix.SYS_EPOLL_PWAIT, unix.SYS_NANOSLEEP,
	unix.SYS_CLOCK_GETTIME, unix.SYS_SCHED_YIELD, unix.SYS_MADVISE, unix.SYS_MUNMAP,
	unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGACTION, unix.SYS_SIGALTSTACK,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETRUSAGE, unix.SYS_GETRANDOM,
	unix.SYS_BRK, unix.SYS_MREMAP, unix.SYS_MINCORE, unix.SYS_MEMBARRIER,
	unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_GETCPU, unix.SYS_SCHED_GETAFFINITY,
	unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_RESTART_SYSCALL,
	unix.SYS_WRITEV, unix.SYS_READV, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_SHUTDOWN,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EVENTFD2, unix.SYS_EPOLL_CTL, unix.SYS_FSTAT, unix.SYS_SYSINFO, unix.SYS_UNAME,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// condition allows a system call if one of its arguments passes a test.
type condition struct {
	call     uint32
	argument uint32 // 0 to 5; its lower half counts
	test     bpf.JumpTest
	values   []uint32 // one of which passes
}

// conditions are what is allowed in part. No memory can be made executable, no
// process started, and no signal sent to another.
func conditions(pid uint32) []condition {
	const vma = 0x53564d41 // PR_SET_VMA: names for memory, of Go and C
	return []condition{
		{unix.SYS_MMAP, 2, bpf.JumpBitsNotSet, []uint32{unix.PROT_EXEC}},
		{unix.SYS_MPROTECT, 2, bpf.JumpBitsNotSet, []uint32{unix.PROT_EXEC}},
		{unix.SYS_CLONE, 0, bpf.JumpBitsSet, []uint32{unix.CLONE_THREAD}},
		{unix.SYS_TGKILL, 0, bpf.JumpEqual, []uint32{pid}},
		{unix.SYS_KILL, 0, bpf.JumpEqual, []uint32{pid}},
		{unix.SYS_FCNTL, 1, bpf.JumpEqual, []uint32{unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL}},
		{unix.SYS_PRCTL, 0, bpf.JumpEqual, []uint32{unix.PR_SET_NAME, vma}},
	}
}

// What the kernel tells a filter of a call (struct seccomp_data).
const (
	callOffset     = 0
	machineOffset  = 4
	argumentOffset = 16
)

// program is the filter for a machine. Each call's instructions end with an
// answer, so that nothing but its number can bring another's into play.
func program(machine uint32, calls []uint32, parts []condition) []bpf.Instruction {
	permit := bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}
	refuse := bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}
	unknown := bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)}
	code := []bpf.Instruction{
		bpf.LoadAbsolute{Off: machineOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: machine, SkipTrue: 1},
		unknown,
		bpf.LoadAbsolute{Off: callOffset, Size: 4},
	}
	for _, call := range calls {
		code = append(code, bpf.JumpIf{Cond: bpf.JumpEqual, Val: call, SkipFalse: 1}, permit)
	}
	for _, p := range parts {
		n := uint8(2*len(p.values) + 2)
		code = append(code,
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: p.call, SkipFalse: n},
			bpf.LoadAbsolute{Off: argumentOffset + 8*p.argument, Size: 4})
		for _, v := range p.values {
			code = append(code, bpf.JumpIf{Cond: p.test, Val: v, SkipFalse: 1}, permit)
		}
		code = append(code, refuse)
	}
	// The C library tries this one first, whose flags lie in memory where no
	// filter sees them, and takes clone if there is none.
	return append(code, bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SYS_CLONE3, SkipFalse: 1}, unknown, refuse)
}

// filter lets all threads make the allowed system calls only.
func filter() (string, error) {
	raw, err := bpf.Assemble(program(machine, append(allowed, allowedHere...), conditions(uint32(os.Getpid()))))
	if err != nil {
		return "", err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	rules := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	// The kernel takes filters from those who have renounced, and makes all
	// threads do so.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return "", os.NewSyscallError("prctl", err)
	}
	// Kernels before 5.16 make a filtered process slow, in case that it runs
	// strangers' code. It reads their data only: they are asked not to.
	install := func(flags uintptr) (thread uintptr, errno syscall.Errno) {
		thread, _, errno = unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&rules)))
		return thread, errno
	}
	thread, errno := install(unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW)
	if errno == unix.EINVAL {
		thread, errno = install(unix.SECCOMP_FILTER_FLAG_TSYNC)
	}
	switch {
	case errno != 0:
		return "", os.NewSyscallError("seccomp", errno)
	case thread != 0:
		return "", errors.New("a thread has a filter of its own")
	}
	return "", nil
}
