package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noSharedPropagation = &check.Check{
	ID:    "container-no-shared-propagation",
	Title: "Mounts do not propagate back to the host",
	Why: "Through a mount with shared propagation, what a process mounts inside the container appears on the host too: over its programs, its configuration, or in every other container that sees the directory. " +
		"slave and rslave only go from the host to the container.",
	Remedy:   "Mount it with rprivate, the default, or rslave where mounts of the host must appear inside.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "T", Tier: 1,
	Refs:  check.CIS(1, "5.19", "5.20", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"mounts"},
	Run:   func(p *check.Probe) { judge(p, keepsMountsInside) },
	Fixes: []check.Fix{{Title: "keep its mounts inside", Kind: step.ContainerRecreate, Step: keepPropagation}},
}

func keepsMountsInside(b *box) check.Verdict {
	var h hits
	for i := range b.spec.Mounts {
		if m := &b.spec.Mounts[i]; m.Propagation == "shared" || m.Propagation == "rshared" {
			h.add("Mounts "+m.Destination+" Propagation", m.Propagation)
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("what is mounted inside appears on the host", h.evidence...))
	}
	return check.Passed("no mount propagates to the host", ev("Mounts", len(b.spec.Mounts)))
}
