package rbac

import (
	"fmt"
	"testing"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// TestScale asks every check of 200,000 bindings and 50,000 accounts, of which
// some hold what few should: the work follows what differs and what fails.
func TestScale(t *testing.T) {
	const scope, bindings, accounts = "cluster:u", 200_000, 50_000
	s := &snapshot.Snapshot{Scopes: []snapshot.Scope{{ID: scope, Kind: snapshot.ScopeCluster}}, Clusters: []snapshot.Cluster{{Scope: scope, Version: "v1.37.2"}}}
	for _, p := range snapshot.Parts {
		s.Parts = append(s.Parts, snapshot.PartStatus{Scope: scope, Part: p, State: snapshot.Observed})
	}
	resources := words("pods", "configmaps", "services", "endpoints", "leases", "nodes", "namespaces", "secrets")
	for i := range bindings / 4 {
		r := snapshot.Role{Scope: scope, Namespace: fmt.Sprint("ns-", i%1000), Name: fmt.Sprint("role-", i)}
		what := resources[i%7]
		if i%500 == 0 {
			what = "secrets"
		}
		r.Rules = []snapshot.Rule{{Verbs: words("get", "list"), Groups: words(""), Resources: words(what)}}
		s.Roles = append(s.Roles, r)
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
	x := snapshot.NewIndex(s)
	start := time.Now()
	findings := check.Run(Suite, check.Inputs{Index: x, Now: s.Taken})
	took := time.Since(start)
	failed := 0
	for _, f := range findings {
		if f.Status == check.Fail {
			failed++
		}
	}
	t.Logf("%d checks in %v, %d findings, %d failures", len(Suite), took, len(findings), failed)
	if failed < 100 || took > 30*time.Second { // generous: the machine may be busy
		t.Errorf("%d failures in %v", failed, took)
	}
}
