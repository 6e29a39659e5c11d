package harden

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/internal/step"
	"plimsoll/test/testbed"
)

// TestRealRefusalsAndFailures tries on the engine what the in-memory one only
// assumes.
func TestRealRefusalsAndFailures(t *testing.T) { onBoth(t, realRefusalsAndFailures) }

func realRefusalsAndFailures(b *bed) {
	t := b.T
	readonly := step.Change{Field: fieldReadonly, From: "false", To: "true"}
	// It writes nothing: a file that is there for a moment may be found.
	const writable = `while read -r _ at _ how _; do case "$at $how" in "/ rw"*) exit 0; esac; done </proc/mounts; exit 1`
	for _, tc := range []struct {
		name string
		args []string
		set  step.Change
		kind error
		want string
	}{
		{"writes", []string{testImage, "sh", "-c", "echo x > /written; sleep 100"}, readonly, ErrPrecondition, "/written"},
		{"volume", []string{"-v", "/deep/data", testImage, "sh", "-c", "echo x > /deep/data/f; sleep 100"}, readonly, nil, ""},
		{"needs-root-fs", []string{testImage, "sh", "-c", "touch /x && rm /x || exit 7; trap exit TERM; while :; do sleep 0.1; done"}, readonly, ErrTargetNotReached, "exit code 7"},
		{"unhealthy", []string{"--health-cmd", writable, "--health-interval", "200ms", "--health-retries", "2", testImage, "sleep", "100"}, readonly, ErrTargetNotReached, "unhealthy"},
		{"rm", []string{"--rm", testImage, "sleep", "100"}, readonly, ErrPrecondition, "--rm"},
		{"small", []string{"-m", "128m", testImage, "sleep", "100"}, step.Change{Field: fieldMemory, From: "134217728", To: "1024"}, ErrPrecondition, "would kill it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &bed{T: t, eng: b.eng, engine: b.engine, prefix: b.prefix}
			on := b.run(tc.name, append([]string{"--stop-timeout", "1"}, tc.args...)...)
			t.Cleanup(b.sweep)
			time.Sleep(500 * time.Millisecond) // let it write
			kind := step.ContainerRecreate
			if tc.set.Field == fieldMemory {
				kind = step.ContainerUpdate
			}
			_, err := Apply(t.Context(), b.options(), []step.Step{step.New(kind, on, tc.set)})
			if tc.kind == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want %v with %q", err, tc.kind, tc.want)
			}
			if v, err := parseView(b.inspect(on.Name)); err != nil || v.ID != on.UID || !v.State.Running {
				t.Errorf("the container is not as before: %+v, %v", v, err)
			}
		})
	}
}

// TestStoppedContainer re-creates one that does not run: nothing is started.
func TestStoppedContainer(t *testing.T) { onBoth(t, stoppedContainer) }

func stoppedContainer(b *bed) {
	t := b.T
	on := b.subject("create", "idle", append([]string{"--restart", "always"}, sleeper...)...)
	o := b.options()
	if _, err := Apply(t.Context(), o, []step.Step{step.New(step.ContainerRecreate, on, step.Change{Field: fieldNoNew, From: "", To: "true"})}); err != nil {
		t.Fatal(err)
	}
	if got := b.docker("inspect", "-f", "{{.State.Status}}", on.Name); got != "created" {
		t.Errorf("status %s, want created", got)
	}
	if _, err := Rollback(t.Context(), o, ""); err != nil {
		t.Fatal(err)
	}
	if got := b.docker("inspect", "-f", "{{.Id}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}}", on.Name); got != on.UID+" created always" {
		t.Errorf("after rollback %s", got)
	}
}

// TestSwapReturnsToUnlimited looks at the kernel too: the engine stores -1
// without telling it.
func TestSwapReturnsToUnlimited(t *testing.T) { onBoth(t, swapReturnsToUnlimited) }

func swapReturnsToUnlimited(b *bed) {
	t := b.T
	on := b.run("swap", append([]string{"-m", "128m", "--memory-swap", "-1"}, sleeper...)...)
	s := step.New(step.ContainerUpdate, on, step.Change{Field: fieldMemory, From: "134217728", To: "67108864"}, step.Change{Field: fieldSwap, From: "-1", To: "67108864"})
	o := b.options()
	if _, err := Apply(t.Context(), o, []step.Step{s}); err != nil {
		t.Fatal(err)
	}
	rep, err := Rollback(t.Context(), o, "")
	if err != nil || rep.Steps[0].Undo != step.UndoExact {
		t.Fatalf("rollback: %+v, %v", rep.Steps, err)
	}
	file := "/sys/fs/cgroup/memory/docker/" + on.UID + "/memory.memsw.limit_in_bytes"
	limit, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		testbed.Skip(t, file+" is not there: this kernel accounts otherwise")
	}
	if err != nil || strings.TrimSpace(string(limit)) != fmt.Sprint(int64(unlimitedSwap)) {
		t.Errorf("the kernel's limit is %s (%v)", limit, err)
	}
}

