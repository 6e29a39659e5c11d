package harden

import (
	"errors"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// TestPreviewIsWhatApplyDoes holds the answers of a dry run against those of the
// run itself.
func TestPreviewIsWhatApplyDoes(t *testing.T) {
	b := realBed(t)
	for _, tc := range []struct {
		name, want string
		args       []string // of the container
		side       []string // how another one joins it; NAME is its name
	}{
		{"network", "shares its namespaces", nil, []string{"--network", "container:NAME"}},
		{"ipc", "shares its namespaces", []string{"--ipc", "shareable"}, []string{"--ipc", "container:NAME"}},
		{"pid", "shares its namespaces", nil, []string{"--pid", "container:NAME"}},
		{"volumes", "", []string{"-v", "/data"}, []string{"--volumes-from", "NAME"}},
		{"written", "/written", nil, nil},
		{"plain", "", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &bed{T: t, eng: b.eng, engine: b.engine, prefix: b.prefix}
			on := b.run(tc.name, append(tc.args, sleeper...)...)
			t.Cleanup(b.sweep)
			if tc.side != nil {
				joined := strings.ReplaceAll(strings.Join(tc.side, " "), "NAME", on.Name)
				b.run(tc.name+"-side", append(strings.Fields(joined), sleeper...)...)
			}
			if tc.name == "written" {
				b.docker("exec", on.Name, "sh", "-c", "echo x > /written")
			}
			o := b.options()
			verdicts, err := Preview(t.Context(), o, []step.Step{noNewStep(on)})
			if err != nil {
				t.Fatal(err)
			}
			if got := verdicts[0].Refused; (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("dry run says %q, want %q", got, tc.want)
			}
			rep, err := Apply(t.Context(), o, []step.Step{noNewStep(on)})
			if tc.want != "" {
				if !errors.Is(err, ErrPrecondition) || rep.Steps[0].Why != verdicts[0].Refused {
					t.Errorf("apply says %+v, %v; the dry run %q", rep.Steps, err, verdicts[0].Refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tc.side != nil { // the one that borrows the volumes lives on without the old container
				if _, err := Commit(t.Context(), o, "latest"); err != nil {
					t.Fatal(err)
				}
				b.docker("restart", "-t", "1", on.Name+"-side")
			}
		})
	}
}

// TestRefusedStepKeepsNoOtherFromBeingApplied changes one of three containers
// after the steps were made.
func TestRefusedStepKeepsNoOtherFromBeingApplied(t *testing.T) {
	b := realBed(t)
	var steps []step.Step
	var names []snapshot.Subject
	for _, name := range []string{"one", "two", "three"} {
		on := b.run(name, append([]string{"--restart", "always"}, sleeper...)...)
		names = append(names, on)
		steps = append(steps, step.New(step.ContainerUpdate, on, step.Change{Field: fieldRestart, From: "always", To: "on-failure:5"}))
	}
	b.docker("update", "--restart", "unless-stopped", names[1].Name)
	rep, err := Apply(t.Context(), b.options(), steps)
	if !errors.Is(err, ErrPrecondition) || !strings.Contains(err.Error(), "changed since") {
		t.Errorf("err = %v", err)
	}
	got := make(map[string]State)
	for _, o := range rep.Steps {
		got[o.Step.Target.Name] = o.State
	}
	for i, want := range []State{StateApplied, StateRefused, StateApplied} {
		if got[names[i].Name] != want {
			t.Errorf("%s is %q, want %q", names[i].Name, got[names[i].Name], want)
		}
	}
}

// TestSlowHealthTest: that a health test takes longer than is waited for is said
// before anything stops.
func TestSlowHealthTest(t *testing.T) {
	b := realBed(t)
	for _, tc := range []struct {
		name, every      string
		wait             time.Duration
		refused, warning string
	}{
		{"fast", "1s", time.Minute, "", "longer than --wait 1m0s"},
		{"patient", "1s", 10 * time.Minute, "", ""},
		{"slow", "5m", time.Minute, "give --wait 16m30s", ""},
		{"slow-default", "3m", 0, "", "may take 10m30s to speak"},
		{"slowest", "10m", 0, "give --wait 31m30s", ""},
	} {
		on := b.run(tc.name, append([]string{"--health-cmd", "true", "--health-interval", tc.every}, sleeper...)...)
		o := b.options()
		o.Wait = tc.wait
		v, err := Preview(t.Context(), o, []step.Step{noNewStep(on)})
		if err != nil {
			t.Fatal(err)
		}
		warning := strings.Join(v[0].Warnings, "\n")
		if (v[0].Refused == "") != (tc.refused == "") || !strings.Contains(v[0].Refused, tc.refused) || (warning == "") != (tc.warning == "") || !strings.Contains(warning, tc.warning) {
			t.Errorf("%s: refused %q, warnings %q", tc.name, v[0].Refused, warning)
		}
	}
	// Without --wait the run waits for what the test's own settings allow.
	on := b.run("waits", append([]string{"--health-cmd", "true", "--health-interval", "5s", "--health-timeout", "1s"}, sleeper...)...)
	o := b.options()
	o.Wait = 0
	if _, err := Apply(t.Context(), o, []step.Step{noNewStep(on)}); err != nil {
		t.Error(err)
	}
	if got := b.docker("inspect", "-f", "{{.State.Health.Status}}", on.Name); got != "healthy" {
		t.Errorf("it is %s", got)
	}
}
