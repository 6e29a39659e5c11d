package host

import (
	"path"
	"strings"

	"plimsoll/internal/snapshot"
)

// fileList gathers files of one tree, each path once: the first role holds.
type fileList struct {
	view   tree
	scope  string // of the host
	engine string // scope, "" for files of no engine in particular
	files  []snapshot.File
}

func (l *fileList) has(name string) bool {
	for i := range l.files {
		if l.files[i].Path == text(name) {
			return true
		}
	}
	return false
}

// add describes a file, be it absent or unreadable.
func (l *fileList) add(name string, role snapshot.FileRole) *snapshot.File {
	name = path.Clean(name)
	if !l.has(name) {
		f := l.view.file(l.scope, name, role)
		f.Engine = l.engine
		l.files = append(l.files, f)
		return &l.files[len(l.files)-1]
	}
	return nil
}

// unread lists a file or directory that an error hides.
func (l *fileList) unread(name string, role snapshot.FileRole, err error) {
	if l.has(name) {
		return
	}
	f := snapshot.File{Scope: l.scope, Engine: l.engine, Path: text(name), Role: role}
	f.State, f.Reason = outcome(err)
	f.ACL = snapshot.Missing[[]snapshot.ACL](f.State, f.Reason, f.Path)
	l.files = append(l.files, f)
}

// gone reports whether an error proves that there is nothing.
func gone(err error) bool {
	s, _ := outcome(err)
	return s == snapshot.Absent
}

const maxCertificates = 4096 // files below certs.d that are looked at

// certificates adds what the engine reads below certs.d: files with its three
// suffixes, in folders named after registries.
func (l *fileList) certificates(dir string, depth int) {
	entries, err := l.view.entries(dir)
	if err != nil {
		if !gone(err) {
			l.unread(dir, snapshot.RoleRegistryCert, err)
		}
		return
	}
	for _, e := range entries {
		at := path.Join(dir, e.Name())
		switch p, err := l.view.find(at); {
		case len(l.files) > maxCertificates:
			l.unread(dir, snapshot.RoleRegistryCert, errTooLarge)
			return
		case err == nil && p.info.IsDir():
			if depth > 0 {
				l.certificates(at, depth-1)
			}
		case strings.HasSuffix(at, ".key"):
			l.add(at, snapshot.RoleRegistryKey)
		case strings.HasSuffix(at, ".crt"), strings.HasSuffix(at, ".cert"):
			l.add(at, snapshot.RoleRegistryCert)
		}
	}
}
