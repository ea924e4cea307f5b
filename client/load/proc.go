package load

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Usage is what a process has used so far.
type Usage struct {
	CPU    time.Duration
	Memory int64 // resident bytes now
}

// clockTick is the unit of CPU times in /proc: USER_HZ, which is 100 on every
// Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// ReadUsage reads a process's usage from /proc; only Linux has that.
func ReadUsage(pid int) (Usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, fmt.Errorf("measure the server: %w", err)
	}
	// The second field is the name in brackets, which may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const utime, stime, rss = 14 - 3, 15 - 3, 24 - 3 // proc(5) counts from 1
	if len(fields) <= rss {
		return Usage{}, fmt.Errorf("measure the server: /proc/%d/stat has %d fields", pid, len(fields))
	}
	var numbers [3]int64
	for i, field := range []int{utime, stime, rss} {
		if numbers[i], err = strconv.ParseInt(string(fields[field]), 10, 64); err != nil {
			return Usage{}, fmt.Errorf("measure the server: %w", err)
		}
	}
	return Usage{
		CPU:    time.Duration(numbers[0]+numbers[1]) * clockTick,
		Memory: numbers[2] * int64(os.Getpagesize()),
	}, nil
}
