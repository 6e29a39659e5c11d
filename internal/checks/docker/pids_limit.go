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
		"The kernel counts threads too. Unset, 0 and -1 all mean no limit, and so does one that is not below the process numbers that the machine has (kernel.pid_max).",
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
		return b.finitePids(cg.PidsMax, ev("pids.max", orUnlimited(cg.PidsMax)), conf).ByKernel()
	}
	if v, bad := b.unread("resources.pidsLimit"); bad {
		return v
	}
	var limit int64
	if l := b.spec.Resources.PidsLimit; l != nil {
		limit = *l
	}
	return b.configured(b.finitePids(limit, conf))
}

// What pid_max is by default on a machine of up to 32 CPUs, and the most it can be.
const (
	leastPids = 1 << 15
	mostPids  = 1 << 22
)

// pidNumbers are the process numbers that the machine has, or at most can have
// where that is not known.
func pidNumbers(p *check.Probe) (n int64, known bool) {
	if h := p.Snapshot.Host(p.Scope.Host); h != nil && h.PidMax > 0 {
		return h.PidMax, true
	}
	return mostPids, false
}

func (b *box) finitePids(limit int64, evidence ...check.Evidence) check.Verdict {
	if limit <= 0 {
		return check.Failed("the number of processes has no limit", evidence...)
	}
	numbers, known := pidNumbers(b.at.p)
	if known {
		evidence = append(evidence, ev("kernel.pid_max", numbers))
	} else if b.engine != nil && limit >= leastPids && limit < numbers {
		return check.Undecided(snapshot.ReasonPartial, "how many process numbers the machine has was not readable, and it may be no more than the limit", evidence...)
	}
	if limit >= numbers {
		return check.Failed("the limit is not below the process numbers of the machine", evidence...)
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
	if inFile(p) {
		if p.Int("limit") <= 0 {
			return step.Step{}, setByHand(p, "limit", "N")
		}
		return edited(p, subject, change(spec, "HostConfig.PidsLimit", strconv.FormatInt(p.Int("limit"), 10)))
	}
	if !p.Engine().PidsLimit {
		return step.Step{}, &step.RefusedError{Why: "the kernel of this machine cannot enforce a limit of processes; enable the pids controller"}
	}
	limit, seen := p.Int("limit"), c.Usage.V.Pids
	numbers, _ := pidNumbers(p)
	switch {
	case limit < 0:
		return step.Step{}, &step.RefusedError{Why: "a limit below 0 is none; give a positive number with --set container-pids-limit.limit=N"}
	case limit > 0 && c.Usage.Known() && limit < seen:
		return step.Step{}, &step.RefusedError{Why: fmt.Sprintf("it has %d processes now, more than the limit %d; give a higher one", seen, limit)}
	case limit == 0 && (!c.Usage.Known() || seen <= 0):
		return step.Step{}, &step.RefusedError{Why: "its processes were never counted; give a limit with --set container-pids-limit.limit=N"}
	case limit >= numbers:
		return step.Step{}, &step.RefusedError{Why: fmt.Sprintf("the limit %d is not below the process numbers of the machine, %d", limit, numbers)}
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
