package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var notPrivileged = &check.Check{
	ID:    "container-not-privileged",
	Title: "The container is not privileged",
	Why: "A privileged container holds every capability and every device, without seccomp and AppArmor: root in it mounts the host's disk and is root on the host. " +
		"One that is created or stopped counts as much, since it is one docker start away; a tool that lists running containers only never sees it.",
	Remedy:   "Start it without --privileged, with the one capability or device it needs.",
	Severity: check.Critical, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfacePrivileged, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "5.4", "5.5", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"privileged"},
	Run:   func(p *check.Probe) { judge(p, unprivileged) },
	Fixes: []check.Fix{{Title: "switch privileged mode off in its file", Kind: step.FileEdit, Step: switchOffPrivileged}},
}

func unprivileged(b *box) check.Verdict {
	e := ev("HostConfig.Privileged", b.spec.Privileged)
	if b.spec.Privileged {
		return check.Failed("it is privileged", e)
	}
	return check.Passed("it is not privileged", e)
}

// switchOffPrivileged edits files only: what the program needs instead is tried
// out before it runs anywhere, not on the container that serves.
func switchOffPrivileged(p *check.Probe, subject int) (step.Step, error) {
	_, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if !inFile(p) {
		return step.Step{}, &step.RefusedError{Why: "what it needs instead is not known; find the capability or device, and start it anew with that and without --privileged"}
	}
	s, err := edited(p, subject, change(spec, "HostConfig.Privileged", "false"))
	if err != nil {
		return step.Step{}, err
	}
	s.Warnings = append(s.Warnings, "a program that needs a capability or a device fails; give it that one with cap_add or devices")
	return s, nil
}
