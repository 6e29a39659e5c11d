package docker

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var cpuShares = &check.Check{
	ID:    "container-cpu-shares",
	Title: "CPU use is bounded or weighted",
	Why: "A container with the default weight and no quota competes with every other process as an equal and can hold all CPUs for as long as it likes. " +
		"Any of a quota or number of CPUs below the machine's, a set of CPUs smaller than the machine's, or a weight other than the default bounds it. " +
		"A weight of 1024 is the default written out and a set of all CPUs is no set. Other tools look at the weight alone and fail containers that have a quota.",
	Remedy:   "Give it a lower weight or a number of CPUs: docker update --cpu-shares or --cpus.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "5.11", "5.12", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"resources.cpuShares", "resources.nanoCPUs", "resources.cpuQuota", "resources.cpusetCPUs"},
	Params: []check.Param{{
		Name: "shares", Unit: "count", Default: []string{"512"}, Meaning: "weight that the fix sets; the default of a container is 1024",
	}},
	Run:   func(p *check.Probe) { judge(p, boundedCPU) },
	Fixes: []check.Fix{{Title: "halve the CPU weight", Kind: step.ContainerUpdate, Step: weighCPU}},
}

const (
	defaultShares = 1024
	defaultPeriod = 100000 // microseconds
)

// cpuBound is what bounds CPU use, from the kernel or from the configuration.
type cpuBound struct {
	source       string
	shares       int64
	quota        int64 // microseconds per period; 0 or less is none
	period       int64
	nano         int64
	cpuset       string
	weightsCount bool // the kernel honours weights
	quotasCount  bool
}

func boundedCPU(b *box) check.Verdict {
	r := &b.spec.Resources
	c := cpuBound{
		source: "HostConfig", shares: r.CPUShares, quota: r.CPUQuota, period: r.CPUPeriod, nano: r.NanoCPUs, cpuset: r.CpusetCPUs,
		weightsCount: b.engine == nil || !b.lacks(b.engine.CPUShares), quotasCount: b.engine == nil || !b.lacks(b.engine.CPUQuota),
	}
	if cg := b.cgroup(); cg != nil {
		return c.of(b.rt.Cgroup.Source, cg).verdict(b).ByKernel()
	}
	v := c.verdict(b)
	if u, bad := b.unread("resources.cpuShares", "resources.nanoCPUs", "resources.cpuQuota", "resources.cpusetCPUs"); bad && v.Status == check.Fail {
		return u
	}
	return b.configured(v)
}

// of returns what the kernel enforces.
func (c cpuBound) of(source string, cg *snapshot.Cgroup) cpuBound {
	return cpuBound{
		source: source, shares: cg.CPUShares, quota: cg.CPUQuota, period: cg.CPUPeriod, cpuset: cg.Cpuset,
		weightsCount: c.weightsCount, quotasCount: c.quotasCount,
	}
}

func (c cpuBound) verdict(b *box) check.Verdict {
	var evidence []check.Evidence
	add := func(name string, value any) { evidence = append(evidence, ev(c.source+" "+name, value)) }
	if c.shares > 0 {
		add("weight", c.shares)
	}
	if c.nano > 0 {
		add("NanoCpus", c.nano)
	}
	if c.quota > 0 {
		add("quota", fmt.Sprintf("%d of %d µs", c.quota, c.period))
	}
	if c.cpuset != "" {
		add("cpuset", c.cpuset)
	}
	if len(evidence) == 0 {
		add("weight, quota and cpuset", "default")
	}
	limited := (c.quota > 0 || c.nano > 0) && c.quotasCount
	whole := limited && b.engine != nil && b.engine.CPUs > 0 && c.allows() >= float64(b.engine.CPUs)
	switch {
	case limited && !whole:
		return check.Passed("CPU time is limited", evidence...)
	case b.restricts(c.cpuset):
		return check.Passed("it runs on some of the CPUs only", evidence...)
	case c.shares > 0 && c.shares != defaultShares && c.weightsCount:
		return check.Passed("its CPU weight is not the default", evidence...)
	case whole:
		return check.Failed("the limit is not below the CPUs of the machine", append(evidence, ev("GET /info NCPU", b.engine.CPUs))...)
	case c.quota > 0 || c.nano > 0 || c.shares > 0 && c.shares != defaultShares:
		return check.Failed("the kernel cannot enforce the CPU limit it is given", evidence...)
	}
	return check.Failed("CPU use has neither a limit nor a weight of its own", evidence...)
}

// allows is the number of CPUs that a quota or a number comes to.
func (c cpuBound) allows() float64 {
	if c.nano > 0 {
		return float64(c.nano) / 1e9
	}
	period := c.period
	if period <= 0 {
		period = defaultPeriod
	}
	return float64(c.quota) / float64(period)
}

// restricts reports whether a set of CPUs leaves some of the machine's out.
// Where the machine is not known, as in a file, any set counts.
func (b *box) restricts(cpuset string) bool {
	if cpuset == "" {
		return false
	}
	n, ok := countCPUs(cpuset)
	if !ok || b.engine == nil || b.engine.CPUs <= 0 {
		return ok
	}
	return n < b.engine.CPUs
}

const maxCPU = 1 << 16

// countCPUs counts the CPUs of a list such as 0-3,8.
func countCPUs(list string) (int, bool) {
	type span struct{ lo, hi int }
	var spans []span
	for item := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(item), "-")
		if !isRange {
			to = from
		}
		lo, err1 := strconv.Atoi(from)
		hi, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || lo < 0 || hi < lo || hi >= maxCPU {
			return 0, false
		}
		spans = append(spans, span{lo, hi})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	count, next := 0, 0 // CPUs below next are counted
	for _, s := range spans {
		if s.hi >= next {
			count += s.hi + 1 - max(s.lo, next)
			next = s.hi + 1
		}
	}
	return count, true
}

func weighCPU(p *check.Probe, subject int) (step.Step, error) {
	_, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	shares := p.Int("shares")
	switch {
	case !inFile(p) && !p.Engine().CPUShares:
		return step.Step{}, &step.RefusedError{Why: "the kernel of this machine cannot enforce CPU weights; enable the cpu controller"}
	case shares < 2 || shares > 262144 || shares == defaultShares:
		return step.Step{}, &step.RefusedError{Why: "a weight is 2 to 262144 and not the default 1024; give another with --set container-cpu-shares.shares=N"}
	}
	weight := change(spec, "HostConfig.CpuShares", strconv.FormatInt(shares, 10))
	if inFile(p) {
		return edited(p, subject, weight)
	}
	s, err := update(p, subject, weight)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "A weight counts only while CPUs are contended: 512 gets half the time of a neighbour with 1024, and all that is left idle."
	if spec.Resources.CPUShares == 0 {
		s.Undo = step.UndoEquivalent
		s.Note += " A live engine cannot take a weight back to unset; undoing sets 1024, which is the same."
	}
	return s, nil
}
