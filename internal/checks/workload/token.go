package workload

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

var tokenNeeded = &check.Check{
	ID:    "sa-token-mount-needed",
	Title: "Tokens are mounted only where they are needed",
	Why: "Unless someone says no, every pod has a token of its account in its file system: whoever runs code in the pod calls the API server with it. " +
		"The pod's automountServiceAccountToken counts over its account's, and where neither says, one is mounted. A token that a volume projects by hand counts, too, when the API server takes it. " +
		"A token is needed where the account holds rights beyond those that everybody has; in a file without the account nothing tells.",
	Remedy:   "Set automountServiceAccountToken: false in the pod's specification, or in its account, where the program does not call the API server.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceAccessRights, STRIDE: "SE", Tier: 1,
	Refs:  refs("5.1.6", "5.1.6", "", "C-0190 C-0034 C-0261 C-0053", "KSV-0036", "default-service-account"),
	Forms: everywhere,
	Params: []check.Param{
		{Name: "allowed_accounts", Unit: "list", Meaning: "accounts whose token may be mounted without rights"},
	},
	Needs: workloads,
	Reads: []string{"automount", "serviceAccount", "volumes"},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_accounts")
		judge(p, func(b *pod) check.Verdict { return tokenUsed(b, allowed) })
	},
	Fixes: []check.Fix{mending("mount no token", off("automountServiceAccountToken"))},
}

// tokenUsed decides whether a token is mounted where none is needed.
func tokenUsed(b *pod, allowed []string) check.Verdict {
	token := b.Token()
	projected := slices.ContainsFunc(token.Projected, func(t podspec.ProjectedToken) bool { return t.API })
	name := b.Class.In + "/" + b.ServiceAccount
	var e []check.Evidence
	switch token.By {
	case "static":
		e = append(e, ev("the kubelet makes it from a file", "no account"))
	case "pod":
		e = append(e, ev("automountServiceAccountToken", token.Mounted))
	case "account":
		e = append(e, ev("ServiceAccount "+name+", automountServiceAccountToken", token.Mounted))
	default:
		e = append(e, ev("automountServiceAccountToken", "not set, nor seen in ServiceAccount "+name))
		if b.Account != nil {
			e[0].Value = "not set, nor in ServiceAccount " + name
		}
	}
	for _, t := range token.Projected {
		if t.API {
			e = append(e, ev("volumes["+t.Volume+"].projected", "a token for the API server"))
		}
	}
	switch {
	case !projected && token.Known && !token.Mounted:
		return check.Passed("no token of its account is mounted", e...)
	case slices.Contains(allowed, name) || slices.Contains(allowed, b.ServiceAccount):
		return check.Passed("its account is on the policy list of those whose token may be mounted", e...)
	}
	if by := b.rightsOf(); by != "" {
		return check.Passed("its account holds rights that need a token", append(e, ev("rights of "+name, by))...)
	}
	switch {
	case !projected && !token.Known:
		return check.Undecided(snapshot.ReasonUnresolved, "its account decides whether a token is mounted, and was not seen", e...)
	}
	if v, ok := b.p.Need(snapshot.PartClusterRBAC); !ok && v.Status == check.Unknown {
		v.Message, v.Evidence = "a token is mounted, and whether its account holds rights that need one was not seen", e
		return v
	}
	if b.File {
		return check.Failed("a token is mounted, and the files give its account no rights", e...)
	}
	return check.Failed("a token is mounted that gives no rights worth having to the program, and something to steal", e...)
}

// rightsOf names a binding that gives the pod's account rights, itself or by the
// group of the accounts of its namespace; "" when none does. What everybody has
// (system:authenticated, system:serviceaccounts) does not count.
func (b *pod) rightsOf() string {
	g := rbac.Of(b.p.Index, b.p.Scope.ID)
	for _, s := range []snapshot.RBACSubject{
		{Kind: "ServiceAccount", Namespace: b.Class.In, Name: b.ServiceAccount}, {Kind: "Group", Name: "system:serviceaccounts:" + b.Class.In},
	} {
		for _, n := range g.BindingsOf(s) {
			role := g.Target(n)
			if role < 0 {
				continue
			}
			if rules, open := g.Rules(role); len(rules) == 0 && !open {
				continue
			}
			if r := g.Binding(n); r.Namespace != "" {
				return "RoleBinding " + r.Namespace + "/" + r.Name
			}
			return "ClusterRoleBinding " + g.Binding(n).Name
		}
	}
	return ""
}

var tokenExpiry = &check.Check{
	ID:    "sa-token-projection-expiry",
	Title: "Projected tokens are short-lived and scoped",
	Why: "A token that lives for months is as good as a password: whoever copies it once uses it until it ends. One for another audience than the API server's is worth nothing elsewhere; " +
		"which audience it needs, only the program knows, so that the life alone decides.",
	Remedy:   "Lower expirationSeconds of the projected serviceAccountToken; the kubelet renews it in time. Set audience to the program that is shown the token.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceWorkloadDefinition, STRIDE: "S", Tier: 2,
	Forms: everywhere,
	Params: []check.Param{
		{Name: "max", Unit: "seconds", Default: []string{"86400"}, Meaning: "life of a projected token"},
	},
	Needs: workloads,
	Reads: []string{"volumes"},
	Run: func(p *check.Probe) {
		most := p.Int("max")
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			projected := b.Token().Projected
			for _, token := range projected {
				if token.Seconds > most {
					t.bad("volumes["+token.Volume+"].projected.sources["+number(int64(token.Source))+"].serviceAccountToken.expirationSeconds", token.Seconds)
				}
			}
			if len(projected) == 0 {
				return check.Passed("no volume projects a token")
			}
			return t.verdict("a projected token lives longer than the policy allows", "projected tokens are short-lived", ev("policy, max", most))
		})
	},
}
