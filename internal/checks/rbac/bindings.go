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

// ofBinding fills in what the checks of bindings have in common.
func ofBinding(c check.Check) *check.Check {
	c.Subject, c.Zone, c.Surface = snapshot.KindBinding, model.ZoneControlPlane, model.SurfaceAccessRights
	c.Needs = append([]snapshot.Part{snapshot.PartClusterRBAC}, c.Needs...)
	if c.Forms == nil {
		c.Forms = []check.Form{check.Live, check.Manifest}
	}
	return &c
}

// judgeBindings asks the predicate of every binding that the API server would take.
// Verdicts that say the same are one finding.
func judgeBindings(v *view, predicate func(n int) check.Verdict) {
	passed := make(map[string][]int)
	var order []string
	for n, at := range v.g.Bindings {
		subject := v.p.Index.BindingSubject(at)
		if why := v.g.Invalid(n); why != "" {
			v.p.Report(check.Undecided(snapshot.ReasonUnparsable, "the API server would not take it: "+why), subject)
			continue
		}
		out := predicate(n)
		if out.Status != check.Pass && out.Status != check.NotApplicable || len(out.Evidence)+len(out.Notes) > 0 {
			v.p.Report(out, subject)
			continue
		}
		key := out.Status.String() + out.Message
		if passed[key] == nil {
			order = append(order, key)
		}
		passed[key] = append(passed[key], subject)
	}
	for _, key := range order {
		status, message := check.Pass, strings.TrimPrefix(key, check.Pass.String())
		if m, ok := strings.CutPrefix(key, check.NotApplicable.String()); ok {
			status, message = check.NotApplicable, m
		}
		v.p.Report(check.Verdict{Status: status, Message: message}, passed[key]...)
	}
}

// rest lists the subjects of a binding for which keep holds.
func (v *view) holdersOf(n int, keep func(snapshot.RBACSubject) bool) []holder {
	var out []holder
	t := v.g.Target(n)
	for s := range v.g.Subjects(n) {
		if keep(s) {
			out = append(out, holder{access.Grant{Binding: n, Role: t, Bound: t}, s})
		}
	}
	return out
}

// unresolved is the verdict on a binding whose role was not seen. On a cluster such
// a role does not exist and gives nothing, until someone makes it.
func (v *view) unresolved(n int) (check.Verdict, bool) {
	if v.g.Target(n) < 0 {
		if v.files {
			return check.Undecided(snapshot.ReasonUnresolved, "the role that it names is not among the files"), true
		}
		return check.Passed("the role that it names does not exist"), true
	}
	return check.Verdict{}, false
}

var clusterAdmin = ofBinding(check.Check{
	ID:    "rbac-cluster-admin-minimal",
	Title: "Cluster administration is held by approved subjects only",
	Why: "A subject that may do everything to everything needs no vulnerability. What a role is called does not matter: every role counts whose rules allow every verb on every resource. " +
		"A RoleBinding of such a role is administration of its namespace, and in kube-system, whose accounts run the cluster, of the cluster.",
	Remedy:   "Replace the binding by one of a role that lists what the subject does; add subjects that must administer the cluster to the list in plimsoll.yaml.",
	Severity: check.Critical, STRIDE: "E", Tier: 1,
	Refs: append(check.CISK8s(1, "5.1.1", "5.1.1"), shared.PeerRefs("C-0185 C-0035 C-0272", "KSV-0111", "cluster-admin-role-binding")...),
	Params: []check.Param{{
		Name: param, Unit: "list", Default: administrators,
		Meaning: "users, groups and accounts that may administer the cluster, by the name that authentication gives them; * stands for any characters",
	}},
	Run: func(p *check.Probe) {
		if v, ok := look(p, param); ok {
			everything := v.everything()
			judgeBindings(v, func(n int) check.Verdict { return v.administers(n, everything) })
		}
	},
})

