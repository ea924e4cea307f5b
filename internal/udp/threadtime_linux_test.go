package udp

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// startThreadTime ties the goroutine to its thread and returns a clock of the
// processor time that the thread takes from now on, which unties it.
func startThreadTime() func() time.Duration {
	runtime.LockOSThread()
	start := threadTime()
	return func() time.Duration {
		defer runtime.UnlockOSThread()
		return threadTime() - start
	}
}

func threadTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
