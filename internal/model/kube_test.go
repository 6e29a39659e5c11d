package model

import (
	"slices"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestCluster(t *testing.T) {
	const c = "cluster:c"
	yes := true
	s := &snapshot.Snapshot{
		Scopes: []snapshot.Scope{{ID: c, Kind: snapshot.ScopeCluster}, {ID: "files:f", Kind: snapshot.ScopeFiles}},
		Clusters: []snapshot.Cluster{
			{Scope: c, Version: "v1.37.2", Provider: "aws", Endpoints: []snapshot.APIEndpoint{{Port: 6443}}}, {Scope: "files:f"},
		},
		Nodes:      []snapshot.Node{{Scope: c, Name: "a", ControlPlane: true, KubeletPort: 10255}},
		Components: []snapshot.Component{{Scope: c, Name: snapshot.Etcd}},
		PodSpecs:   []snapshot.PodSpec{{Containers: []snapshot.PodContainer{{Security: snapshot.SecurityContext{Privileged: &yes}}}}},
		Workloads:  []snapshot.Workload{{Scope: c, Kind: "Deployment", Name: "w"}},
		Pods:       []snapshot.PodRow{{Name: "p", Token: true}},
		Services:   []snapshot.Service{{Scope: c, Name: "s", Type: "LoadBalancer"}},
		Bindings: []snapshot.Binding{
			{Scope: c, Name: "given", BuiltIn: true, Subjects: []snapshot.RBACSubject{{Kind: "Group", Name: "system:unauthenticated"}}},
			{Scope: c, Namespace: "kube-public", Name: "of-kubeadm", Subjects: []snapshot.RBACSubject{{Kind: "User", Name: "system:anonymous"}}},
		},
	}
	exposed := func() map[string]bool {
		out := make(map[string]bool)
		for _, f := range Build(snapshot.NewIndex(s)).Flows {
			out[f.Label] = f.Exposed
		}
		return out
	}
	flows := exposed()
	for _, want := range []string{"tcp 6443", "kubelet 10255", "account tokens: 1", "published services: 1", "metadata service"} {
		if e, ok := flows[want]; !ok || e {
			t.Errorf("the flow %q is there: %v, exposed: %v; flows %v", want, ok, e, flows)
		}
	}
	m := Build(snapshot.NewIndex(s))
	if i := slices.IndexFunc(m.Elements, func(e Element) bool { return e.ID == KubePrefix+"pods" }); i < 0 || m.Elements[i].Count != 1 || !slices.Equal(m.Elements[i].Notes, []string{"1 privileged"}) {
		t.Errorf("elements %+v", m.Elements)
	}
	s.Bindings = append(s.Bindings, snapshot.Binding{Scope: c, Name: "open", Subjects: []snapshot.RBACSubject{{Kind: "Group", Name: "system:unauthenticated"}}})
	if flows := exposed(); !flows["tcp 6443 anonymous"] {
		t.Errorf("rights of anyone do not show: %v", flows)
	}
}
