package docker

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var cgroupControllers = &check.Check{
	ID:    "cgroup-controllers-enforced",
	Title: "The kernel can enforce memory, CPU and process limits",
	Why: "A limit that no controller enforces is a number in a file: the engine stores it, docker inspect shows it, and the container takes the machine all the same. " +
		"It happens with cgroup_disable on the kernel's command line, with controllers that are not mounted, and with rootless engines to which they were not delegated. " +
		"Both the kernel's own list and what each engine on the machine says of itself must have memory, cpu and pids.",
	Remedy: "Boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1) and without cgroup_disable; on Debian and Raspberry Pi OS add cgroup_enable=memory. " +
		"For a rootless engine delegate the controllers with Delegate=cpu cpuset io memory pids in user@.service.",
	Severity: check.High, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Forms: []check.Form{check.Live},
	Run:   judgeControllers,
}

// limitWarnings are the parts of the engine's warnings that speak of the limits
// judged here; swap is judged by container-swap-limit.
var limitWarnings = map[string]string{
	"no memory limit support": "memory", "no cpu cfs quota support": "cpu", "no cpu cfs period support": "cpu",
	"no cpu shares support": "cpu", "no pids limit support": "pids",
}

func judgeControllers(p *check.Probe) {
	engines := enginesOn(p)
	if len(engines) == 0 {
		p.Report(check.Inapplicable("the machine is no container host"), p.Self())
		return
	}
	var missing, gaps []string
	var evidence []check.Evidence
	if h := p.Host(); h != nil && h.Cgroup.Known() {
		c := &h.Cgroup.V
		evidence = append(evidence, ev(cmp.Or(h.Cgroup.Source, "controllers of the kernel"), listed(c.Controllers)))
		for _, want := range []string{"memory", "cpu", "pids"} {
			if !slices.Contains(c.Controllers, want) {
				missing = append(missing, want+" (kernel)")
			}
		}
	} else {
		st := p.Part(snapshot.PartHostCgroups)
		gaps = append(gaps, cmp.Or(st.Detail, "the controllers of the kernel were not readable"))
	}
	for _, s := range engines {
		e := p.Snapshot.Engine(s.ID)
		if e == nil || p.Index.Part(s.ID, snapshot.PartEngineInfo).State != snapshot.Observed {
			gaps = append(gaps, "the engine "+s.Name+" did not say what it can enforce")
			continue
		}
		lacks, shown := unenforced(e)
		evidence = append(evidence, shown...)
		missing = append(missing, lacks...)
	}
	switch {
	case len(missing) > 0:
		p.Report(check.Failed("limits are not enforced: "+strings.Join(missing, ", "), evidence...), p.Self())
	case len(gaps) > 0:
		p.Report(check.Undecided(snapshot.ReasonPartial, strings.Join(gaps, "; "), evidence...), p.Self())
	default:
		p.Report(check.Passed("memory, cpu and pids are enforced", evidence...), p.Self())
	}
}

// unenforced names the limits that an engine says it cannot enforce.
func unenforced(e *snapshot.Engine) (missing []string, evidence []check.Evidence) {
	add := func(limit string) {
		if m := limit + " (engine " + e.Name + ")"; !slices.Contains(missing, m) {
			missing = append(missing, m)
		}
	}
	for _, f := range [...]struct {
		field, limit string
		on           bool
	}{{"MemoryLimit", "memory", e.MemoryLimit}, {"CpuCfsQuota", "cpu", e.CPUQuota}, {"PidsLimit", "pids", e.PidsLimit}} {
		evidence = append(evidence, ev("GET /info "+f.field+" of "+e.Name, f.on))
		if !f.on {
			add(f.limit)
		}
	}
	for _, w := range e.Warnings {
		limit, ok := limitWarnings[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(w, "WARNING:")))]
		if ok {
			add(limit)
			evidence = append(evidence, ev("GET /info Warnings of "+e.Name, w))
		}
	}
	return missing, evidence
}
