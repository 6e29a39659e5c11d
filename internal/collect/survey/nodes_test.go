package survey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

const (
	authority = "cluster:ca-0123456789abcdef"
	byAPI     = "cluster:11111111-2222-3333-4444-555555555555"
)

// ofAPI is what the API shows of a cluster of three nodes.
func ofAPI() *snapshot.Snapshot {
	s := &snapshot.Snapshot{
		Complete: true, Scopes: []snapshot.Scope{{ID: byAPI, Kind: snapshot.ScopeCluster, Name: "prod"}},
		Clusters: []snapshot.Cluster{{Scope: byAPI, CA: strings.TrimPrefix(authority, byAuthority)}},
		Components: []snapshot.Component{
			{Scope: byAPI, Node: "a", Name: snapshot.APIServer, Source: snapshot.FromMirrorPod},
			{Scope: byAPI, Node: "c", Name: snapshot.APIServer, Source: snapshot.FromMirrorPod},
		},
	}
	for _, n := range []string{"a", "b", "c"} {
		s.Nodes = append(s.Nodes, snapshot.Node{Scope: byAPI, Name: n})
	}
	for _, p := range nodeParts {
		s.Parts = append(s.Parts, snapshot.PartStatus{Scope: byAPI, Part: p, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected})
	}
	return s
}

// ofNode is what a machine shows.
func ofNode(name string, state snapshot.State) *snapshot.Snapshot {
	host := "host:" + name
	s := &snapshot.Snapshot{
		Complete: true, Scopes: []snapshot.Scope{{ID: host, Kind: snapshot.ScopeHost, Name: name}, {ID: authority, Kind: snapshot.ScopeCluster, Name: "of " + name, Host: host}},
		Hosts: []snapshot.Host{{Scope: host, Name: name}}, NodeHosts: []snapshot.NodeHost{{Scope: authority, Host: host, Name: name}},
		Components: []snapshot.Component{{Scope: authority, Host: host, Node: name, Name: snapshot.APIServer, Source: snapshot.FromProcess}},
	}
	for _, p := range nodeParts {
		s.Parts = append(s.Parts, snapshot.PartStatus{Scope: authority, Part: p, State: state, Detail: "as it was"})
	}
	return s
}

// joined surveys saved evidence only.
func joined(t *testing.T, saved ...*snapshot.Snapshot) *snapshot.Snapshot {
	t.Helper()
	o := Options{Now: func() time.Time { return time.Unix(0, 0) }, Env: func(string) string { return "" }}
	o.Open = func(path string) (*snapshot.Snapshot, error) { return saved[path[0]-'0'], nil }
	for i := range saved {
		o.Targets = append(o.Targets, Target{Kind: "saved", Arg: string(rune('0' + i))})
	}
	s, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNodesJoinTheirCluster(t *testing.T) {
	orders := map[string][]*snapshot.Snapshot{
		"cluster first": {ofAPI(), ofNode("a", snapshot.Observed), ofNode("b", snapshot.Observed)},
		"cluster last":  {ofNode("a", snapshot.Observed), ofNode("b", snapshot.Observed), ofAPI()},
	}
	for name, saved := range orders {
		t.Run(name, func(t *testing.T) {
			s := joined(t, saved...)
			var clusters []string
			for _, sc := range s.Scopes {
				if sc.Kind == snapshot.ScopeCluster {
					clusters = append(clusters, sc.ID)
				}
			}
			if !slices.Equal(clusters, []string{byAPI}) || len(s.NodeHosts) != 2 || s.NodeHosts[0].Scope != byAPI {
				t.Errorf("clusters %v, nodes %+v", clusters, s.NodeHosts)
			}
			sources := make(map[string]snapshot.ComponentSource)
			for _, c := range s.Components {
				if c.Scope != byAPI || sources[c.Node] != "" {
					t.Errorf("component %+v", c)
				}
				sources[c.Node] = c.Source
			}
			if sources["a"] != snapshot.FromProcess || sources["b"] != snapshot.FromProcess || sources["c"] != snapshot.FromMirrorPod {
				t.Errorf("sources %v", sources)
			}
			for _, p := range nodeParts {
				if st := s.Part(byAPI, p); st.State != snapshot.Observed || st.Reason != snapshot.ReasonPartial || !strings.Contains(st.Detail, "2 of 3 nodes were looked at; not c") {
					t.Errorf("%+v", st)
				}
			}
		})
	}
}

func TestAllNodes(t *testing.T) {
	s := joined(t, ofAPI(), ofNode("a", snapshot.Observed), ofNode("b", snapshot.Observed), ofNode("c", snapshot.Denied))
	if st := s.Part(byAPI, snapshot.PartNodeFiles); st.State != snapshot.Observed || st.Reason != snapshot.ReasonPartial || !strings.HasPrefix(st.Detail, "c: as it was") {
		t.Errorf("%+v", st)
	}
	s = joined(t, ofAPI(), ofNode("a", snapshot.Observed), ofNode("b", snapshot.Observed), ofNode("c", snapshot.Observed))
	if st := s.Part(byAPI, snapshot.PartNodeFiles); st.State != snapshot.Observed || st.Reason != "" {
		t.Errorf("%+v", st)
	}
	s = joined(t, ofAPI(), ofNode("a", snapshot.Denied))
	if st := s.Part(byAPI, snapshot.PartNodeFiles); st.State != snapshot.Denied {
		t.Errorf("%+v", st)
	}
}

// TestNodesWithoutTheirCluster: nodes alone are one cluster, too.
func TestNodesWithoutTheirCluster(t *testing.T) {
	s := joined(t, ofNode("a", snapshot.Observed), ofNode("b", snapshot.Observed))
	if s.Scope(authority) == nil || len(s.NodeHosts) != 2 || s.Part(authority, snapshot.PartNodePKI).State != snapshot.Observed {
		t.Errorf("%+v, %+v", s.Scopes, s.NodeHosts)
	}
}

func TestTheSameNodeTwice(t *testing.T) {
	saved := []*snapshot.Snapshot{ofNode("a", snapshot.Observed), ofNode("a", snapshot.Observed)}
	_, err := Run(context.Background(), Options{
		Now: func() time.Time { return time.Unix(0, 0) }, Targets: []Target{{Kind: "saved", Arg: "0"}, {Kind: "saved", Arg: "1"}},
		Open: func(path string) (*snapshot.Snapshot, error) { return saved[path[0]-'0'], nil },
	})
	if err == nil || errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), "collected already") {
		t.Errorf("got %v", err)
	}
}
