package snapshot

import (
	"slices"
	"testing"
	"time"
)

// TestRebase: what a node showed of itself belongs to the cluster as its API names
// it. Its better evidence of a component stays, the lesser one goes, and nothing
// refers to the scope that is left.
func TestRebase(t *testing.T) {
	const node, api = "cluster:ca-0011223344556677", "cluster:u"
	s := &Snapshot{
		Taken:  time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Scopes: []Scope{{ID: "host:h", Kind: ScopeHost}, {ID: api, Kind: ScopeCluster}, {ID: node, Kind: ScopeCluster, Host: "host:h"}},
		Parts: []PartStatus{
			{Scope: api, Part: PartClusterNodes, State: Observed},
			{Scope: api, Part: PartNodeComponents, State: Skipped, Reason: ReasonNotCollected}, {Scope: node, Part: PartNodeComponents, State: Observed},
			{Scope: node, Part: PartNodeFiles, State: Denied, Reason: ReasonDenied},
		},
		Components: []Component{
			{Scope: api, Node: "n1", Name: "etcd", Source: FromMirrorPod}, {Scope: api, Node: "n2", Name: "etcd", Source: FromMirrorPod},
			{Scope: node, Node: "n1", Name: "etcd", Source: FromProcess},
		},
		NodeHosts: []NodeHost{{Scope: node, Host: "host:h"}},
		Files:     []File{{Scope: "host:h", Cluster: node, Path: "/etc/kubernetes/admin.conf"}},
	}
	s.Rebase(node, api)
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	if s.Scope(node) != nil || s.NodeHosts[0].Scope != api || s.Files[0].Cluster != api {
		t.Errorf("something refers to the scope that is left: %+v %+v %+v", s.Scopes, s.NodeHosts, s.Files)
	}
	var got []string
	for _, c := range s.Components {
		got = append(got, c.Scope+" "+c.Node+" "+string(c.Source))
	}
	slices.Sort(got)
	if want := []string{api + " n1 " + string(FromProcess), api + " n2 " + string(FromMirrorPod)}; !slices.Equal(got, want) {
		t.Errorf("components are %q, want %q", got, want)
	}
	if st := s.Part(api, PartNodeFiles); st.State != Denied {
		t.Errorf("what was denied on the node is %+v", st)
	}
	if st := s.Part(api, PartClusterNodes); st.State != Observed {
		t.Errorf("a part of the API is %+v", st)
	}
}
