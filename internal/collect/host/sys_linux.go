package host

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"plimsoll/internal/snapshot"
)

// openQuietly opens for reading; a FIFO, terminal or tape neither blocks nor
// becomes the controlling terminal.
func openQuietly(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
}

// inode is what the kernel keeps of a file beside its mode.
type inode struct {
	dev, ino uint64
	uid, gid int64
}

func inodeOf(info fs.FileInfo) inode {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{uid: -1, gid: -1}
	}
	return inode{dev: uint64(st.Dev), ino: st.Ino, uid: int64(st.Uid), gid: int64(st.Gid)}
}

// accessList returns the raw POSIX access list of a file, nil when it has none
// or its file system knows none.
func accessList(name string) ([]byte, error) {
	buf := make([]byte, 64<<10) // the largest value an extended attribute can have
	n, err := unix.Lgetxattr(name, "system.posix_acl_access", buf)
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.EOPNOTSUPP):
		return nil, nil
	case err != nil:
		return nil, &fs.PathError{Op: "getxattr", Path: name, Err: err}
	}
	return buf[:n], nil
}

// peerPID returns the process that called listen on the other end of a unix
// connection, as numbered in this process's PID namespace; 0 when it has no
// number there.
func peerPID(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("peer of the socket: %w", err)
	}
	var cred *unix.Ucred
	var inner error
	err = raw.Control(func(fd uintptr) {
		cred, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, inner); err != nil {
		return 0, fmt.Errorf("peer of the socket: %w", err)
	}
	return int(cred.Pid), nil
}

// space fills what is free on the file system that holds a path.
func space(name string, v *snapshot.Filesystem) error {
	var st unix.Statfs_t
	if err := unix.Statfs(name, &st); err != nil {
		return &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	unit := uint64(max(st.Frsize, 1))
	v.Bytes, v.Free = size(st.Blocks, unit), size(st.Bavail, unit)
	v.Inodes, v.FreeInodes = size(st.Files, 1), size(st.Ffree, 1)
	return nil
}

// size multiplies what the kernel counts, which no real file system overflows.
func size(n, unit uint64) int64 {
	const most = 1<<63 - 1
	if unit != 0 && n > most/unit {
		return most
	}
	return int64(n * unit)
}
