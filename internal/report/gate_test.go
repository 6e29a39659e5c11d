package report_test

import (
	"slices"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

// gated assesses a snapshot with every check of engines.
func gated(t *testing.T, s *snapshot.Snapshot) *report.Result {
	t.Helper()
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: docker.Suite, Planned: docker.Planned(), Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	return report.Build(a, "plimsoll test", "test")
}

// TestOldUnknownsDoNotBlindAGateOfNewThreats: what no right would tell and was as
// unknown in the baseline hides nothing new. Everything else that is unknown may.
func TestOldUnknownsDoNotBlindAGateOfNewThreats(t *testing.T) {
	// No package says which kernel this is.
	const odd = `{"host": {"kernel": "6.18.44-fc-v782", "distro": "debian", "release": "12", "kernels": {"v": {"build": "#1 SMP PREEMPT_DYNAMIC @0", "installed": null}}}}`
	tweak := func(text string) *snapshot.Snapshot {
		s, _, err := checktest.Tweak([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	denied := func() *snapshot.Snapshot {
		s := tweak(odd)
		i := slices.IndexFunc(s.Parts, func(p snapshot.PartStatus) bool { return p.Part == snapshot.PartHostAudit })
		s.Parts[i].State, s.Parts[i].Reason = snapshot.Denied, snapshot.ReasonDenied
		return s
	}
	for _, tc := range []struct {
		name          string
		before, after *snapshot.Snapshot
		exit          int
	}{
		{"unknown in both", tweak(odd), tweak(odd), report.ExitMet},
		{"unknown only now", tweak("{}"), tweak(odd), report.ExitBlind},
		{"unknown in both, and rights are missing", tweak(odd), denied(), report.ExitBlind},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := gated(t, tc.after)
			if err := r.Judge("new:low", 0, gated(t, tc.before)); err != nil || r.Gate.Exit != tc.exit {
				t.Errorf("exit %d, want %d: %q, %v", r.Gate.Exit, tc.exit, r.Gate.Why, err)
			}
			if err := r.Judge("low", 0, nil); err != nil || r.Gate.Exit == report.ExitMet {
				t.Errorf("without a baseline: exit %d, %v", r.Gate.Exit, err)
			}
		})
	}
}
