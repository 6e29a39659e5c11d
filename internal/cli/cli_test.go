package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/checktest"
	"plimsoll/internal/collect/survey"
	"plimsoll/internal/config"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/harden"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// bench is a command line in a world of its own.
type bench struct {
	*app
	out, err bytes.Buffer
	env      map[string]string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{env: map[string]string{}}
	dir := t.TempDir()
	b.app = newApp(Stdio{
		In: strings.NewReader(""), Out: &b.out, Err: &b.err, Home: dir, Dir: dir,
		Env: func(k string) string { return b.env[k] },
	})
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) { return checktest.Minimal(), nil }
	b.example = func() (*snapshot.Snapshot, error) { return checktest.Minimal(), nil }
	b.connect = func(context.Context, dockerapi.Endpoint) (harden.Engine, func(), error) {
		return nil, nil, errors.New("no engine in this test")
	}
	return b
}

// state is the argument that keeps a run out of this machine's state folder.
func (b *bench) state() string { return "--state=" + filepath.Join(b.Dir, "state") }

func (b *bench) do(t *testing.T, want int, args ...string) {
	t.Helper()
	b.out.Reset()
	b.err.Reset()
	if got := b.run(t.Context(), args); got != want {
		t.Fatalf("%q: exit %d, want %d; stderr:\n%s", args, got, want, b.err.String())
	}
}

func has(t *testing.T, b *bytes.Buffer, want string) {
	t.Helper()
	if !strings.Contains(b.String(), want) {
		t.Errorf("%q is not in:\n%s", want, b.String())
	}
}

