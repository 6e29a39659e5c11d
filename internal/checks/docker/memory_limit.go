package docker

import (
	"fmt"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var memoryLimit = &check.Check{
	ID:    "container-memory-limit",
	Title: "Memory use is limited",
	Why: "A container without a limit can take all memory of the machine: the kernel then kills processes of its neighbours, or the engine itself. " +
		"A reservation is no limit, and a limit that the kernel has no controller for is not enforced.",
	Remedy:   "Set a limit above the highest use seen, with docker update --memory or in the definition of the container.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "5.10", "5.11", "5.11"),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"resources.memory", "resources.cgroupParent"},
	Params: []check.Param{{
		Name: "limit", Unit: "bytes", Meaning: "limit that the fix sets; empty: twice the highest use seen, at least 64 MiB",
	}},
	Run: func(p *check.Probe) { judge(p, limitedMemory) },
	Fixes: []check.Fix{{
		Title: "limit memory", Kind: step.ContainerUpdate, Step: limitMemory, Review: reviewMemory,
	}},
}

func limitedMemory(b *box) check.Verdict {
	set := b.spec.Resources.Memory
	if b.engine != nil && b.lacks(b.engine.MemoryLimit) {
		return check.Failed("the kernel cannot enforce a memory limit", ev("GET /info MemoryLimit", false), ev("HostConfig.Memory", set))
	}
	if cg := b.cgroup(); cg != nil {
		low, src := cg.MemoryMax, b.knob("memory.limit_in_bytes", "memory.max")
		if cg.MemoryAncestorMax >= 0 && (low < 0 || cg.MemoryAncestorMax < low) {
			low, src = cg.MemoryAncestorMax, src+" (parent group)"
		}
		return finite(low, b, ev(src, orUnlimited(low)), ev("HostConfig.Memory", set)).ByKernel()
	}
	if v, bad := b.unread("resources.memory"); bad {
		return v
	}
	if set <= 0 && b.spec.Resources.CgroupParent != "" && b.engine != nil {
		return check.Undecided(snapshot.ReasonPartial, "the limit of its parent group was not readable", ev("HostConfig.CgroupParent", b.spec.Resources.CgroupParent))
	}
	return b.configured(finite(set, b, ev("HostConfig.Memory", set)))
}

// finite passes a limit that is set and below the memory of the machine.
func finite(limit int64, b *box, evidence ...check.Evidence) check.Verdict {
	if limit <= 0 {
		v := check.Failed("no memory limit", evidence...)
		if b.spec.Resources.MemoryReservation > 0 {
			v = v.Note("a reservation of " + bytes(b.spec.Resources.MemoryReservation) + " is set, which limits nothing")
		}
		return v
	}
	if b.engine != nil && b.engine.MemTotal > 0 && limit >= b.engine.MemTotal {
		return check.Failed("the limit is not below the memory of the machine, "+bytes(b.engine.MemTotal), evidence...)
	}
	return check.Passed("limited to "+bytes(limit), evidence...)
}

const (
	minMemory       = 64 << 20 // bytes; the lowest limit that the fix chooses
	memoryRound     = 16 << 20 // bytes
	engineMinMemory = 6 << 20  // bytes; the lowest limit that an engine takes
)

func limitMemory(p *check.Probe, subject int) (step.Step, error) {
	c, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if inFile(p) {
		return limitMemoryInFile(p, subject, spec)
	}
	if !p.Engine().MemoryLimit {
		return step.Step{}, &step.RefusedError{Why: "the kernel of this machine cannot enforce memory limits; enable the memory controller"}
	}
	limit := p.Int("limit")
	used := max(c.Usage.V.MemoryPeak, c.Usage.V.MemoryCurrent)
	switch {
	case limit != 0 && limit < engineMinMemory:
		return step.Step{}, &step.RefusedError{Why: "the engine refuses a limit below " + bytes(engineMinMemory) + "; give a higher one"}
	case limit > 0 && c.Usage.Known() && limit < c.Usage.V.MemoryCurrent:
		return step.Step{}, &step.RefusedError{Why: fmt.Sprintf("it uses %s now, more than the limit %s", bytes(c.Usage.V.MemoryCurrent), bytes(limit))}
	case limit == 0 && (!c.Usage.Known() || used == 0):
		return step.Step{}, &step.RefusedError{Why: "its memory use was never observed; give a limit with --set container-memory-limit.limit=SIZE"}
	case limit == 0:
		limit = max(minMemory, (2*used+memoryRound-1)/memoryRound*memoryRound)
	}
	if limit >= p.Engine().MemTotal {
		return step.Step{}, &step.RefusedError{Why: "the limit " + bytes(limit) + " is not below the memory of the machine, " + bytes(p.Engine().MemTotal)}
	}
	// Both together: the engine refuses a memory limit above the old swap limit,
	// even if that is unset or none. Where the kernel does not account for swap
	// the engine stores -1 whatever is asked for.
	swap := int64(-1)
	if p.Engine().SwapLimit {
		swap = 2 * limit
	}
	s, err := update(p, subject,
		change(spec, "HostConfig.Memory", strconv.FormatInt(limit, 10)), change(spec, "HostConfig.MemorySwap", strconv.FormatInt(swap, 10)))
	if err != nil {
		return step.Step{}, err
	}
	if spec.Resources.Memory == 0 {
		s.Undo = step.UndoEquivalent
		s.Note = "A live engine cannot take a memory limit back to none; undoing sets it to the memory of the machine."
	}
	if c.Usage.Known() {
		s.Warnings = append(s.Warnings, "highest use seen: "+bytes(used))
	}
	return s, nil
}

func limitMemoryInFile(p *check.Probe, subject int, spec *snapshot.ContainerSpec) (step.Step, error) {
	limit := p.Int("limit")
	switch {
	case limit == 0:
		return step.Step{}, setByHand(p, "limit", "SIZE")
	case limit < engineMinMemory:
		return step.Step{}, &step.RefusedError{Why: "the engine refuses a limit below " + bytes(engineMinMemory) + "; give a higher one"}
	case spec.Resources.MemorySwap > 0 && spec.Resources.MemorySwap < limit:
		return step.Step{}, &step.RefusedError{Why: "its limit of memory and swap together is below " + bytes(limit) + "; raise that first"}
	}
	return edited(p, subject, change(spec, "HostConfig.Memory", strconv.FormatInt(limit, 10)))
}

// reviewMemory warns when the limits of all containers, with the steps taken,
// promise more memory than the machine has.
func reviewMemory(p *check.Probe, steps []step.Step) []string {
	planned := make(map[string]int64)
	for _, s := range steps {
		planned[s.Target.Key], _ = strconv.ParseInt(s.Set[0].To, 10, 64)
	}
	var sum int64
	for i := range p.Snapshot.Containers {
		c := &p.Snapshot.Containers[i]
		if c.Scope != p.Scope.ID || c.KeptFor != "" {
			continue
		}
		if n, ok := planned[c.Key]; ok {
			sum += n
		} else {
			sum += max(0, p.Snapshot.ContainerSpecs[c.Spec].Resources.Memory)
		}
	}
	if e := p.Engine(); e != nil && e.MemTotal > 0 && sum > e.MemTotal {
		return []string{fmt.Sprintf("the limits add up to %s, the machine has %s", bytes(sum), bytes(e.MemTotal))}
	}
	return nil
}
