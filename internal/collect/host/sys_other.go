//go:build !linux

package host

import (
	"errors"
	"io/fs"
	"net"
	"os"

	"plimsoll/internal/snapshot"
)

// errNotLinux is the answer to everything that only Linux can tell.
var errNotLinux = errors.New("only a Linux machine can be read")

func openQuietly(name string) (*os.File, error) { return os.Open(name) }

// readers reads files.
type readers struct{}

func (*readers) file(name string, _ int64) ([]byte, error) { return os.ReadFile(name) }

func (*readers) record(name string) ([]byte, error) { return os.ReadFile(name) }

func (*readers) link(name string) (string, error) { return os.Readlink(name) }

// folder is a directory.
type folder struct{ path string }

func (*readers) folder(name string) (folder, error) { return folder{name + "/"}, nil }

func (folder) close() {}

func (d folder) record(name string) ([]byte, error) { return os.ReadFile(d.path + name) }

func (d folder) file(name string, _ int64) ([]byte, error) { return os.ReadFile(d.path + name) }

func (d folder) link(name string) (string, error) { return os.Readlink(d.path + name) }

func (d folder) exists(name string) bool {
	_, err := os.Lstat(d.path + name)
	return err == nil
}

func childless(fs.FileInfo) bool { return false }

// inode is what the kernel keeps of a file beside its mode.
type inode struct {
	dev, ino uint64
	uid, gid int64
}

func inodeOf(fs.FileInfo) inode { return inode{uid: -1, gid: -1} }

func accessList(string) ([]byte, error) { return nil, errNotLinux }

func peerPID(*net.UnixConn) (int, error) { return 0, errNotLinux }

func space(string, *snapshot.Filesystem) error { return errNotLinux }
