package report_test

import (
	"bytes"
	"slices"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checktest"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// TestMeasuresOfASubjectThatAnotherOwns: a failure names the measure that helps
// it though the step changes another subject, and that one has none for it.
func TestMeasuresOfASubjectThatAnotherOwns(t *testing.T) {
	s, suite := checktest.Owned()
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	r := report.Build(a, "plimsoll test", "test")
	for i := range r.Findings {
		f := &r.Findings[i]
		want := []string(nil)
		if f.Status == "fail" {
			want = []string{"container-memory-limit"}
		}
		if !slices.Equal(f.Measures, want) {
			t.Errorf("%s is %s and helped by %q, want %q", r.Subject(f).Name, f.Status, f.Measures, want)
		}
	}
	// A target that is no subject of the snapshot is published all the same.
	a.Measures[0].Steps[0].Target = step.Target{Kind: snapshot.KindContainer, Scope: s.Scopes[0].ID, Key: "workload/shop", Name: "shop"}
	var b bytes.Buffer
	if err := report.Encode(&b, report.Build(a, "plimsoll test", "test")); err != nil {
		t.Fatal(err)
	}
	back, err := report.Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if st := back.Steps[back.Measures[0].Steps[0]]; st.Target.Key != "workload/shop" {
		t.Errorf("read back, the step changes %+v", st.Target)
	}
}

// TestTargetOfAnotherIdentity: a step may name what is there now, an inode, of a
// subject that something listed before it without.
func TestTargetOfAnotherIdentity(t *testing.T) {
	s, suite := checktest.Owned()
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	target := &a.Measures[0].Steps[0].Target
	a.Measures[0].Refused = append(a.Measures[0].Refused, step.Refusal{Target: *target, Why: "not now"})
	first := a.Measures[0]
	first.ID, first.Steps = "other", nil
	a.Measures = append([]step.Measure{first}, a.Measures...)
	target.UID = "254:7 /etc/x"
	var b bytes.Buffer
	if err := report.Encode(&b, report.Build(a, "plimsoll test", "test")); err != nil {
		t.Fatal(err)
	}
	back, err := report.Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if st := back.Steps[back.Measures[1].Steps[0]]; st.Target.UID != target.UID {
		t.Errorf("read back, the step changes %+v, want the identity %s", st.Target, target.UID)
	}
}
