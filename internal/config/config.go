// Package config reads what a user decides: plimsoll.yaml and
// .plimsoll/waivers.yaml, and the values of --set. Everything is held against
// the suite of checks, and every error is reported at once, with its place and
// with what would be right.
package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"plimsoll/internal/yaml"
)

// The files that are looked for in the working directory.
const (
	PolicyFile  = "plimsoll.yaml"
	WaiversFile = ".plimsoll/waivers.yaml"
)

// limits of both files. A thousand waivers are about 300 KiB.
var limits = yaml.Limits{Bytes: 1 << 20, Depth: 20, Nodes: 50_000}

// Error is everything that is wrong with the configuration. It is the only type
// of error of this package: whoever sees it exits with code 2.
type Error struct{ Problems yaml.Errors }

// Error returns one line a problem: file:line:column: message.
func (e *Error) Error() string { return e.Problems.Error() }

// Unwrap returns the problems.
func (e *Error) Unwrap() []error { return e.Problems.Unwrap() }

// failure is an *Error about a whole file.
func failure(file, format string, a ...any) *Error {
	return &Error{yaml.Errors{{File: file, Msg: fmt.Sprintf(format, a...)}}}
}

// File is a configuration file that was read.
type File struct {
	Path string
	Data []byte
}

// Files are the configuration files of a directory; nil where there is none.
type Files struct{ Policy, Waivers *File }

// Find reads the configuration files of a directory. A file that does not exist
// is no error; one that exists and cannot be read is an *[Error].
func Find(dir string) (Files, error) {
	var found Files
	var err error
	if found.Policy, err = find(filepath.Join(dir, PolicyFile)); err != nil {
		return Files{}, err
	}
	if found.Waivers, err = find(filepath.Join(dir, filepath.FromSlash(WaiversFile))); err != nil {
		return Files{}, err
	}
	return found, nil
}

func find(path string) (*File, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return Read(path)
}

// Read reads a configuration file that must exist. Errors are *[Error].
func Read(path string) (*File, error) {
	// Without O_NONBLOCK, opening a pipe would wait for whoever writes to it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, failure(path, "is no regular file; put the configuration in a file, or remove it")
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limits.Bytes)+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(data) > limits.Bytes {
		return nil, failure(path, "is larger than %d bytes, which is the most that is read", limits.Bytes)
	}
	return &File{Path: path, Data: data}, nil
}

// unreadable says why a file cannot be read, without the path that the error
// repeats.
func unreadable(path string, err error) *Error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return failure(path, "does not exist, or is a link that leads nowhere")
	}
	return failure(path, "cannot be read: %v; make it readable, or remove it", err)
}

// Digest is the sha256 of a file's content, in hex, for the inputs of a result.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
