package rbac

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

var minimalRights = ofAccount(check.Check{
	ID:    "pod-sa-rights-minimal",
	Title: "Pod identities hold only the rights they use",
	Why: "Whoever gets into a pod gets its account's rights, and what a program does not use is there for nobody else. " +
		"Which rights a program uses no object tells: the list in plimsoll.yaml does.",
	Remedy:   "Take the rules that go beyond the list out of the role, or the account out of the binding; where the program needs them, add them to the list.",
	Severity: check.Medium, STRIDE: "S", Tier: 2, Zone: model.ZoneNodeRuntime,
	Params: []check.Param{{
		Name: "rights", Unit: "list", Question: true,
		Meaning: "rights that pod identities need, each as NAMESPACE/ACCOUNT VERB,… RESOURCE[.GROUP],… (shop/web get,list configmaps,jobs.batch); paths count as resources",
	}},
	Run: func(p *check.Probe) {
		v, ok := look(p, "")
		if !ok {
			return
		}
		declared, said := p.List("rights")
		needs := parseNeeds(declared)
		used := users(p)
		judgeAccounts(v, func(a *snapshot.ServiceAccount) check.Verdict { return v.minimal(a, used, needs, said) })
	},
})

// need is one entry of the list.
type need struct{ verbs, resources []string }

// parseNeeds sorts the list's entries by account. One that is not of the form names
// no account that exists.
func parseNeeds(entries []string) map[string][]need {
	out := make(map[string][]need)
	for _, e := range entries {
		if f := strings.Fields(e); len(f) == 3 {
			out[f[0]] = append(out[f[0]], need{strings.Split(f[1], ","), strings.Split(f[2], ",")})
		}
	}
	return out
}

func (v *view) minimal(a *snapshot.ServiceAccount, used map[[2]string]*use, needs map[string][]need, said bool) check.Verdict {
	u := used[[2]string{a.Namespace, a.Name}]
	if u == nil || len(u.with)+len(u.unsure) == 0 {
		return check.Inapplicable("no pod sees a token of it")
	}
	var beyond []check.Evidence
	self, rights := access.Account(a.Namespace, a.Name), false
	for _, h := range v.grantsOf(self) {
		if access.Shipped(v.g.Binding(h.grant.Binding), h.subject) {
			continue
		}
		rules, _ := v.g.Rules(h.grant.Role)
		for i := range rules {
			rights = true
			if over := outside(&rules[i], needs[a.Namespace+"/"+a.Name]); over != "" {
				beyond = append(beyond, check.Evidence{Source: v.binding(h.grant.Binding) + ", " + v.role(h.grant.Role), Value: over})
			}
		}
	}
	beyond = beyond[:min(len(beyond), maxEvidence)]
	switch {
	case !rights && v.gaps(self):
		return check.Undecided(snapshot.ReasonUnresolved, "what it is bound to was not seen in full")
	case !rights:
		return check.Passed("it holds no rights but those that every account has")
	case !said:
		return check.Undecided(snapshot.ReasonUndeclared, "it holds rights, and what its pods need is not said", beyond...)
	case len(beyond) > 0:
		return check.Failed("it holds rights that the list does not have", beyond...)
	}
	return check.Passed("its rights are on the list")
}

// outside returns what of a rule no entry covers; empty when all is covered.
func outside(r *snapshot.Rule, needs []need) string {
	var over []string
	name := func(group, resource string) string {
		base, sub, cut := strings.Cut(resource, "/")
		if group != "" {
			base += "." + group
		}
		if cut {
			base += "/" + sub
		}
		return base
	}
	var things []string
	for _, g := range r.Groups {
		for _, res := range r.Resources {
			things = append(things, name(g, res))
		}
	}
	for _, thing := range append(things, r.URLs...) {
		for _, verb := range r.Verbs {
			if !slices.ContainsFunc(needs, func(n need) bool { return slices.Contains(n.verbs, verb) && slices.Contains(n.resources, thing) }) {
				over = append(over, verb+" of "+thing)
			}
		}
	}
	return list(over)
}
