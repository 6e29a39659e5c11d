package bench_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"plimsoll/test/testbed"
)

// forks counts the processes that this one has started and that have left a
// trace: every one still there is among its children, and every one that was
// waited for has touched memory, which the kernel adds up for its parent. Those
// waited for count as one together, which is enough to tell none from some.
func forks() (int, error) {
	var reaped syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &reaped); err != nil {
		return 0, fmt.Errorf("resource use of children: %w", err)
	}
	n := 0
	if reaped.Minflt+reaped.Majflt > 0 {
		n++
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue // it has ended
		}
		f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		if len(f) > 1 && string(f[1]) == strconv.Itoa(os.Getpid()) {
			n++
		}
	}
	return n, nil
}

// The command assesses this machine and its engine without starting a process.
// The same count sees one that is started afterwards, so it is not blind.
func TestNoForks(t *testing.T) {
	testbed.Engine(t)
	count := func() int {
		n, err := forks()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	if err := assessHere(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count() - before; n != 0 {
		t.Errorf("assess started %d processes, want none", n)
	}
	if before > 0 {
		t.Fatal("something else in this test program starts processes, so that those waited for cannot be told apart")
	}
	sleeper := exec.Command("sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 1 {
		t.Errorf("with a child there are %d, want 1", n)
	}
	if err := sleeper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = sleeper.Wait() // it says that it was killed
	if n := count(); n != 1 {
		t.Errorf("after a child there are %d, want 1", n)
	}
}
