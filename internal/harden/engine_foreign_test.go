package harden

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

func noNewStep(on snapshot.Subject) step.Step {
	return step.New(step.ContainerRecreate, on, step.Change{Field: fieldNoNew, From: "", To: "true"})
}

// network creates a network that is removed when the test ends.
func (b *bed) network(name string) string {
	b.Helper()
	b.docker("network", "create", b.prefix+name)
	b.Cleanup(func() {
		b.sweep()
		exec.Command("docker", "network", "rm", b.prefix+name).Run()
	})
	return b.prefix + name
}

// TestRollbackKeepsOthersChanges changes a successor behind harden's back: a
// rollback must not discard that.
func TestRollbackKeepsOthersChanges(t *testing.T) {
	b := realBed(t)
	net := b.network("foreign")
	for _, tc := range []struct {
		name, want string
		change     func(name string)
		back       func(name string) // nil: the engine has no way back
	}{
		{"memory", "HostConfig.Memory is 67108864, not 0", func(n string) { b.docker("update", "-m", "64m", "--memory-swap", "128m", n) }, nil},
		{"cpuset", "HostConfig.CpusetCpus", func(n string) { b.docker("update", "--cpuset-cpus", "0", n) }, nil},
		{
			"restart", "HostConfig.RestartPolicy", func(n string) { b.docker("update", "--restart", "on-failure:7", n) },
			func(n string) { b.docker("update", "--restart", "no", n) },
		},
		{
			"network", "it was connected to network " + net, func(n string) { b.docker("network", "connect", net, n) },
			func(n string) { b.docker("network", "disconnect", net, n) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &bed{T: t, eng: b.eng, engine: b.engine, prefix: b.prefix}
			on := b.run(tc.name, sleeper...)
			t.Cleanup(b.sweep)
			o := b.options()
			if _, err := Apply(t.Context(), o, []step.Step{noNewStep(on)}); err != nil {
				t.Fatal(err)
			}
			successor := b.docker("inspect", "-f", "{{.Id}}", on.Name)
			tc.change(on.Name)
			rep, err := Rollback(t.Context(), o, "latest")
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrPrecondition) || !strings.Contains(e.Why, tc.want) || len(e.Hand) < 3 {
				t.Fatalf("err = %v, want a refusal with %q and what to do by hand", err, tc.want)
			}
			if rep.Steps[0].State != StateRefused || b.docker("inspect", "-f", "{{.Id}} {{.State.Running}}", on.Name) != successor+" true" {
				t.Errorf("the successor is gone, or the report is wrong: %+v", rep.Steps)
			}
			if tc.back == nil {
				return
			}
			tc.back(on.Name)
			if rep, err := Rollback(t.Context(), o, "latest"); err != nil || rep.Steps[0].Undo != step.UndoExact {
				t.Errorf("after the change was taken back: %+v, %v", rep.Steps, err)
			}
		})
	}
}

// TestRollbackAfterOwnAndHarmlessChanges: a restart is no change, nor is what
// harden itself left behind when it took a later run back.
func TestRollbackAfterOwnAndHarmlessChanges(t *testing.T) {
	b := realBed(t)
	net := b.network("own")
	on := b.run("own", append([]string{"--network", net, "--network-alias", "shop"}, sleeper...)...)
	b.docker("network", "connect", "bridge", on.Name)
	o := b.options()
	first, err := Apply(t.Context(), o, []step.Step{noNewStep(on)})
	if err != nil {
		t.Fatal(err)
	}
	b.docker("restart", "-t", "1", on.Name)
	now := on
	now.UID = b.docker("inspect", "-f", "{{.Id}}", on.Name)
	limits := step.New(step.ContainerUpdate, now, step.Change{Field: fieldMemory, From: "0", To: "67108864"}, step.Change{Field: fieldSwap, From: "0", To: "134217728"})
	second, err := Apply(t.Context(), o, []step.Step{limits})
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := Rollback(t.Context(), o, second.ID); err != nil || rep.Steps[0].Undo != step.UndoEquivalent {
		t.Fatalf("%+v, %v", rep.Steps, err)
	}
	rep, err := Rollback(t.Context(), o, first.ID)
	if err != nil || rep.Steps[0].Undo != step.UndoExact || b.docker("inspect", "-f", "{{.Id}}", on.Name) != on.UID {
		t.Errorf("%+v, %v", rep.Steps, err)
	}
}

// images lists what a state folder holds of containers.
func images(t *testing.T, state string) []string {
	t.Helper()
	var out []string
	for _, kind := range []string{beforeImage, afterImage, fileImage} {
		names, err := filepath.Glob(filepath.Join(journalDir(state), "*"+kind))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, names...)
	}
	return out
}

// TestImagesAreRemoved: the engine's descriptions hold secrets and lie on disk
// only as long as a rollback needs them.
func TestImagesAreRemoved(t *testing.T) {
	b := realBed(t)
	net := b.network("images")
	on := b.run("images", append([]string{"-e", "TOKEN=canary"}, sleeper...)...)
	o := b.options()
	pids := step.New(step.ContainerUpdate, on, step.Change{Field: fieldPids, From: "0", To: "100"})
	if got, err := ReadFields(b.inspect(on.Name), []string{fieldPids}); err == nil {
		pids = step.New(step.ContainerUpdate, on, step.Change{Field: fieldPids, From: got[fieldPids], To: "100"})
	}
	if _, err := Apply(t.Context(), o, []step.Step{pids}); err != nil {
		t.Fatal(err)
	}
	if left := images(t, o.State); len(left) > 0 {
		t.Errorf("a live update leaves %v", left)
	}
	if _, err := Apply(t.Context(), o, []step.Step{noNewStep(on)}); err != nil {
		t.Fatal(err)
	}
	left := images(t, o.State)
	if len(left) != 2 {
		t.Errorf("a re-creation leaves %v, want one image of before and one of after", left)
	}
	for _, f := range left {
		if fi, err := os.Stat(f); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f, fi.Mode(), err)
		}
	}
	if _, err := Rollback(t.Context(), o, "latest"); err != nil {
		t.Fatal(err)
	}
	if left := images(t, o.State); len(left) > 0 {
		t.Errorf("after rollback %v is left", left)
	}

	// After a commit too, and what others changed since stays in a rollback.
	if _, err := Apply(t.Context(), o, []step.Step{noNewStep(on)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Commit(t.Context(), o, "latest"); err != nil {
		t.Fatal(err)
	}
	if left := images(t, o.State); len(left) > 0 {
		t.Errorf("after commit %v is left", left)
	}
	b.docker("network", "connect", net, on.Name)
	rep, err := Rollback(t.Context(), o, "latest")
	if err != nil || rep.Steps[0].Undo != step.UndoEquivalent {
		t.Fatalf("%+v, %v", rep.Steps, err)
	}
	got := b.docker("inspect", "-f", "{{.HostConfig.SecurityOpt}} {{.Config.Env}} {{len .NetworkSettings.Networks}}", on.Name)
	if strings.Contains(got, "no-new-privileges") || !strings.Contains(got, "TOKEN=canary") || !strings.HasSuffix(got, " 2") {
		t.Errorf("after rollback: %s", got)
	}
	if left := images(t, o.State); len(left) > 0 {
		t.Errorf("after the rollback of a commit %v is left", left)
	}
}
