package docker

import (
	"fmt"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var ulimits = &check.Check{
	ID:    "container-ulimits-reviewed",
	Title: "Resource limits of the process are within policy",
	Why: "A process that may open files without bound can exhaust the machine's file table, and some programs loop over every possible descriptor and stall. " +
		"The hard limit counts, since any process may raise its soft limit up to it. A container that states none inherits the engine's default, or whatever limit its runtime was started with.",
	Remedy:   "State limits with --ulimit nofile=SOFT:HARD, or as default-ulimits of the engine.",
	Severity: check.Low, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "5.18", "5.19", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"resources.ulimits"},
	Params: []check.Param{
		{Name: "max_nofile", Unit: "count", Default: []string{"1048576"}, Meaning: "highest hard limit of open files; 0 is not judged"},
		{Name: "max_nproc", Unit: "count", Default: []string{"0"}, Meaning: "highest hard limit of processes; 0 is not judged"},
	},
	Run:   func(p *check.Probe) { judge(p, reviewedUlimits) },
	Fixes: []check.Fix{{Title: "state limits of files and processes", Kind: step.ContainerRecreate, Step: setUlimits}},
}

func reviewedUlimits(b *box) check.Verdict {
	worst := check.Passed("its hard limits are within policy")
	var evidence []check.Evidence
	for _, name := range [...]string{"nofile", "nproc"} {
		most := b.at.p.Int("max_" + name)
		if most <= 0 {
			continue
		}
		limit, source, v := b.ulimit(name)
		switch {
		case source == "":
			if worst.Status == check.Pass {
				worst = v
			}
			continue
		case limit < 0:
			worst = check.Failed("the hard limit of " + name + " is unlimited")
		case limit > most:
			worst = check.Failed(fmt.Sprintf("the hard limit of %s is above %d", name, most))
		}
		evidence = append(evidence, ev(source, limit))
	}
	worst.Evidence = evidence
	switch {
	case worst.Status == check.Unknown:
		return worst
	case b.proc() != nil:
		return worst.ByKernel()
	}
	return b.configured(worst)
}

// ulimit returns a hard limit and where it was found: the kernel's, the
// container's, the engine's default, the engine's own. Without a source the
// verdict says why it is unknown.
func (b *box) ulimit(name string) (limit int64, source string, v check.Verdict) {
	if proc := b.proc(); proc != nil {
		if name == "nofile" {
			return proc.Nofile, "nofile of the first process", v
		}
		return proc.Nproc, "nproc of the first process", v
	}
	if v, bad := b.unread("resources.ulimits"); bad {
		return 0, "", v
	}
	for _, u := range b.spec.Resources.Ulimits {
		if u.Name == name {
			return u.Hard, "HostConfig.Ulimits " + name, v
		}
	}
	if b.engine == nil {
		return 0, "", check.Undecided(snapshot.ReasonStatic, "it states no limit of "+name+"; which one it inherits shows on a running engine only")
	}
	defaults := b.at.engine().setting("default-ulimits")
	if !defaults.known() {
		return 0, "", check.Undecided(snapshot.ReasonPartial, "it states no limit of "+name+", and "+defaults.why, defaults.doubt...)
	}
	for _, d := range defaults.values {
		if hard, ok := hardLimit(d, name); ok {
			return hard, "engine's default-ulimits " + name, v
		}
	}
	// What then remains is inherited from the runtime that starts it, which may
	// be another service than the engine.
	return 0, "", check.Undecided(snapshot.ReasonPartial, "it inherits the runtime's limit of "+name+", which shows in a readable process only")
}

// hardLimit reads NAME=SOFT:HARD or NAME=BOTH.
func hardLimit(setting, name string) (int64, bool) {
	values, ok := strings.CutPrefix(setting, name+"=")
	if !ok {
		return 0, false
	}
	if _, hard, two := strings.Cut(values, ":"); two {
		values = hard
	}
	n, err := strconv.ParseInt(values, 10, 64)
	return n, err == nil
}
