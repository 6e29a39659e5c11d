package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestInsideAContainer runs the image of make image as README.md has it: it finds
// what the program finds on the machine itself, and leaves itself out.
func TestInsideAContainer(t *testing.T) {
	bed := testbed.Private(t)
	bed.Run("web", testbed.Spec{"StopSignal": "SIGKILL", "HostConfig": object{
		"NetworkMode": "none", "RestartPolicy": object{"Name": "always"}, "Binds": []string{"/etc:/conf:ro"},
	}})
	bed.Run("near", testbed.Spec{"StopSignal": "SIGKILL", "HostConfig": object{"NetworkMode": "host", "PidMode": "host", "Memory": 32 << 20}})
	u := program.New(t)
	image(t, bed, u.Path())
	// By its address: a variable that names it would be a finding of the shell's.
	args := []string{"assess", "docker:" + bed.Address(), "--format", "json"}
	here := u.Want(t, 0, args...)

	whole := documented(t)
	inside := dockerRun(t, bed, whole, args...)
	want, got := decoded(t, here), decoded(t, program.Result{Out: inside})
	if diff := cmp.Diff(said(want), said(got)); diff != "" {
		t.Errorf("on the machine (-) and inside a container (+):\n%s", diff)
	}
	itself := false
	for _, p := range got.Snapshot.Coverage {
		itself = itself || p.Part == snapshot.PartEngineContainers && strings.Contains(p.Detail, "plimsoll itself")
		machines := strings.HasPrefix(string(p.Part), "host.") || strings.HasPrefix(string(p.Part), "engine.")
		if machines && p.State != snapshot.Observed && p.State != snapshot.Absent && p.Item == "" {
			t.Errorf("%s is %s: %s", p.Part, p.State, p.Detail)
		}
	}
	if !itself {
		t.Error("the coverage does not say that plimsoll left its own container out")
	}

	for name, tt := range map[string]struct {
		without []string // options by their beginning
		grant   string
	}{
		"the mount":     {[]string{"-v"}, "-v /:/host:ro"},
		"the network":   {[]string{"--network"}, ""},
		"the rights":    {[]string{"--cap-add"}, "--cap-add SYS_PTRACE"},
		"all but mount": {[]string{"--cap-add", "--network", "--pid"}, "--pid host"},
	} {
		options := without(whole, tt.without)
		if name == "the mount" { // the engine alone can be reached
			socket := strings.TrimPrefix(bed.Address(), "unix://")
			options = append(options, "-v", socket+":"+socket)
		}
		blind := decoded(t, program.Result{Out: dockerRun(t, bed, options, args...)})
		doubted(t, name, want, blind)
		if tt.grant != "" && !slices.ContainsFunc(blind.Snapshot.Coverage, func(p snapshot.PartStatus) bool { return strings.Contains(p.Grant, tt.grant) }) {
			t.Errorf("without %s: no part says that %s would show it", name, tt.grant)
		}
	}
}

// said is every verdict by fingerprint, with its evidence.
func said(r *report.Result) map[string]string {
	out := make(map[string]string)
	for _, f := range r.Findings {
		e, _ := json.Marshal(f.Evidence) // strings only
		out[f.Check+" "+f.Fingerprint] = f.Status + " " + string(f.Reason) + " " + f.Message + " " + string(e)
	}
	return out
}

// doubted fails when a run that sees less says pass or does not apply where one
// that sees all says that it fails.
func doubted(t *testing.T, without string, whole, blind *report.Result) {
	t.Helper()
	failed := make(map[string]bool)
	for _, f := range whole.Findings {
		if f.Status == "fail" {
			failed[f.Check+" "+f.Fingerprint] = true
		}
	}
	for _, f := range blind.Findings {
		if failed[f.Check+" "+f.Fingerprint] && (f.Status == "pass" || f.Status == "not-applicable") {
			t.Errorf("without %s: %s is %s, which fails for one that sees it: %s", without, f.Check, f.Status, f.Message)
		}
	}
}

// documented reads the options of docker run out of README.md.
func documented(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "docker run --rm ")
	options, _, end := strings.Cut(rest, " plimsoll:latest")
	if !ok || !end {
		t.Fatal("README.md has no docker run of plimsoll:latest")
	}
	return strings.Fields(strings.ReplaceAll(options, "\\\n", " "))
}

// without leaves out options that begin so, with the values of those that have one.
func without(options, names []string) []string {
	var out []string
	for i := 0; i < len(options); i++ {
		if slices.Contains(names, options[i]) {
			i++
			continue
		}
		out = append(out, options[i])
	}
	return out
}

// image builds plimsoll:latest on an engine, as make image does.
func image(t *testing.T, bed *testbed.Bed, binary string) {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{"../../Dockerfile": "Dockerfile", binary: "bin/plimsoll"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	docker(t, bed, "build", "--quiet", "--tag", "plimsoll:latest", dir)
}

// dockerRun runs the image and returns what it prints.
func dockerRun(t *testing.T, bed *testbed.Bed, options []string, args ...string) string {
	t.Helper()
	run := append([]string{"run", "--rm"}, options...)
	return docker(t, bed, append(append(run, "plimsoll:latest"), args...)...)
}

func docker(t *testing.T, bed *testbed.Bed, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "docker", append([]string{"--host", bed.Address()}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %v: %v\n%s", args, err, errs.String())
	}
	return string(out)
}
