package docker

import (
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var swapLimit = &check.Check{
	ID:    "container-swap-limit",
	Title: "Swap use is limited",
	Why: "A container with a memory limit but unlimited swap slows the whole machine down instead of being stopped: it pages without end. " +
		"The value is of memory and swap together, -1 means no limit, and 0 beside a memory limit makes the engine choose twice that limit. " +
		"Other tools look at the memory limit alone and pass -m 64m --memory-swap -1.",
	Remedy:   "Set memory and swap together, with docker update --memory-swap or memswap_limit, to about twice the memory limit.",
	Severity: check.Low, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"resources.memory", "resources.memorySwap"},
	Run:   func(p *check.Probe) { judge(p, limitedSwap) },
	Fixes: []check.Fix{{Title: "limit memory and swap together", Kind: step.ContainerUpdate, Step: limitSwap}},
}

func limitedSwap(b *box) check.Verdict {
	r := &b.spec.Resources
	set := ev("HostConfig.MemorySwap", r.MemorySwap)
	if b.engine != nil && b.lacks(b.engine.SwapLimit) {
		return check.Failed("the kernel cannot enforce a swap limit", ev("GET /info SwapLimit", false), set)
	}
	if cg := b.cgroup(); cg != nil {
		e := ev(b.knob("memory.memsw.limit_in_bytes", "memory.swap.max and memory.max"), orUnlimited(cg.MemorySwapMax))
		if cg.MemorySwapMax < 0 {
			return check.Failed("swap use has no limit", e, set)
		}
		if v, none := b.swapsWithoutEnd(cg.MemoryMax, cg.MemorySwapMax, e, set); none {
			return v
		}
		return check.Passed("memory and swap together are limited to "+bytes(cg.MemorySwapMax), e, set).ByKernel()
	}
	if v, bad := b.unread("resources.memory", "resources.memorySwap"); bad {
		return v
	}
	both := r.MemorySwap
	if both == 0 {
		both = 2 * r.Memory // the engine's choice
	}
	if v, none := b.swapsWithoutEnd(r.Memory, both, ev("HostConfig.Memory", r.Memory), set); none && r.MemorySwap >= 0 {
		return b.configured(v)
	}
	switch {
	case r.MemorySwap > 0:
		return b.configured(check.Passed("memory and swap together are limited to "+bytes(r.MemorySwap), set))
	case r.MemorySwap == 0 && r.Memory > 0:
		return b.configured(check.Passed("the engine limits memory and swap together to twice the memory limit", ev("HostConfig.Memory", r.Memory), set))
	}
	return b.configured(check.Failed("swap use has no limit", set))
}

// swapsWithoutEnd reports a limit that limits nothing: of memory, or of the swap
// beside it, as much as the machine has memory.
func (b *box) swapsWithoutEnd(memory, both int64, evidence ...check.Evidence) (check.Verdict, bool) {
	if b.engine == nil || b.engine.MemTotal <= 0 || max(memory, both-max(memory, 0)) < b.engine.MemTotal {
		return check.Verdict{}, false
	}
	return check.Failed("the limit is not below the memory of the machine, "+bytes(b.engine.MemTotal), evidence...), true
}

func limitSwap(p *check.Probe, subject int) (step.Step, error) {
	_, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	memory := spec.Resources.Memory
	switch {
	case !inFile(p) && !p.Engine().SwapLimit:
		return step.Step{}, &step.RefusedError{Why: "the kernel of this machine cannot enforce swap limits; enable swap accounting (swapaccount=1) or switch swap off"}
	case memory <= 0:
		return step.Step{}, &step.RefusedError{Why: "it has no memory limit, and swap is limited beside one; apply container-memory-limit, which sets both"}
	}
	if e := p.Engine(); e != nil && e.MemTotal > 0 && memory >= e.MemTotal && !inFile(p) {
		return step.Step{}, &step.RefusedError{Why: "its memory limit is not below the memory of the machine; apply container-memory-limit, which sets both"}
	}
	both := change(spec, "HostConfig.MemorySwap", strconv.FormatInt(2*memory, 10))
	if inFile(p) {
		return edited(p, subject, both)
	}
	s, err := update(p, subject, both)
	if err != nil {
		return step.Step{}, err
	}
	if spec.Resources.MemorySwap == 0 {
		s.Undo = step.UndoEquivalent
		s.Note = "A live engine cannot take this limit back to unset; undoing sets it to unlimited."
	}
	return s, nil
}
