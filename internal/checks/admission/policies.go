package admission

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var effective = of(check.Check{
	ID:    "vap-binding-effective",
	Title: "Admission policies are bound and enforced",
	Why: "A validating admission policy does nothing until a binding puts it into force, and a binding without Deny only tells. " +
		"An expression that does not type-check fails where it is needed, and with failurePolicy Ignore that lets the request through.",
	Remedy:   "Add a ValidatingAdmissionPolicyBinding with validationActions [Deny], set failurePolicy: Fail, and mend the expressions that status.typeChecking lists.",
	Severity: check.Medium, STRIDE: "E", Tier: 2,
	Run: func(p *check.Probe) {
		found := false
		for _, r := range policies(p) {
			if r.Kind == policyKind {
				found = true
				p.Report(inForce(p, &r), r.subject)
			}
		}
		if !found {
			p.Report(check.Inapplicable("there is no validating admission policy"), p.Self())
		}
	},
})

func inForce(p *check.Probe, r *rule) check.Verdict {
	var wrong []string
	var shown []check.Evidence
	for _, b := range r.Bindings {
		shown = append(shown, ev("binding "+b.Name, strings.Join(b.Actions, ",")))
	}
	shown = shown[:min(len(shown), 6)]
	if len(r.Bindings) == 0 && p.Scope.Kind == snapshot.ScopeFiles {
		return check.Undecided(snapshot.ReasonUnresolved, "the files that were read do not bind it")
	}
	switch {
	case len(r.Bindings) == 0:
		wrong = append(wrong, "no binding puts it into force")
	case !r.denies():
		wrong = append(wrong, "its bindings warn or record only")
	}
	if !r.Fail {
		wrong = append(wrong, "an expression that fails lets the request through")
		shown = append(shown, ev("failurePolicy", "Ignore"))
	}
	if r.Warnings > 0 {
		wrong = append(wrong, "expressions of it do not type-check")
		shown = append(shown, ev("status.typeChecking", plural(r.Warnings, "warning")))
	}
	if len(wrong) > 0 {
		return check.Failed(strings.Join(wrong, ", and "), shown...)
	}
	return check.Passed("a binding enforces it", shown...)
}

// production is the parameter that says which namespaces count.
var production = check.Param{
	Name: "production", Unit: "list", Default: []string{"*"},
	Meaning: "namespaces that count as production, beside those of Kubernetes itself, which do not; * stands for any characters",
}

var execDenied = of(check.Check{
	ID:    "exec-denied-by-policy",
	Title: "Exec into production pods is denied by policy",
	Why: "Roles give exec to more people than need it, and a shell in a pod leaves no trace in its logs. A policy on the CONNECT of pods/exec and pods/attach holds whatever the roles say, " +
		"and lets a break-glass group through. An expression is taken to do so when it asks for the caller or denies everyone; others are not worked out here.",
	Remedy:   "Write a ValidatingAdmissionPolicy that matches CONNECT on pods/exec and pods/attach with the expression \"'GROUP' in request.userInfo.groups\", and bind it with Deny.",
	Severity: check.Medium, STRIDE: "R", Tier: 2,
	Needs:  []snapshot.Part{snapshot.PartClusterNamespaces},
	Params: []check.Param{production},
	Run: func(p *check.Probe) {
		patterns, _ := p.List(production.Name)
		var counted []*snapshot.Namespace
		for _, n := range governed(p) {
			if slices.ContainsFunc(patterns, func(s string) bool { return shared.Glob(s, n.Name) }) {
				counted = append(counted, n)
			}
		}
		if len(counted) == 0 {
			p.Report(check.Inapplicable("no namespace counts as production"), p.Self())
			return
		}
		search(p, counted, []request{execPod, attachPod}, "no policy denies commands in pods", asksCaller)
	},
})

// asksCaller reports whether an expression lets nobody through, or asks who calls.
func asksCaller(validations []string) bool {
	return slices.ContainsFunc(validations, func(e string) bool {
		return strings.TrimSpace(e) == "false" || strings.Contains(e, "request.userInfo.groups") || strings.Contains(e, "request.userInfo.username")
	})
}

