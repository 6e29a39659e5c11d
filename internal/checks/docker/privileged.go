package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

const notPrivilegedID = "container-not-privileged"

var notPrivileged = &check.Check{
	ID:    notPrivilegedID,
	Title: "The container is not privileged",
	Why: "A privileged container holds every capability and every device, without seccomp and AppArmor: root in it mounts the host's disk and is root on the host. " +
		"One that is created or stopped counts as much, since it is one docker start away; a tool that lists running containers only never sees it.",
	Remedy:   "Start it without --privileged, with the one capability or device it needs.",
	Severity: check.Critical, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfacePrivileged, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "5.4", "5.5", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"privileged"},
	Run:   func(p *check.Probe) { judge(p, isNotPrivileged) },
	Fixes: []check.Fix{{Title: "start it without --privileged", Kind: step.ContainerRecreate, Step: unprivilege}},
}

func isNotPrivileged(b *box) check.Verdict {
	e := ev("HostConfig.Privileged", b.spec.Privileged)
	if b.spec.Privileged {
		return check.Failed("it is privileged", e)
	}
	return check.Passed("it is not privileged", e)
}
