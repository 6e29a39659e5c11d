package harden

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/test/testbed"
)

const testImage = "testbed/busybox:1"

// bed is the real engine of the testbed.
type bed struct {
	*testing.T
	eng    *dockerapi.Client
	engine string // its ID
	prefix string
}

// realBed connects to the real engine, where it may be changed.
func realBed(t *testing.T) *bed {
	t.Helper()
	testbed.Mutable(t)
	eng, err := dockerapi.Connect(t.Context(), dockerapi.SocketEndpoint(dockerapi.DefaultSocket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(eng.Close)
	b := &bed{T: t, eng: eng, prefix: fmt.Sprintf("harden-%d-", os.Getpid())}
	info, err := newRunner(Options{Engine: eng}).info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.engine = info.ID
	t.Cleanup(b.sweep)
	return b
}

// docker runs the docker command and returns what it prints.
func (b *bed) docker(args ...string) string {
	b.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		b.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// sweep removes every container of this test process with its volumes; those
// that were carried over count as named and need to be removed by name.
func (b *bed) sweep() {
	for _, id := range strings.Fields(b.docker("ps", "-aq", "--filter", "name="+b.prefix)) {
		volumes := b.docker("inspect", "-f", `{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}`, id)
		exec.Command("docker", "rm", "-fv", id).Run()
		for _, v := range strings.Fields(volumes) {
			exec.Command("docker", "volume", "rm", v).Run()
		}
	}
}

// run starts a container and returns its subject.
func (b *bed) run(name string, args ...string) snapshot.Subject {
	b.Helper()
	return b.subject("run", name, args...)
}

func (b *bed) subject(verb, name string, args ...string) snapshot.Subject {
	b.Helper()
	call := []string{verb, "--name", b.prefix + name}
	if verb == "run" {
		call = append(call, "-d")
	}
	id := b.docker(append(call, args...)...)
	return snapshot.Subject{Kind: snapshot.KindContainer, Scope: "engine:" + b.engine, Key: "name/" + b.prefix + name, Name: b.prefix + name, UID: id}
}

func (b *bed) options() Options {
	return Options{Engine: b.eng, State: b.TempDir(), Tool: "plimsoll test", Settle: 300 * time.Millisecond, Wait: 20 * time.Second}
}

// inspect returns a container's raw description.
func (b *bed) inspect(ref string) []byte {
	b.Helper()
	raw, err := b.eng.ContainerInspectRaw(b.Context(), ref)
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

var sleeper = []string{testImage, "sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"}

// TestEveryFieldAsSimulated applies each field of each kind alone: what the
// engine reports afterwards is what the simulation says.
func TestEveryFieldAsSimulated(t *testing.T) {
	b := realBed(t)
	digest := b.docker("inspect", "-f", "{{index .RepoDigests 0}}", testImage)
	for _, tc := range []struct {
		kind  step.Kind
		field string
		from  string
		to    string
		undo  step.Undo
	}{
		{step.ContainerUpdate, fieldMemory, "0", "67108864", step.UndoEquivalent},
		{step.ContainerUpdate, fieldCPUs, "0", "500000000", step.UndoEquivalent},
		{step.ContainerUpdate, fieldShares, "0", "512", step.UndoEquivalent},
		{step.ContainerUpdate, fieldPids, "-1", "100", step.UndoExact},
		{step.ContainerUpdate, fieldRestart, "always", "on-failure:5", step.UndoExact},
		{step.ContainerRecreate, fieldImage, testImage, digest, step.UndoExact},
		{step.ContainerRecreate, fieldNoNew, "", "true", step.UndoExact},
		{step.ContainerRecreate, fieldReadonly, "false", "true", step.UndoExact},
		{step.ContainerRecreate, fieldCapDrop, "", "NET_RAW", step.UndoExact},
	} {
		t.Run(tc.field, func(t *testing.T) {
			b := &bed{T: t, eng: b.eng, engine: b.engine, prefix: b.prefix}
			on := b.run("field", append([]string{"--restart", "always"}, sleeper...)...)
			t.Cleanup(b.sweep)
			s := step.New(tc.kind, on, step.Change{Field: tc.field, From: tc.from, To: tc.to})
			o := b.options()
			rep, err := Apply(t.Context(), o, []step.Step{s})
			if err != nil {
				t.Fatal(err)
			}
			b.sameAsSimulated(on, rep.Steps[0].Step)
			rep, err = Rollback(t.Context(), o, rep.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got := rep.Steps[0]; got.State != StateUndone || got.Undo != tc.undo {
				t.Errorf("rollback = %s %s (%s), want %s", got.State, got.Undo, got.Why, tc.undo)
			}
			if tc.undo == step.UndoExact {
				now, err := ReadFields(b.inspect(on.Name), []string{tc.field, fieldRestart})
				if err != nil || now[tc.field] != tc.from || now[fieldRestart] != "always" {
					t.Errorf("after rollback %v, %v", now, err)
				}
			}
		})
	}
}

// collect returns a container's configuration as the collector sees it.
func (b *bed) collect(on snapshot.Subject) snapshot.ContainerSpec {
	b.Helper()
	snap := docker.Collect(b.Context(), docker.Options{Client: b.eng})
	for i := range snap.Containers {
		if c := &snap.Containers[i]; c.Name == on.Name && c.Scope == on.Scope && c.Key == on.Key {
			return snap.ContainerSpecs[c.Spec]
		}
	}
	b.Fatalf("the collector does not see %s under the key %s", on.Name, on.Key)
	return snapshot.ContainerSpec{}
}

// sameAsSimulated compares the engine's answer with the simulation of a step.
func (b *bed) sameAsSimulated(on snapshot.Subject, s step.Step) {
	b.Helper()
	spec := snapshot.ContainerSpec{}
	rt := snapshot.Runtime{}
	for _, c := range s.Set {
		if err := snapshot.ContainerFields[c.Field].Set(&spec, &rt, c.From); err != nil {
			b.Fatal(err)
		}
	}
	snap := &snapshot.Snapshot{
		ContainerSpecs: []snapshot.ContainerSpec{spec}, Runtimes: []snapshot.Runtime{rt},
		Containers: []snapshot.Container{{Scope: on.Scope, Key: on.Key, Name: on.Name}},
	}
	overlay := snapshot.NewOverlay(snap)
	if err := s.Simulate(overlay); err != nil {
		b.Fatal(err)
	}
	now, err := ReadFields(b.inspect(on.Name), fieldNames(s.Set))
	if err != nil {
		b.Fatal(err)
	}
	collected := b.collect(on)
	for _, c := range s.Set {
		want, err := overlay.Get(on.Kind, on.Scope, on.Key, c.Field)
		got := snapshot.ContainerFields[c.Field].Get(&collected)
		if err != nil || now[c.Field] != want || got != want {
			b.Errorf("%s: harden reads %q, the collector %q, simulated %q (%v)", c.Field, now[c.Field], got, want, err)
		}
	}
}
