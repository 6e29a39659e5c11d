package host

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"plimsoll/internal/snapshot"
)

// accountIn looks a user's name up in the passwd file of a running container. The
// container may change what it likes meanwhile: the kernel itself resolves the
// path inside the container's root, follows no link out of it and crosses no
// mount, behind which there may be a file system that never answers.
func (m *Machine) accountIn(pid int, name string) snapshot.Fact[int64] {
	const source = "/proc/PID/root/etc/passwd"
	b, err := m.insideRoot(pid, "etc/passwd")
	switch {
	case errors.Is(err, unix.EXDEV), errors.Is(err, unix.ENOSYS), gone(err), errors.Is(err, errNotFile), errors.Is(err, errTooLarge):
		return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnresolved, source)
	case err != nil:
		return vanished[int64](err, source)
	}
	for _, u := range parsePasswd(b) {
		if u.name == name { // the first, as the engine takes it
			return snapshot.Seen(u.uid, source)
		}
	}
	return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnresolved, source)
}

// insideRoot reads a file of a process's root file system, at most maxText bytes.
func (m *Machine) insideRoot(pid int, name string) ([]byte, error) {
	root := m.root + proc(pid) + "/root"
	dir, err := retry(func() (int, error) { return unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: root, Err: err}
	}
	defer unix.Close(dir) //nolint:errcheck // nothing was written
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := retry(func() (int, error) { return unix.Openat2(dir, name, &how) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: root + "/" + name, Err: err}
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	if err := regular(fd, name); err != nil {
		return nil, err
	}
	return m.readers.fill(fd, name, maxText, false)
}
