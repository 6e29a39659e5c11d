package e2e

import (
	"fmt"
	"strings"
	"testing"

	"plimsoll/internal/report"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestLoopOnCurrent goes once around on the current engine: what is open, the
// plan, changes while it runs and by re-creating it, the proof, and back.
func TestLoopOnCurrent(t *testing.T) {
	bed := testbed.Current(t)
	id := bed.Run("shop", testbed.Spec{"Cmd": []string{"/bin/sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"}, "HostConfig": object{"NetworkMode": "none"}})
	name, key := bed.Name("shop"), "name/"+bed.Name("shop")
	u := program.New(t)
	u.Env = []string{"DOCKER_HOST=" + bed.Address()}
	state := t.TempDir()
	run := func(code int, args ...string) program.Result {
		t.Helper()
		return u.Want(t, code, append(args, "--state", state)...)
	}
	judged := func() *report.Result {
		t.Helper()
		return decoded(t, run(0, "assess", "docker", "--format", "json"))
	}
	measures := []string{"container-memory-limit", "container-pids-limit", "container-no-new-privileges", "container-readonly-rootfs"}
	verdicts := func(status string) {
		t.Helper()
		r := judged()
		for _, m := range measures {
			want(t, r, m, key, status, false)
		}
		for _, check := range []string{"image-signature-enforced", "buildkit-cve", "runc-cve", "host-data-root-separate-filesystem", "docker-version-supported", "direct-routing-blocked"} {
			for _, f := range r.Findings {
				if f.Check == check && f.Status == "unknown" {
					t.Errorf("%s is not known of an engine that says it all: %s", check, f.Message)
				}
			}
		}
	}

	verdicts("fail")
	if out := run(0, "plan", "docker", "--max", "3").Out; !strings.Contains(out, "plimsoll harden ") {
		t.Errorf("the plan names nothing to do:\n%s", out)
	}
	run(0, append(append([]string{"harden", "--target", "docker"}, measures...), "--on", name, "--apply", "--yes")...)
	verdicts("pass")
	run(0, "verify", "--target", "docker")
	run(0, "rollback", "--target", "docker")
	verdicts("fail")
	var back struct {
		ID    string
		State struct{ Running bool }
	}
	bed.Get("/containers/"+name+"/json", &back)
	if back.ID != id || !back.State.Running {
		t.Errorf("after the rollback %s is %+v, want %s running", name, back, id)
	}

	// The image was loaded, so no registry has it, although the engine states a digest.
	r := run(5, "harden", "--target", "docker", "container-image-digest-pinned", "--on", name, "--apply", "--yes")
	if want := "push it there or pull it from there first"; !strings.Contains(fmt.Sprint(r), want) {
		t.Errorf("the refusal does not say %q: %v", want, r)
	}
}
