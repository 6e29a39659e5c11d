package workload

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

const howToReadAmounts = " The container's own value counts, else that of a LimitRange of its namespace, else what the pod as a whole has. " +
	"Ephemeral containers cannot have any."

var memoryLimit = &check.Check{
	ID:    "pod-memory-limit",
	Title: "Memory use is limited",
	Why: "Kubernetes sets no bound to memory by itself: a leak or an attacker takes the node's, and the kernel ends neighbours or the kubelet. A limit of 0 is none. " +
		"Sidecars run as long as the pod and count like app containers; of init containers it is remarked." + howToReadAmounts,
	Remedy:   "Set resources.limits.memory in every container to what it was measured to need and some more, or give the namespace a LimitRange with a default.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 1,
	Refs:  refs("", "", "", "C-0271 C-0004 C-0009", "KSV-0018", "unset-memory-requirements"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.resources.limits", "resources"},
	Run: func(p *check.Probe) {
		judgeSupplied(p, supplied{
			what: "memory limit", field: "resources.limits.memory", of: func(c *podspec.Container) podspec.Amount { return c.Memory }, lifted: true,
		})
	},
	Params: []check.Param{{Name: "limit", Unit: "bytes", Meaning: "limit that the fix gives to containers without one; it must be given, since nothing here shows what they use"}},
	Fixes:  []check.Fix{mending("limit memory", limitedTo)},
}

var memoryRequest = &check.Check{
	ID:    "pod-memory-request",
	Title: "Memory needs are declared",
	Why: "Without a request the scheduler takes a pod for weightless and puts it where memory is short, and the kubelet evicts it first." + howToReadAmounts +
		" A limit without a request is the request, too.",
	Remedy:   "Set resources.requests.memory in every container to what it uses in ordinary times.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 1,
	Refs:  refs("", "", "", "C-0269 C-0004", "KSV-0016", "unset-memory-requirements"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.resources", "resources"},
	Run: func(p *check.Probe) {
		judgeSupplied(p, supplied{
			what: "memory request", field: "resources.requests.memory", of: func(c *podspec.Container) podspec.Amount { return c.MemoryRequest },
		})
	},
}

var cpuLimit = &check.Check{
	ID:    "pod-cpu-limit",
	Title: "CPU use is limited",
	Why: "A container without a CPU limit takes what is idle, and more than its share where neighbours request little. Some do without limits on purpose, since a limit slows down where CPU is left: " +
		"disable or re-grade the check then." + howToReadAmounts,
	Remedy:   "Set resources.limits.cpu in every container, or give the namespace a LimitRange with a default.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 2,
	Refs:  refs("", "", "", "C-0270 C-0050", "KSV-0011", "unset-cpu-requirements"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.resources.limits", "resources"},
	Run: func(p *check.Probe) {
		judgeSupplied(p, supplied{
			what: "CPU limit", field: "resources.limits.cpu", of: func(c *podspec.Container) podspec.Amount { return c.CPU }, lifted: true,
		})
	},
}

var cpuRequest = &check.Check{
	ID:    "pod-cpu-request",
	Title: "CPU needs are declared",
	Why: "CPU is shared by what is requested: a container that requests nothing gets next to nothing where it is short, and the scheduler does not count it." + howToReadAmounts +
		" A limit without a request is the request, too.",
	Remedy:   "Set resources.requests.cpu in every container to what it uses in ordinary times.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 1,
	Refs:  refs("", "", "", "C-0268 C-0050", "KSV-0015", "unset-cpu-requirements"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.resources", "resources"},
	Run: func(p *check.Probe) {
		judgeSupplied(p, supplied{
			what: "CPU request", field: "resources.requests.cpu", of: func(c *podspec.Container) podspec.Amount { return c.CPURequest },
		})
	},
}

var storageLimit = &check.Check{
	ID:    "pod-ephemeral-storage-limit",
	Title: "Scratch storage is limited",
	Why: "What a container writes outside volumes, and what lies in emptyDir, fills the node's disk until the kubelet evicts pods to save itself. " +
		"An emptyDir in memory without a sizeLimit takes memory that no file system counts. The container's own limit counts, else that of a LimitRange of its namespace.",
	Remedy:   "Set resources.limits.ephemeral-storage in every container, and sizeLimit of every emptyDir with medium: Memory.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 2,
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.resources.limits", "volumes"},
	Run: func(p *check.Probe) {
		judgeSupplied(p, supplied{
			what: "limit of scratch storage", field: "resources.limits.ephemeral-storage", of: func(c *podspec.Container) podspec.Amount { return c.Storage }, lifted: true,
			also: func(b *pod, t *tally) {
				for i := range b.Volumes {
					if v := &b.Volumes[i]; v.Type == "emptyDir" && v.Medium == "Memory" && (v.SizeLimit == nil || *v.SizeLimit <= 0) {
						t.missing("volumes[" + v.Name + "].emptyDir.sizeLimit")
					}
				}
			},
		})
	},
}

// supplied is a question about an amount that a LimitRange may supply.
type supplied struct {
	what, field string
	of          func(*podspec.Container) podspec.Amount
	lifted      bool // 0 lifts it
	also        func(*pod, *tally)
}

func judgeSupplied(p *check.Probe, q supplied) {
	older := olderPods(p)
	judgeBy(p, func(w int) bool { return older[w] }, func(b *pod, older bool) check.Verdict { return q.verdict(b, older) })
}

func (q *supplied) verdict(b *pod, older bool) check.Verdict {
	t := b.tally()
	var from, starting []string
	absent := false
	for i := range b.Containers {
		c := &b.Containers[i]
		a := q.of(c)
		switch {
		case c.Kind == snapshot.EphemeralContainer:
		case a.Set():
			if strings.HasPrefix(a.Source, "LimitRange ") {
				from = appendNew(from, a.Source)
			}
		case c.Kind == snapshot.InitContainer:
			starting = append(starting, c.Name)
		case a.Source == podspec.ByContainer && q.lifted:
			t.bad(c.Path(q.field), "0, which is none")
		case a.Source != "":
			t.bad(c.Path(q.field), int64(0))
		default:
			absent = true
			t.missing(c.Path(q.field))
		}
	}
	if q.also != nil {
		q.also(b, t)
	}
	if older && len(from) > 0 && !t.Any() {
		return check.Failed("pods that were made before "+few(from)+" run without a "+q.what, ev("their specification", "as the template is written"))
	}
	if absent && t.wrong == 0 && !b.File {
		if v, ok := b.p.Need(snapshot.PartClusterQuotas); !ok && v.Status == check.Unknown {
			v.Message, v.Evidence = "it says none, and whether a LimitRange supplies one was not seen", t.Evidence
			return v
		}
	}
	passed := "every container has a " + q.what
	if len(from) > 0 {
		passed += ", supplied by " + few(from)
	}
	v := t.verdict("a container has no "+q.what, passed)
	if len(starting) > 0 {
		v = v.Note("no " + q.what + " while it starts: init containers " + few(starting))
	}
	if v.Status == check.Fail && absent && b.File {
		v = v.Note("a LimitRange of its namespace could supply one; the files define none that does")
	}
	return v
}

func appendNew(list []string, v string) []string {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// olderPods returns the workloads of which pods run as their template is written,
// so that they did not get what a LimitRange gives to pods when they are made.
func olderPods(p *check.Probe) map[int]bool {
	type key struct{}
	return snapshot.Table(p.Index, key{}, func(x *snapshot.Index) map[int]bool {
		older := make(map[int]bool)
		if len(x.Snapshot.LimitRanges) == 0 {
			return older
		}
		for i := range x.Snapshot.Pods {
			r := &x.Snapshot.Pods[i]
			if r.Spec == x.Snapshot.Workloads[r.Workload].Spec && r.Phase != "Succeeded" && r.Phase != "Failed" {
				older[r.Workload] = true
			}
		}
		return older
	})
}
