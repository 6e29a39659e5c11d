//go:build unix

package bench_test

import (
	"os"
	"syscall"
	"time"
)

// processorTime is what this process has used so far, in user space and kernel.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// peakMemory is the most memory that a process had, in bytes.
func peakMemory(s *os.ProcessState) int64 {
	used, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	const unit = 1 << 10 // of Linux
	return int64(used.Maxrss) * unit
}
