package report_test

import (
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/files"
	"plimsoll/internal/checktest"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

// TestFoldedPassesShowNothingOfOthers: passes that say the same are one finding,
// which has no evidence of a failure beside them.
func TestFoldedPassesShowNothingOfOthers(t *testing.T) {
	s, _, err := checktest.Tweak([]byte(`{"asFile": true}`))
	if err != nil {
		t.Fatal(err)
	}
	bad := s.Dockerfiles[0]
	bad.Path = "z/Dockerfile"
	bad.Stages = []snapshot.Stage{{Base: "x", From: -1, Line: 1, Runs: []snapshot.Run{{Line: 2, Installs: []snapshot.Install{{Manager: "apt", Packages: 1, Unpinned: []string{"curl"}}}}}}}
	s.Dockerfiles = append(s.Dockerfiles, bad)
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: files.Suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for _, f := range report.Build(a, "plimsoll test", "test").Findings {
		if f.Check == "dockerfile-packages-pinned" {
			seen[f.Status] = len(f.Evidence)
		}
	}
	if len(seen) != 2 || seen["fail"] != 1 || seen["pass"] != 0 {
		t.Errorf("evidence by status: %v", seen)
	}
}
