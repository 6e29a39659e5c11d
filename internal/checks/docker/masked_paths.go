package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var maskedPaths = &check.Check{
	ID:    "container-masked-paths",
	Title: "Sensitive kernel paths stay masked",
	Why: "The engine hides some files of /proc and /sys from containers and makes others read-only: memory of the kernel, keys, firmware, the switch that restarts the machine. " +
		"systempaths=unconfined, --privileged, or lists of its own in a request to the API take that away, and writable-cgroups opens /sys/fs/cgroup, where the limits are. " +
		"Each of the paths that engines since 20.10 protect must be on the lists that the engine states for the container; what newer engines add is not asked for.",
	Remedy:   "Start it without --security-opt systempaths=unconfined or writable-cgroups. A program that needs one file of /proc can be given that file with a mount.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "IE", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"privileged", "security"},
	Run:   func(p *check.Probe) { judge(p, keepsMasks) },
	Fixes: []check.Fix{{Title: "mask the kernel's paths again", Kind: step.ContainerRecreate, Step: restoreMasks}},
}

func keepsMasks(b *box) check.Verdict {
	s := &b.spec.Security
	const lists = "HostConfig.MaskedPaths, ReadonlyPaths"
	switch {
	case b.spec.Privileged:
		return check.Failed("it is privileged, which masks nothing", ev("HostConfig.Privileged", true))
	case s.SystemPaths == "unconfined":
		return check.Failed("nothing is masked", ev("systempaths", s.SystemPaths))
	case s.WritableCgroups:
		return check.Failed("it can write to its control groups, and so lift its own limits", ev("HostConfig.SecurityOpt writable-cgroups", true))
	case len(s.Unmasked) > 0:
		return check.Failed("some paths are not masked", ev("not among "+lists, firstFew(s.Unmasked)))
	}
	switch {
	case b.at.file:
		return check.Passed("it keeps the engine's masks", ev("security_opt systempaths", "not set"))
	case !s.Masked:
		return check.Undecided(snapshot.ReasonPartial, "the engine did not state which paths it masks", ev(lists, "not stated"))
	}
	return check.Passed("the paths that the engine masks by itself are masked", ev(lists, "complete"))
}
