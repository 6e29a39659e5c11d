package text

import (
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

// TestBenchSaysWhatRestsOnConfiguration: a pass is silent unless the kernel's
// facts were not there to hold it against.
func TestBenchSaysWhatRestsOnConfiguration(t *testing.T) {
	c := &check.Check{ID: "container-x", Title: "It is so", Refs: check.CIS(1, "5.1", "", "")}
	r := &report.Result{
		Subjects: []report.Subject{{Kind: snapshot.KindContainer, Name: "seen"}, {Kind: snapshot.KindContainer, Name: "unseen"}},
		Findings: []report.Finding{
			{Verdict: &report.Verdict{Check: c.ID, Status: "pass", Message: check.Passed("it is").Message}, Subject: 0},
			{Verdict: &report.Verdict{Check: c.ID, Status: "pass", Message: check.Passed("it is").AsConfigured().Message}, Subject: 1},
		},
	}
	var b strings.Builder
	if err := Bench(&b, r, []*check.Check{c}, "cis-docker-1.2.0", false, Options{Width: 120}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, " seen:") || !strings.Contains(got, "unseen: it is (configured: the running process was not readable)") {
		t.Errorf("page:\n%s", got)
	}
}
