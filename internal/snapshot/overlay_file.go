package snapshot

import (
	"fmt"
	"slices"
	"strconv"
)

// HostFileField reads and writes one property of a host file by name.
type HostFileField struct {
	Get func(*File) string
	Set func(*File, string) error
}

// HostFileFields are the properties of a host file that steps can change: mode, four
// octal digits as chmod takes them, and uid and gid in decimal.
var HostFileFields = map[string]HostFileField{
	"mode": {Get: func(f *File) string { return fmt.Sprintf("%04o", f.Mode) }, Set: setMode},
	"uid":  {Get: func(f *File) string { return strconv.FormatInt(f.UID, 10) }, Set: setOwner(func(f *File, id int64) { f.UID = id })},
	"gid":  {Get: func(f *File) string { return strconv.FormatInt(f.GID, 10) }, Set: setOwner(func(f *File, id int64) { f.GID = id })},
}

// setMode also narrows the mask of an access list, which the kernel keeps in the
// place of the group's bits.
func setMode(f *File, v string) error {
	mode, err := strconv.ParseUint(v, 8, 32)
	if err != nil || mode > 0o7777 {
		return fmt.Errorf("mode %.40q is not four octal digits", v)
	}
	f.Mode = uint32(mode)
	f.ACL.V = slices.Clone(f.ACL.V)
	for i := range f.ACL.V {
		if a := &f.ACL.V[i]; a.Kind == "mask" {
			a.Perm = uint8(mode >> 3 & 7)
		}
	}
	return nil
}

func setOwner(set func(*File, int64)) func(*File, string) error {
	return func(f *File, v string) error {
		id, err := strconv.ParseInt(v, 10, 64)
		if err != nil || id < 0 {
			return fmt.Errorf("owner %.40q is not a number", v)
		}
		set(f, id)
		return nil
	}
}

// file looks up a field and the first line of a file that was seen.
func (o *Overlay) file(scope, key, field string) (HostFileField, *File, error) {
	f, ok := HostFileFields[field]
	if !ok {
		return f, nil, fmt.Errorf("file has no field %.100q that can be changed", field)
	}
	files := o.Snapshot().Files
	i := slices.IndexFunc(files, func(x File) bool { return x.Scope == scope && "file"+x.Path == key && x.State == Observed })
	if i < 0 {
		return f, nil, fmt.Errorf("no file %.100q in scope %.100q", key, scope)
	}
	return f, &files[i], nil
}

func (o *Overlay) getFile(scope, key, field string) (string, error) {
	f, at, err := o.file(scope, key, field)
	if err != nil {
		return "", err
	}
	return f.Get(at), nil
}

// setFile changes the file under every name that the snapshot has of it, and
// where it is the parent of another.
func (o *Overlay) setFile(scope, key, field, value string) error {
	f, at, err := o.file(scope, key, field)
	if err != nil {
		return err
	}
	dev, ino, name := at.Dev, at.Ino, at.Path
	o.own()
	for i := range o.out.Files {
		x := &o.out.Files[i]
		if x.Scope != scope || x.State != Observed {
			continue
		}
		if x.Path == name || ino != 0 && x.Dev == dev && x.Ino == ino {
			if err := f.Set(x, value); err != nil {
				return err
			}
		}
		if ino == 0 || !slices.ContainsFunc(x.Parents, func(d Directory) bool { return d.Dev == dev && d.Ino == ino }) {
			continue
		}
		x.Parents = slices.Clone(x.Parents)
		for j := range x.Parents {
			if d := &x.Parents[j]; d.Dev == dev && d.Ino == ino {
				as := File{Mode: d.Mode, UID: d.UID, GID: d.GID}
				if err := f.Set(&as, value); err != nil {
					return err
				}
				d.Mode, d.UID, d.GID = as.Mode, as.UID, as.GID
			}
		}
	}
	return nil
}

// cloneMachine makes the copies that writing to files, engines and hosts needs.
func (s *Snapshot) cloneMachine() {
	s.Files, s.Engines, s.Hosts, s.Networks = slices.Clone(s.Files), slices.Clone(s.Engines), slices.Clone(s.Hosts), slices.Clone(s.Networks)
}