var hostOwnership = of(check.Check{
	ID:    "ingress-host-ownership-enforced",
	Title: "Namespaces may claim only their own host names",
	Why: "An ingress, a route or an annotation on a service claims a public name, and nothing in Kubernetes asks whose it is: a tenant takes over another's traffic, or makes the DNS controller hand it over. " +
		"An expression is taken to tie them together when it is about hosts; others are not worked out here.",
	Remedy:   "Write a ValidatingAdmissionPolicy on ingresses, gateways and routes that holds every host against a label of the namespace (namespaceObject.metadata.labels), and bind it with Deny.",
	Severity: check.Medium, STRIDE: "S", Tier: 2, Zone: model.ZoneCloud,
	Needs: []snapshot.Part{snapshot.PartClusterNamespaces, snapshot.PartClusterServices},
	Run: func(p *check.Probe) {
		var needed []request
		for i := range p.Snapshot.Ingresses {
			if g := &p.Snapshot.Ingresses[i]; g.Scope == p.Scope.ID {
				for _, r := range claims(g) {
					if !slices.Contains(needed, r) {
						needed = append(needed, r)
					}
				}
			}
		}
		if len(needed) == 0 {
			p.Report(check.Inapplicable("there is no ingress, gateway or route"), p.Self())
			return
		}
		search(p, governed(p), needed, "no policy says which host names a namespace may claim", func(validations []string) bool {
			return slices.ContainsFunc(validations, func(e string) bool { return strings.Contains(e, "host") && strings.Contains(e, "amespace") })
		})
	},
})

// claims are the requests by which an object like it claims a name.
func claims(g *snapshot.Ingress) []request {
	group := "gateway.networking.k8s.io"
	if g.Kind == "Ingress" {
		group = "networking.k8s.io"
	}
	resource := strings.ToLower(g.Kind) + "s"
	switch {
	case strings.HasSuffix(resource, "sss"):
		resource = strings.TrimSuffix(resource, "s") + "es"
	case g.Kind != "Ingress" && g.Kind != "Gateway" && !strings.HasSuffix(g.Kind, "Route"):
		return nil // of a program's own group, which is not recorded
	}
	return []request{{group, resource, "CREATE"}, {group, resource, "UPDATE"}}
}

// search looks for what enforces something on requests in some namespaces, and
// reports the best that there is: policies that do by what they say, one alone or
// several together, others that may, or none.
func search(p *check.Probe, among []*snapshot.Namespace, needed []request, none string, says func([]string) bool) {
	if len(among) == 0 {
		p.Report(check.Inapplicable("there are only namespaces of Kubernetes itself"), p.Self())
		return
	}
	var found []attempt
	for _, r := range policies(p) {
		if r.denies() && mentions(&r, needed) {
			found = append(found, try(p, &r, among, needed, says))
		}
	}
	for _, h := range hooks(p) {
		if h.Kind == validating && all(needed, func(n request) bool { return asked(h.Rules, n) }) {
			v := check.Undecided(snapshot.ReasonUnresolved, "it is asked about such requests; what its program lets through is not seen", ev("rules", ruleText(h.Rules)))
			found = append(found, attempt{h.subject, v, nil})
		}
	}
	if len(found) > 0 {
		settle(p, found)
		return
	}
	p.Report(missing(p, none), p.Self())
}

// missing is the verdict where nothing was found. Files need not be all that the
// cluster has, and engines have policies of kinds that are not understood.
func missing(p *check.Probe, none string) check.Verdict {
	if p.Scope.Kind == snapshot.ScopeFiles {
		return check.Undecided(snapshot.ReasonUnresolved, none+" among the files that were read")
	}
	if c := p.Snapshot.Cluster(p.Scope.ID); c != nil && len(c.Admission) > 0 {
		return check.Undecided(snapshot.ReasonUnresolved, none+" that was understood; the cluster has "+strings.Join(c.Admission, ", "))
	}
	return check.Failed(none)
}

