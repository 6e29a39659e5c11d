package rbac

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

const scope = "cluster:u"

// access returns a snapshot of a cluster, or of files, with roles and bindings.
func access(kind snapshot.ScopeKind, roles []snapshot.Role, bindings []snapshot.Binding) *snapshot.Snapshot {
	s := &snapshot.Snapshot{Scopes: []snapshot.Scope{{ID: scope, Kind: kind}}, Clusters: []snapshot.Cluster{{Scope: scope}}}
	for _, r := range roles {
		r.Scope = scope
		s.Roles = append(s.Roles, r)
	}
	for _, b := range bindings {
		b.Scope = scope
		s.Bindings = append(s.Bindings, b)
	}
	return s
}

func rule(verbs, groups, resources []string, names ...string) snapshot.Rule {
	return snapshot.Rule{Verbs: verbs, Groups: groups, Resources: resources, Names: names}
}

func l(s ...string) []string { return s }

// TestRuleAllows has the semantics of single rules. What an API server says of
// them is in TestAgreesWithAPIServer.
func TestRuleAllows(t *testing.T) {
	for _, tc := range []struct {
		name string
		rule snapshot.Rule
		a    Attributes
		want bool
	}{
		{"plain", rule(l("get"), l(""), l("pods")), Attributes{Verb: "get", Resource: "pods", Name: "x"}, true},
		{"other group", rule(l("get"), l("apps"), l("pods")), Attributes{Verb: "get", Resource: "pods"}, false},
		{"wildcards", rule(l("*"), l("*"), l("*")), Attributes{Verb: "escalate", Group: "x", Resource: "y", Subresource: "z"}, true},
		{"resource is not its subresource", rule(l("create"), l(""), l("pods")), Attributes{Verb: "create", Resource: "pods", Subresource: "exec"}, false},
		{"subresource of all", rule(l("update"), l("*"), l("*/scale")), Attributes{Verb: "update", Group: "apps", Resource: "deployments", Subresource: "scale"}, true},
		{"subresource of all is not the resource", rule(l("update"), l("*"), l("*/scale")), Attributes{Verb: "update", Group: "apps", Resource: "deployments"}, false},
		{"pods/* is no wildcard", rule(l("create"), l(""), l("pods/*")), Attributes{Verb: "create", Resource: "pods", Subresource: "exec"}, false},
		{"named get", rule(l("get"), l(""), l("secrets"), "a"), Attributes{Verb: "get", Resource: "secrets", Name: "a"}, true},
		{"named get of another", rule(l("get"), l(""), l("secrets"), "a"), Attributes{Verb: "get", Resource: "secrets", Name: "b"}, false},
		{"names and create", rule(l("create"), l(""), l("secrets"), "a"), Attributes{Verb: "create", Resource: "secrets"}, false},
		{"names and list", rule(l("list"), l(""), l("secrets"), "a"), Attributes{Verb: "list", Resource: "secrets"}, false},
		{"names and list of one", rule(l("list"), l(""), l("secrets"), "a"), Attributes{Verb: "list", Resource: "secrets", Name: "a"}, true},
		{"path", snapshot.Rule{Verbs: l("get"), URLs: l("/healthz")}, Attributes{Verb: "get", Path: "/healthz"}, true},
		{"path below", snapshot.Rule{Verbs: l("get"), URLs: l("/healthz/*")}, Attributes{Verb: "get", Path: "/healthz/etcd"}, true},
		{"path beside", snapshot.Rule{Verbs: l("get"), URLs: l("/healthz/*")}, Attributes{Verb: "get", Path: "/healthz"}, false},
		{"every path", snapshot.Rule{Verbs: l("*"), URLs: l("*")}, Attributes{Verb: "post", Path: "/x"}, true},
	} {
		if got := ruleAllows(&tc.rule, &tc.a); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestExtent has what checks ask of rules.
func TestExtent(t *testing.T) {
	secrets := Right{Verbs: l("get", "list", "watch"), Resources: l("secrets")}
	create := Right{Verbs: l("create"), Resources: l("pods")}
	exec := Right{Verbs: l("create", "get"), Resources: l("pods/exec")}
	coredns := Right{Verbs: l("update"), Resources: l("configmaps"), Names: l("coredns")}
	hooks := Right{Verbs: l("update"), Group: "admissionregistration.k8s.io", Resources: l("mutatingwebhookconfigurations"), Names: l("*")}
	for _, tc := range []struct {
		name string
		q    Right
		rule snapshot.Rule
		want Extent
	}{
		{"all", secrets, rule(l("list"), l(""), l("secrets")), All},
		{"wildcards", secrets, rule(l("*"), l("*"), l("*")), All},
		{"of another group", secrets, rule(l("*"), l("apps"), l("*")), None},
		{"named", secrets, rule(l("get"), l(""), l("secrets"), "tls"), Named},
		{"list by name", secrets, rule(l("list"), l(""), l("secrets"), "tls"), Named},
		{"create with names gives nothing", create, rule(l("create"), l(""), l("pods"), "x"), None},
		{"create of a named subresource", exec, rule(l("create"), l(""), l("pods/exec"), "x"), Named},
		{"subresource of all", exec, rule(l("create"), l(""), l("*/exec")), All},
		{"pods/*", exec, rule(l("create"), l(""), l("pods/*")), None},
		{"a name that counts", coredns, rule(l("update"), l(""), l("configmaps"), "x", "coredns"), All},
		{"a name that does not", coredns, rule(l("update"), l(""), l("configmaps"), "x"), None},
		{"any name", hooks, rule(l("update"), l("admissionregistration.k8s.io"), l("*"), "mine"), All},
		{"paths only", secrets, snapshot.Rule{Verbs: l("*"), URLs: l("*")}, None},
	} {
		if got := tc.q.Extent(&tc.rule); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestSubjects holds who is meant by a binding.
func TestSubjects(t *testing.T) {
	view := snapshot.Role{Name: "see", Rules: []snapshot.Rule{rule(l("get"), l(""), l("pods"))}}
	s := access(snapshot.ScopeCluster, []snapshot.Role{view}, []snapshot.Binding{
		{Namespace: "shop", Name: "a", ClusterRole: true, Role: "see", Subjects: []snapshot.RBACSubject{{Kind: "ServiceAccount", Name: "web"}}},
		{Name: "b", ClusterRole: true, Role: "see", Subjects: []snapshot.RBACSubject{{Kind: "User", Name: "system:serviceaccount:shop:api"}}},
		{Name: "c", ClusterRole: true, Role: "see", Subjects: []snapshot.RBACSubject{{Kind: "Group", Name: "system:serviceaccounts:ops"}}},
		{Name: "d", ClusterRole: true, Role: "see", Subjects: []snapshot.RBACSubject{{Kind: "ServiceAccount", Name: "lost"}, {Kind: "User", Name: "eve"}}},
		{Name: "e", ClusterRole: true, Role: "gone", Subjects: []snapshot.RBACSubject{{Kind: "User", Name: "eve"}}},
		{Namespace: "shop", Name: "f", Role: "see", Subjects: []snapshot.RBACSubject{{Kind: "User", Name: "eve"}}},
	})
	g := Resolve(s, scope)
	for _, tc := range []struct {
		name      string
		u         User
		namespace string
		want      bool
	}{
		{"account of a role binding without a namespace is of the binding's", AccountUser("shop", "web"), "shop", true},
		{"only there", AccountUser("shop", "web"), "ops", false},
		{"account bound as a user", AccountUser("shop", "api"), "ops", true},
		{"group of a namespace", AccountUser("ops", "any"), "shop", true},
		{"master", User{Name: "x", Groups: l(Masters)}, "shop", true},
		{"invalid binding, missing role, role of another namespace", User{Name: "eve"}, "shop", false},
	} {
		if got := g.Allows(tc.u, Attributes{Verb: "get", Resource: "pods", Namespace: tc.namespace, Name: "x"}); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	if why := g.Invalid(3); why == "" {
		t.Error("a ClusterRoleBinding for an account without a namespace is taken")
	}
	if h := g.Holders(Attributes{Verb: "get", Resource: "pods", Namespace: "shop"}); len(h) != 3 {
		t.Errorf("holders are %v, want the bindings a, b and c", h)
	}
}

// TestAggregation is case 32: on a cluster the stored rules decide and the roles
// that contribute are named; in files they are put together, and open when the
// cluster has others.
func TestAggregation(t *testing.T) {
	label := func(to string) []snapshot.Pair {
		return []snapshot.Pair{{Key: "rbac.authorization.k8s.io/aggregate-to-" + to, Value: "true"}}
	}
	own := []snapshot.Pair{{Key: "example.com/part", Value: "yes"}}
	secrets := []Right{{Verbs: l("get"), Resources: l("secrets")}}
	part := snapshot.Role{Name: "part", Labels: label("edit"), Rules: []snapshot.Rule{rule(l("get"), l(""), l("secrets"))}}
	mine := snapshot.Role{Name: "mine", Labels: own, Rules: part.Rules}
	binding := snapshot.Binding{Name: "b", ClusterRole: true, Role: "admin", Subjects: []snapshot.RBACSubject{{Kind: "User", Name: "eve"}}}
	edit := snapshot.Role{Name: "edit", Labels: label("admin"), Aggregates: [][]snapshot.Pair{label("edit")}, Rules: part.Rules}
	admin := snapshot.Role{Name: "admin", Aggregates: [][]snapshot.Pair{label("admin")}, Rules: part.Rules}

	g := Resolve(access(snapshot.ScopeCluster, []snapshot.Role{admin, edit, part}, []snapshot.Binding{binding}), scope)
	if got := g.Contributors(0); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("contributors of admin are %v, want edit and part", got)
	}
	if got := g.Grants(2); len(got) != 1 || got[0].Bound != 0 || !g.Gives(got[0], secrets) {
		t.Errorf("part is handed out by %v, want the binding of admin", got)
	}
	stale := admin
	stale.Rules = nil
	g = Resolve(access(snapshot.ScopeCluster, []snapshot.Role{stale, edit, part}, []snapshot.Binding{binding}), scope)
	if g.Allows(User{Name: "eve"}, Attributes{Verb: "get", Resource: "secrets", Namespace: "a"}) {
		t.Error("rules that the controller has not written count")
	}

	g = Resolve(access(snapshot.ScopeFiles, []snapshot.Role{edit, part}, nil), scope)
	if rules, open := g.Rules(0); len(rules) != 1 || !open {
		t.Errorf("edit in files is %v, open %t; the cluster has more of it", rules, open)
	}
	whole := snapshot.Role{Name: "whole", Aggregates: [][]snapshot.Pair{own}}
	g = Resolve(access(snapshot.ScopeFiles, []snapshot.Role{whole, mine}, nil), scope)
	if rules, open := g.Rules(0); len(rules) != 1 || open {
		t.Errorf("a role whose parts are all in the files is %v, open %t", rules, open)
	}
	g = Resolve(access(snapshot.ScopeFiles, []snapshot.Role{whole}, []snapshot.Binding{binding}), scope)
	if rules, open := g.Rules(0); len(rules) != 0 || !open {
		t.Errorf("a role whose parts are elsewhere is %v, open %t", rules, open)
	}
	if !g.Allows(User{Name: "eve"}, Attributes{Verb: "get", Resource: "secrets", Namespace: "a"}) {
		t.Error("admin, which every cluster has, gives nothing when the files only bind it")
	}
}

// TestScale holds the size of issue C: 200,000 bindings and 50,000 accounts.
func TestScale(t *testing.T) {
	s := large(200_000, 50_000)
	start := time.Now()
	g := Resolve(s, scope)
	took := time.Since(start)
	start = time.Now()
	rights := []Right{{Verbs: l("get"), Resources: l("secrets")}}
	n := 0
	for r, e := range g.Extents(rights) {
		if e == None {
			continue
		}
		for _, grant := range g.Grants(r) {
			if g.Gives(grant, rights) {
				n++
			}
		}
	}
	t.Logf("resolved in %v, one question in %v: %d grants", took, time.Since(start), n)
	if n == 0 || took > 5*time.Second { // generous: the machine may be busy
		t.Errorf("%d grants, resolved in %v", n, took)
	}
}

// large makes roles with few distinct rules and bindings of them to accounts.
func large(bindings, accounts int) *snapshot.Snapshot {
	s := access(snapshot.ScopeCluster, nil, nil)
	resources := l("pods", "secrets", "configmaps", "services", "deployments", "jobs", "events", "leases")
	for i := range bindings / 4 {
		s.Roles = append(s.Roles, snapshot.Role{
			Scope: scope, Namespace: fmt.Sprint("ns-", i%1000), Name: fmt.Sprint("role-", i),
			Rules: []snapshot.Rule{rule(l("get", "list"), l(""), l(resources[i%8])), rule(l("watch"), l("apps"), l(resources[i/8%8]))},
		})
	}
	for i := range bindings {
		r := &s.Roles[i%len(s.Roles)]
		s.Bindings = append(s.Bindings, snapshot.Binding{
			Scope: scope, Namespace: r.Namespace, Name: fmt.Sprint("b-", i), Role: r.Name,
			Subjects: []snapshot.RBACSubject{{Kind: "ServiceAccount", Namespace: fmt.Sprint("ns-", i%1000), Name: fmt.Sprint("sa-", i%accounts)}},
		})
	}
	for i := range accounts {
		s.ServiceAccounts = append(s.ServiceAccounts, snapshot.ServiceAccount{Scope: scope, Namespace: fmt.Sprint("ns-", i%1000), Name: fmt.Sprint("sa-", i)})
	}
	return s
}

func BenchmarkResolve(b *testing.B) {
	s := large(200_000, 50_000)
	for b.Loop() {
		Resolve(s, scope)
	}
}
