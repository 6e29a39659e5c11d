package harden

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/step"
)

// TestInterruptLeavesWholeSteps ends the caller's context at every point of a
// run of two steps: no step is left in the middle and no later one is begun.
func TestInterruptLeavesWholeSteps(t *testing.T) {
	for n := 1; ; n++ {
		f := newFake()
		a := f.add("web", nil)
		c := f.add("two", nil)
		second := step.New(step.ContainerRecreate, on(c, "two"), step.Change{Field: fieldReadonly, From: "false", To: "true"})
		o := testOptions(t, f)
		ctx, cancel := context.WithCancel(t.Context())
		left, at := n, ""
		o.AfterPhase = func(_, phase string) {
			if left--; left == 0 {
				at = phase
				cancel()
			}
		}
		rep, err := Apply(ctx, o, []step.Step{readonlyStep(a), second})
		cancel()
		if at == "" { // the run was over before
			if err != nil || n < 10 {
				t.Errorf("%d points, %v", n, err)
			}
			return
		}
		if said := fmt.Sprintf("%+v, %v", rep.Steps, err); strings.Contains(said, context.Canceled.Error()) || strings.Contains(said, "a step before it failed") {
			t.Errorf("%d-%s: an interrupt is no failure: %s", n, at, said)
		}
		all, loadErr := Load(o.State)
		if loadErr != nil {
			t.Fatal(loadErr)
		}
		for _, e := range all[0].Entries {
			if e.Unfinished() {
				t.Errorf("%d-%s: step of %s is left at %q", n, at, e.Step.Target.Name, e.Phase)
			}
		}
		whole := slices.ContainsFunc(rep.Steps, func(o Outcome) bool { return o.State == StateNotStarted || o.State == StateRolledBack })
		if len(rep.Steps) != 2 || whole && !errors.Is(err, context.Canceled) || !whole && err != nil {
			t.Errorf("%d-%s: %+v, %v", n, at, rep.Steps, err)
		}
		for _, c := range f.containers {
			if c.name == "web" || c.name == "two" {
				if p, _ := c.host["RestartPolicy"].(map[string]any); c.status != "running" || p["Name"] != "always" {
					t.Errorf("%d-%s: %s is %s with %v", n, at, c.name, c.status, p)
				}
			}
		}
	}
}

// TestHopelessRunsAreOver: what nobody can take back any more is said, and stands
// in nobody's way.
func TestHopelessRunsAreOver(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	if _, err := Apply(t.Context(), o, []step.Step{readonlyStep(id)}); err != nil {
		t.Fatal(err)
	}
	spent := func() string {
		all, err := Load(o.State)
		if err != nil || len(Standing(all)) != 1 {
			t.Fatalf("standing: %v, %v", Standing(all), err)
		}
		why, err := Spent(t.Context(), o, all, all[0])
		if err != nil {
			t.Fatal(err)
		}
		return why
	}
	if why := spent(); why != "" {
		t.Errorf("a run that can be taken back is said to be spent: %s", why)
	}
	clear(f.containers)
	f.add("web", nil) // somebody else's, of the same name
	if why := spent(); why != "none of its containers is left" {
		t.Errorf("spent: %q", why)
	}
	if _, err := Rollback(t.Context(), o, "latest"); !errors.Is(err, ErrPrecondition) {
		t.Errorf("err = %v", err)
	}
	checks, err := Verify(t.Context(), o, "latest")
	if err != nil || len(checks) != 2 || checks[0].Holds || !strings.Contains(checks[0].Why, "harden --commit") {
		t.Errorf("verify: %+v, %v", checks, err)
	}

	// To commit is to close it.
	rep, err := Commit(t.Context(), o, "latest")
	if err != nil || len(rep.Steps) != 1 || rep.Steps[0].State != StateAlready || len(images(t, o.State)) > 0 {
		t.Errorf("commit: %+v, %v, %v", rep, err, images(t, o.State))
	}
	if checks, err := Verify(t.Context(), o, "latest"); err != nil || len(checks) != 0 {
		t.Errorf("verify of a closed run: %+v, %v", checks, err)
	}
	if rep, err := Rollback(t.Context(), o, "latest"); err != nil || rep.Steps[0].State != StateAlready {
		t.Errorf("rollback of a closed run: %+v, %v", rep, err)
	}
}

// TestRecoveryOfNothing: an interrupted run whose containers were removed since
// does not block the next.
func TestRecoveryOfNothing(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	f.failAt["create"], f.failAt["start"] = 1, 9
	if _, err := Apply(t.Context(), o, []step.Step{readonlyStep(id)}); !errors.Is(err, ErrRollbackIncomplete) {
		t.Fatalf("err = %v", err)
	}
	clear(f.containers)
	clear(f.failAt)
	out, err := Recover(t.Context(), o)
	if err != nil || len(out) != 1 || out[0].Undo != "" || len(images(t, o.State)) > 0 {
		t.Errorf("%+v, %v, %v", out, err, images(t, o.State))
	}
}

// TestRestoreNeverRemovesTheLast: when the old container is gone, the new one is
// all there is.
func TestRestoreNeverRemovesTheLast(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	f.crash = func(host map[string]any) bool { return host["ReadonlyRootfs"] == true }
	o.AfterPhase = func(_, phase string) {
		if phase == pointStarted {
			delete(f.containers, id)
		}
	}
	if _, err := Apply(t.Context(), o, []step.Step{readonlyStep(id)}); !errors.Is(err, ErrRollbackIncomplete) {
		t.Fatalf("err = %v", err)
	}
	if _, err := f.find("web"); err != nil {
		t.Errorf("nothing is left: %v", world(f))
	}
}
