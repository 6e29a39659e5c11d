package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// three returns a snapshot of three containers and a check that fails them all.
func three(fix func(x *snapshot.Index, subject int) (step.Step, error)) ([]*check.Check, check.Inputs, []check.Finding) {
	s := &snapshot.Snapshot{
		Scopes:         []snapshot.Scope{{ID: "engine:x", Kind: snapshot.ScopeEngine}},
		ContainerSpecs: []snapshot.ContainerSpec{{}}, Runtimes: []snapshot.Runtime{{}},
	}
	for _, n := range []string{"a", "b", "c"} {
		s.Containers = append(s.Containers, snapshot.Container{Scope: "engine:x", Key: "name/" + n, Name: n})
	}
	x := snapshot.NewIndex(s)
	c := &check.Check{ID: "container-asked", Subject: snapshot.KindContainer}
	c.Fixes = []check.Fix{{
		Title: "mend", Kind: step.ContainerUpdate, Step: func(_ *check.Probe, i int) (step.Step, error) { return fix(x, i) },
	}}
	return []*check.Check{c}, check.Inputs{Index: x}, []check.Finding{{
		Check: c, Verdict: check.Failed("no"), Members: []int{x.ContainerSubject(0), x.ContainerSubject(1), x.ContainerSubject(2)},
	}}
}

func TestOneStepForManySubjects(t *testing.T) {
	suite, in, found := three(func(x *snapshot.Index, subject int) (step.Step, error) {
		if x.Subjects[subject].Name == "c" {
			return step.Step{}, &step.RefusedError{Why: "it is another's"}
		}
		owner := snapshot.Subject{Kind: "workload", Scope: "engine:x", Key: "workload/web"}
		return step.New(step.ContainerUpdate, owner, step.Change{Field: "f", From: "0", To: "1"}), nil
	})
	ms, err := Measures(suite, in, found, nil)
	if err != nil || len(ms) != 1 || len(ms[0].Steps) != 1 || len(ms[0].Refused) != 1 {
		t.Fatalf("%+v, %v; want one step for a and b, and one refusal", ms, err)
	}
	if got := ms[0].For[ms[0].Steps[0].ID]; !slices.Equal(got, []int{in.Index.ContainerSubject(0), in.Index.ContainerSubject(1)}) {
		t.Errorf("the step is for the subjects %v; want a and b, which fail, and not what it changes", got)
	}
	if ms[0].Disturbs != step.DisturbUpdate || ms[0].Refused[0].Why != "it is another's" {
		t.Errorf("%+v", ms[0])
	}
}

func TestDefectIsNoRefusal(t *testing.T) {
	broken := errors.New("index out of range")
	suite, in, found := three(func(*snapshot.Index, int) (step.Step, error) { return step.Step{}, broken })
	ms, err := Measures(suite, in, found, nil)
	var defect *DefectError
	if !errors.As(err, &defect) || !errors.Is(err, broken) || defect.Measure != "container-asked" || ms != nil {
		t.Errorf("%+v, %v; want the defect and nothing else", ms, err)
	}
}

// TestWhatBreaksIsChosenByName: a measure that takes away what was given on purpose
// stays out of a plan, with the way to have it, until it is named.
func TestWhatBreaksIsChosenByName(t *testing.T) {
	suite, in, found := three(func(x *snapshot.Index, subject int) (step.Step, error) {
		return step.New(step.ContainerUpdate, x.Subjects[subject], step.Change{Field: "HostConfig.Memory", From: "0", To: "4096"}), nil
	})
	suite[0].Fixes[0].Suffix, suite[0].Fixes[0].Breaks = "remove", true
	ms, err := Measures(suite, in, found, nil)
	if err != nil {
		t.Fatal(err)
	}
	pl := &Planner{Suite: suite, Measures: ms, Base: World{Index: in.Index, Findings: found}, Evaluate: func(x *snapshot.Index) World { return World{Index: x} }}
	p, err := pl.Build(Options{Allow: step.DisturbRecreate})
	if err != nil || len(p.Choices) != 0 || len(p.NotChosen) != 1 || !strings.Contains(p.NotChosen[0].Why, "--include container-asked:remove") {
		t.Errorf("%+v, %v; want it left out, with how to have it", p, err)
	}
	p, err = pl.Build(Options{Allow: step.DisturbRecreate, Include: []string{"container-asked:remove"}})
	if err != nil || len(p.Choices) != 1 {
		t.Errorf("%+v, %v; want it chosen", p, err)
	}
}
