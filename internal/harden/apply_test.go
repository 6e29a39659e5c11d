package harden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

func testOptions(t *testing.T, f Engine) Options {
	t.Helper()
	return Options{Engine: f, State: t.TempDir(), Tool: "plimsoll test", Settle: time.Millisecond, Wait: time.Second, killed: time.Millisecond}
}

func on(id, name string) snapshot.Subject {
	return snapshot.Subject{Kind: snapshot.KindContainer, Scope: "engine:FAKE", Key: "name/" + name, Name: name, UID: id}
}

func memoryStep(id string) step.Step {
	return step.New(step.ContainerUpdate, on(id, "web"),
		step.Change{Field: fieldMemory, From: "0", To: "67108864"}, step.Change{Field: fieldSwap, From: "0", To: "134217728"},
		step.Change{Field: fieldRestart, From: "always", To: "on-failure:5"})
}

func readonlyStep(id string) step.Step {
	return step.New(step.ContainerRecreate, on(id, "web"),
		step.Change{Field: fieldReadonly, From: "false", To: "true"}, step.Change{Field: fieldNoNew, From: "", To: "true"})
}

// world describes every container, sorted by name, in what harden may change.
func world(f *fakeEngine) map[string]string {
	out := make(map[string]string)
	for _, c := range f.containers {
		b, _ := json.Marshal([]any{c.status, c.host["Memory"], c.host["MemorySwap"], c.host["RestartPolicy"], c.host["ReadonlyRootfs"], c.host["SecurityOpt"], c.networks})
		out[c.name] = string(b)
	}
	return out
}

func TestApplyAndRollback(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	before := world(f)["web"]

	rep, err := Apply(t.Context(), o, []step.Step{readonlyStep(id), memoryStep(id)})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Steps) != 2 || rep.Steps[0].Step.Kind != step.ContainerUpdate || rep.Steps[1].State != StateApplied {
		t.Fatalf("steps = %+v, want the update first and both applied", rep.Steps)
	}
	web, err := f.find("web")
	if err != nil {
		t.Fatal(err)
	}
	if web.id == id || web.status != "running" || web.host["Memory"] != 67108864.0 || web.host["MemorySwap"] != 134217728.0 || web.host["ReadonlyRootfs"] != true {
		t.Errorf("hardened container: id %s, status %s, %v", web.id, web.status, web.host)
	}
	kept, err := Kept(o.State)
	if err != nil || kept[id] != rep.ID {
		t.Errorf("Kept = %v, %v; want %s kept for %s", kept, err, id, rep.ID)
	}
	checks, err := Verify(t.Context(), o, "latest")
	if err != nil || len(checks) != 5 {
		t.Fatalf("Verify = %v, %v; want 5 values", checks, err)
	}
	for _, c := range checks {
		if !c.Holds {
			t.Errorf("%s does not hold: got %q, want %q (%s)", c.Field, c.Got, c.Want, c.Why)
		}
	}

	rep, err = Rollback(t.Context(), o, "")
	if err != nil {
		t.Fatal(err)
	}
	if rep.Steps[0].Undo != step.UndoExact || rep.Steps[1].Undo != step.UndoEquivalent || !strings.Contains(rep.Steps[1].Why, "8 GiB") {
		t.Errorf("rollback = %+v, want exact, then equivalent with the reason", rep.Steps)
	}
	web, _ = f.find("web")
	after := world(f)["web"]
	after = strings.Replace(after, "8589934592,-1", "0,0", 1)
	if web.id != id || after != before || len(f.containers) != 1 {
		t.Errorf("after rollback %v, before %s", world(f), before)
	}
	rep, err = Rollback(t.Context(), o, rep.ID)
	if err != nil || rep.Steps[0].State != StateAlready {
		t.Errorf("second rollback = %+v, %v; want already undone", rep.Steps, err)
	}
}

