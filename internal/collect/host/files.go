package host

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/snapshot"
)

// Resolve follows a path's symbolic links.
func (m *Machine) Resolve(name string) docker.Resolved {
	p, err := m.find(name)
	if err != nil {
		s, _ := outcome(err)
		return docker.Resolved{State: s}
	}
	n := inodeOf(p.info)
	return docker.Resolved{Real: text(p.real), Dev: n.dev, Ino: n.ino, State: snapshot.Observed}
}

// file describes one file as seen in the tree; scope is the host's.
func (t tree) file(scope, name string, role snapshot.FileRole) snapshot.File {
	f := snapshot.File{Scope: scope, Path: text(name), Role: role}
	p, err := t.find(name)
	for _, l := range p.chain {
		f.Chain = append(f.Chain, text(l))
	}
	if err != nil {
		f.State, f.Reason = outcome(err)
		f.ACL = snapshot.Missing[[]snapshot.ACL](f.State, f.Reason, f.Path)
		return f
	}
	n := inodeOf(p.info)
	f.State, f.Real, f.Type, f.Mode = snapshot.Observed, text(p.real), typeOf(p.info.Mode()), modeOf(p.info.Mode())
	f.UID, f.GID, f.Dev, f.Ino = n.uid, n.gid, n.dev, n.ino
	f.ACL = t.acl(p.real)
	for _, leaf := range append([]string{p.real}, p.chain...) {
		if err := t.above(&f, leaf); err != nil {
			f.State, f.Reason = outcome(err)
			return f
		}
	}
	return f
}

// above adds the directories above a path that the file does not list yet. Who
// may write to the directory of a link can lead it elsewhere.
func (t tree) above(f *snapshot.File, leaf string) error {
	for leaf != "/" {
		leaf = path.Dir(leaf)
		if slices.ContainsFunc(f.Parents, func(d snapshot.Directory) bool { return d.Path == text(leaf) }) {
			return nil // and so are all above it
		}
		d, err := t.find(leaf)
		if err != nil {
			return err
		}
		n := inodeOf(d.info)
		f.Parents = append(f.Parents, snapshot.Directory{
			Path: text(leaf), Mode: modeOf(d.info.Mode()), UID: n.uid, GID: n.gid, Dev: n.dev, Ino: n.ino,
		})
	}
	return nil
}

// modeOf turns Go's mode into the system's 07777 bits.
func modeOf(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

func typeOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m.IsDir():
		return "dir"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeSymlink != 0:
		return "symlink"
	case m&fs.ModeNamedPipe != 0:
		return "fifo"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return ""
}

// acl reads the access list of a path without symbolic links.
func (t tree) acl(real string) snapshot.Fact[[]snapshot.ACL] {
	const source = "system.posix_acl_access"
	b, err := accessList(t.root + real)
	if err != nil {
		return missing[[]snapshot.ACL](err, source)
	}
	list, err := parseACL(b)
	if err != nil {
		return snapshot.Missing[[]snapshot.ACL](snapshot.Failed, snapshot.ReasonUnparsable, source)
	}
	return snapshot.Seen(list, source)
}

// parseACL reads the binary form of a POSIX access list: a version, then
// entries of tag, permissions and ID, all little-endian. Owner, owning group and
// others are left out, since the mode has them.
func parseACL(b []byte) ([]snapshot.ACL, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) < 4 || (len(b)-4)%8 != 0 || binary.LittleEndian.Uint32(b) != 2 {
		return nil, fmt.Errorf("access list of %d bytes is not of version 2", len(b))
	}
	var out []snapshot.ACL
	for b = b[4:]; len(b) > 0; b = b[8:] {
		e := snapshot.ACL{Perm: b[2] & 7, ID: int64(binary.LittleEndian.Uint32(b[4:]))}
		switch tag := binary.LittleEndian.Uint16(b); tag {
		case 0x01, 0x04, 0x20: // owner, owning group, others
			continue
		case 0x02:
			e.Kind = "user"
		case 0x08:
			e.Kind = "group"
		case 0x10:
			e.Kind, e.ID = "mask", -1
		default:
			return nil, fmt.Errorf("access list has an entry of the unknown kind %#x", tag)
		}
		out = append(out, e)
	}
	return out, nil
}
