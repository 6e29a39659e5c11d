package docker

import (
	"fmt"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

const (
	unitToo = "systemd makes this socket anew at its next start, as SocketMode, SocketUser and SocketGroup of docker.socket say: correct those too."
)

func giveToRoot(p *check.Probe, subject int) (step.Step, error) {
	return shared.GiveTo(func(*check.Probe, *snapshot.File) (int64, int64) { return 0, 0 })(p, subject)
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
	return shared.ListFirst
}

func closeDataRoot(p *check.Probe, subject int) (step.Step, error) {
	f, err := shared.FileOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	after := *f
	after.UID, after.Mode = 0, f.Mode&0o711
	after.ACL.V = shared.MaskedList(f, after.Mode)
	if closedDataRoot(&after).Status != check.Pass {
		return step.Step{}, &step.RefusedError{Why: shared.ListFirst}
	}
	set := shared.OwnerChanges(f, 0, f.GID)
	if f.Mode != after.Mode {
		set = append(set, shared.ModeChange(f, after.Mode))
	}
	return shared.FileAccess(p, subject, f, set...), nil
}

func closeSocket(p *check.Probe, subject int) (step.Step, error) {
	s, err := shared.Narrow(func(*snapshot.File) uint32 { return sockMode })(p, subject)
	s.Note = unitToo
	return s, err
}

func giveSocket(p *check.Probe, subject int) (step.Step, error) {
	f, err := shared.FileOf(p, subject)
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
	s := shared.FileAccess(p, subject, f, shared.OwnerChanges(f, after.UID, after.GID)...)
	s.Note = unitToo
	return s, nil
}
