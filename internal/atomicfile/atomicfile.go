// Package atomicfile replaces files whole: a reader sees the old content or the
// new, never half of it, and a failure leaves the old.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Write puts what fill writes into the file at path with the given permissions,
// whatever the umask. The content goes to a file beside it, is flushed to the
// disk and then renamed. A symbolic link at path is replaced, not followed. A
// device or pipe, such as /dev/stdout, is written to directly.
func Write(path string, mode os.FileMode, fill func(io.Writer) error) error {
	if fi, err := os.Stat(path); err == nil && !fi.Mode().IsRegular() {
		if fi.IsDir() {
			return fmt.Errorf("%s is a folder; name a file", path)
		}
		return direct(path, fill)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".plimsoll-*")
	if err != nil {
		return unwrapped(path, err)
	}
	if err := finish(f, mode, fill); err != nil {
		return errors.Join(unwrapped(path, err), os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return errors.Join(unwrapped(path, err), os.Remove(f.Name()))
	}
	syncDir(dir)
	return nil
}

// finish fills, flushes and closes the new file.
func finish(f *os.File, mode os.FileMode, fill func(io.Writer) error) error {
	err := f.Chmod(mode)
	if err == nil {
		err = fill(f)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func direct(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return unwrapped(path, err)
	}
	return errors.Join(fill(f), f.Close())
}

// unwrapped says the error of the path the caller named, not of the file beside
// it, whose name means nothing to a person.
func unwrapped(path string, err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		err = le.Err
	}
	return fmt.Errorf("write %s: %w", path, err)
}

// syncDir makes the rename durable. Not every system can flush a folder; the
// file is whole either way, so a refusal is no failure.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}
