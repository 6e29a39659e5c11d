package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// The labels of the pod security admission.
const (
	enforceLabel   = "pod-security.kubernetes.io/enforce"
	enforceVersion = "pod-security.kubernetes.io/enforce-version"
)

var podPolicy = ofNamespace(check.Check{
	ID:    "admission-policy-control-active",
	Title: "A pod policy is enforced in every namespace",
	Why: "In a namespace without one, whoever may create a pod may create one that is root on its node. A label that only warns or audits stops nothing. " +
		"An admission policy with Deny counts when its expressions are about what makes pods dangerous and its binding takes the namespace in; " +
		"what policies of other engines come to is not worked out here, nor what the API server's own configuration sets by default.",
	Remedy:   "Label the namespace: kubectl label namespace NAME pod-security.kubernetes.io/enforce=baseline, or restricted; try it first with --dry-run=server, which lists the pods that it would refuse.",
	Severity: check.High, Zone: model.ZoneControlPlane, Surface: model.SurfacePolicyEnforcement, STRIDE: "E", Tier: 1,
	Refs: refs("5.2.1", "5.2.1", "C-0192 C-0068", "", ""),
	Run:  func(p *check.Probe) { judgeNamespaces(p, (*space).podPolicy) },
})

func (s *space) podPolicy() check.Verdict {
	level, said := label(s.Labels, enforceLabel)
	if level == "baseline" || level == "restricted" {
		return check.Passed("pods are held to the level "+level, at(ev(enforceLabel, level), s.Loc))
	}
	if e, ok := s.denied(); ok {
		return check.Passed("an admission policy turns dangerous pods away", e)
	}
	if e, ok := s.engine(); ok {
		return check.Undecided(snapshot.ReasonUnresolved, "no level is enforced by label, and whether a policy of another engine covers it is not worked out here", e)
	}
	if !s.defined() {
		return check.Undecided(snapshot.ReasonUnresolved, "no file defines it, so that its labels are not known")
	}
	if v, not := unseen(s.p, snapshot.PartClusterAdmission); not && !inFiles(s.p) {
		return check.Undecided(v.Reason, "no level is enforced by label, and admission policies were not seen: "+v.Message)
	}
	if e, ok := s.configured(); ok && !said {
		return check.Undecided(snapshot.ReasonNotCollected, "it has no label, and what the API server enforces by default was not read", e)
	}
	shown := "not set"
	if said {
		shown = level
	}
	out := check.Failed("any pod may be created in it, privileged ones too", at(ev(enforceLabel, shown), s.Loc))
	for _, mode := range words("warn", "audit") {
		if l, ok := label(s.Labels, "pod-security.kubernetes.io/"+mode); ok {
			out = out.Note("the label " + mode + "=" + l + " stops nothing")
		}
	}
	if len(s.workloads) == 0 {
		out = out.Note("nothing runs in it yet")
	}
	return out
}

// aboutPods are parts of expressions that are about what makes a pod dangerous.
var aboutPods = words("securityContext", "privileged", "hostNetwork", "hostPID", "hostIPC", "hostPath")

// denied finds an admission policy of the API server that turns dangerous pods of
// the namespace away.
func (s *space) denied() (check.Evidence, bool) {
	for i := range s.p.Snapshot.AdmissionPolicies {
		a := &s.p.Snapshot.AdmissionPolicies[i]
		if a.Scope != s.Scope || a.Kind != "ValidatingAdmissionPolicy" || !a.Fail || len(a.Conditions) > 0 || !createsPods(a.Rules) || len(a.Excluded) > 0 || !a.Objects.Empty() || !s.takenBy(&a.Namespaces) ||
			!slices.ContainsFunc(a.Validations, func(e string) bool {
				return slices.ContainsFunc(aboutPods, func(w string) bool { return strings.Contains(e, w) })
			}) {
			continue
		}
		for j := range a.Bindings {
			if b := &a.Bindings[j]; slices.Contains(b.Actions, "Deny") && len(b.Rules) == 0 && b.Objects.Empty() && s.takenBy(&b.Namespaces) {
				return at(ev(a.Kind, a.Name), a.Loc), true
			}
		}
	}
	return check.Evidence{}, false
}