// everything says for each role whether its rules allow everything.
func (v *view) everything() []bool {
	all := make([]bool, len(v.g.Roles))
	for i := range v.g.Roles {
		rules, _ := v.g.Rules(i)
		all[i] = slices.ContainsFunc(rules, func(r snapshot.Rule) bool {
			return len(r.Names) == 0 && full(r.Verbs) && full(r.Groups) && full(r.Resources)
		})
	}
	return all
}

func full(list []string) bool { return slices.Contains(list, "*") }

func (v *view) administers(n int, everything []bool) check.Verdict {
	holders := v.holdersOf(n, func(s snapshot.RBACSubject) bool { return !v.approved(n, s) })
	b, t := v.g.Binding(n), v.g.Target(n)
	if out, none := v.unresolved(n); none {
		if len(holders) == 0 {
			return check.Passed("it is for subjects that may administer the cluster")
		}
		return out
	}
	rules, open := v.g.Rules(t)
	switch {
	case everything[t] && len(holders) > 0 && (b.Namespace == "" || b.Namespace == "kube-system"):
		return remarks(check.Failed("it lets "+names(holders)+" do everything", check.Evidence{Source: v.role(t), Value: ruleOfAll(rules)}), holders)
	case everything[t] && len(holders) > 0:
		return check.Passed("it lets "+names(holders)+" do everything in "+b.Namespace+", which is not the cluster", check.Evidence{Source: v.role(t), Value: ruleOfAll(rules)})
	case open && len(holders) > 0:
		return check.Undecided(snapshot.ReasonUnresolved, "what its role comes to hangs on roles that are not among the files", check.Evidence{Source: "role", Value: v.role(t)})
	case everything[t]:
		return check.Passed("only subjects that may administer the cluster have it")
	}
	return check.Passed("its role is not one that allows everything")
}

func ruleOfAll(rules []snapshot.Rule) string {
	for i := range rules {
		if full(rules[i].Verbs) && full(rules[i].Groups) && full(rules[i].Resources) {
			return ruleEvidence(i, &rules[i]).Value
		}
	}
	return ""
}

var mastersBinding = ofBinding(check.Check{
	ID:    "system-masters-binding",
	Title: "Only the built-in binding names the masters group",
	Why: "system:masters may do everything whatever the bindings say, so a binding gives it nothing. One that names it shows that somebody means to use the group, " +
		"whose members hold certificates that cannot be revoked, or hides a grant behind a name that reviewers skip.",
	Remedy:   "Bind a group of your own instead and delete this binding.",
	Severity: check.High, STRIDE: "E", Tier: 2,
	Refs: shared.PeerRefs("C-0246", "KSV-0123", ""),
	Run: func(p *check.Probe) {
		if v, ok := look(p, ""); ok {
			judgeBindings(v, v.namesMasters)
		}
	},
})

func (v *view) namesMasters(n int) check.Verdict {
	b := v.g.Binding(n)
	masters := v.holdersOf(n, func(s snapshot.RBACSubject) bool { return access.IsGroup(s) && s.Name == access.Masters })
	switch {
	case len(masters) == 0:
		return check.Passed("it does not name the masters group")
	case access.Shipped(b, masters[0].subject):
		return check.Passed("it is the one that every cluster has")
	}
	return check.Failed("it names the group system:masters", check.Evidence{Source: "roleRef", Value: v.refers(b)})
}

// refers names the role that a binding refers to, whether or not it is there.
func (v *view) refers(b *snapshot.Binding) string {
	if b.ClusterRole {
		return "ClusterRole " + b.Role
	}
	return "Role " + b.Namespace + "/" + b.Role
}

var anonymousBinding = ofBinding(check.Check{
	ID:    "rbac-anonymous-binding",
	Title: "Anonymous callers hold no rights",
	Why: "Requests without credentials are of user system:anonymous and group system:unauthenticated: what these may do, everyone may who reaches the API server. " +
		"Health and version, and the one config map by which kubeadm's nodes find the cluster, are what every cluster lets them see.",
	Remedy:   "Remove the subject from the binding, or delete the binding.",
	Severity: check.Critical, STRIDE: "SE", Tier: 1,
	Refs: shared.PeerRefs("C-0262", "KSV-0122", ""),
	Run: func(p *check.Probe) {
		if v, ok := look(p, ""); ok {
			judgeBindings(v, func(n int) check.Verdict { return v.opens(n, anonymous) })
		}
	},
})

