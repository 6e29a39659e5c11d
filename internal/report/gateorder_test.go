package report_test

import (
	"strings"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/report"
)

// TestGateSaysTheWorstFirst: of many open threats a page shows a few.
func TestGateSaysTheWorstFirst(t *testing.T) {
	s, _, err := checktest.Tweak([]byte(`{"spec": {"privileged": true, "resources": {"memory": null, "pidsLimit": null}}, "runtime": {"process": {"state": "denied"}, "cgroup": {"state": "denied"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: docker.Suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	r := report.Build(a, "plimsoll test", "test")
	if err := r.Judge("low", 0, nil); err != nil {
		t.Fatal(err)
	}
	rank := map[string]int{"critical": 4, "high": 3, "medium": 2, "low": 1}
	last, open := 5, 0
	for _, why := range r.Gate.Why {
		_, band, ok := strings.Cut(why, " is open at ")
		if !ok {
			break
		}
		if rank[band] > last {
			t.Errorf("%q comes after a lower one: %q", why, r.Gate.Why)
		}
		last, open = rank[band], open+1
	}
	if open < 2 {
		t.Fatalf("the gate names %d open threats: %q", open, r.Gate.Why)
	}
}
