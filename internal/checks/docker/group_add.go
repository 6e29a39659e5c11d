package docker

import (
	"slices"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noPowerfulGroups = &check.Check{
	ID:    "container-group-add-docker",
	Title: "The process is in no powerful host group",
	Why: "A group is a number, and the number of the engine's group opens its socket from inside too; that of disk opens the disks, that of shadow the password hashes, once such a file is in reach. " +
		"Groups that are added are judged, and of a process that is not root all it has, as the kernel shows them. A root process needs none of them and is judged by container-user-non-root.",
	Remedy:   "Start it without --group-add for the number, and give the files that it needs a group of their own.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"groupAdd", "usernsMode", "user"},
	Run: func(p *check.Probe) {
		sockets, seen := socketGroups(p)
		judge(p, func(b *box) check.Verdict { return inNoPowerfulGroup(b, sockets, seen) })
	},
	Fixes: []check.Fix{{Title: "take the groups away that open the host", Kind: step.ContainerRecreate, Breaks: true, Step: ownGroups}},
}

// powerful are the groups that have the same number nearly everywhere.
var powerful = map[int64]string{0: "root", 6: "disk", 42: "shadow"}

// socketGroups returns the groups that may open a socket of an engine or a
// runtime, and whether the sockets were read.
func socketGroups(p *check.Probe) (groups map[int64]string, seen bool) {
	groups = make(map[int64]string)
	for i := range p.Snapshot.Files {
		f := &p.Snapshot.Files[i]
		socket := f.Role == snapshot.RoleEngineSocket || f.Role == snapshot.RoleRuntimeSocket
		if socket && f.State == snapshot.Observed && f.Mode&0o020 != 0 && (f.Scope == p.Scope.Host || f.Engine == p.Scope.ID) {
			groups[f.GID] = "the group of " + f.Path
		}
	}
	return groups, p.Part(snapshot.PartEngineSockets).State == snapshot.Observed
}

func inNoPowerfulGroup(b *box, sockets map[int64]string, seen bool) check.Verdict {
	mapped := b.engine != nil && (b.engine.Rootless || b.engine.UsernsRemap && b.spec.UsernsMode != "host")
	if proc := b.proc(); proc != nil {
		if !mapped && proc.UID == 0 {
			return b.addsNoPowerfulGroup(sockets, seen)
		}
		for _, g := range proc.Groups {
			if name := groupName(g, sockets); name != "" {
				return check.Failed("its process is in a powerful group of the host", ev("supplementary group "+strconv.FormatInt(g, 10), name))
			}
		}
		return check.Passed("its process is in no powerful group of the host", ev("supplementary groups", len(proc.Groups)))
	}
	if mapped {
		return b.configured(check.Passed("its groups are not those of the host", ev("HostConfig.UsernsMode", orDefault(b.spec.UsernsMode))))
	}
	return b.configured(b.addsNoPowerfulGroup(sockets, seen))
}

// groupName says what makes a group powerful, or "".
func groupName(g int64, sockets map[int64]string) string {
	if name, ok := sockets[g]; ok {
		return name
	}
	return powerful[g]
}

// addsNoPowerfulGroup judges the groups that the configuration adds. A name is
// looked up in the image, where the usual ones have their usual numbers.
func (b *box) addsNoPowerfulGroup(sockets map[int64]string, seen bool) check.Verdict {
	doubt := ""
	for _, g := range b.spec.GroupAdd {
		e := ev("HostConfig.GroupAdd", g)
		n, err := strconv.ParseInt(g, 10, 64)
		switch {
		case err != nil && slices.Contains([]string{"root", "disk", "shadow"}, g):
			return check.Failed("it is put into a powerful group", e)
		case err != nil || !seen && powerful[n] == "":
			doubt = g
		case groupName(n, sockets) != "":
			return check.Failed("it is put into a powerful group of the host", e, ev("group "+g, groupName(n, sockets)))
		}
	}
	if doubt == "" {
		return check.Passed("it is put into no powerful group", ev("HostConfig.GroupAdd", firstFewOr(b.spec.GroupAdd)))
	}
	if b.at.file {
		return check.Undecided(snapshot.ReasonStatic, "whose number a group has shows on a running engine only", ev("HostConfig.GroupAdd", doubt))
	}
	return check.Undecided(snapshot.ReasonPartial, "whose number a group has is not known: the image's groups or the host's sockets were not read", ev("HostConfig.GroupAdd", doubt))
}

// groupNumber returns the number of a group that is added, where it is one
// everywhere.
func groupNumber(g string) (int64, bool) {
	for n, name := range powerful {
		if g == name {
			return n, true
		}
	}
	n, err := strconv.ParseInt(g, 10, 64)
	return n, err == nil
}

// addsGroup reports whether the configuration adds a group.
func (b *box) addsGroup(g int64) bool {
	return slices.ContainsFunc(b.spec.GroupAdd, func(a string) bool {
		n, known := groupNumber(a)
		return known && n == g
	})
}
