package workload

import (
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

// servicesOf returns for each workload of a scope the services that select its
// pods, as positions in Services.
func servicesOf(p *check.Probe) map[int][]int {
	type key struct{ scope string }
	return snapshot.Table(p.Index, key{p.Scope.ID}, func(x *snapshot.Index) map[int][]int {
		s := x.Snapshot
		byNamespace := make(map[string][]int)
		for i := range s.Services {
			if v := &s.Services[i]; v.Scope == p.Scope.ID && len(v.Selector) > 0 {
				byNamespace[v.Namespace] = append(byNamespace[v.Namespace], i)
			}
		}
		out := make(map[int][]int)
		for i := range s.Workloads {
			w := &s.Workloads[i]
			if w.Scope != p.Scope.ID {
				continue
			}
			for _, at := range byNamespace[w.Namespace] {
				if holdsAll(w.Labels, s.Services[at].Selector) {
					out[i] = append(out[i], at)
				}
			}
		}
		return out
	})
}

// holdsAll reports whether labels have every pair of a selector. Both are sorted
// by key.
func holdsAll(labels, selector []snapshot.Pair) bool {
	i := 0
	for _, want := range selector {
		for i < len(labels) && labels[i].Key < want.Key {
			i++
		}
		if i == len(labels) || labels[i] != want {
			return false
		}
	}
	return true
}

// serviceOf names the first service that selects a workload's pods, "" for none.
func serviceOf(p *check.Probe, workload int) string {
	if at := servicesOf(p)[workload]; len(at) > 0 {
		return p.Snapshot.Services[at[0]].Name
	}
	return ""
}

// serviceTo names the first service that leads to a port of a workload, "" for none.
func serviceTo(p *check.Probe, workload, port int) string {
	for _, at := range servicesOf(p)[workload] {
		v := &p.Snapshot.Services[at]
		for _, sp := range v.Ports {
			target := sp.Target
			if target == "" {
				target = strconv.Itoa(int(sp.Port))
			}
			if target == strconv.Itoa(port) {
				return v.Name
			}
		}
	}
	return ""
}

var livenessProbe = &check.Check{
	ID:       "liveness-probe",
	Title:    "A liveness probe is set",
	Why:      "A program that hangs keeps its place until somebody notices; with a liveness probe the kubelet starts it again. Jobs end by themselves and need none.",
	Remedy:   "Add a livenessProbe that asks the program itself, cheap and without its databases, to each app and sidecar container.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 2,
	Refs:  refs("", "", "", "C-0056", "", "no-liveness-probe"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.liveness"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			if b.Class.Kind == "Job" || b.Class.Kind == "CronJob" || b.RestartPolicy == "Never" || b.RestartPolicy == "OnFailure" {
				return check.Inapplicable("it is made to end by itself")
			}
			return b.probed("livenessProbe", func(c *podspec.Container) *snapshot.Handler { return c.Liveness })
		})
	},
}

var readinessProbe = &check.Check{
	ID:       "readiness-probe",
	Title:    "A readiness probe is set",
	Why:      "A Service sends to a pod from the moment its containers run, whether they answer yet or not, and goes on when they no longer do, unless a readiness probe says so.",
	Remedy:   "Add a readinessProbe that passes when the program can serve to each app container behind a Service.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 2,
	Refs:  refs("", "", "", "C-0018", "", "no-readiness-probe"),
	Forms: everywhere,
	Needs: []snapshot.Part{snapshot.PartClusterWorkloads, snapshot.PartClusterServices},
	Reads: []string{"containers.readiness"},
	Run: func(p *check.Probe) {
		judgeBy(p, func(w int) string { return serviceOf(p, w) }, func(b *pod, service string) check.Verdict {
			if service == "" {
				return check.Inapplicable("no Service selects it")
			}
			v := b.probed("readinessProbe", func(c *podspec.Container) *snapshot.Handler { return c.Readiness })
			v.Evidence = append(v.Evidence, ev("Service", service))
			return v
		})
	},
}

func (b *pod) probed(field string, of func(*podspec.Container) *snapshot.Handler) check.Verdict {
	t := b.tally()
	for i := range b.Containers {
		if c := &b.Containers[i]; c.LongRunning() && of(c) == nil {
			t.missing(c.Path(field))
		}
	}
	return t.verdict("a container has no "+field, "every container that keeps running has a "+field)
}
