package e2e

import (
	"strings"
	"testing"

	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestEngineElsewhere has an engine whose socket is not where engines usually have
// theirs: without a target it is named, and a plan of it names it in its commands.
func TestEngineElsewhere(t *testing.T) {
	bed := testbed.Private(t)
	bed.Create("web", testbed.Spec{})
	u := program.New(t)
	state := t.TempDir()
	got := u.Want(t, 0, "assess", "--state", state, "--format", "json", "-o", t.TempDir()+"/r.json")
	if want := "name it: docker:" + bed.Address(); !strings.Contains(got.Err, want) {
		t.Errorf("the engine that was left out is not named (%q):\n%s", want, got.Err)
	}
	for _, tc := range []struct{ env, target string }{
		{"", "docker:" + bed.Address()},
		{"DOCKER_HOST=" + bed.Address(), "docker"},
	} {
		u.Env = nil
		if tc.env != "" {
			u.Env = []string{tc.env}
		}
		got := u.Want(t, 0, "plan", tc.target, "--state", state, "--include", "container-memory-limit", "--set", "container-memory-limit.limit=64m")
		calls := strings.Join(strings.Fields(strings.ReplaceAll(got.Out, "\\\n", " ")), " ")
		if !strings.Contains(calls, "plimsoll harden") || strings.Count(calls, "plimsoll harden") != strings.Count(calls, "--target docker:"+bed.Address()) {
			t.Errorf("plan %s %s prints commands for another engine:\n%s", tc.env, tc.target, got.Out)
		}
	}
}
