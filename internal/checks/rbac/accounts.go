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

var defaultInactive = ofAccount(check.Check{
	ID:    "rbac-default-sa-inactive",
	Title: "Default service accounts hold no rights",
	Why: "A pod that names no account runs as default, and its token is mounted unless somebody says no: a right that is bound to default is given to every pod that comes along. " +
		"The account itself should say no, hold nothing and be used by nothing.",
	Remedy: "Set automountServiceAccountToken: false on the account, give each program an account of its own, and move the bindings there: " +
		"kubectl patch serviceaccount default -n NAMESPACE -p '{\"automountServiceAccountToken\":false}'.",
	Severity: check.Medium, STRIDE: "SE", Tier: 1,
	Refs: append(check.CISK8s(1, "5.1.5", "5.1.5"), shared.PeerRefs("C-0189 C-0225 C-0239", "", "default-service-account")...),
	Run: func(p *check.Probe) {
		v, ok := look(p, "")
		if !ok {
			return
		}
		used := users(p)
		judgeAccounts(v, func(a *snapshot.ServiceAccount) check.Verdict { return v.inactive(a, used) })
	},
})

func (v *view) inactive(a *snapshot.ServiceAccount, used map[[2]string]*use) check.Verdict {
	if a.Name != "default" {
		return check.Inapplicable("it is not a default account")
	}
	var wrong []string
	var ev []check.Evidence
	for _, n := range v.g.BindingsOf(access.Account(a.Namespace, a.Name)) {
		ev = append(ev, check.Evidence{Source: v.binding(n), Value: v.refers(v.g.Binding(n)), Loc: v.g.Binding(n).Loc})
	}
	if len(ev) > 0 {
		wrong = append(wrong, "holds rights")
	}
	u := used[[2]string{a.Namespace, a.Name}]
	if u != nil && len(u.with) > 0 {
		wrong = append(wrong, "is what pods run as that see its token")
		ev = append(ev, runs(v.p, u.with)...)
	}
	if len(a.Secrets) > 0 {
		wrong = append(wrong, "has tokens in secrets")
		ev = append(ev, check.Evidence{Source: "secrets", Value: list(a.Secrets)})
	}
	idle := len(wrong) == 0
	if a.Automount == nil || *a.Automount {
		wrong = append(wrong, "does not keep its token out of new pods")
		ev = append(ev, check.Evidence{Source: "automountServiceAccountToken", Value: shown(a.Automount)})
	}
	if len(wrong) > 0 {
		out := check.Failed("it "+strings.Join(wrong, " and "), ev[:min(len(ev), maxEvidence)]...)
		if idle {
			return out.At(check.Low)
		}
		return out
	}
	if u != nil && len(u.unsure) > 0 {
		return check.Undecided(snapshot.ReasonPartial, "it was not seen whether pods that run as it see its token")
	}
	if out, ok := podsListed(v.p); !ok {
		return out
	}
	return check.Passed("it holds no rights, no pod sees its token, and new ones will not")
}

func shown(b *bool) string {
	switch {
	case b == nil:
		return "not set"
	case *b:
		return "true"
	}
	return "false"
}

// ingressImages are parts of the names of images of ingress controllers.
var ingressImages = words("ingress-nginx/controller", "nginx-ingress", "nginx/nginx-ingress", "ingress-nginx-controller", "traefik", "haproxy-ingress", "haproxytech/kubernetes-ingress",
	"kong/kubernetes-ingress-controller", "kubernetes-ingress-controller", "projectcontour/contour", "apisix-ingress-controller", "emissary", "skipper", "voyager",
	"pomerium/ingress-controller", "bfe-ingress-controller", "higress", "ngrok/ingress-controller", "kubernetes-ingress")

