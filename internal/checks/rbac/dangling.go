package rbac

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

var dangling = ofBinding(check.Check{
	ID:    "rbac-dangling-subjects",
	Title: "No binding names a missing account",
	Why: "A binding for an account that does not exist waits for it: whoever may create accounts in that namespace, or the namespace itself, gets the rights. " +
		"Bindings that every new cluster has for accounts of optional controllers are left aside: who creates accounts in kube-system needs them no more.",
	Remedy:   "Delete the binding, or remove the subject from it; create the account where it was forgotten.",
	Severity: check.Medium, STRIDE: "S", Tier: 2,
	Refs:  shared.PeerRefs("C-0307", "", "non-existent-service-account"),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartClusterAccounts, snapshot.PartClusterNamespaces},
	Run: func(p *check.Probe) {
		if v, ok := look(p, ""); ok {
			judgeBindings(v, v.missing)
		}
	},
})

func (v *view) missing(n int) check.Verdict {
	b := v.g.Binding(n)
	lost := v.holdersOf(n, func(s snapshot.RBACSubject) bool {
		return access.IsAccount(s) && v.p.Index.AccountAt(v.p.Scope.ID, s.Namespace, s.Name) < 0 && !access.Shipped(b, s)
	})
	if len(lost) == 0 {
		return check.Passed("the accounts that it names are there")
	}
	var ev []check.Evidence
	for _, h := range lost[:min(len(lost), maxEvidence)] {
		value := "does not exist"
		if v.p.Index.NamespaceAt(v.p.Scope.ID, h.subject.Namespace) < 0 {
			value = "does not exist, nor does its namespace"
		}
		ev = append(ev, check.Evidence{Source: access.Words(h.subject), Value: value})
	}
	out := check.Failed("it waits for "+names(lost)+", whom anyone may be who may create them", ev...)
	if v.g.Target(n) < 0 {
		return out.At(check.Low).Note("the role that it names does not exist either")
	}
	return out
}

// dashboardName begins the names of the accounts of Kubernetes' dashboard.
const dashboardName = "kubernetes-dashboard"

var dashboard = ofBinding(check.Check{
	ID:    "rbac-dashboard",
	Title: "The dashboard account holds minimal rights",
	Why: "Whoever reaches the dashboard acts with its account's rights. It needs its own secrets and config maps by name, its metrics, and nothing else: " +
		"people log in with a token of their own. A dashboard that listens outside the cluster makes the login the only barrier.",
	Remedy:   "Delete the binding and let people log in with their own tokens; make the service a ClusterIP and reach it with kubectl port-forward.",
	Severity: check.High, STRIDE: "E", Tier: 2,
	Refs: shared.PeerRefs("C-0014", "", ""),
	Run: func(p *check.Probe) {
		v, ok := look(p, "")
		if !ok {
			return
		}
		exposed := v.exposedDashboard()
		judgeBindings(v, func(n int) check.Verdict { return v.ofDashboard(n, exposed) })
	},
})

func (v *view) ofDashboard(n int, exposed []check.Evidence) check.Verdict {
	own := v.holdersOf(n, func(s snapshot.RBACSubject) bool {
		return access.IsAccount(s) && strings.HasPrefix(s.Name, dashboardName)
	})
	if len(own) == 0 {
		return check.Inapplicable("it is not for a dashboard")
	}
	if out, none := v.unresolved(n); none {
		return out
	}
	rules, open := v.g.Rules(v.g.Target(n))
	var more []check.Evidence
	for i := range rules {
		if !minimalRule(&rules[i], v.g.Binding(n).Namespace != "") {
			more = append(more, ruleEvidence(i, &rules[i]))
		}
	}
	more = more[:min(len(more), maxEvidence)]
	switch {
	case len(more) > 0:
		return check.Failed("it gives the dashboard more than it needs", more...)
	case len(exposed) > 0:
		return check.Failed("the dashboard that it is for is reached from outside the cluster", exposed...)
	case open:
		return check.Undecided(snapshot.ReasonUnresolved, "what its role comes to hangs on roles that are not among the files")
	}
	if out, ok := v.p.Need(snapshot.PartClusterServices); !ok && out.Status == check.Unknown {
		return check.Undecided(out.Reason, "what the dashboard may do is little, but whether it is reached from outside is not known: "+out.Message)
	}
	return check.Passed("the dashboard has what it needs by it")
}

// minimalRule reports whether a rule is one that the dashboard's own manifests have:
// single objects by name in its namespace, and metrics.
func minimalRule(r *snapshot.Rule, namespaced bool) bool {
	if len(r.URLs) > 0 || full(r.Verbs) || full(r.Resources) || full(r.Groups) {
		return false
	}
	if len(r.Names) > 0 {
		return namespaced
	}
	for _, g := range r.Groups {
		if g != "metrics.k8s.io" {
			return false
		}
	}
	return true
}

// exposedDashboard lists services of a dashboard that are reached from outside.
func (v *view) exposedDashboard() []check.Evidence {
	var out []check.Evidence
	s := v.p.Snapshot
	for i := range s.Services {
		w := &s.Services[i]
		if w.Scope == v.p.Scope.ID && strings.HasPrefix(w.Name, dashboardName) && (w.Type == "NodePort" || w.Type == "LoadBalancer" || len(w.ExternalIPs) > 0) {
			out = append(out, check.Evidence{Source: "Service " + w.Namespace + "/" + w.Name, Value: w.Type, Loc: w.Loc})
		}
	}
	for i := range s.Ingresses {
		g := &s.Ingresses[i]
		for _, b := range g.Backends {
			if g.Scope == v.p.Scope.ID && strings.HasPrefix(b, dashboardName) {
				out = append(out, check.Evidence{Source: g.Kind + " " + g.Namespace + "/" + g.Name, Value: "leads to " + b, Loc: g.Loc})
			}
		}
	}
	return out[:min(len(out), maxEvidence)]
}