// TestKilledProcess ends a real run with SIGKILL at points of its way and lets
// the next one recover.
func TestKilledProcess(t *testing.T) {
	b := realBed(t)
	for _, point := range []string{"intent", pointGuarded, pointStopped, pointRenamed, pointMade, "created", pointConnected, pointStarted, "applied", "confirmed"} {
		t.Run(point, func(t *testing.T) {
			b := &bed{T: t, eng: b.eng, engine: b.engine, prefix: b.prefix}
			on := b.run("kill", append([]string{"--restart", "always", "--stop-timeout", "1"}, sleeper...)...)
			t.Cleanup(b.sweep)
			o := b.options()
			s := step.New(step.ContainerRecreate, on, step.Change{Field: fieldReadonly, From: "false", To: "true"})
			killHelper(t, s, o.State, point)
			if _, err := Recover(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			all, err := Load(o.State)
			if err != nil {
				t.Fatal(err)
			}
			want := "false"
			if all[0].Entries[0].InForce() {
				want = "true"
			}
			raw := b.inspect(on.Name)
			now, err := ReadFields(raw, []string{fieldReadonly, fieldRestart})
			if err != nil || now[fieldReadonly] != want || now[fieldRestart] != "always" {
				t.Errorf("after recovery %v, %v; want read-only %s", now, err, want)
			}
			if v, err := parseView(raw); err != nil || !v.State.Running {
				t.Errorf("it does not run: %v", err)
			}
			kept := len(strings.Fields(b.docker("ps", "-aq", "--filter", "name="+on.Name)))
			if kept != 1 && (kept != 2 || want != "true") {
				t.Errorf("%d containers are left, read-only %s", kept, want)
			}
		})
	}
}

// duringStop kills the helper while it waits for the engine to stop a container.
const duringStop = "during-stop"

// TestKilledWhileStopping: the engine goes on with a stop whose caller was killed.
// What is said to run afterwards still runs when that stop is over.
func TestKilledWhileStopping(t *testing.T) {
	b := realBed(t)
	on := b.run("stopping", "--restart", "always", "--stop-timeout", "3", testImage, "sleep", "1000000")
	s := step.New(step.ContainerRecreate, on, step.Change{Field: fieldReadonly, From: "false", To: "true"})
	o := b.options()
	killHelper(t, s, o.State, duringStop)
	began := time.Now()
	out, err := Recover(t.Context(), o)
	if err != nil || len(out) != 1 || out[0].State != StateRolledBack || out[0].Undo != step.UndoExact {
		t.Fatalf("%+v, %v", out, err)
	}
	if v, err := parseView(b.inspect(on.Name)); err != nil || v.ID != on.UID || !v.State.Running {
		t.Errorf("right after recovery: %+v, %v", v, err)
	}
	time.Sleep(max(0, 5*time.Second-time.Since(began)))
	v, err := parseView(b.inspect(on.Name))
	if err != nil || !v.State.Running || v.Spec.RestartPolicy.Name != "always" {
		t.Errorf("when the stop is over: %+v, %v", v, err)
	}
}

// killHelper performs a step in a process of its own, which ends at the point.
func killHelper(t *testing.T, s step.Step, state, point string) {
	t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperProcess$")
	cmd.Env = append(os.Environ(), "HARDEN_HELPER_STEP="+string(body), "HARDEN_HELPER_STATE="+state, "HARDEN_HELPER_POINT="+point)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the helper was not killed: %v\n%s", err, out)
	}
}

// TestHelperProcess is the run that TestKilledProcess kills.
func TestHelperProcess(t *testing.T) {
	body, state, point := os.Getenv("HARDEN_HELPER_STEP"), os.Getenv("HARDEN_HELPER_STATE"), os.Getenv("HARDEN_HELPER_POINT")
	if body == "" {
		return // not a test of its own
	}
	var s step.Step
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatal(err)
	}
	b := realBed(t)
	o := b.options()
	o.State = state
	o.AfterPhase = func(_, phase string) {
		switch {
		case phase == point:
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		case phase == pointGuarded && point == duringStop:
			time.AfterFunc(300*time.Millisecond, func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) })
		}
	}
	if _, err := Apply(t.Context(), o, []step.Step{s}); err != nil {
		t.Fatal(err)
	}
}
