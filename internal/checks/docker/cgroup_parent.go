package docker

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var cgroupParent = &check.Check{
	ID:    "container-cgroup-parent-default",
	Title: "The container sits under an approved cgroup parent",
	Why: "A container under a parent of its own choosing escapes the limits that the operator set on the engine's group, or shares those of a system service. " +
		"A parent on the policy list counts only when the kernel shows that it is limited.",
	Remedy:   "Start it without --cgroup-parent, or put the slice on the policy list and give it limits.",
	Severity: check.Low, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "5.24", "5.25", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"resources.cgroupParent"},
	Params: []check.Param{{
		Name: "allowed_slices", Unit: "list", Meaning: "slices that may be the parent",
	}},
	Run:   func(p *check.Probe) { judge(p, approvedParent) },
	Fixes: []check.Fix{{Title: "put it under the engine's own group", Kind: step.ContainerRecreate, Step: ownParent}},
}

func approvedParent(b *box) check.Verdict {
	parent := b.spec.Resources.CgroupParent
	e := ev("HostConfig.CgroupParent", parent)
	switch {
	case parent == "":
		return check.Passed("it sits under the engine's default group", ev("HostConfig.CgroupParent", "not set"))
	case !slices.Contains(b.at.list("allowed_slices"), parent):
		return check.Failed("its cgroup parent is not on the policy list", e)
	case b.engine == nil:
		return check.Undecided(snapshot.ReasonStatic, "whether the approved parent is limited shows on a running engine only", e)
	}
	cg := b.cgroup()
	switch {
	case cg == nil:
		return check.Undecided(snapshot.ReasonPartial, "the limits of the approved parent were not readable", e)
	case cg.MemoryAncestorMax < 0:
		return check.Failed("the approved parent has no memory limit", e, ev(b.knob("memory.limit_in_bytes", "memory.max")+" (parent group)", cg.MemoryAncestorMax))
	}
	return check.Passed("its cgroup parent is approved and limited", e, ev(b.knob("memory.limit_in_bytes", "memory.max")+" (parent group)", cg.MemoryAncestorMax))
}
