package cluster

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// space is a namespace as its checks see it.
type space struct {
	*snapshot.Namespace
	p         *check.Probe
	workloads []int // positions in Workloads
}

// defined reports whether the evidence shows the namespace itself: in files it may
// only be named.
func (s *space) defined() bool { return !s.Implied }

// ofNamespace fills in what the checks of tenants' namespaces have in common.
func ofNamespace(c check.Check) *check.Check {
	c.Subject, c.Forms = snapshot.KindNamespace, everywhere
	c.Needs = append(parts(snapshot.PartClusterNamespaces, snapshot.PartClusterWorkloads), c.Needs...)
	c.Params = append(c.Params, check.Param{Name: "allowed_namespaces", Unit: "list", Meaning: "namespaces beside the system ones that are left out; * stands for anything"})
	return &c
}

// spaces lists the namespaces of the scope, in the order of the snapshot, with their
// subjects.
func spaces(p *check.Probe) (list []*space, subjects []int) {
	by := make(map[string]*space)
	for i := range p.Snapshot.Namespaces {
		if n := &p.Snapshot.Namespaces[i]; n.Scope == p.Scope.ID {
			s := &space{Namespace: n, p: p}
			list, subjects = append(list, s), append(subjects, p.Index.NamespaceSubject(i))
			by[n.Name] = s
		}
	}
	for i := range p.Snapshot.Workloads {
		if w := &p.Snapshot.Workloads[i]; w.Scope == p.Scope.ID && by[w.Namespace] != nil {
			by[w.Namespace].workloads = append(by[w.Namespace].workloads, i)
		}
	}
	return list, subjects
}

// exempt says why a namespace is none of tenants.
func exempt(s *space, allowed []string) (check.Verdict, bool) {
	switch {
	case s.System():
		return check.Inapplicable("it is one of Kubernetes' own"), true
	case listed(allowed, s.Name):
		return check.Inapplicable("the policy leaves it out"), true
	}
	return check.Verdict{}, false
}

// judgeTenants asks the predicate of every namespace that tenants use. The default
// namespace, which every cluster has, is one when something runs in it.
func judgeTenants(p *check.Probe, predicate func(s *space) check.Verdict) {
	judgeNamespaces(p, func(s *space) check.Verdict {
		if s.Name == "default" && len(s.workloads) == 0 {
			return check.Inapplicable("nothing runs in it")
		}
		return predicate(s)
	})
}

// judgeNamespaces asks the predicate of every namespace but Kubernetes' own.
func judgeNamespaces(p *check.Probe, predicate func(s *space) check.Verdict) {
	allowed, _ := p.List("allowed_namespaces")
	list, subjects := spaces(p)
	out := gather(p)
	for i, s := range list {
		v, is := exempt(s, allowed)
		if !is {
			v = predicate(s)
		}
		out.say(v, subjects[i])
	}
	homeless(p, out)
	out.report()
}

// homeless says of files that workloads in them name no namespace: which it is
// is settled when they are applied.
func homeless(p *check.Probe, out *said) {
	if inFiles(p) && slices.ContainsFunc(p.Snapshot.Workloads, func(w snapshot.Workload) bool { return w.Scope == p.Scope.ID && w.Namespace == "" }) {
		out.say(check.Undecided(snapshot.ReasonUnresolved, "workloads name no namespace: which they go to is said when they are applied"), p.Self())
	}
}

// names is evidence of workloads, the first of them by name.
func names(p *check.Probe, workloads []int) []check.Evidence {
	var out []check.Evidence
	for _, i := range workloads[:min(len(workloads), maxEvidence)] {
		w := &p.Snapshot.Workloads[i]
		out = append(out, at(ev(w.Kind, w.Name), w.Loc))
	}
	if n := len(workloads) - len(out); n > 0 {
		out = append(out, ev("and", plural(n, "more workload")))
	}
	return out
}
