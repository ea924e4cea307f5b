package codectest

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
)

// CPU measures a benchmark by the CPU time of its thread, which neighbours on
// the machine disturb less than the clock's.
type CPU struct {
	sum, begun time.Duration
}

// Start begins to measure, on the caller's thread.
func (c *CPU) Start() {
	runtime.LockOSThread()
	c.begun = threadTime()
}

// Stop pauses until the next Start.
func (c *CPU) Stop() {
	c.sum += threadTime() - c.begun
	runtime.UnlockOSThread()
}

// Report adds "cpu-ms/op" to the benchmark of n operations.
func (c *CPU) Report(b *testing.B, n int) {
	b.ReportMetric(c.sum.Seconds()*1000/float64(n), "cpu-ms/op")
}

func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic("BUG: a thread has no clock: " + err.Error())
	}
	return time.Duration(t.Nano())
}

// BenchmarkDecode decodes a stream over and over.
func BenchmarkDecode(b *testing.B, d codec.VideoDecoder, stream [][]byte) {
	var cpu CPU
	n := 0
	for b.Loop() {
		cpu.Start()
		_, err := d.Decode(stream[n%len(stream)])
		cpu.Stop()
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	cpu.Report(b, n)
}
