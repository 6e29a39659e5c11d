package docker

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// fileOf returns the file that a subject stands for, or a refusal.
func fileOf(p *check.Probe, subject int) (*snapshot.File, error) {
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

// access is a step that gives a file other rights. Its target says which file
// was judged: device, inode and the path without links.
func access(p *check.Probe, subject int, f *snapshot.File, set ...step.Change) step.Step {
	on := p.Index.Subjects[subject]
	on.UID = fmt.Sprintf("%d:%d %s", f.Dev, f.Ino, cmp.Or(f.Real, f.Path))
	return step.New(step.FileAccess, on, set...)
}

func modeChange(f *snapshot.File, mode uint32) step.Change {
	return step.Change{Field: "mode", From: fmt.Sprintf("%04o", f.Mode), To: fmt.Sprintf("%04o", mode)}
}

// owned lists the changes that give a file to an owner and a group.
func owned(f *snapshot.File, uid, gid int64) []step.Change {
	var set []step.Change
	if f.UID != uid {
		set = append(set, step.Change{Field: "uid", From: strconv.FormatInt(f.UID, 10), To: strconv.FormatInt(uid, 10)})
	}
	if f.GID != gid {
		set = append(set, step.Change{Field: "gid", From: strconv.FormatInt(f.GID, 10), To: strconv.FormatInt(gid, 10)})
	}
	return set
}

const (
	listFirst = "the access list opens it, not its mode or owner; remove the entries with setfacl -b, which cannot be taken back exactly, and check again"
	unitToo   = "systemd makes this socket anew at its next start, as SocketMode, SocketUser and SocketGroup of docker.socket say: correct those too."
)

// narrow takes from a mode the bits beyond the widest.
func narrow(widest func(*snapshot.File) uint32) func(*check.Probe, int) (step.Step, error) {
	return func(p *check.Probe, subject int) (step.Step, error) {
		f, err := fileOf(p, subject)
		if err != nil {
			return step.Step{}, err
		}
		after := *f
		after.Mode &= widest(f)
		after.ACL.V = masked(f, after.Mode)
		if after.Mode == f.Mode || withinMode(&after, widest(f)).Status != check.Pass {
			return step.Step{}, &step.RefusedError{Why: listFirst}
		}
		return access(p, subject, f, modeChange(f, after.Mode)), nil
	}
}

// masked is the access list as the kernel makes it when the mode is set: the
// mask stands in the place of the group's bits.
func masked(f *snapshot.File, mode uint32) []snapshot.ACL {
	list := slices.Clone(f.ACL.V)
	for i := range list {
		if list[i].Kind == "mask" {
			list[i].Perm = uint8(mode >> 3 & 7)
		}
	}
	return list
}

func giveToRoot(p *check.Probe, subject int) (step.Step, error) {
	f, err := fileOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	after := *f
	after.UID, after.GID = 0, 0
	if why := keptOpen(&after, rootsAlone(&after)); why != "" {
		return step.Step{}, &step.RefusedError{Why: why}
	}
	if f.Type == "file" && f.Mode&0o6000 != 0 {
		return step.Step{}, &step.RefusedError{Why: "it is setuid or setgid, and given to root it would run as root for everyone; correct its mode first"}
	}
	s := access(p, subject, f, owned(f, 0, 0)...)
	if f.UID != 0 {
		s.Warnings = []string{fmt.Sprintf("uid %d could change the file until now; read what is in it before it counts as root's", f.UID)}
	}
	return s, nil
}

// keptOpen says why another owner or mode would not help, or "".
func keptOpen(f *snapshot.File, v check.Verdict) string {
	if v.Status == check.Pass {
		return ""
	}
	for _, d := range f.Parents {
		if why := writableBy(d, 0); why != "" {
			return fmt.Sprintf("the directory %s is open (%04o, uid %d, gid %d), which may be on purpose; close it or move the file by hand", d.Path, d.Mode, d.UID, d.GID)
		}
	}
	return listFirst
}

func closeDataRoot(p *check.Probe, subject int) (step.Step, error) {
	f, err := fileOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	after := *f
	after.UID, after.Mode = 0, f.Mode&0o711
	after.ACL.V = masked(f, after.Mode)
	if closedDataRoot(&after).Status != check.Pass {
		return step.Step{}, &step.RefusedError{Why: listFirst}
	}
	set := owned(f, 0, f.GID)
	if f.Mode != after.Mode {
		set = append(set, modeChange(f, after.Mode))
	}
	return access(p, subject, f, set...), nil
}

func closeSocket(p *check.Probe, subject int) (step.Step, error) {
	s, err := narrow(func(*snapshot.File) uint32 { return sockMode })(p, subject)
	s.Note = unitToo
	return s, err
}

func giveSocket(p *check.Probe, subject int) (step.Step, error) {
	f, err := fileOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if e := engineOf(p, f); e != nil && e.Rootless {
		return step.Step{}, &step.RefusedError{Why: "the engine is rootless and makes the socket for its own account; find out who changed it"}
	}
	after := *f
	after.UID = 0
	if rightOwner(p, &after).Status != check.Pass { // the group is not docker
		after.GID = 0
		if h := p.Host(); h != nil && h.Accounts.Known() {
			if i := slices.IndexFunc(h.Accounts.V.Groups, func(g snapshot.Group) bool { return g.Name == "docker" }); i >= 0 {
				after.GID = h.Accounts.V.Groups[i].GID
			}
		}
	}
	if why := keptOpen(&after, rightOwner(p, &after)); why != "" {
		return step.Step{}, &step.RefusedError{Why: why}
	}
	s := access(p, subject, f, owned(f, after.UID, after.GID)...)
	s.Note = unitToo
	return s, nil
}
