package harden

import (
	"fmt"
	"strings"
	"testing"

	"plimsoll/internal/step"
)

// scenario is a way to use harden, tried with a kill after each of its phases.
type scenario struct {
	name    string
	prepare func(t *testing.T, f *fakeEngine, o Options, id string) // without kills
	arm     func(f *fakeEngine)
	run     func(t *testing.T, o Options, id string)
	step    func(id string) step.Step
}

var scenarios = []scenario{
	{name: "update", step: memoryStep, run: applyStep(memoryStep)},
	{name: "recreate", step: readonlyStep, run: applyStep(readonlyStep)},
	{name: "recreate that fails at start", step: readonlyStep, run: applyStep(readonlyStep), arm: func(f *fakeEngine) {
		f.crash = func(host map[string]any) bool { return host["ReadonlyRootfs"] == true }
	}},
	{name: "rollback of update", step: memoryStep, prepare: prepareStep(memoryStep), run: rollBack},
	{name: "rollback of recreate", step: readonlyStep, prepare: prepareStep(readonlyStep), run: rollBack},
	{name: "rollback after commit", step: readonlyStep, prepare: func(t *testing.T, f *fakeEngine, o Options, id string) {
		prepareStep(readonlyStep)(t, f, o, id)
		if _, err := Commit(t.Context(), o, "latest"); err != nil {
			t.Fatal(err)
		}
	}, run: rollBack},
	{name: "commit", step: readonlyStep, prepare: prepareStep(readonlyStep), run: func(t *testing.T, o Options, _ string) {
		Commit(t.Context(), o, "latest")
	}},
}

func applyStep(s func(string) step.Step) func(*testing.T, Options, string) {
	return func(t *testing.T, o Options, id string) { Apply(t.Context(), o, []step.Step{s(id)}) }
}

func prepareStep(s func(string) step.Step) func(*testing.T, *fakeEngine, Options, string) {
	return func(t *testing.T, _ *fakeEngine, o Options, id string) {
		if _, err := Apply(t.Context(), o, []step.Step{s(id)}); err != nil {
			t.Fatal(err)
		}
	}
}

func rollBack(t *testing.T, o Options, _ string) { Rollback(t.Context(), o, "latest") }

type killed struct{}

// play runs a scenario and ends it as kill -9 would at the n-th point; it
// returns the point's name, or "" when the run was over before.
func play(t *testing.T, sc scenario, n int) (f *fakeEngine, o Options, id, point string) {
	f = newFake()
	id = f.add("web", func(c *fakeContainer) { c.networks["second"] = map[string]any{} })
	o = testOptions(t, f)
	if sc.prepare != nil {
		sc.prepare(t, f, o, id)
	}
	if sc.arm != nil {
		sc.arm(f)
	}
	return f, o, id, killAt(o, n, func(o Options) { sc.run(t, o, id) })
}

// killAt runs with a kill at the n-th point, whose name it returns; "" when the
// run was over before.
func killAt(o Options, n int, run func(Options)) (point string) {
	o.AfterPhase = func(_, phase string) {
		if n--; n == 0 {
			point = phase
			panic(killed{})
		}
	}
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(killed); !ok {
				panic(v)
			}
		}
	}()
	run(o)
	return ""
}

// killEverywhere kills the making of a step, and then its undoing, at every point.
// Each starts from what fresh gives; after the recovery check sees the journal's
// only entry.
func killEverywhere(t *testing.T, fresh func() (Options, step.Step), check func(point string, e *Entry)) {
	t.Helper()
	for _, undo := range []bool{false, true} {
		for n := 1; ; n++ {
			o, s := fresh()
			run := func(o Options) { _, _ = Apply(t.Context(), o, []step.Step{s}) }
			if undo {
				if _, err := Apply(t.Context(), o, []step.Step{s}); err != nil {
					t.Fatal(err)
				}
				run = func(o Options) { _, _ = Rollback(t.Context(), o, "latest") }
			}
			point := killAt(o, n, run)
			name := fmt.Sprintf("undo %t, killed at %q", undo, point)
			if _, err := Recover(t.Context(), o); err != nil {
				t.Fatalf("%s: Recover: %v", name, err)
			}
			all, err := Load(o.State)
			if err != nil || len(all) != 1 || all[0].Entries[0].Unfinished() {
				t.Fatalf("%s: Load = %+v, %v", name, all, err)
			}
			check(name, all[0].Entries[0])
			if point == "" {
				if n < 3 {
					t.Errorf("%s: the run has %d points only", name, n-1)
				}
				break
			}
		}
	}
}

func TestKillAtEveryPoint(t *testing.T) {
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			for n := 1; ; n++ {
				f, o, id, point := play(t, sc, n)
				if point == "" {
					if n < 2 {
						t.Fatal("the run has no points")
					}
					return
				}
				t.Run(fmt.Sprintf("%02d-%s", n, point), func(t *testing.T) { checkRecovery(t, sc, f, o, id) })
			}
		})
	}
}

func checkRecovery(t *testing.T, sc scenario, f *fakeEngine, o Options, id string) {
	out, err := Recover(t.Context(), o)
	if err != nil {
		t.Fatalf("Recover: %v", err)
	}
	for _, x := range out {
		if !strings.Contains(x.Why, "interrupted after") {
			t.Errorf("outcome %q does not say what happened", x.Why)
		}
	}
	if again, err := Recover(t.Context(), o); err != nil || len(again) != 0 {
		t.Errorf("second Recover = %+v, %v; want nothing left", again, err)
	}
	all, err := Load(o.State)
	if err != nil || len(all) != 1 {
		t.Fatalf("Load = %v, %v", all, err)
	}
	e := all[0].Entries[0]
	if left := images(t, o.State); len(left) > 0 && !e.Keeps() {
		t.Errorf("phase %s, but %v is left", e.Phase, left)
	}
	web, err := f.find("web")
	if err != nil || web.status != "running" {
		t.Fatalf("web: %v, world %v", err, world(f))
	}
	side := from
	if e.InForce() {
		side = to
	}
	raw, _ := f.ContainerInspectRaw(t.Context(), "web")
	set := e.Step.Set
	if e.Undo == step.UndoEquivalent && e.Swap == nil {
		set = set[2:] // memory and swap are equal in effect only
	}
	if diff, err := differing(raw, set, side); err != nil || len(diff) > 0 {
		t.Errorf("phase %s, but %v (%v)", e.Phase, diff, err)
	}
	policy, _ := web.host["RestartPolicy"].(map[string]any)
	if e.Swap != nil && policy["Name"] != "always" {
		t.Errorf("restart policy %v was not restored", policy)
	}
	if len(web.networks) != 2 && web.id != id && e.Undoing == nil {
		t.Errorf("networks %v, want both", web.networks)
	}
	want := 1
	if e.Keeps() {
		want = 2
		if kept, err := f.find(keptName("web", all[0].Header.ID)); err != nil || kept.status != "exited" {
			t.Errorf("kept container: %v", err)
		}
	}
	if len(f.containers) != want {
		t.Errorf("%d containers, want %d: %v", len(f.containers), want, world(f))
	}
}