func TestExitCodePrecedence(t *testing.T) {
	rollback := &harden.Error{Kind: harden.ErrRollbackIncomplete}
	reached := &harden.Error{Kind: harden.ErrTargetNotReached}
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("anything"), exitNoResult},
		{usage("x"), exitUsage},
		{&config.Error{}, exitUsage},
		{&exitError{exitGate, nil}, exitGate},
		{&exitError{exitBlind, nil}, exitBlind},
		{errors.Join(&exitError{exitBlind, nil}, &exitError{exitGate, nil}), exitGate},
		{errors.Join(&exitError{exitGate, nil}, usage("x")), exitUsage},
		{errors.Join(usage("x"), failure(errors.New("y"))), exitNoResult},
		{errors.Join(failure(errors.New("y")), reached), exitNotReached},
		{errors.Join(reached, rollback), exitRollback},
		{&harden.Error{Kind: harden.ErrPrecondition}, exitNotReached},
		{&harden.Error{Kind: harden.ErrLocked}, exitNoResult},
		{incompleteRollback(&harden.Error{Kind: harden.ErrPrecondition}), exitRollback},
		{incompleteRollback(&harden.Error{Kind: harden.ErrLocked}), exitNoResult},
		{interrupted(failure(errors.New("cut"))), exitInterrupted},
		{interrupted(rollback), exitRollback},
		{interrupted(reached), exitInterrupted},
	} {
		if got := exitCode(tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestMessages(t *testing.T) {
	hand := &harden.Error{Kind: harden.ErrRollbackIncomplete, Target: "name/web", Hand: []string{"docker start web"}}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{&exitError{exitGate, nil}, ""},
		{usage("a\nb"), "a; b"},
		{errors.Join(usage("a"), failure(errors.New("b"))), "a|b"},
		{interrupted(errors.Join(errors.New("a"), errors.New("b"))), "interrupted: a; b"},
		{&exitError{exitRollback, errors.Join(hand, errors.New("b"))}, "rollback is incomplete: name/web|by hand: docker start web|b"},
	} {
		if got := strings.Join(messages(tt.err), "|"); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestWithoutAnEngineTheExampleIsShownAndSaidSo(t *testing.T) {
	b := newBench(t)
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) { return nil, survey.ErrNothing }
	b.do(t, exitDone, "assess", b.state())
	has(t, &b.out, "EXAMPLE")
	has(t, &b.err, "bundled example")
	b.do(t, exitDone, "bench", "docker", b.state())
	has(t, &b.out, "EXAMPLE")
	b.do(t, exitNoResult, "collect", b.state())
	has(t, &b.err, "no Docker engine answers on this machine")
	b.do(t, exitNoResult, "harden", "container-memory-limit", b.state())
}

func TestUnreachableTargetIsNoResult(t *testing.T) {
	b := newBench(t)
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) {
		return nil, errors.New("refused\x1b[31m")
	}
	b.do(t, exitNoResult, "assess", "docker", b.state())
	if strings.Contains(b.err.String(), "\x1b") || b.out.Len() > 0 {
		t.Errorf("stderr %q, stdout %q", b.err.String(), b.out.String())
	}
	b.do(t, exitUsage, "assess", "docker:no-such-context", b.state())
}

func TestRemoteEngineIsNotAskedUnlessNamed(t *testing.T) {
	b := newBench(t)
	var asked []survey.Target
	b.collect = func(_ context.Context, o survey.Options) (*snapshot.Snapshot, error) {
		asked = o.Targets
		return checktest.Minimal(), nil
	}
	b.env["DOCKER_HOST"] = "tcp://10.0.0.1:2375"
	b.do(t, exitDone, "assess", b.state())
	has(t, &b.err, "tcp://10.0.0.1:2375, which docker uses now, is reached over the network and was not asked; name it: plimsoll assess docker")
	if len(asked) != 0 {
		t.Errorf("asked %v", asked)
	}
	b.do(t, exitDone, "assess", "docker", "docker", b.state())
	if len(asked) != 1 || b.err.Len() > 0 {
		t.Errorf("asked %v, stderr %q", asked, b.err.String())
	}
}

func TestInterruptKeepsThePartialSnapshot(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) {
		cancel()
		s := checktest.Minimal()
		s.Complete = false
		return s, s.Seal()
	}
	if got := b.run(ctx, []string{"collect", b.state(), "-o", "s.json"}); got != exitInterrupted {
		t.Fatalf("exit %d: %s", got, b.err.String())
	}
	data, err := os.ReadFile(filepath.Join(b.Dir, "s.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := snapshot.Parse(data)
	if err != nil || s.Complete {
		t.Errorf("complete %v, %v", s.Complete, err)
	}
}

func TestTimeoutGoesOnWithWhatThereIs(t *testing.T) {
	b := newBench(t)
	b.collect = func(ctx context.Context, _ survey.Options) (*snapshot.Snapshot, error) {
		<-ctx.Done()
		return checktest.Minimal(), nil
	}
	b.do(t, exitDone, "assess", b.state(), "--timeout", "10ms")
	has(t, &b.err, "the evidence is partial")
	b.collect = func(ctx context.Context, _ survey.Options) (*snapshot.Snapshot, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	b.do(t, exitNoResult, "assess", b.state(), "--timeout", "10ms")
	has(t, &b.err, "nothing was collected within 10ms")
}

func TestPanicIsAnInternalError(t *testing.T) {
	b := newBench(t)
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) { panic("boom") }
	b.do(t, exitNoResult, "assess", b.state())
	has(t, &b.err, "internal error: boom")
}

func TestDeniedEngine(t *testing.T) {
	b := newBench(t)
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) {
		s, _, err := checktest.Tweak([]byte(`{"parts":{"engine.containers":{"state":"denied","reason":"denied","detail":"the socket may not be opened","grant":"sudo plimsoll assess"}}}`))
		return s, err
	}
	b.do(t, exitDone, "assess", b.state())
	b.do(t, exitNoResult, "harden", "container-memory-limit", b.state())
	has(t, &b.err, "the socket may not be opened; it would be granted by: sudo plimsoll harden container-memory-limit --state=")
}

// unlimited is a machine with one container that fails two checks.
func unlimited(context.Context, survey.Options) (*snapshot.Snapshot, error) {
	s, _, err := checktest.Tweak([]byte(`{"spec":{"resources":{"memory":0,"memorySwap":0},"restartPolicy":{"name":"always"}},
		"runtime":{"cgroup":{"v":{"memoryMax":-1,"memorySwapMax":-1}}}}`))
	return s, err
}

func TestVerifyAgainstSavedEvidence(t *testing.T) {
	b := newBench(t)
	b.collect = unlimited
	b.do(t, exitDone, "collect", b.state(), "-o", "before.json")
	b.do(t, exitDone, "assess", b.state(), "-o", "result.json")
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) { return checktest.Minimal(), nil }
	for _, base := range []string{"before.json", "result.json"} {
		b.do(t, exitDone, "verify", base, b.state())
		has(t, &b.out, "fail → pass container-memory-limit on web")
		has(t, &b.out, "DKR-HST-D-01 open")
	}
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) {
		s, err := unlimited(t.Context(), survey.Options{})
		s.Scopes[0].ID = "engine:OTHER"
		for i := range s.Parts {
			s.Parts[i].Scope = strings.Replace(s.Parts[i].Scope, "engine:7S6Z", "engine:OTHER", 1)
		}
		s.Engines, s.Containers, s.Images, s.Networks, s.Files, s.Listeners = nil, nil, nil, nil, nil, nil
		return s, errors.Join(err, s.Seal())
	}
	b.do(t, exitNoResult, "verify", "before.json", b.state())
	has(t, &b.err, "was not reached now")
}