func createsPods(rules []snapshot.WebhookRule) bool {
	has := func(list []string, v string) bool { return slices.Contains(list, v) || slices.Contains(list, "*") }
	return slices.ContainsFunc(rules, func(r snapshot.WebhookRule) bool {
		return has(r.Groups, "") && has(r.Resources, "pods") && has(r.Operations, "CREATE") && len(r.Names) == 0
	})
}

// takenBy reports whether a selector surely takes the namespace.
func (s *space) takenBy(sel *snapshot.Selector) bool {
	if s.Implied && !sel.Empty() {
		return false
	}
	value := func(key string) (string, bool) {
		if key == "kubernetes.io/metadata.name" {
			return s.Name, true
		}
		return label(s.Labels, key)
	}
	for _, want := range sel.Labels {
		if v, ok := value(want.Key); !ok || v != want.Value {
			return false
		}
	}
	for _, e := range sel.Exprs {
		v, ok := value(e.Key)
		in := ok && slices.Contains(e.Values, v)
		switch e.Operator {
		case "In":
			ok = in
		case "NotIn":
			ok = !in
		case "Exists":
		case "DoesNotExist":
			ok = !ok
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	return true
}

// engine finds a policy of another engine that turns something away, or an engine
// that was recognised.
func (s *space) engine() (check.Evidence, bool) {
	for i := range s.p.Snapshot.AdmissionPolicies {
		if a := &s.p.Snapshot.AdmissionPolicies[i]; a.Scope == s.Scope && a.Enforced && (a.Namespace == "" || a.Namespace == s.Name) {
			return at(ev(a.Kind, a.Name), a.Loc), true
		}
	}
	return check.Evidence{}, false
}

// configured finds a configuration of the pod security admission that the API server
// is given, or one of its admission that was not read.
func (s *space) configured() (check.Evidence, bool) {
	for _, c := range apiServers(s.p) {
		file, given := c.Flag("admission-control-config-file")
		if given && (c.API == nil || c.API.Admission.State != snapshot.Observed) {
			return ev("--admission-control-config-file", file), true
		}
		if c.API == nil {
			continue
		}
		for _, plugin := range c.API.Admission.V {
			if plugin.Name == "PodSecurity" {
				return ev("AdmissionConfiguration", "PodSecurity"), true
			}
		}
	}
	return check.Evidence{}, false
}

// apiServers lists the API servers of the scope that were seen as components.
func apiServers(p *check.Probe) []*snapshot.Component {
	var out []*snapshot.Component
	for i := range p.Snapshot.Components {
		if c := &p.Snapshot.Components[i]; c.Scope == p.Scope.ID && c.Name == snapshot.APIServer {
			out = append(out, c)
		}
	}
	return out
}

var restricted = ofNamespace(check.Check{
	ID:    "psa-restricted-for-tenants",
	Title: "Tenant namespaces enforce the restricted profile",
	Why: "The level baseline keeps out what is openly dangerous; restricted makes pods give up root, capabilities and escalation as well. " +
		"Without a pinned version its rules change with every upgrade of the cluster, and pods that ran are refused.",
	Remedy:   "kubectl label namespace NAME pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/enforce-version=v1.N, with the version that its pods were tried with.",
	Severity: check.Medium, Zone: model.ZoneControlPlane, Surface: model.SurfacePolicyEnforcement, STRIDE: "E", Tier: 2,
	Refs: refs("", "", "C-0197 C-0198", "", ""),
	Run:  func(p *check.Probe) { judgeTenants(p, (*space).restricted) },
})

func (s *space) restricted() check.Verdict {
	if !s.defined() {
		return check.Undecided(snapshot.ReasonUnresolved, "no file defines it, so that its labels are not known")
	}
	level, said := label(s.Labels, enforceLabel)
	version, pinned := label(s.Labels, enforceVersion)
	if !said {
		level = "not set"
	}
	if !pinned {
		version = "not set"
	}
	evidence := []check.Evidence{at(ev(enforceLabel, level), s.Loc), at(ev(enforceVersion, version), s.Loc)}
	switch {
	case level != "restricted":
		if e, ok := s.configured(); ok && !said {
			return check.Undecided(snapshot.ReasonNotCollected, "it has no label, and what the API server enforces by default was not read", e)
		}
		return check.Failed("it does not enforce the level restricted", evidence[:1]...)
	case !strings.HasPrefix(version, "v"):
		return check.Failed("it enforces restricted in whatever version the cluster has", evidence...).At(check.Low)
	}
	return check.Passed("it enforces restricted of a pinned version", evidence...)
}