var ingressAccount = ofAccount(check.Check{
	ID:    "ingress-sa-rights-minimal",
	Title: "The ingress controller reads only its own secrets",
	Why: "The ingress controller faces the network, and its configuration is written by tenants: code that runs in it reads what its account may read. " +
		"With a right to the secrets of all namespaces that is every credential in the cluster. The controller is known by its image.",
	Remedy: "Run a controller per tenant with --watch-namespace or its like and a RoleBinding there, or give it the certificates' secrets by name; " +
		"a right to list and watch secrets everywhere is what most charts install.",
	Severity: check.Medium, STRIDE: "E", Tier: 2, Zone: model.ZoneNodeRuntime,
	Run: func(p *check.Probe) {
		v, ok := look(p, "")
		if !ok {
			return
		}
		controllers := ingressControllers(p)
		judgeAccounts(v, func(a *snapshot.ServiceAccount) check.Verdict { return v.ofIngress(a, controllers) })
	},
})

// ingressControllers finds the accounts that ingress controllers run as, with the
// image that tells.
func ingressControllers(p *check.Probe) map[[2]string]string {
	out := make(map[[2]string]string)
	for _, cl := range p.Index.PodClasses() {
		if cl.Scope != p.Scope.ID {
			continue
		}
		spec := &p.Snapshot.PodSpecs[cl.Spec]
		for i := range spec.Containers {
			image := spec.Containers[i].Image
			name, _, _ := strings.Cut(image, "@")
			if slices.ContainsFunc(ingressImages, func(part string) bool {
				return name == part || strings.HasPrefix(name, part+":") || strings.Contains(name, "/"+part+":") || strings.HasSuffix(name, "/"+part)
			}) {
				out[[2]string{cl.In, spec.ServiceAccount}] = image
			}
		}
	}
	return out
}

func (v *view) ofIngress(a *snapshot.ServiceAccount, controllers map[[2]string]string) check.Verdict {
	image, is := controllers[[2]string{a.Namespace, a.Name}]
	if !is {
		return check.Inapplicable("no ingress controller runs as it")
	}
	ev := []check.Evidence{{Source: "image", Value: image}}
	self := access.Account(a.Namespace, a.Name)
	everywhere := readSecrets
	everywhere.Cluster = true // as if secrets had no namespace: a RoleBinding is not enough
	if v.g.Has(self, []access.Right{everywhere}) && v.extent(self, everywhere) == access.All {
		return check.Failed("it lets the ingress controller read the secrets of every namespace", append(ev, v.by(self, everywhere)...)...)
	}
	if v.files && v.gaps(self) {
		return check.Undecided(snapshot.ReasonUnresolved, "a role that it is bound to is not among the files", ev...)
	}
	return check.Passed("it does not let the ingress controller read the secrets of every namespace", ev...)
}

// extent says how far a subject has a right.
func (v *view) extent(s snapshot.RBACSubject, right access.Right) access.Extent {
	most := access.None
	for _, h := range v.grantsOf(s) {
		if ns := v.g.Binding(h.grant.Binding).Namespace; ns != "" && right.Cluster {
			continue
		}
		rules, _ := v.g.Rules(h.grant.Role)
		for i := range rules {
			most = max(most, right.Extent(&rules[i]))
		}
	}
	return most
}

// by shows the bindings that give a subject a right.
func (v *view) by(s snapshot.RBACSubject, right access.Right) []check.Evidence {
	var out []check.Evidence
	for _, h := range v.grantsOf(s) {
		if v.g.Gives(h.grant, []access.Right{right}) {
			out = append(out, check.Evidence{Source: v.binding(h.grant.Binding), Value: v.role(h.grant.Role), Loc: v.g.Binding(h.grant.Binding).Loc})
		}
	}
	return out[:min(len(out), maxEvidence)]
}

// grantsOf lists what an account holds, by itself and by the groups it is in.
func (v *view) grantsOf(s snapshot.RBACSubject) []holder {
	var out []holder
	for _, m := range access.Memberships(s) {
		for _, n := range v.g.BindingsOf(m) {
			if t := v.g.Target(n); t >= 0 {
				out = append(out, holder{access.Grant{Binding: n, Role: t, Bound: t}, m})
			}
		}
	}
	return out
}

// gaps reports whether something that an account is bound to was not seen in full.
func (v *view) gaps(s snapshot.RBACSubject) bool {
	for _, m := range access.Memberships(s) {
		for _, n := range v.g.BindingsOf(m) {
			t := v.g.Target(n)
			if t < 0 {
				return true
			}
			if _, open := v.g.Rules(t); open {
				return true
			}
		}
	}
	return false
}
