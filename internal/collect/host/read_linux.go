package host

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// readers keeps buffers for reading; most files fit into one.
type readers struct{ pool sync.Pool }

const bufferSize = 64 << 10

// file reads a regular file of at most limit bytes.
func (r *readers) file(name string, limit int64) ([]byte, error) {
	return folder{fd: unix.AT_FDCWD, readers: r}.read(name, limit, false)
}

// record reads a file that the kernel prints in one piece, such as those of a
// process or control group: there is no other kind at such a name, and what one
// call returns is all. A collection reads tens of them for each container.
func (r *readers) record(name string) ([]byte, error) {
	return folder{fd: unix.AT_FDCWD, readers: r}.read(name, maxText, true)
}

// link returns the text of a symbolic link.
func (r *readers) link(name string) (string, error) {
	return folder{fd: unix.AT_FDCWD, readers: r}.link(name)
}

// folder is a directory held open, so that the way to it is walked once. That
// of a process stays this process's: after its end nothing in it can be read,
// whoever has its number by then.
type folder struct {
	fd      int
	path    string // for errors
	readers *readers
}

// folder opens a directory, for its names only; the caller closes it.
func (r *readers) folder(name string) (folder, error) {
	fd, err := retry(func() (int, error) {
		return unix.Open(name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return folder{}, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return folder{fd: fd, path: name + "/", readers: r}, nil
}

func (d folder) close() { _ = unix.Close(d.fd) } // nothing was written

// record reads a file that the kernel prints in one piece.
func (d folder) record(name string) ([]byte, error) { return d.read(name, maxText, true) }

// file reads a regular file of at most limit bytes.
func (d folder) file(name string, limit int64) ([]byte, error) { return d.read(name, limit, false) }

// exists reports whether there is such a name.
func (d folder) exists(name string) bool {
	var st unix.Stat_t
	_, err := retry(func() (int, error) { return 0, unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return err == nil
}

// link returns the text of a symbolic link.
func (d folder) link(name string) (string, error) {
	var buf [maxPath]byte
	n, err := retry(func() (int, error) { return unix.Readlinkat(d.fd, name, buf[:]) })
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: d.path + name, Err: err}
	}
	return string(buf[:n]), nil
}

// read asks the kernel directly: a file that the runtime's poller looks after
// costs twice the system calls.
func (d folder) read(name string, limit int64, record bool) ([]byte, error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: d.path + name, Err: err}
	}
	var b []byte
	if !record {
		err = regular(fd, name)
	}
	if err == nil {
		b, err = d.readers.fill(fd, name, limit, record)
	}
	if cerr := unix.Close(fd); err == nil && cerr != nil && !errors.Is(cerr, unix.EINTR) {
		err = &fs.PathError{Op: "close", Path: d.path + name, Err: cerr}
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func regular(fd int, name string) error {
	var st unix.Stat_t
	if _, err := retry(func() (int, error) { return 0, unix.Fstat(fd, &st) }); err != nil {
		return &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("%s: %w", name, errNotFile)
	}
	return nil
}

// fill reads to the end; of a record, the end is where a call returns less than
// it was asked for.
func (r *readers) fill(fd int, name string, limit int64, record bool) ([]byte, error) {
	buf, ok := r.pool.Get().(*[]byte)
	if !ok {
		b := make([]byte, bufferSize)
		buf = &b
	}
	defer r.pool.Put(buf)
	var out []byte
	have := 0 // bytes in the buffer
	for {
		n, err := retry(func() (int, error) { return unix.Read(fd, (*buf)[have:]) })
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: name, Err: err}
		}
		have += n
		if int64(len(out)+have) > limit {
			return nil, fmt.Errorf("%s: %w", name, errTooLarge)
		}
		end := n == 0 || record && have < len(*buf)
		if end || have == len(*buf) {
			out = append(out, (*buf)[:have]...)
			have = 0
		}
		if end {
			return out, nil
		}
	}
}

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// childless reports whether a directory has no directories in it, by its link
// count: file systems that do not count them so say 1.
func childless(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && st.Nlink == 2
}
