package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"unicode/utf8"

	"plimsoll/internal/snapshot"
)

const (
	maxHops    = 40       // symbolic links in one path, as in Linux
	maxPath    = 4096     // bytes of a path, as in Linux
	maxEntries = 1 << 16  // entries of one directory that are looked at
	maxText    = 1 << 20  // bytes of a configuration file or a small /proc file
	maxTable   = 8 << 20  // bytes of a kernel table such as /proc/net/tcp
	maxDB      = 64 << 20 // bytes of a package database
)

// Errors of reading that are not the operating system's.
var (
	errTooLarge = errors.New("the file is larger than this program reads")
	errNotFile  = errors.New("not a regular file")
	errDenied   = fmt.Errorf("processes of other users: %w", fs.ErrPermission)
)

// tree is the file system below a directory: absolute paths and the absolute
// symbolic links in it mean places inside it. The empty root is the machine's.
type tree struct {
	root    string
	readers *readers
	held    *held // nil: all of it is there to be seen
}

// place is where a path leads.
type place struct {
	real  string   // without symbolic links, seen from inside the tree
	chain []string // the links followed, in order
	info  fs.FileInfo
}

// find follows a path's symbolic links inside the tree, one component at a
// time. On an error the place holds what was reached until then.
func (t tree) find(name string) (place, error) {
	if !path.IsAbs(name) || len(name) > maxPath {
		return place{}, fmt.Errorf("path %.80q is not an absolute path of at most %d bytes", name, maxPath)
	}
	p := place{real: "/"}
	rest := name
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		switch part {
		case "", ".":
			continue
		case "..":
			p.real = path.Dir(p.real)
			continue
		}
		next := path.Join(p.real, part)
		if err := t.held.check(next); err != nil {
			return p, err
		}
		info, err := os.Lstat(t.root + next)
		if err != nil {
			return p, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			p.real = next
			continue
		}
		if p.chain = append(p.chain, next); len(p.chain) > maxHops {
			return p, fmt.Errorf("path %.80q: %w", name, syscall.ELOOP)
		}
		target, err := os.Readlink(t.root + next)
		if err != nil {
			return p, err
		}
		if path.IsAbs(target) {
			p.real = "/"
		}
		rest = target + "/" + rest
	}
	if err := t.held.check(p.real); err != nil {
		return p, err
	}
	info, err := os.Lstat(t.root + p.real)
	p.info = info
	return p, err
}

// outside is the path by which the operating system knows a path of the tree.
func (t tree) outside(name string) (string, error) {
	if t.root == "" {
		return name, nil
	}
	p, err := t.find(name)
	return t.root + p.real, err
}

// open opens a regular file without blocking on anything else.
func (t tree) open(name string) (*os.File, error) {
	name, err := t.outside(name)
	if err != nil {
		return nil, err
	}
	f, err := openQuietly(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", name, errNotFile)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// read returns a file's content, at most limit bytes; a larger one is an error.
// Anything but a regular file is refused, without blocking on it.
func (t tree) read(name string, limit int64) ([]byte, error) {
	name, err := t.outside(name)
	if err != nil {
		return nil, err
	}
	return t.readers.file(name, limit)
}

// record reads a file that the kernel prints in one piece.
func (t tree) record(name string) ([]byte, error) {
	name, err := t.outside(name)
	if err != nil {
		return nil, err
	}
	return t.readers.record(name)
}

// info looks at what a path leads to.
func (t tree) info(name string) (fs.FileInfo, error) {
	name, err := t.outside(name)
	if err != nil {
		return nil, err
	}
	return os.Stat(name)
}

// line returns the content of a small file without the space around it.
func (t tree) line(name string) (string, error) {
	b, err := t.read(name, maxText)
	return strings.TrimSpace(string(b)), err
}

// link returns the text of a symbolic link, such as those below /proc/PID.
func (t tree) link(name string) (string, error) {
	if t.root == "" {
		return t.readers.link(name)
	}
	dir, err := t.outside(path.Dir(name))
	if err != nil {
		return "", err
	}
	return os.Readlink(path.Join(dir, path.Base(name)))
}

// folder opens a directory, for its names only; the caller closes it.
func (t tree) folder(name string) (folder, error) {
	name, err := t.outside(name)
	if err != nil {
		return folder{}, err
	}
	return t.readers.folder(name)
}

// list returns the names in a directory, at most maxEntries of them, unsorted.
func (t tree) list(name string) ([]string, error) {
	entries, err := t.entries(name)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// entries is list with the kind of each entry.
func (t tree) entries(name string) ([]fs.DirEntry, error) {
	name, err := t.outside(name)
	if err != nil {
		return nil, err
	}
	d, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	entries, err := d.ReadDir(maxEntries)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return entries, errors.Join(err, d.Close())
}

// exists reports whether a path leads somewhere.
func (t tree) exists(name string) bool {
	_, err := t.find(name)
	return err == nil
}

// outcome says what an error of reading means for the evidence.
func outcome(err error) (snapshot.State, snapshot.Reason) {
	switch {
	case err == nil:
		return snapshot.Observed, snapshot.ReasonNone
	case unmounted(err) != nil:
		return snapshot.Skipped, snapshot.ReasonNotCollected
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return snapshot.Absent, snapshot.ReasonNone
	case errors.Is(err, fs.ErrPermission):
		return snapshot.Denied, snapshot.ReasonDenied
	}
	return snapshot.Failed, snapshot.ReasonFailed
}

// missing is the fact that an error of reading leaves.
func missing[T any](err error, source string) snapshot.Fact[T] {
	s, r := outcome(err)
	return snapshot.Missing[T](s, r, source)
}

// text makes a string of the machine fit for a snapshot: valid UTF-8 of at most
// 1,024 bytes.
func text(s string) string {
	const limit = 1024
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	s = s[:limit]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