// audience is a set of callers that nobody picked.
type audience struct {
	is     func(snapshot.RBACSubject) bool
	no, ok string
	fine   func(rules []snapshot.Rule, namespace string) bool
}

var anonymous = audience{
	is: func(s snapshot.RBACSubject) bool {
		return s.Kind == "User" && s.Name == access.Anonymous || access.IsGroup(s) && s.Name == access.Unauthenticated
	},
	no: "it is not for anonymous callers", ok: "anonymous callers get what every cluster shows them",
	fine: func(rules []snapshot.Rule, namespace string) bool {
		return !slices.ContainsFunc(rules, func(r snapshot.Rule) bool { return !publicRule(&r, namespace) })
	},
}

// publicRule reports whether a rule shows no more than every cluster shows: its
// health and version, and how to join it.
func publicRule(r *snapshot.Rule, namespace string) bool {
	get := len(r.Verbs) == 1 && r.Verbs[0] == "get"
	if len(r.URLs) > 0 {
		return get && len(r.Resources) == 0 && !slices.ContainsFunc(r.URLs, func(u string) bool {
			return !slices.Contains(words("/healthz", "/livez", "/readyz", "/version", "/version/"), u)
		})
	}
	one := func(list []string, v string) bool { return len(list) == 1 && list[0] == v }
	return get && namespace == "kube-public" && one(r.Groups, "") && one(r.Resources, "configmaps") && one(r.Names, "cluster-info")
}

// opens judges whether a binding gives an audience more than it has anyway.
func (v *view) opens(n int, a audience) check.Verdict {
	b := v.g.Binding(n)
	members := v.holdersOf(n, a.is)
	added := slices.ContainsFunc(members, func(h holder) bool { return !access.Shipped(b, h.subject) })
	t := v.g.Target(n)
	if len(members) == 0 {
		return check.Passed(a.no)
	}
	var rules []snapshot.Rule
	open := false
	if t >= 0 {
		rules, open = v.g.Rules(t)
	}
	if !open && t >= 0 && a.fine != nil && a.fine(rules, b.Namespace) || !added && a.fine == nil {
		return check.Passed(a.ok)
	}
	if out, none := v.unresolved(n); none && v.files {
		return out
	}
	ev := []check.Evidence{{Source: "roleRef", Value: v.refers(b)}}
	for i := range rules[:min(len(rules), maxNamed)] {
		ev = append(ev, ruleEvidence(i, &rules[i]))
	}
	where := ""
	if b.Namespace != "" {
		where = " in " + b.Namespace
	}
	return remarks(check.Failed("it gives "+names(members)+" the "+v.refers(b)+where, ev...), members)
}

var authenticatedBinding = ofBinding(check.Check{
	ID:    "rbac-authenticated-binding",
	Title: "Broad built-in groups hold no extra rights",
	Why: "Every caller with any credential is in system:authenticated, and every service account in system:serviceaccounts and in the group of its namespace. " +
		"A right bound to them is held by every pod, and by whoever gets an account at the identity provider; on some clouds that is everyone with an e-mail address.",
	Remedy:   "Bind the accounts or a group of your own instead, and remove the group from the binding.",
	Severity: check.High, STRIDE: "E", Tier: 2,
	Refs: shared.PeerRefs("C-0265", "KSV-01011", ""),
	Run: func(p *check.Probe) {
		if v, ok := look(p, ""); ok {
			judgeBindings(v, func(n int) check.Verdict { return v.opens(n, everyoneElse) })
		}
	},
})

var everyoneElse = audience{
	is: func(s snapshot.RBACSubject) bool { return access.Implicit(s) && s.Name != access.Unauthenticated },
	no: "it is not for a group that callers are in by themselves", ok: "the group has by it what it has in every cluster",
}
