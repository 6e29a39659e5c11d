package check

import (
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

// half is a cluster of which pods were read in the namespace seen only; parts are
// added to the coverage.
func half(reason snapshot.Reason, items ...string) *snapshot.Index {
	const scope = "cluster:c"
	s := &snapshot.Snapshot{
		Taken: time.Unix(0, 0).UTC(), Scopes: []snapshot.Scope{{ID: scope, Kind: snapshot.ScopeCluster}},
		Parts:      []snapshot.PartStatus{{Scope: scope, Part: snapshot.PartClusterPods, State: snapshot.Observed, Reason: reason, Detail: "in part"}},
		Clusters:   []snapshot.Cluster{{Scope: scope}},
		Namespaces: []snapshot.Namespace{{Scope: scope, Name: "hidden"}, {Scope: scope, Name: "seen"}},
		PodSpecs:   []snapshot.PodSpec{{ServiceAccount: "default"}},
		Workloads: []snapshot.Workload{
			{Scope: scope, Kind: "Deployment", Namespace: "seen", Name: "a"}, {Scope: scope, Kind: "Deployment", Namespace: "hidden", Name: "b"},
		},
	}
	for _, i := range items {
		s.Parts = append(s.Parts, snapshot.PartStatus{Scope: scope, Part: snapshot.PartClusterPods, Item: i, State: snapshot.Observed})
	}
	return snapshot.NewIndex(s)
}

// TestHalfOfAClusterIsUnknown: what was read in some namespaces proves nothing of
// the others, nor of the cluster.
func TestHalfOfAClusterIsUnknown(t *testing.T) {
	of := func(kind snapshot.Kind, v Verdict) *Check {
		return &Check{
			ID: "asked", Subject: kind, Severity: Low, Forms: []Form{Live}, Needs: []snapshot.Part{snapshot.PartClusterPods},
			Run: func(p *Probe) { p.Report(v, p.Index.Of(p.Scope.ID, kind)...) },
		}
	}
	pass, fail := Passed("fine"), Failed("bad")
	for name, c := range map[string]struct {
		x    *snapshot.Index
		c    *Check
		want map[string]Status // by subject
	}{
		"whole":          {half(""), of(snapshot.KindPodSpec, pass), map[string]Status{"seen/a": Pass, "hidden/b": Pass}},
		"objects":        {half(snapshot.ReasonPartial, snapshot.NamespaceItem("seen")), of(snapshot.KindPodSpec, pass), map[string]Status{"seen/a": Pass, "hidden/b": Unknown, "c": Unknown}},
		"failures":       {half(snapshot.ReasonPartial, snapshot.NamespaceItem("seen")), of(snapshot.KindPodSpec, fail), map[string]Status{"seen/a": Fail, "hidden/b": Unknown, "c": Unknown}},
		"namespaces":     {half(snapshot.ReasonPartial, snapshot.NamespaceItem("seen")), of(snapshot.KindNamespace, fail), map[string]Status{"seen": Fail, "hidden": Unknown, "c": Unknown}},
		"the cluster":    {half(snapshot.ReasonPartial, snapshot.NamespaceItem("seen")), of(snapshot.KindCluster, pass), map[string]Status{"c": Unknown}},
		"somewhere":      {half(snapshot.ReasonPartial), of(snapshot.KindPodSpec, pass), map[string]Status{"seen/a": Pass, "hidden/b": Pass, "c": Unknown}},
		"all of a kind":  {half(snapshot.ReasonPartial, snapshot.KindItem(snapshot.KindPodSpec)), of(snapshot.KindPodSpec, pass), map[string]Status{"seen/a": Pass, "hidden/b": Pass}},
		"another's kind": {half(snapshot.ReasonPartial, snapshot.KindItem(snapshot.KindEtcd)), of(snapshot.KindPodSpec, pass), map[string]Status{"seen/a": Pass, "hidden/b": Pass, "c": Unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(map[string]Status)
			for _, f := range RunOne(c.c, Inputs{Index: c.x}) {
				for _, m := range f.Members {
					key := c.x.Subjects[m].Name
					if m == c.x.ScopeSubject("cluster:c") {
						key = "c"
					}
					got[key] = max(got[key], f.Status)
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("%s is %v, want %v", k, got[k], v)
				}
			}
		})
	}
}