func TestCommitThenRollback(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	if _, err := Apply(t.Context(), o, []step.Step{memoryStep(id), readonlyStep(id)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Commit(t.Context(), o, "latest"); err != nil {
		t.Fatal(err)
	}
	if len(f.containers) != 1 {
		t.Fatalf("after commit %v, want the new container only", world(f))
	}
	rep, err := Rollback(t.Context(), o, "latest")
	if err != nil {
		t.Fatal(err)
	}
	if rep.Steps[0].Undo != step.UndoEquivalent || rep.Steps[1].Undo != step.UndoEquivalent {
		t.Errorf("rollback = %+v, want equivalent twice", rep.Steps)
	}
	web, _ := f.find("web")
	policy, _ := web.host["RestartPolicy"].(map[string]any)
	if len(f.containers) != 1 || web.status != "running" || web.host["ReadonlyRootfs"] == true || policy["Name"] != "always" {
		t.Errorf("after rollback %v", world(f))
	}
}

// TestFaults lets every writing call fail once: the step must be taken back.
func TestFaults(t *testing.T) {
	for _, call := range []string{"update", "stop", "rename", "create", "connect", "start"} {
		t.Run(call, func(t *testing.T) {
			f := newFake()
			id := f.add("web", func(c *fakeContainer) { c.networks["second"] = map[string]any{} })
			before := world(f)
			f.failAt[call] = 1
			rep, err := Apply(t.Context(), testOptions(t, f), []step.Step{readonlyStep(id)})
			if !errors.Is(err, ErrTargetNotReached) || rep.Steps[0].State != StateRolledBack {
				t.Fatalf("Apply = %+v, %v; want rolled back", rep, err)
			}
			if now := world(f); len(now) != 1 || now["web"] != before["web"] {
				t.Errorf("world %v, want %v", now, before)
			}
		})
	}
}

func TestCrashingSuccessorIsTakenBack(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	f.crash = func(host map[string]any) bool { return host["ReadonlyRootfs"] == true }
	before := world(f)
	_, err := Apply(t.Context(), testOptions(t, f), []step.Step{readonlyStep(id)})
	if !errors.Is(err, ErrTargetNotReached) || !strings.Contains(err.Error(), "did not stay up") {
		t.Fatalf("err = %v", err)
	}
	if now := world(f); len(now) != 1 || now["web"] != before["web"] {
		t.Errorf("world %v, want %v", now, before)
	}
}

func TestIncompleteSaysWhatToDo(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	f.failAt["create"], f.failAt["start"] = 1, 9
	o := testOptions(t, f)
	rep, err := Apply(t.Context(), o, []step.Step{readonlyStep(id)})
	var e *Error
	if !errors.Is(err, ErrRollbackIncomplete) || !errors.As(err, &e) || len(e.Hand) == 0 || e.Journal != rep.Journal {
		t.Fatalf("err = %#v", err)
	}
	f.failAt["start"] = 0
	out, err := Recover(t.Context(), o)
	if err != nil || len(out) != 1 || out[0].State != StateRolledBack {
		t.Errorf("Recover = %+v, %v; want it finished once the engine is well", out, err)
	}
}

func TestRefusals(t *testing.T) {
	plain := func(*fakeContainer) {}
	for _, tc := range []struct {
		name, want string
		change     func(*fakeContainer)
		extra      func(*fakeEngine)
		step       func(id string) step.Step
	}{
		{"auto-remove", "--rm", func(c *fakeContainer) { c.host["AutoRemove"] = true }, nil, readonlyStep},
		{"compose", "compose file", func(c *fakeContainer) { c.config["Labels"] = map[string]any{"com.docker.compose.project": "shop"} }, nil, memoryStep},
		{"paused", "paused", func(c *fakeContainer) { c.status = "paused" }, nil, readonlyStep},
		{"writes to its root", "/etc/x", func(c *fakeContainer) {
			c.changes = []dockerapi.Change{{Path: "/etc", Kind: 0}, {Path: "/etc/x", Kind: 1}}
		}, nil, readonlyStep},
		{"moved tag", "container runs", plain, func(f *fakeEngine) { f.images["img:1"] = "sha256:bb" }, readonlyStep},
		{"no image", "pull it first", plain, func(f *fakeEngine) { delete(f.images, "img:1") }, readonlyStep},
		{"sharer", "shares its namespaces", plain, func(f *fakeEngine) {
			f.add("side", func(c *fakeContainer) { c.host["NetworkMode"] = "container:web" })
		}, readonlyStep},
		{"link", "linked", plain, func(f *fakeEngine) {
			f.add("side", func(c *fakeContainer) { c.host["Links"] = []any{"/web:/side/web"} })
		}, readonlyStep},
		{"changed since", "changed since", func(c *fakeContainer) { c.host["Memory"], c.host["MemorySwap"] = 1e9, 1e9 }, nil, memoryStep},
		{"below its use", "would kill it", plain, func(f *fakeEngine) { f.use = 1 << 30 }, memoryStep},
		{"gone", "collect again", plain, func(f *fakeEngine) { clear(f.containers) }, memoryStep},
		{"renamed", "now called", func(c *fakeContainer) { c.name = "other" }, nil, memoryStep},
		{"wrong engine", "the step is for engine", plain, nil, func(id string) step.Step {
			s := on(id, "web")
			s.Scope = "engine:ELSE"
			return step.New(step.ContainerUpdate, s, step.Change{Field: fieldPids, From: "-1", To: "100"})
		}},
		{"memory without swap", "HostConfig.MemorySwap is set in the same step", plain, nil, func(id string) step.Step {
			return step.New(step.ContainerUpdate, on(id, "web"), step.Change{Field: fieldMemory, From: "0", To: "67108864"})
		}},
		{"memory above unlimited swap", "step is incomplete", func(c *fakeContainer) { c.host["Memory"], c.host["MemorySwap"] = 134217728, -1 }, nil, func(id string) step.Step {
			return step.New(step.ContainerUpdate, on(id, "web"), step.Change{Field: fieldMemory, From: "134217728", To: "67108864"})
		}},
		{"unread field of the step", "HostConfig.Memory was not understood", func(c *fakeContainer) { c.host["Memory"] = "much" }, nil, memoryStep},
		{"unread field beside the step", "HostConfig.Sysctls was not understood", func(c *fakeContainer) { c.host["Sysctls"] = 7 }, nil, readonlyStep},
		{"unread labels", "Config.Labels was not understood", func(c *fakeContainer) { c.config["Labels"] = 7 }, nil, memoryStep},
		{"unknown field", "cannot be changed", plain, nil, func(id string) step.Step {
			return step.New(step.ContainerUpdate, on(id, "web"), step.Change{Field: "HostConfig.NetworkMode", From: "host", To: "bridge"})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake()
			id := f.add("web", tc.change)
			if tc.extra != nil {
				tc.extra(f)
			}
			before := world(f)
			o := testOptions(t, f)
			_, err := Apply(t.Context(), o, []step.Step{tc.step(id)})
			if !errors.Is(err, ErrPrecondition) || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("err = %v, want a refusal with %q", err, tc.want)
			}
			all, _ := Load(o.State)
			if now := world(f); len(now) != len(before) || now["web"] != before["web"] || len(all) != 0 {
				t.Errorf("world %v, want %v; %d journals", now, before, len(all))
			}
		})
	}
}

func TestRollbackRefusesOverOthersChanges(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	if _, err := Apply(t.Context(), o, []step.Step{memoryStep(id)}); err != nil {
		t.Fatal(err)
	}
	f.containers[id].host["Memory"] = 5e7
	if _, err := Rollback(t.Context(), o, "latest"); !errors.Is(err, ErrPrecondition) || !strings.Contains(err.Error(), "changed since") {
		t.Errorf("err = %v, want a refusal", err)
	}
}

func TestRollbackRefusesBelowLaterRun(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	clock := time.Unix(0, 0)
	o.Now = func() time.Time { clock = clock.Add(time.Minute); return clock }
	first, err := Apply(t.Context(), o, []step.Step{memoryStep(id)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Apply(t.Context(), o, []step.Step{readonlyStep(id)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Rollback(t.Context(), o, first.ID); !errors.Is(err, ErrPrecondition) || !strings.Contains(err.Error(), "roll that back first") {
		t.Errorf("err = %v, want a refusal", err)
	}
}

func TestLockAndPermissions(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	o.AfterPhase = func(_, phase string) {
		if phase != string(PhaseIntent) {
			return
		}
		second := o
		second.AfterPhase = nil
		_, err := Apply(context.Background(), second, []step.Step{memoryStep(id)})
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), ".jsonl") || !strings.Contains(err.Error(), fmt.Sprintf("process %d of user ", os.Getpid())) {
			t.Errorf("second run: %v, want locked with process, owner and journal", err)
		}
	}
	if _, err := Apply(t.Context(), o, []step.Step{memoryStep(id)}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(o.State, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && path != o.State && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		if strings.HasSuffix(path, ".jsonl") {
			if b, _ := os.ReadFile(path); strings.Contains(string(b), "canary-secret") {
				t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
