package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

const (
	// maxFiles bounds the descriptors: what is open at the start, and some.
	maxFiles = 32
	// nobody is the user and group that own nothing.
	nobody = 65534
)

// measures are in the order in which they can be taken: the last one leaves no
// way to take another.
func measures() []measure {
	return []measure{
		{"limits", limit},
		{"user", becomeNobody},
		{"no_new_privs", renounce},
		{"landlock", restrict},
		{"seccomp", filter},
	}
}

// limit bounds what the process may use.
func limit() (string, error) {
	// Go reads the time zone when a time is first printed.
	_, _ = time.Now().Zone()
	limits := []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_MSGQUEUE, 0},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_NOFILE, maxFiles},
		{unix.RLIMIT_DATA, maxMemory},
	}
	var failed error
	for _, l := range limits {
		now := unix.Rlimit{}
		if err := unix.Getrlimit(l.resource, &now); err != nil {
			failed = errors.Join(failed, os.NewSyscallError("getrlimit", err))
			continue
		}
		most := min(l.most, now.Max)
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			failed = errors.Join(failed, os.NewSyscallError("setrlimit", err))
		}
	}
	return "", failed
}

// becomeNobody gives up root's user, groups and capabilities. Another user's
// process keeps them: it has no others to change to.
func becomeNobody() (string, error) {
	if os.Geteuid() != 0 {
		return strconv.Itoa(os.Geteuid()), nil
	}
	// A change of user undoes what was asked for before: to die with the
	// server, which may have died meanwhile.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var signal int32
	if _, _, errno := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0); errno != 0 {
		return "", os.NewSyscallError("prctl", errno)
	}
	parent := os.Getppid()
	err := errors.Join(
		os.NewSyscallError("setgroups", syscall.Setgroups(nil)),
		os.NewSyscallError("setgid", syscall.Setgid(nobody)),
		os.NewSyscallError("setuid", syscall.Setuid(nobody)),
		os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(signal), 0, 0, 0)),
	)
	if signal != 0 && os.Getppid() != parent {
		os.Exit(1)
	}
	if err != nil {
		return "", err
	}
	return strconv.Itoa(nobody), nil
}

// renounce sees to it that no program that is run has more rights. The measures
// behind it need that, and pass it on to all threads.
func renounce() (string, error) {
	if err := seeThreads(); err != nil {
		return "", err
	}
	return "", ll.AllThreadsPrctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// restrict takes all files, TCP, and the sockets and processes outside.
func restrict() (string, error) {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		return "", fmt.Errorf("the kernel has none: %w", err)
	}
	if err := seeThreads(); err != nil {
		return "", err
	}
	if err := landlock.V9.BestEffort().Restrict(); err != nil {
		return "", err
	}
	return strconv.Itoa(version), nil
}

// seeThreads fails where the process can't see its own threads. What sets
// something for all of them ends the process then.
func seeThreads() error {
	_, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", os.Getpid()))
	return err
}
