package testbed

import (
	"runtime"
	"syscall"
)

// nobody is a user who owns nothing.
const nobody = 65534

// WithoutRights calls do with the file rights of a user who owns nothing, so
// that a test of missing permission also holds when root runs it. It covers
// what do does with files on its own goroutine. The folder of t.TempDir is
// closed to other users: make the folders above the file in question
// searchable first, or the test fails for another reason than the one it means.
func WithoutRights(do func()) {
	if syscall.Geteuid() != 0 {
		do()
		return
	}
	// The kernel keeps this identity per thread; taking root's away also takes
	// the capabilities that override file modes.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	setfsuid(nobody)
	defer setfsuid(0)
	do()
}

func setfsuid(uid uintptr) {
	// The call answers with the identity before and has no errors.
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0)
}
