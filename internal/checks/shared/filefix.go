package shared

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// ListFirst refuses a step that an access list would make useless.
const ListFirst = "the access list opens it, not its mode or owner; remove the entries with setfacl -b, which cannot be taken back exactly, and check again"

// FileOf returns the file that a subject stands for, or a refusal.
func FileOf(p *check.Probe, subject int) (*snapshot.File, error) {
	for i := range p.Snapshot.Files {
		f := &p.Snapshot.Files[i]
		if p.Index.FileSubject(i) != subject {
			continue
		}
		if f.Ino == 0 {
			return nil, &step.RefusedError{Why: "which file it is (device and inode) was not collected; collect again"}
		}
		return f, nil
	}
	return nil, &step.RefusedError{Why: "it is not a file of this machine"}
}

// FileAccess is a step that gives a file other rights. Its target says which file
// was judged: device, inode and the path without links.
func FileAccess(p *check.Probe, subject int, f *snapshot.File, set ...step.Change) step.Step {
	on := p.Index.Subjects[subject]
	on.UID = fmt.Sprintf("%d:%d %s", f.Dev, f.Ino, cmp.Or(f.Real, f.Path))
	return step.New(step.FileAccess, on, set...)
}

// ModeChange is the change of a file's mode.
func ModeChange(f *snapshot.File, mode uint32) step.Change {
	return step.Change{Field: "mode", From: fmt.Sprintf("%04o", f.Mode), To: fmt.Sprintf("%04o", mode)}
}

// OwnerChanges lists the changes that give a file to an owner and a group.
func OwnerChanges(f *snapshot.File, uid, gid int64) []step.Change {
	var set []step.Change
	if f.UID != uid {
		set = append(set, step.Change{Field: "uid", From: strconv.FormatInt(f.UID, 10), To: strconv.FormatInt(uid, 10)})
	}
	if f.GID != gid {
		set = append(set, step.Change{Field: "gid", From: strconv.FormatInt(f.GID, 10), To: strconv.FormatInt(gid, 10)})
	}
	return set
}

// Narrow takes from a mode the bits beyond the widest.
func Narrow(widest func(*snapshot.File) uint32) func(*check.Probe, int) (step.Step, error) {
	return func(p *check.Probe, subject int) (step.Step, error) {
		f, err := FileOf(p, subject)
		if err != nil {
			return step.Step{}, err
		}
		after := *f
		after.Mode &= widest(f)
		after.ACL.V = MaskedList(f, after.Mode)
		if after.Mode == f.Mode || WithinMode(&after, widest(f)).Status != check.Pass {
			return step.Step{}, &step.RefusedError{Why: ListFirst}
		}
		return FileAccess(p, subject, f, ModeChange(f, after.Mode)), nil
	}
}

// MaskedList is the access list as the kernel makes it when the mode is set: the
// mask stands in the place of the group's bits.
func MaskedList(f *snapshot.File, mode uint32) []snapshot.ACL {
	list := slices.Clone(f.ACL.V)
	for i := range list {
		if list[i].Kind == "mask" {
			list[i].Perm = uint8(mode >> 3 & 7)
		}
	}
	return list
}

// GiveTo gives a file to the owner and the group that owner returns for it.
func GiveTo(owner func(*check.Probe, *snapshot.File) (uid, gid int64)) func(*check.Probe, int) (step.Step, error) {
	return func(p *check.Probe, subject int) (step.Step, error) {
		f, err := FileOf(p, subject)
		if err != nil {
			return step.Step{}, err
		}
		after := *f
		after.UID, after.GID = owner(p, f)
		if v := OwnedBy(&after, after.UID, after.GID); v.Status != check.Pass {
			return step.Step{}, &step.RefusedError{Why: keptOpen(&after)}
		}
		if f.Type == "file" && f.Mode&0o6000 != 0 {
			return step.Step{}, &step.RefusedError{Why: "it is setuid or setgid, and given to root it would run as root for everyone; correct its mode first"}
		}
		s := FileAccess(p, subject, f, OwnerChanges(f, after.UID, after.GID)...)
		if f.UID != after.UID {
			s.Warnings = []string{fmt.Sprintf("uid %d could change the file until now; read what is in it before it counts as root's", f.UID)}
		}
		return s, nil
	}
}

// keptOpen says why another owner would not help.
func keptOpen(f *snapshot.File) string {
	for _, d := range f.Parents {
		if why := Replaceable(d); why != "" {
			return fmt.Sprintf("the directory %s is open (%04o, uid %d, gid %d), which may be on purpose; close it or move the file by hand", d.Path, d.Mode, d.UID, d.GID)
		}
	}
	return ListFirst
}
