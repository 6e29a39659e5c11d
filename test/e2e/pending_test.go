package e2e

import (
	"os"
	"testing"
	"time"

	"plimsoll/test/testbed"
)

// TestFileThatWasNeverLoaded writes the configuration file of an engine that runs.
// What it says is neither a pass nor a failure before the engine read it.
func TestFileThatWasNeverLoaded(t *testing.T) {
	file := write(t, t.TempDir(), "daemon.json", []byte("{}\n"))
	bed := testbed.Private(t, "--config-file", file)
	name := bed.Name("made")
	bed.Create(name, testbed.Spec{})
	r := assess(t, bed, "docker")
	silent := []string{"daemon-log-level-info", "daemon-cgroup-parent-default", "daemon-userland-proxy-disabled", "daemon-log-rotation", "daemon-default-ulimits", "daemon-config-drift"}
	for _, check := range silent {
		if f := find(r, check, "engine"); f == nil || f.Status == "unknown" {
			t.Errorf("before the edit %s is %+v, want it decided", check, f)
		}
	}
	time.Sleep(3 * time.Second) // the kernel tells the engine's start to a second or two
	settings := `{"no-new-privileges": true, "log-level": "debug", "cgroup-parent": "/foo", "userland-proxy": false,
"log-opts": {"max-size": "10m"}, "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 10, "Hard": 20}}}`
	if err := os.WriteFile(file, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	r = assess(t, bed, "docker")
	for _, check := range silent {
		want(t, r, check, "engine", "unknown", false)
	}
	// Engines before 25 do not report this key, later ones report that it is off.
	for check, key := range map[string]string{"daemon-no-new-privileges": "engine", "container-no-new-privileges": "name/" + name} {
		if f := find(r, check, key); f == nil || f.Status == "pass" {
			t.Errorf("%s passes by a file that the engine never read: %+v", check, f)
		}
	}
	bed.Restart()
	r = assess(t, bed, "docker")
	for check, status := range map[string]string{
		"daemon-log-level-info": "fail", "daemon-cgroup-parent-default": "fail", "daemon-userland-proxy-disabled": "pass",
		"daemon-log-rotation": "pass", "daemon-no-new-privileges": "pass", "daemon-config-drift": "pass",
	} {
		want(t, r, check, "engine", status, false)
	}
}
