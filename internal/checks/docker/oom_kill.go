package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var oomKillEnabled = &check.Check{
	ID:    "container-oom-kill-enabled",
	Title: "The kernel may kill the container when memory runs out",
	Why: "A container that the kernel may not kill, or kills last, makes it kill something else when memory runs out: another service, or the engine. " +
		"Switching the killer off is harmless within a memory limit, where the container's processes wait instead. Control groups of version 2 know no such switch, and the engine drops it there.",
	Remedy:   "Start it without --oom-kill-disable or with --memory, and without a negative --oom-score-adj.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"resources.oomKillDisable", "resources.oomScoreAdj"},
	Run:   func(p *check.Probe) { judge(p, mayBeKilled) },
	Fixes: []check.Fix{{Title: "let the kernel end it when memory runs out", Kind: step.ContainerRecreate, Step: letBeKilled}},
}

func mayBeKilled(b *box) check.Verdict {
	r := &b.spec.Resources
	score, off := ev("HostConfig.OomScoreAdj", r.OomScoreAdj), ev("HostConfig.OomKillDisable", r.OomKillDisable)
	if r.OomScoreAdj < 0 {
		return check.Failed("the kernel kills others before it", score)
	}
	if !r.OomKillDisable {
		return check.Passed("the kernel may kill it", off, score)
	}
	limit, source := r.Memory, "HostConfig.Memory"
	if g := b.cgroup(); g != nil {
		limit, source = g.MemoryMax, b.knob("memory.limit_in_bytes", "memory.max")
	} else if v, bad := b.unread("resources.memory"); bad {
		return v
	}
	if limit > 0 {
		return check.Passed("the kernel may not kill it, within a memory limit", off, ev(source, limit))
	}
	return check.Failed("the kernel may not kill it, and no limit bounds its memory", off, ev(source, orUnlimited(limit)))
}
