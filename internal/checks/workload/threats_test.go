package workload

import (
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/threat"
)

// TestThreatsToPods: the threats to the node runtime that pods decide alone are
// mitigated in a cluster that is kept well, and open where one pod is not, at that
// pod.
func TestThreatsToPods(t *testing.T) {
	decide := func(tweak string) map[string]threat.Result {
		s, _, err := checktest.Tweak([]byte(tweak))
		if err != nil {
			t.Fatal(err)
		}
		x := snapshot.NewIndex(s)
		findings := check.Run(Suite, check.Inputs{Index: x, Now: s.Taken})
		out := make(map[string]threat.Result)
		for _, r := range threat.Evaluate(threat.Inputs{Index: x, Suite: Suite, Findings: findings, Now: s.Taken}) {
			out[r.Threat.ID] = r
		}
		return out
	}
	const bad = `{"base": "cluster",
		"pod": {"automount": true, "hostPID": true, "volumes": [{"name": "h", "type": "hostPath", "path": "/run"}]},
		"box": {"image": "nginx", "mounts": [{"volume": "h", "path": "/h"}], "resources": {"limits": {"memory": null}}, "env": [{"name": "DB_PASSWORD", "len": 12, "shape": "plain"}],
			"security": {"privileged": true, "capDrop": null, "readonlyRootfs": false}},
		"snapshot": {"bindings": []}}`
	well, ill := decide(`{"base": "cluster"}`), decide(bad)
	for _, id := range []string{"K8S-NR-S-01", "K8S-NR-S-03", "K8S-NR-T-01", "K8S-NR-T-03", "K8S-NR-I-06", "K8S-NR-D-01", "K8S-NR-E-01"} {
		if got := well[id].Status; got != threat.Mitigated {
			t.Errorf("%s of a cluster that is kept well is %v", id, got)
		}
		r := ill[id]
		if r.Status != threat.Open {
			t.Errorf("%s is %v, want open", id, r.Status)
		} else if g := r.Groups[0]; len(g.Members) != 1 {
			t.Errorf("%s is open at %v, want the one workload", id, g.Members)
		}
	}
	for _, id := range []string{"K8S-NR-R-03", "K8S-NR-I-04", "K8S-NR-E-04", "K8S-NR-D-04"} { // others have a say, too
		if got := ill[id].Status; got != threat.Open {
			t.Errorf("%s is %v, want open", id, got)
		}
	}
	// What lies beside pods counts: no kubelet was asked for its default profile.
	if got := well["K8S-NR-E-04"].Status; got == threat.Open {
		t.Errorf("K8S-NR-E-04 of a cluster that is kept well is %v", got)
	}
}
