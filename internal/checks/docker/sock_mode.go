package docker

import (
	"cmp"
	"fmt"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var dockerSockMode = &check.Check{
	ID:    "file-docker-sock-mode",
	Title: "The engine socket is closed to other users",
	Why: "Whoever may write to this socket is root on the machine. Bits beyond 0660 open it to accounts that nobody chose: 0606 and 0646 let everyone in, " +
		"although as decimal numbers they look smaller. The bits are therefore tested one by one, setuid, setgid and sticky with them, and access list entries and their mask may give no more than read and write. " +
		"Every socket that the engine listens on is judged, not only /var/run/docker.sock.",
	Remedy:   "chmod 0660 the socket, remove wider access list entries (setfacl -b), and set SocketMode=0660 in docker.socket, else the next start brings them back.",
	Severity: check.Critical, Subject: snapshot.KindHostFile, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "TE", Tier: 1,
	Refs:  check.CIS(1, "3.16", "3.16", ""),
	Forms: []check.Form{check.Live},
	Run:   func(p *check.Probe) { judgeSockets(p, closedToOthers) },
	Fixes: []check.Fix{{Title: "close it to other users", Kind: step.FileAccess, Step: closeSocket}},
}

const sockMode = 0o660

func closedToOthers(_ *check.Probe, f *snapshot.File) check.Verdict {
	evidence := []check.Evidence{ev("mode of "+cmp.Or(f.Real, f.Path), fmt.Sprintf("%04o", f.Mode))}
	if extra := f.Mode &^ sockMode; extra != 0 {
		v := check.Failed(fmt.Sprintf("the mode has bits beyond %04o: %04o", sockMode, extra), evidence...)
		if f.Mode&0o002 != 0 {
			v = v.Note("every local user is root through it")
		}
		return v
	}
	if !f.ACL.Known() {
		return check.Undecided(cmp.Or(f.ACL.Reason, snapshot.ReasonFor(f.ACL.State)), "the mode is right, the access list was not readable", evidence...)
	}
	for _, a := range f.ACL.V {
		who := a.Kind
		if a.Kind != "mask" {
			who += " " + strconv.FormatInt(a.ID, 10)
		}
		evidence = append(evidence, ev("access list, "+who, shared.Rights(a.Perm)))
	}
	for _, a := range f.ACL.V {
		if shared.Effective(f, a)&^6 != 0 || a.Perm > 7 {
			return check.Failed("the access list gives more than read and write", evidence...)
		}
	}
	return check.Passed("only its owner and group may open it", evidence...)
}
