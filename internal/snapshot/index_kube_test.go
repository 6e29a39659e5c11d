package snapshot

import (
	"slices"
	"testing"
	"time"
)

// TestPodClasses holds the table of subjects of a cluster: what encloses what,
// which workloads are alike, and that pods beside their template are subjects of
// their own.
func TestPodClasses(t *testing.T) {
	s := &Snapshot{
		Taken:           time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Scopes:          []Scope{{ID: "cluster:u", Kind: ScopeCluster}},
		Clusters:        []Cluster{{Scope: "cluster:u"}},
		Namespaces:      []Namespace{{Scope: "cluster:u", Name: "shop"}, {Scope: "cluster:u", Name: "other"}},
		ServiceAccounts: []ServiceAccount{{Scope: "cluster:u", Namespace: "shop", Name: "default"}},
		PodSpecs:        []PodSpec{{ServiceAccount: "default"}, {ServiceAccount: "default", HostPID: true}},
		Workloads: []Workload{
			{Scope: "cluster:u", Kind: "Deployment", Namespace: "shop", Name: "web", Live: []int{1}},
			{Scope: "cluster:u", Kind: "Deployment", Namespace: "shop", Name: "api"},
			{Scope: "cluster:u", Kind: "Deployment", Namespace: "other", Name: "web"},
			{Scope: "cluster:u", Kind: "Job", Namespace: "shop", Name: "web"},
		},
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	x := NewIndex(s)
	name := func(i int) string { return x.Subjects[i].Key }
	var classes [][]string
	for _, c := range x.PodClasses() {
		var members []string
		for _, m := range c.Members {
			members = append(members, name(m))
		}
		classes = append(classes, members)
	}
	want := [][]string{
		{"shop/Deployment/web", "shop/Deployment/api"}, {"shop/Deployment/web/pods"}, {"other/Deployment/web"}, {"shop/Job/web"},
	}
	if !slices.EqualFunc(classes, want, slices.Equal) {
		t.Errorf("classes are %v, want %v", classes, want)
	}
	web := x.WorkloadSubject(0)
	for _, around := range []int{x.NamespaceSubject(0), x.AccountSubject(0), x.ScopeSubject("cluster:u")} {
		if !x.Encloses(around, web) {
			t.Errorf("%s does not enclose %s", name(around), name(web))
		}
	}
	if x.Encloses(x.NamespaceSubject(1), web) {
		t.Error("another namespace encloses it")
	}
	if i := x.Workload(x.PodClasses()[1].Members[0]); i != 0 {
		t.Errorf("the pods are of workload %d, want 0", i)
	}
}
