package harden

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"syscall"

	"plimsoll/internal/step"
)

// claim takes the target of a step for this process until release is called, or
// refuses. The lock of a state folder does not keep apart runs of other users, or
// with other folders; a name in the kernel that needs no file and no right does,
// for all runs in one network namespace. Nobody answers on it. The kernel lets go
// of it when the process ends, however it ends.
func (r *runner) claim(engine string, t step.Target) (release func(), err error) {
	what := t.UID
	if what == "" {
		what = t.Key
	}
	sum := sha256.Sum256([]byte(engine + "\x00" + t.Scope + "\x00" + what))
	name := &syscall.SockaddrUnix{Name: "@plimsoll-" + hex.EncodeToString(sum[:16])}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", printable(t.Key), err)
	}
	release = func() { _ = syscall.Close(fd) } // the name goes with it
	if err = syscall.Bind(fd, name); err == nil {
		err = syscall.Listen(fd, 1) // so that who holds it can be asked of the kernel
	}
	if err == nil {
		return release, nil
	}
	release()
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, refuse("another run of harden, %s, is changing it now; wait for it to end and look again", holder(name))
	}
	return nil, fmt.Errorf("claim %s: %w", printable(t.Key), err)
}

// holder says which process has a name.
func holder(name syscall.Sockaddr) string {
	const unknown = "of which no more is known"
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return unknown
	}
	defer syscall.Close(fd) //nolint:errcheck // nothing was sent
	if err := syscall.Connect(fd, name); err != nil {
		return unknown
	}
	cred, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return unknown
	}
	return fmt.Sprintf("process %d of user %d", cred.Pid, cred.Uid)
}
