//go:build unix

package testbed

import (
	"errors"
	"os"
	"syscall"
)

// flock waits for a lock on a file, which is gone when the file is closed.
func flock(f *os.File, alone bool) error {
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