// attempt is what one policy or webhook does about it.
type attempt struct {
	subject int
	verdict check.Verdict // where it is asked at all
	gaps    []string      // namespaces and requests that it is not asked about
}

// settle reports what attempts come to together: what one leaves out another may
// cover.
func settle(p *check.Probe, found []attempt) {
	for _, good := range []check.Status{check.Pass, check.Unknown} {
		covers := slices.DeleteFunc(slices.Clone(found), func(a attempt) bool { return a.verdict.Status != check.Pass && a.verdict.Status != good })
		if len(covers) == 0 || slices.ContainsFunc(covers[0].gaps, func(g string) bool {
			return !slices.ContainsFunc(covers[1:], func(a attempt) bool { return !slices.Contains(a.gaps, g) })
		}) {
			continue
		}
		for _, a := range covers {
			if a.verdict.Status == good {
				p.Report(a.verdict, a.subject)
			}
		}
		return
	}
	for _, a := range found {
		if len(a.gaps) > 0 && a.verdict.Status != check.Fail {
			a.verdict.Status, a.verdict.Reason, a.verdict.Message = check.Fail, "", "it is not asked about "+few(a.gaps)
		}
		p.Report(a.verdict, a.subject)
	}
}

// mentions reports whether a policy is about one of the requests. Engines name the
// kinds of objects instead.
func mentions(r *rule, needed []request) bool {
	return slices.ContainsFunc(needed, func(n request) bool {
		if asked(r.Rules, n) {
			return true
		}
		kind, sub, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(n.resource, "s"), "e"), "/")
		return r.Kind != policyKind && slices.ContainsFunc(r.Rules, func(u snapshot.WebhookRule) bool {
			return slices.ContainsFunc(u.Resources, func(s string) bool {
				s = strings.ToLower(s)
				return sub == "" && strings.HasPrefix(s, strings.TrimSuffix(kind, "s")) || sub != "" && strings.HasSuffix(s, sub) || strings.Contains(s, "podexec")
			})
		})
	})
}

// try judges one policy by itself.
func try(p *check.Probe, r *rule, among []*snapshot.Namespace, needed []request, says func([]string) bool) attempt {
	out := attempt{subject: r.subject}
	if r.Kind != policyKind {
		out.verdict = check.Undecided(snapshot.ReasonUnresolved, "it is about such objects; what it refuses is not worked out here")
		return out
	}
	for _, ns := range among {
		labels, _ := labelsOf(p.Snapshot, p.Scope.ID, ns.Name)
		for _, n := range needed {
			bound := slices.ContainsFunc(r.Bindings, func(b snapshot.AdmissionBinding) bool {
				return slices.Contains(b.Actions, "Deny") && b.Objects.Empty() && selects(&b.Namespaces, labels) && (len(b.Rules) == 0 || asked(b.Rules, n))
			})
			if !bound || !selects(&r.Namespaces, labels) || !asked(r.Rules, n) || touched(r.Excluded, n) {
				out.gaps = append(out.gaps, n.words()+" in "+ns.Name)
			}
		}
	}
	shown := ev("validations", text(strings.Join(r.Validations, "; ")))
	switch {
	case !r.Objects.Empty():
		out.verdict = check.Failed("labels that a tenant may set decide whether it is asked", ev("objectSelector", selector(&r.Objects)))
	case !r.Fail:
		out.verdict = check.Failed("an expression that fails lets the request through", shown, ev("failurePolicy", "Ignore"))
	case len(r.Conditions) > 0:
		out.verdict = conditional(r.Conditions)
	case !says(r.Validations):
		out.verdict = check.Undecided(snapshot.ReasonUnresolved, "what its expressions refuse is not worked out here", shown)
	default:
		out.verdict = check.Passed("it is enforced", shown)
	}
	return out
}

func all(list []request, f func(request) bool) bool {
	return !slices.ContainsFunc(list, func(r request) bool { return !f(r) })
}