func TestPlannedButUnappliedIsNoFailureAndAppliedIs(t *testing.T) {
	s := step.Step{ID: "1", Target: step.Target{Scope: "e", Key: "name/web"}, Set: []step.Change{{Field: "HostConfig.Memory", From: "0", To: "64"}}}
	ch := harden.Check{Step: s, Field: "HostConfig.Memory", Want: "64"}
	j := &harden.Journal{Entries: []*harden.Entry{{Step: s, Phase: harden.PhaseConfirmed}}}
	if !applied([]*harden.Journal{j}, ch) {
		t.Error("a confirmed step is not taken for applied")
	}
	j.Entries[0].Phase = harden.PhaseUndone
	if applied([]*harden.Journal{j}, ch) {
		t.Error("an undone step is taken for applied")
	}
}

func TestProgressIsSilentWhereItShouldBe(t *testing.T) {
	b := newBench(t)
	b.collect = func(_ context.Context, o survey.Options) (*snapshot.Snapshot, error) {
		o.Progress("reading")
		time.Sleep(20 * time.Millisecond)
		return checktest.Minimal(), nil
	}
	b.do(t, exitDone, "assess", b.state())
	if b.err.Len() > 0 {
		t.Errorf("stderr %q", b.err.String())
	}
	b.do(t, exitDone, "assess", b.state(), "-v")
	has(t, &b.err, "plimsoll: reading")
	b.do(t, exitDone, "assess", b.state(), "-v", "--log-format", "json")
	has(t, &b.err, `"msg":"reading"`)
}

func TestHelpOfEveryCommand(t *testing.T) {
	b := newBench(t)
	for _, cmd := range b.root().Commands() {
		b.do(t, exitDone, cmd.Name(), "--help")
		has(t, &b.out, "Usage:")
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: short help %q", cmd.Name(), cmd.Short)
		}
	}
}

// TestTheMachinesRoot is a run inside a container: the flag wins over the image's
// variable, and journals are the machine's.
func TestTheMachinesRoot(t *testing.T) {
	b := newBench(t)
	var got survey.Options
	b.collect = func(_ context.Context, o survey.Options) (*snapshot.Snapshot, error) {
		got = o
		return checktest.Minimal(), nil
	}
	b.Env = func(name string) string { return map[string]string{"PLIMSOLL_ROOT": "/host/"}[name] }
	for _, c := range []struct {
		args []string
		want string
	}{{nil, "/host"}, {[]string{"--root", "/mnt/machine"}, "/mnt/machine"}, {[]string{"--root", "/"}, ""}} {
		b.do(t, exitDone, append([]string{"assess", b.state()}, c.args...)...)
		if got.Root != c.want {
			t.Errorf("%q: %q, want %q", c.args, got.Root, c.want)
		}
	}
	f := collectFlags{}
	if dir, err := f.stateDir(b.app); err != nil || dir != "/host/var/lib/plimsoll" {
		t.Errorf("state folder %q, %v", dir, err)
	}
	b.do(t, exitUsage, "assess", b.state(), "--root", "host")
	has(t, &b.err, "is not an absolute path")
}
