package docker

import (
	"fmt"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var pidsLimit = &check.Check{
	ID:    "container-pids-limit",
	Title: "The number of processes is limited",
	Why: "A fork bomb in a container without a limit takes every process number of the machine: nobody can log in to stop it. " +
		"The kernel counts threads too. Unset, 0 and -1 all mean no limit.",
	Remedy:   "Set a limit of a few times the processes it needs: docker update --pids-limit or pids_limit.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "5.28", "5.29", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"resources.pidsLimit"},
	Params: []check.Param{{
		Name: "limit", Unit: "count", Meaning: "limit that the fix sets; empty: four times the processes seen, at least 100",
	}},
	Run:   func(p *check.Probe) { judge(p, limitedPids) },
	Fixes: []check.Fix{{Title: "limit the number of processes", Kind: step.ContainerUpdate, Step: limitPids}},
}

func limitedPids(b *box) check.Verdict {
	set := "not set"
	if l := b.spec.Resources.PidsLimit; l != nil {
		set = strconv.FormatInt(*l, 10)
	}
	conf := ev("HostConfig.PidsLimit", set)
	if b.engine != nil && b.lacks(b.engine.PidsLimit) {
		return check.Failed("the kernel cannot enforce a limit of processes", ev("GET /info PidsLimit", false), conf)
	}
	if cg := b.cgroup(); cg != nil {
		return finitePids(cg.PidsMax, ev("pids.max", orUnlimited(cg.PidsMax)), conf).ByKernel()
	}
	if v, bad := b.unread("resources.pidsLimit"); bad {
		return v
	}
	var limit int64
	if l := b.spec.Resources.PidsLimit; l != nil {
		limit = *l
	}
	return b.configured(finitePids(limit, conf))
}

func finitePids(limit int64, evidence ...check.Evidence) check.Verdict {
	if limit <= 0 {
		return check.Failed("the number of processes has no limit", evidence...)
	}
	return check.Passed(fmt.Sprintf("limited to %d processes", limit), evidence...)
}

const (
	minPids   = 100
	pidsRound = 50
)

func limitPids(p *check.Probe, subject int) (step.Step, error) {
	c, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if !p.Engine().PidsLimit {
		return step.Step{}, &step.RefusedError{Why: "the kernel of this machine cannot enforce a limit of processes; enable the pids controller"}
	}
	limit, seen := p.Int("limit"), c.Usage.V.Pids
	switch {
	case limit < 0:
		return step.Step{}, &step.RefusedError{Why: "a limit below 0 is none; give a positive number with --set container-pids-limit.limit=N"}
	case limit > 0 && c.Usage.Known() && limit < seen:
		return step.Step{}, &step.RefusedError{Why: fmt.Sprintf("it has %d processes now, more than the limit %d; give a higher one", seen, limit)}
	case limit == 0 && (!c.Usage.Known() || seen <= 0):
		return step.Step{}, &step.RefusedError{Why: "its processes were never counted; give a limit with --set container-pids-limit.limit=N"}
	case limit == 0:
		limit = max(minPids, (4*seen+pidsRound-1)/pidsRound*pidsRound)
	}
	s, err := update(p, subject, change(spec, "HostConfig.PidsLimit", strconv.FormatInt(limit, 10)))
	if err != nil {
		return step.Step{}, err
	}
	if c.Usage.Known() {
		s.Warnings = append(s.Warnings, fmt.Sprintf("processes and threads seen: %d", seen))
	}
	return s, nil
}
