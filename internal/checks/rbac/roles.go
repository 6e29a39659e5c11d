package rbac

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

// ofRole fills in what the checks of roles have in common.
func ofRole(c check.Check) *check.Check {
	c.Subject, c.Zone, c.Surface = snapshot.KindRole, model.ZoneControlPlane, model.SurfaceAccessRights
	c.Forms = []check.Form{check.Live, check.Manifest}
	c.Needs = []snapshot.Part{snapshot.PartClusterRBAC}
	return &c
}

// judgeRoles asks the predicate of every role. Passes that say the same are one
// finding.
func judgeRoles(v *view, predicate func(i int) check.Verdict) {
	passed := make(map[string][]int)
	var order []string
	for i := range v.g.Roles {
		if v.g.Roles[i].At < 0 {
			continue
		}
		subject := v.p.Index.RoleSubject(v.g.Roles[i].At)
		out := predicate(i)
		if out.Status != check.Pass || len(out.Evidence)+len(out.Notes) > 0 {
			v.p.Report(out, subject)
			continue
		}
		if passed[out.Message] == nil {
			order = append(order, out.Message)
		}
		passed[out.Message] = append(passed[out.Message], subject)
	}
	for _, m := range order {
		v.p.Report(check.Passed(m), passed[m]...)
	}
}

var noWildcards = ofRole(check.Check{
	ID:    "rbac-no-wildcards",
	Title: "Roles in use contain no wildcards",
	Why: "A wildcard gives what nobody thought of: subresources such as pods/exec, verbs such as escalate and impersonate, and every kind that is installed later. " +
		"Roles that Kubernetes makes itself are left aside; nobody is to change them.",
	Remedy:   "List the verbs, resources and groups that the program uses.",
	Severity: check.High, STRIDE: "E", Tier: 1,
	Refs: append(check.CISK8s(1, "5.1.3", "5.1.3"), shared.PeerRefs("C-0187", "KSV-0044 KSV-0045 KSV-0046 KSV-0112", "wildcard-in-rules")...),
	Run: func(p *check.Probe) {
		if v, ok := look(p, ""); ok {
			judgeRoles(v, v.wildcards)
		}
	},
})

func (v *view) wildcards(i int) check.Verdict {
	r := &v.g.Roles[i]
	if r.BuiltIn {
		return check.Passed("it is Kubernetes' own")
	}
	var ev []check.Evidence
	for j := range r.Rules {
		u := &r.Rules[j]
		if full(u.Verbs) || full(u.Groups) || full(u.Resources) || full(u.URLs) || slices.ContainsFunc(u.Resources, func(s string) bool { return strings.HasPrefix(s, "*/") }) {
			ev = append(ev, ruleEvidence(j, u))
		}
	}
	if len(ev) == 0 {
		if _, open := v.g.Rules(i); open && !v.g.Aggregated(i) {
			return check.Undecided(snapshot.ReasonUnparsable, "some of its rules were not understood")
		}
		return check.Passed("it has no wildcard of its own")
	}
	grants := v.g.Grants(i)
	ev = ev[:min(len(ev), maxEvidence)]
	switch {
	case len(grants) > 0:
		var holders []holder
		for _, n := range grants {
			holders = append(holders, v.given(n)...)
		}
		if len(holders) == 0 {
			return check.Passed("it has wildcards, and its bindings are for nobody", ev...)
		}
		return remarks(check.Failed("it is in use with wildcards, by "+names(holders), append(ev, v.evidence(holders[:min(len(holders), maxNamed)])...)...), nil)
	case v.g.Aggregated(i) && !v.files:
		return check.Passed("no binding hands it out")
	case v.files:
		return check.Undecided(snapshot.ReasonUnresolved, "it has wildcards, and the files that were read bind it to nobody", ev...)
	}
	return check.Passed("no binding hands it out")
}

// given lists whom a grant is made to.
func (v *view) given(n access.Grant) []holder {
	var out []holder
	for s := range v.g.Subjects(n.Binding) {
		out = append(out, holder{n, s})
	}
	return out
}

// aggregateTo begins the labels by which roles join those that Kubernetes makes for
// people.
const aggregateTo = "rbac.authorization.k8s.io/aggregate-to-"

// widening are rights that nobody expects to come with a custom resource.
var widening = slices.Concat([]access.Right{
	readSecrets, escalate, nodesProxy, createToken,
	{Verbs: words("create", "get"), Resources: words("pods/exec", "pods/attach")},
}, impersonate)

var labelHijack = ofRole(check.Check{
	ID:    "rbac-aggregation-label-hijack",
	Title: "No custom role widens a built-in role",
	Why: "A label puts the rules of a role into admin, edit or view, and so into the hands of everyone who is bound to these, without a new binding. " +
		"It is meant for kinds that an extension adds, not for secrets, commands in pods or the passing on of rights.",
	Remedy:   "Remove the label and bind the role to those who need it, or take the rule out of the role.",
	Severity: check.High, STRIDE: "E", Tier: 2,
	Run: func(p *check.Probe) {
		if v, ok := look(p, ""); ok {
			judgeRoles(v, v.hijacks)
		}
	},
})

func (v *view) hijacks(i int) check.Verdict {
	r := &v.g.Roles[i]
	if r.BuiltIn {
		return check.Passed("it is Kubernetes' own")
	}
	var into []string
	for _, p := range r.Labels {
		if to, ok := strings.CutPrefix(p.Key, aggregateTo); ok && p.Value == "true" && slices.Contains(words("admin", "edit", "view"), to) && r.Namespace == "" {
			into = append(into, to)
		}
	}
	if len(into) == 0 {
		return check.Passed("no label puts it into a role that people are bound to")
	}
	var ev []check.Evidence
	rules, open := v.g.Rules(i)
	for j := range rules {
		if gives(rules[j:j+1], widening) {
			ev = append(ev, ruleEvidence(j, &rules[j]))
		}
	}
	ev = ev[:min(len(ev), maxEvidence)]
	switch {
	case len(ev) > 0:
		return check.Failed("it puts dangerous rights into "+strings.Join(into, ", "), append(ev, v.throughLabel(i)...)...)
	case open:
		return check.Undecided(snapshot.ReasonUnresolved, "its own rules are put together from roles that were not seen")
	}
	return check.Passed("what it puts into roles that people are bound to is no more than objects of its own")
}

// throughLabel shows who gets the rules of a role by its label.
func (v *view) throughLabel(i int) []check.Evidence {
	var holders []holder
	for _, n := range v.g.Grants(i) {
		if n.Bound != i {
			holders = append(holders, v.given(n)...)
		}
	}
	return v.evidence(holders[:min(len(holders), maxNamed)])
}
