package docker

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var dockerSockOwner = &check.Check{
	ID:    "file-docker-sock-owner",
	Title: "The engine socket belongs to root and its group",
	Why: "The owner of the socket may open it up to anyone, its group may call the API, and both are root on the machine for it. Access list entries add principals that no group shows. " +
		"Who may write to a directory above the socket can put another in its place and answer the engine's clients himself. " +
		"A sticky directory such as /tmp keeps others from moving a socket that exists, but while the engine is stopped its name is free for anyone, so that it fails too. " +
		"The socket of a rootless engine belongs to the account that the engine runs as.",
	Remedy:   "chown root:docker the socket, remove access list entries that give write (setfacl -b), keep it in /run, and set SocketUser=root and SocketGroup=docker in docker.socket, else the next start undoes it.",
	Severity: check.High, Subject: snapshot.KindHostFile, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "TE", Tier: 1,
	Refs:  check.CIS(1, "3.15", "3.15", ""),
	Forms: []check.Form{check.Live},
	Run:   func(p *check.Probe) { judgeSockets(p, rightOwner) },
	Fixes: []check.Fix{{Title: "give it to root and the group docker", Kind: step.FileAccess, Step: giveSocket}},
}

func rightOwner(p *check.Probe, f *snapshot.File) check.Verdict {
	owner := int64(0)
	evidence := []check.Evidence{ev("owner of "+cmp.Or(f.Real, f.Path), fmt.Sprintf("uid %d, gid %d", f.UID, f.GID))}
	rootless := false
	switch e := engineOf(p, f); {
	case e == nil && f.UID != 0:
		return check.Undecided(snapshot.ReasonPartial, fmt.Sprintf("uid %d owns the socket, and whether its engine runs as that account was not readable", f.UID), evidence...)
	case e != nil && e.Rootless:
		if !e.Process.Known() {
			return check.Undecided(snapshot.ReasonPartial, "the engine is rootless, and the account it runs as was not readable", evidence...)
		}
		rootless, owner = true, e.Process.V.UID
		evidence = append(evidence, ev("uid of the engine's process", owner))
	}
	if f.UID != owner {
		return check.Failed("the socket belongs to uid "+strconv.FormatInt(f.UID, 10), evidence...)
	}
	for _, d := range f.Parents {
		if why := writableBy(d, owner); why != "" {
			return check.Failed(why, append(evidence, ev("directory "+d.Path, fmt.Sprintf("%04o, uid %d, gid %d", d.Mode, d.UID, d.GID)))...)
		}
	}
	group := check.Passed("the socket belongs to the account of the engine", evidence...)
	if !rootless {
		group = rightGroup(p, f, evidence)
	}
	return withAccessList(f, group)
}

// rightGroup judges the group of a root engine's socket.
func rightGroup(p *check.Probe, f *snapshot.File, evidence []check.Evidence) check.Verdict {
	if f.GID == 0 {
		return check.Passed("the socket belongs to root alone", evidence...)
	}
	h := p.Host()
	if h == nil || !h.Accounts.Known() {
		return check.Undecided(snapshot.ReasonPartial, "the name of group "+strconv.FormatInt(f.GID, 10)+" was not readable", evidence...)
	}
	i := slices.IndexFunc(h.Accounts.V.Groups, func(g snapshot.Group) bool { return g.GID == f.GID && g.Name == "docker" })
	if i < 0 {
		if others := h.Accounts.V.OtherSources; len(others) > 0 && !slices.ContainsFunc(h.Accounts.V.Groups, func(g snapshot.Group) bool { return g.GID == f.GID || g.Name == "docker" }) {
			return check.Undecided(snapshot.ReasonPartial, "groups also come from "+others[0]+", which was not asked for the name of group "+strconv.FormatInt(f.GID, 10), evidence...)
		}
		return check.Failed("the group of the socket, gid "+strconv.FormatInt(f.GID, 10)+", is not docker", evidence...)
	}
	return check.Passed("the socket belongs to root and the group docker", append(evidence, ev("group "+strconv.FormatInt(f.GID, 10), "docker"))...)
}

// withAccessList lets the access list and the parents overrule a passing owner.
func withAccessList(f *snapshot.File, v check.Verdict) check.Verdict {
	if v.Status == check.Fail {
		return v
	}
	for _, a := range f.ACL.V {
		if f.ACL.Known() && a.Kind != "mask" && a.ID != 0 && shared.Effective(f, a)&2 != 0 {
			who := fmt.Sprintf("%s %d", a.Kind, a.ID)
			return check.Failed("the access list lets "+who+" write", append(v.Evidence, ev("access list, "+who, shared.Rights(shared.Effective(f, a))))...)
		}
	}
	switch {
	case v.Status == check.Unknown:
		return v
	case !f.ACL.Known():
		return check.Undecided(cmp.Or(f.ACL.Reason, snapshot.ReasonFor(f.ACL.State)), "owner and group are right, the access list was not readable", v.Evidence...)
	case len(f.Parents) == 0:
		return check.Undecided(snapshot.ReasonPartial, "owner and group are right, the directories above the socket were not readable", v.Evidence...)
	}
	return v
}

// writableBy says who beside root and the socket's owner may write to a
// directory, or "".
func writableBy(d snapshot.Directory, owner int64) string {
	switch {
	case d.UID != 0 && d.UID != owner:
		return fmt.Sprintf("uid %d owns %s and may replace the socket", d.UID, d.Path)
	case d.Mode&0o1002 == 0o1002:
		return "everyone may take the socket's name in " + d.Path + " while the engine is stopped"
	case d.Mode&0o002 != 0:
		return "everyone may replace the socket in " + d.Path
	case d.Mode&0o020 != 0 && d.GID != 0:
		return fmt.Sprintf("group %d may replace the socket in %s", d.GID, d.Path)
	}
	return ""
}
