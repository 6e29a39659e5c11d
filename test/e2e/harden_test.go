package e2e

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/internal/harden"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// unbounded restarts always and stops slowly: it does not hear SIGTERM.
func unbounded() testbed.Spec {
	return testbed.Spec{
		"Image": testbed.PinnedImage, "Cmd": []string{"/bin/sh", "-c", "trap : TERM; while :; do sleep 1; done"}, "StopTimeout": 2,
		"HostConfig": map[string]any{"NetworkMode": "none", "RestartPolicy": map[string]any{"Name": "always"}},
	}
}

// TestHardenExitCodes applies to three containers of which one cannot be
// changed.
func TestHardenExitCodes(t *testing.T) {
	bed := testbed.Mutable(t)
	u := program.New(t)
	state := filepath.Join(u.Home, "state")
	bed.Run("a", unbounded())
	owned := unbounded()
	owned["Labels"] = map[string]string{"com.docker.compose.project": "shop", "com.docker.compose.service": "b"}
	bed.Run("b", owned)
	run := func(code int, args ...string) program.Result {
		t.Helper()
		return u.Want(t, code, append(args, "--target", "docker", "--state", state)...)
	}
	policy := []string{"harden", "container-restart-policy-bounded"}

	// Nothing matches: what would is said.
	r := run(2, append(policy, "--on", bed.Name("x"))...)
	if !strings.Contains(r.Err, "would match") && !strings.Contains(r.Err, "did you mean") {
		t.Errorf("it does not say what would match: %v", r)
	}
	run(2, "harden", "container-restart")
	// A dry run with everything refused has done what it was asked for.
	onB := append(policy, "--on", bed.Name("b"))
	if r := run(0, onB...); !strings.Contains(r.Out, "not changed: ") {
		t.Errorf("the refusal is not shown: %v", r)
	}
	if r := run(5, append(onB, "--apply", "--yes")...); !strings.Contains(r.Err, "nothing could be applied") {
		t.Errorf("it does not say that nothing was applied: %v", r)
	}
	// One that can be changed is, whatever is known of the other.
	r = run(0, append(policy, "--on", bed.Name("?"), "--apply", "--yes")...)
	if !strings.Contains(r.Out, "applied  name/"+bed.Name("a")) || !strings.Contains(r.Out, "not changed: ") {
		t.Errorf("want one applied and one refused: %v", r)
	}
	run(0, "verify")

	// The printed commands carry what was given.
	if hint := "--state " + state + " --target docker"; strings.Count(r.Out, hint) != 2 {
		t.Errorf("the commands do not carry %q: %v", hint, r)
	}
	run(0, "rollback")
	if r := run(0, "rollback"); !strings.Contains(r.Err, "nothing to take back") {
		t.Errorf("it does not say that all is back: %v", r)
	}
}

// TestStalePlan changes one of two planned containers before the plan is applied.
func TestStalePlan(t *testing.T) {
	bed := testbed.Mutable(t)
	u := program.New(t)
	state := filepath.Join(u.Home, "state")
	bed.Run("a", unbounded())
	bed.Run("b", unbounded())
	u.Want(t, 0, "plan", "docker", "--max", "1", "--on", bed.Name("?"), "--include", "container-restart-policy-bounded", "-o", "plan.json", "--state", state)
	bed.Post("/containers/"+bed.Name("b")+"/update", map[string]any{"RestartPolicy": map[string]any{"Name": "unless-stopped"}}, nil)
	apply := []string{"harden", "--plan", "plan.json", "--target", "docker", "--apply", "--yes", "--state", state}
	r := u.Want(t, 5, apply...)
	if !strings.Contains(r.Out, "applied  name/"+bed.Name("a")) || !strings.Contains(r.Err, "changed since") {
		t.Errorf("want one applied and one refused: %v", r)
	}
}

// begun reports whether a run has begun a step.
func begun(state string) bool {
	journals, err := filepath.Glob(filepath.Join(state, "journal", "*.jsonl"))
	if err != nil || len(journals) == 0 {
		return false
	}
	b, err := os.ReadFile(journals[0])
	return err == nil && strings.Contains(string(b), `"phase":"intent"`)
}

// TestInterruptedHarden sends a signal while a container is being stopped for
// its re-creation.
func TestInterruptedHarden(t *testing.T) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // tests may run under nohup, and what is ignored is inherited
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			bed := testbed.Mutable(t)
			u := program.New(t)
			state := filepath.Join(u.Home, "state")
			ids := []string{bed.Run("a", unbounded()), bed.Run("b", unbounded())}
			u.Started = func(p *os.Process) {
				go func() {
					for range 600 { // until a container is about to be stopped
						if begun(state) {
							break
						}
						time.Sleep(50 * time.Millisecond)
					}
					time.Sleep(500 * time.Millisecond) // into the two seconds that stopping takes
					_ = p.Signal(sig)                  // a process that is over is reported below
				}()
			}
			r := u.Want(t, 130, "harden", "container-net-raw-dropped", "--on", bed.Name("?"), "--target", "docker", "--apply", "--yes", "--state", state)
			if !strings.Contains(r.Out, "rolled-back") || !strings.Contains(r.Out, "not-started") {
				t.Errorf("want one step taken back and one not begun: %v", r)
			}
			all, err := harden.Load(state)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d journals, %v", len(all), err)
			}
			for _, e := range all[0].Entries {
				if e.Unfinished() {
					t.Errorf("a step is left at %q", e.Phase)
				}
			}
			time.Sleep(3 * time.Second) // a stop that was cut off would end now
			for i, name := range []string{"a", "b"} {
				var c struct {
					ID         string `json:"Id"`
					State      struct{ Running bool }
					HostConfig struct{ RestartPolicy struct{ Name string } }
				}
				bed.Get("/containers/"+bed.Name(name)+"/json", &c)
				if c.ID != ids[i] || !c.State.Running || c.HostConfig.RestartPolicy.Name != "always" {
					t.Errorf("%s is not as before: %+v", name, c)
				}
			}
			u.Started = nil
			u.Want(t, 0, "rollback", "--target", "docker", "--state", state)
		})
	}
}

// TestNoRightNamesTheSameCommand: what is advised is what was asked for.
func TestNoRightNamesTheSameCommand(t *testing.T) {
	testbed.Engine(t)
	u := enclosed(t)
	u.Root, u.UID, u.Home = "", 65534, "/"
	u.Env = []string{"XDG_STATE_HOME=/nonexistent"}
	r := u.Want(t, 4, "harden", "container-memory-limit", "--on", "my web")
	if want := "sudo plimsoll harden container-memory-limit --on 'my web'"; !strings.Contains(r.Err, want) {
		t.Errorf("it does not advise %q: %v", want, r)
	}
}
