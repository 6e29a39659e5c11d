package assess_test

import (
	"strings"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/step"
)

func TestFromPlanTakesValuesThatFixAndNothingElse(t *testing.T) {
	s, _, err := checktest.Tweak([]byte(`{"spec":{"resources":{"memory":0,"memorySwap":0}},"runtime":{"cgroup":{"v":{"memoryMax":-1,"memorySwapMax":-1}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: docker.Suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	var m step.Measure
	for _, have := range a.Measures {
		if have.ID == "container-memory-limit" {
			m = have
		}
	}
	if len(m.Steps) != 1 {
		t.Fatalf("measure %+v", m)
	}
	for name, tt := range map[string]struct {
		change func(*step.Step)
		want   string // part of the refusal; empty: taken
	}{
		"as planned":     {func(*step.Step) {}, ""},
		"another value":  {func(s *step.Step) { s.Set[0].To, s.Set[1].To = "268435456", "536870912" }, ""},
		"hostile text":   {func(s *step.Step) { s.Note, s.ID = "\x1b[31m", "\x1b" }, ""},
		"no limit":       {func(s *step.Step) { s.Set[0].To = "0" }, "not make the check pass"},
		"stale":          {func(s *step.Step) { s.Set[0].From = "1" }, "changed since"},
		"other target":   {func(s *step.Step) { s.Target.UID = "ffff" }, "no longer offers"},
		"other field":    {func(s *step.Step) { s.Set[0].Field = "HostConfig.CapDrop" }, "other fields"},
		"further change": {func(s *step.Step) { s.Set = append(s.Set, step.Change{Field: "Config.Image", To: "evil"}) }, "other fields"},
	} {
		p := m.Steps[0]
		p.Set = append([]step.Change(nil), p.Set...)
		tt.change(&p)
		steps, refused := a.FromPlan(m, []step.Step{p})
		if tt.want == "" {
			if len(refused) > 0 || len(steps) != 1 || steps[0].Set[0].To != p.Set[0].To || strings.Contains(steps[0].Note+steps[0].ID, "\x1b") {
				t.Errorf("%s: steps %+v, refused %+v", name, steps, refused)
			}
			continue
		}
		if len(steps) > 0 || len(refused) != 1 || !strings.Contains(refused[0].Why, tt.want) {
			t.Errorf("%s: steps %+v, refused %+v, want %q", name, steps, refused, tt.want)
		}
	}
}

// TestFromPlanOfASubjectThatAnotherOwns: the check must pass for the subjects
// that the step is for, whatever its target is.
func TestFromPlanOfASubjectThatAnotherOwns(t *testing.T) {
	s, suite := checktest.Owned()
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	m := a.Measures[0]
	if len(m.Steps) != 1 || len(m.For[m.Steps[0].ID]) != 2 {
		t.Fatalf("measure %+v; want one step for two subjects", m)
	}
	if steps, refused := a.FromPlan(m, m.Steps); len(steps) != 1 || len(refused) > 0 {
		t.Errorf("steps %+v, refused %+v", steps, refused)
	}
	useless := m.Steps[0]
	useless.Set = []step.Change{{Field: "HostConfig.Memory", From: "0", To: "0"}}
	if steps, refused := a.FromPlan(m, []step.Step{useless}); len(steps) > 0 || len(refused) != 1 {
		t.Errorf("a step that helps none: steps %+v, refused %+v", steps, refused)
	}
}
