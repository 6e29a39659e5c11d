package threat

import (
	"slices"
	"testing"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// TestChoicesAcrossACluster: what a kubelet decides for all pods of its node is an
// alternative to what each pod says, though neither lies in the other.
func TestChoicesAcrossACluster(t *testing.T) {
	s := &snapshot.Snapshot{
		Taken:    time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Scopes:   []snapshot.Scope{{ID: "cluster:u", Kind: snapshot.ScopeCluster}},
		Clusters: []snapshot.Cluster{{Scope: "cluster:u"}},
		Nodes:    []snapshot.Node{{Scope: "cluster:u", Name: "n1"}},
		PodSpecs: []snapshot.PodSpec{{ServiceAccount: "default"}},
		Workloads: []snapshot.Workload{
			{Scope: "cluster:u", Kind: "Deployment", Namespace: "shop", Name: "a"}, {Scope: "cluster:u", Kind: "Deployment", Namespace: "shop", Name: "b"},
		},
	}
	x := snapshot.NewIndex(s)
	for name, c := range map[string]struct {
		pods, kubelet check.Status
		want          Status
	}{
		"the pods say it":          {check.Pass, check.Fail, Mitigated},
		"the kubelet does it":      {check.Fail, check.Pass, Mitigated},
		"nobody":                   {check.Fail, check.Fail, Open},
		"not known of the kubelet": {check.Fail, check.Unknown, Unknown},
	} {
		const pod, kubelet = "pss-seccomp-restricted", "kubelet-seccomp-default"
		saids := []said{{pod, "shop/Deployment/a", check.Pass}, {pod, "shop/Deployment/b", c.pods}, {kubelet, "Node/n1", c.kubelet}}
		var suite []*check.Check
		var findings []check.Finding
		for _, v := range saids {
			i := slices.IndexFunc(suite, func(k *check.Check) bool { return k.ID == v.check })
			if i < 0 {
				i = len(suite)
				suite = append(suite, &check.Check{ID: v.check, Subject: Members()[v.check].Subject})
			}
			findings = append(findings, check.Finding{Check: suite[i], Verdict: check.Verdict{Status: v.status}, Members: []int{subject(t, x, v.key)}})
		}
		e := newEvaluator(Inputs{Index: x, Suite: suite, Findings: findings, Now: s.Taken})
		clause := ParseClauses(pod + "|" + kubelet)
		got := e.threat(&Threat{ID: "test", Required: clause, Likelihood: 3, Impact: 3})
		if got.Status != c.want {
			t.Errorf("%s: %v, want %v", name, got.Status, c.want)
		}
	}
}
