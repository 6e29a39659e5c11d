package harden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"plimsoll/internal/atomicfile"
	"plimsoll/internal/edit"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// configImage is a configuration file as it was before a step. It may hold
// secrets and is kept as other images are.
type configImage struct {
	Path     string
	Absent   bool        `json:",omitempty"`
	Folder   bool        `json:",omitempty"` // its folder was absent too
	Mode     fs.FileMode `json:",omitempty"`
	UID, GID int
	Content  []byte

	// Running are the values that the engine had, by field: where a key is
	// removed from the file, a reload leaves what runs.
	Running map[string]string `json:",omitempty"`
	Loaded  bool              `json:",omitempty"` // the engine ran with the file as it was
	PID     int               // of the engine's process
	Started int64             // when it started, seconds since 1970
}

// runs reports whether the engine's process is the one of before. The kernel
// tells the start of a process to a second, and not always the same one.
func (f *configImage) runs(p snapshot.DaemonProcess) bool {
	d := p.Started.Unix() - f.Started
	return p.PID == f.PID && d >= -1 && d <= 1
}

// readConfigFile reads a configuration file that may be replaced: a plain file, or none.
func readConfigFile(path string) (*configImage, error) {
	img := &configImage{Path: path, Mode: 0o644}
	fi, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		img.Absent = true
		_, err := os.Lstat(filepath.Dir(path))
		img.Folder = errors.Is(err, fs.ErrNotExist)
		return img, nil
	}
	if err != nil {
		return nil, err
	}
	if fi.Mode()&fs.ModeSymlink != 0 {
		dest, _ := os.Readlink(path) // where it leads is a courtesy
		return nil, refuse("%s is a symbolic link to %s, which something else keeps; change it there", printable(path), printable(dest))
	}
	if !fi.Mode().IsRegular() || fi.Size() > maxConfig {
		return nil, refuse("%s is not a plain file of at most %d bytes", printable(path), maxConfig)
	}
	if n, err := syscall.Getxattr(path, "system.posix_acl_access", nil); err == nil && n > 0 {
		return nil, refuse("%s has an access list, which its replacement would lose; remove it first (setfacl -b)", printable(path))
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("the owner of %s is not known", printable(path))
	}
	img.Mode, img.UID, img.GID = fi.Mode().Perm(), int(st.Uid), int(st.Gid)
	img.Content, err = os.ReadFile(path)
	return img, err
}

// same reports whether two readings are of one state.
func (f *configImage) same(o *configImage) bool {
	return f.Absent == o.Absent && bytes.Equal(f.Content, o.Content)
}

// write puts content in the file's place, with its owner and mode.
func (f *configImage) write(content []byte) error {
	if f.Folder {
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
			return err
		}
	}
	return atomicfile.Write(f.Path, f.Mode, func(w io.Writer) error {
		if o, ok := w.(interface{ Chown(uid, gid int) error }); ok {
			if err := o.Chown(f.UID, f.GID); err != nil {
				return err
			}
		}
		_, err := w.Write(content)
		return err
	})
}

// restore makes the file what it was.
func (f *configImage) restore() error {
	if !f.Absent {
		return f.write(f.Content)
	}
	if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if f.Folder {
		if err := os.Remove(filepath.Dir(f.Path)); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		return nil
	}
	return syncDir(filepath.Dir(f.Path))
}

// edited returns a configuration with one side of changes in it; every other byte
// stays. Errors name lines, never what stands there.
func edited(content []byte, set []step.Change, side func(step.Change) string) ([]byte, error) {
	for _, c := range set {
		x, ok := snapshot.EngineSettings[c.Field]
		if !ok {
			return nil, refuse("the engine's setting %q is not one that this version changes", printable(c.Field))
		}
		err := x.Valid(side(c))
		if err != nil {
			return nil, refuse("%v", err)
		}
		if v := side(c); v == "" {
			content, err = edit.RemoveJSON(content, x.Path)
		} else {
			content, err = edit.SetJSON(content, x.Path, json.RawMessage(v))
		}
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}

// startable says why an engine would not start with a configuration, as far as
// that follows from values which steps change.
func startable(content []byte) error {
	var in struct {
		ICC      *bool `json:"icc"`
		Tables   *bool `json:"iptables"`
		LogLevel any   `json:"log-level"`
	}
	if err := json.Unmarshal(content, &in); err != nil {
		return errors.New("the result would not be a configuration that the engine takes")
	}
	if in.ICC != nil && !*in.ICC && in.Tables != nil && !*in.Tables {
		return errors.New("the engine does not start with icc and iptables both off")
	}
	return nil
}
