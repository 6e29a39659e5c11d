package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var boundaries = ofNamespace(check.Check{
	ID:    "namespaces-used-as-boundaries",
	Title: "Namespaces separate applications",
	Why: "Rights, quotas, pod security and network policies are given by namespace: what shares one shares them all. Applications in kube-system are taken for parts of the cluster and left alone by policies. " +
		"Applications are told apart by the usual labels; a part of the system by its priority class, the label k8s-app, tier or component, or because every node runs it.",
	Remedy:   "Give each application, or each team, a namespace of its own, and leave the namespaces of Kubernetes and default to nobody.",
	Severity: check.Low, Zone: model.ZoneNodeRuntime, Surface: model.SurfacePolicyEnforcement, STRIDE: "EI", Tier: 1,
	Refs: refs("5.6.1", "5.6.1", "C-0209", "KSV-0037", "use-namespace"),
	Run:  judgeBoundaries,
})

func judgeBoundaries(p *check.Probe) {
	allowed, _ := p.List("allowed_namespaces")
	list, subjects := spaces(p)
	used := 0
	for _, s := range list {
		if !s.System() && len(s.workloads) > 0 {
			used++
		}
	}
	out := gather(p)
	for i, s := range list {
		out.say(s.separates(used, allowed), subjects[i])
	}
	homeless(p, out)
	out.report()
}

func (s *space) separates(used int, allowed []string) check.Verdict {
	if listed(allowed, s.Name) {
		return check.Inapplicable("the policy leaves it out")
	}
	if len(s.workloads) == 0 {
		return check.Inapplicable("nothing runs in it")
	}
	if s.System() {
		strangers := slices.DeleteFunc(slices.Clone(s.workloads), s.partOfSystem)
		if len(strangers) > 0 {
			return check.Failed("what runs in this namespace of Kubernetes has no mark of a part of it", names(s.p, strangers)...)
		}
		return check.Passed("only parts of the system run in it")
	}
	apps := s.apps()
	switch {
	case s.Name == "default":
		return check.Failed("workloads run in the namespace of whatever names none", names(s.p, s.workloads)...)
	case used == 1 && len(apps) > 1 && !inFiles(s.p):
		return check.Failed("all applications of the cluster share it", ev("applications", few(apps)))
	}
	return check.Passed("it is a namespace of its own")
}

// partOfSystem reports whether a workload has the mark of a part of the cluster.
func (s *space) partOfSystem(i int) bool {
	w := &s.p.Snapshot.Workloads[i]
	spec := &s.p.Snapshot.PodSpecs[w.Spec]
	if w.Static || w.Kind == "DaemonSet" || strings.HasPrefix(spec.PriorityClass, "system-") {
		return true
	}
	return slices.ContainsFunc(w.Labels, func(l snapshot.Pair) bool {
		return l.Key == "k8s-app" || l.Key == "tier" && l.Value == "control-plane" || l.Key == "component" && strings.HasPrefix(l.Value, "kube-")
	})
}

// appLabels say which application a pod belongs to, the widest first.
var appLabels = words("app.kubernetes.io/part-of", "app.kubernetes.io/instance", "app.kubernetes.io/name", "app", "k8s-app")

// apps lists the applications of a namespace.
func (s *space) apps() []string {
	var out []string
	for _, i := range s.workloads {
		w := &s.p.Snapshot.Workloads[i]
		name := w.Name
		for _, key := range appLabels {
			if v, ok := label(w.Labels, key); ok {
				name = v
				break
			}
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var priorities = ofNamespace(check.Check{
	ID:    "priority-class-controlled",
	Title: "High priority classes are restricted",
	Why: "A pod of a higher class has others evicted to make room. The classes of the system are for what the cluster cannot do without; a program of a tenant with one of them, or with a class near them, " +
		"pushes other tenants aside. A default class above 0 that preempts does it for every pod that names none. A quota with a scope on the class bounds who has it.",
	Remedy: "Name a class of your own with a low value in spec.priorityClassName, with preemptionPolicy: Never where it need not evict; " +
		"bound high classes with a ResourceQuota that has a scopeSelector on PriorityClass in every namespace.",
	Severity: check.Medium, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "DE", Tier: 1,
	Refs:  refs("", "", "", "", "priority-class-name"),
	Needs: parts(snapshot.PartClusterQuotas),
	Run: func(p *check.Probe) {
		high := highClasses(p)
		judgeTenants(p, func(s *space) check.Verdict { return s.ranked(high) })
	},
})

// highest is the greatest value that a class of users may have.
const highest = 1_000_000_000

// highClasses lists the classes of users that should be bounded.
func highClasses(p *check.Probe) []*snapshot.PriorityClass {
	var out []*snapshot.PriorityClass
	for i := range p.Snapshot.PriorityClasses {
		c := &p.Snapshot.PriorityClasses[i]
		if c.Scope == p.Scope.ID && !systemClass(c.Name) && (c.Value >= highest || c.Default && c.Value > 0 && c.Preemption != "Never") {
			out = append(out, c)
		}
	}
	return out
}

func systemClass(name string) bool { return strings.HasPrefix(name, "system-") }

func (s *space) ranked(high []*snapshot.PriorityClass) check.Verdict {
	var using []int
	for _, i := range s.workloads {
		w := &s.p.Snapshot.Workloads[i]
		if slices.ContainsFunc(append([]int{w.Spec}, w.Live...), func(spec int) bool { return systemClass(s.p.Snapshot.PodSpecs[spec].PriorityClass) }) {
			using = append(using, i)
		}
	}
	if len(using) > 0 {
		return check.Failed("workloads in it have a priority class of the system", names(s.p, using)...)
	}
	var open []check.Evidence
	for _, c := range high {
		if !s.quotaOn(c.Name) {
			value := itoa(int64(c.Value))
			if c.Default {
				value += ", the default"
			}
			open = append(open, at(ev("PriorityClass "+c.Name, value), c.Loc))
		}
	}
	if len(open) > 0 {
		if inFiles(s.p) {
			return check.Undecided(snapshot.ReasonStatic, "no quota in the files bounds a high priority class in it; one in the cluster may", some(open)...)
		}
		return check.Failed("its pods may have a high priority class, and no quota bounds it", some(open)...)
	}
	if len(s.workloads) == 0 && inFiles(s.p) {
		return check.Undecided(snapshot.ReasonStatic, "the files define no workload of it; those of the cluster do not show")
	}
	return check.Passed("none of its workloads has a priority class of the system, and no other is high and unbounded")
}

// quotaOn reports whether a quota of the namespace is about a class.
func (s *space) quotaOn(class string) bool {
	for i := range s.p.Snapshot.Quotas {
		q := &s.p.Snapshot.Quotas[i]
		if q.Scope != s.Scope || q.Namespace != s.Name {
			continue
		}
		for _, scope := range q.Scopes {
			rest, ok := strings.CutPrefix(scope, "PriorityClass ")
			op, values, _ := strings.Cut(rest, " ")
			if ok && (op == "Exists" || op == "In" && slices.Contains(strings.Split(values, ","), class)) {
				return true
			}
		}
	}
	return false
}
