package kustomize

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// mount is where the folder lies for the library: deep enough that a path with many
// .. names a place that does not exist instead of one in the folder.
const mount = "/-/-/-/-/-/-/-/-/-/-/-/-/folder"

// folder shows a folder to the library. It can only be read.
type folder struct {
	top  fs.FS
	root string // of the build, as the library names it
	dir  string // what relative names start from
}

var errReadOnly = errors.New("the folder is only read")

// rel is a path of the library's from the top.
func (f *folder) rel(name string) (string, error) {
	name = filepath.ToSlash(name)
	if !path.IsAbs(name) {
		name = path.Join(f.dir, name)
	}
	name = path.Clean("/" + name)
	if name == mount {
		return ".", nil
	}
	if rel, ok := strings.CutPrefix(name, mount+"/"); ok && fs.ValidPath(rel) {
		return rel, nil
	}
	return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (f *folder) stat(name string) (fs.FileInfo, error) {
	rel, err := f.rel(name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(f.top, rel)
}

// IsDir implements [filesys.FileSystem].
func (f *folder) IsDir(name string) bool {
	fi, err := f.stat(name)
	return err == nil && fi.IsDir()
}

// Exists implements [filesys.FileSystem].
func (f *folder) Exists(name string) bool {
	_, err := f.stat(name)
	return err == nil
}

// ReadFile implements [filesys.FileSystem].
func (f *folder) ReadFile(name string) ([]byte, error) {
	rel, err := f.rel(name)
	if err != nil {
		return nil, err
	}
	data, err := read(f.top, rel)
	if err == nil && slices.Contains(Names, path.Base(rel)) {
		data = f.prepared(path.Clean("/"+name), data)
	}
	return data, err
}

// ReadDir implements [filesys.FileSystem].
func (f *folder) ReadDir(name string) ([]string, error) {
	rel, err := f.rel(name)
	if err != nil {
		return nil, err
	}
	list, err := fs.ReadDir(f.top, rel)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name()
	}
	return names, nil
}

// CleanedAbs implements [filesys.FileSystem].
func (f *folder) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	fi, err := f.stat(name)
	if err != nil {
		return "", "", err
	}
	name = path.Clean("/" + filepath.ToSlash(name))
	if fi.IsDir() {
		return filesys.ConfirmedDir(name), "", nil
	}
	return filesys.ConfirmedDir(path.Dir(name)), path.Base(name), nil
}

// Glob implements [filesys.FileSystem].
func (f *folder) Glob(pattern string) ([]string, error) {
	rel, err := f.rel(pattern)
	if err != nil {
		return nil, nil //nolint:nilerr // nothing matches outside
	}
	list, err := fs.Glob(f.top, rel)
	for i := range list {
		list[i] = path.Join(mount, list[i])
	}
	return list, err
}

// Walk implements [filesys.FileSystem].
func (f *folder) Walk(name string, walk filepath.WalkFunc) error {
	rel, err := f.rel(name)
	if err != nil {
		return err
	}
	return fs.WalkDir(f.top, rel, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return walk(path.Join(mount, p), nil, err)
		}
		fi, err := d.Info()
		return walk(path.Join(mount, p), fi, err)
	})
}

// Open implements [filesys.FileSystem]; the library reads whole files.
func (f *folder) Open(string) (filesys.File, error) { return nil, errReadOnly }

// Create implements [filesys.FileSystem].
func (f *folder) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir implements [filesys.FileSystem].
func (f *folder) Mkdir(string) error { return errReadOnly }

// MkdirAll implements [filesys.FileSystem].
func (f *folder) MkdirAll(string) error { return errReadOnly }

// RemoveAll implements [filesys.FileSystem].
func (f *folder) RemoveAll(string) error { return errReadOnly }

// WriteFile implements [filesys.FileSystem].
func (f *folder) WriteFile(string, []byte) error { return errReadOnly }

func read(top fs.FS, name string) ([]byte, error) {
	file, err := top.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	if fi, err := file.Stat(); err != nil || !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err == nil && len(data) > maxBytes {
		err = fmt.Errorf("%s is larger than the %d bytes that are read", name, maxBytes)
	}
	return data, err
}
