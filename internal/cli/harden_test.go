package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/checktest"
	"plimsoll/internal/collect/survey"
	"plimsoll/internal/harden"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
)

func TestHardenShowsAndChangesNothing(t *testing.T) {
	b := newBench(t)
	stub := b.withStub()
	b.do(t, exitDone, "harden", "container-memory-limit", b.state())
	has(t, &b.out, "HostConfig.Memory")
	has(t, &b.err, "nothing was changed; add --apply")
	b.do(t, exitUsage, "harden", "container-memory-limit", "--on", "other", b.state())
	has(t, &b.err, `unknown subject "other"; it would match `)
	b.do(t, exitUsage, "harden", "container-memory-limit", "--on", "[", b.state())
	b.do(t, exitUsage, "plan", "--on", "wbe", b.state())
	has(t, &b.err, "did you mean web?")
	b.do(t, exitDone, "harden", "container-memory-limit", "--allow", "none", b.state())
	has(t, &b.out, "only none is allowed")
	b.do(t, exitUsage, "harden", "container-memory-limit", "--apply", b.state())
	has(t, &b.err, "give --yes")
	b.connect = newBench(t).connect
	b.do(t, exitNoResult, "harden", "container-memory-limit", "--apply", "--yes", b.state())
	has(t, &b.err, "no engine in this test")
	if _, err := os.Stat(filepath.Join(b.Dir, "state", "journal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal was begun: %v", err)
	}
	if stub.host["Memory"] != 0 {
		t.Errorf("the container was changed: %v", stub.host)
	}
}

func TestHardenTakesAPlan(t *testing.T) {
	b := newBench(t)
	b.withStub()
	b.do(t, exitDone, "plan", b.state(), "--max", "1", "--include", "container-memory-limit", "-o", "plan.json")
	b.do(t, exitDone, "harden", "--plan", "plan.json", b.state())
	has(t, &b.out, "HostConfig.Memory")
	b.do(t, exitDone, "verify", "plan.json", b.state())
	has(t, &b.out, "NOT SO: name/web HostConfig.Memory is 0, the step says 83886080; it was not")
	b.do(t, exitDone, "verify", "plan.json", b.state(), "--format", "json")
	has(t, &b.out, `"proved": false`)
	plan := filepath.Join(b.Dir, "plan.json")
	data, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte(`"from": "0"`), []byte(`"from": "1"`))
	if err := os.WriteFile(plan, data, 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(t, exitDone, "harden", "--plan", "plan.json", b.state())
	has(t, &b.out, "it changed since the plan was made")
	has(t, &b.err, "there is nothing to change")
	b.do(t, exitNotReached, "harden", "--plan", "plan.json", "--apply", "--yes", b.state())
	has(t, &b.err, "nothing could be applied")
}

// TestDryRunAsksTheEngine gives the engine a reason to refuse that the evidence
// does not have.
func TestDryRunAsksTheEngine(t *testing.T) {
	b := newBench(t)
	stub := b.withStub()
	stub.labels = map[string]string{"com.docker.compose.project": "shop"}
	b.do(t, exitDone, "harden", "container-memory-limit", b.state())
	has(t, &b.out, "not changed: Compose manages it")
	has(t, &b.err, "there is nothing to change")
	b.do(t, exitNotReached, "harden", "container-memory-limit", "--apply", "--yes", b.state())
	has(t, &b.err, "nothing could be applied")
}

// TestPrintedCommandsWork runs the commands that harden prints, with a folder
// that a shell would split.
func TestPrintedCommandsWork(t *testing.T) {
	b := newBench(t)
	b.withStub()
	b.do(t, exitDone, "harden", "container-memory-limit", "--apply", "--yes", "--target", "docker", "--state", "a b")
	printed := b.out.String()
	for _, verb := range []string{"verify", "rollback"} {
		m := regexp.MustCompile(`plimsoll (` + verb + `) (\S+) (--state) '(a b)' (--target) (docker) `).FindStringSubmatch(printed)
		if m == nil {
			t.Fatalf("no command for %s in:\n%s", verb, printed)
		}
		b.do(t, exitDone, m[1:]...)
	}
}

func TestInterruptedHardenFinishesItsStep(t *testing.T) {
	b := newBench(t)
	stub := b.withStub()
	ctx, cancel := context.WithCancel(t.Context())
	stub.onUpdate = cancel
	if got := b.run(ctx, []string{"harden", "container-memory-limit", "--apply", "--yes", b.state()}); got != exitInterrupted {
		t.Fatalf("exit %d: %s", got, b.err.String())
	}
	all, err := harden.Load(filepath.Join(b.Dir, "state"))
	if err != nil || len(all) != 1 || all[0].Entries[0].Phase != harden.PhaseConfirmed || stub.host["Memory"] == 0 {
		t.Errorf("%v, %v, %v; want a step that was finished", all, err, stub.host)
	}
}

func TestRollbackPassesOverWhatIsOver(t *testing.T) {
	b := newBench(t)
	stub := b.withStub()
	b.do(t, exitUsage, "rollback", b.state())
	b.do(t, exitDone, "harden", "container-restart-policy-bounded", "--apply", "--yes", b.state())
	stub.id = "ELSE"
	b.do(t, exitRollback, "rollback", b.state())
	has(t, &b.err, "cannot be taken back: it was on engine 7S6Z, this is ELSE")
	stub.id = "7S6Z"
	b.do(t, exitDone, "rollback", b.state())
	has(t, &b.out, "undone")
	b.do(t, exitDone, "rollback", b.state())
	has(t, &b.err, "there is nothing to take back")
}

func TestNegativeTimesAreRefused(t *testing.T) {
	b := newBench(t)
	b.withStub()
	for _, line := range []string{"assess --timeout -1s", "harden container-memory-limit --wait -1m", "rollback --wait -1s", "collect --timeout x"} {
		b.do(t, exitUsage, append(strings.Fields(line), b.state())...)
	}
	has(t, &b.err, "a number with a unit")
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{
		"/var/lib/x":                      "/var/lib/x",
		"":                                "''",
		"it's here":                       `'it'\''s here'`,
		"docker:ssh://me@host":            "docker:ssh://me@host",
		"docker:tcp://me:pass@host:2376":  "docker:tcp://me:xxxxx@host:2376",
		"$(reboot)":                       "'$(reboot)'",
		"docker:tcp://a:p@ss@host/?q=a;b": "'docker:tcp://a:xxxxx@host/?q=a;b'",
	} {
		if got := text.ShellWord(in); got != want {
			t.Errorf("text.ShellWord(%q) = %s, want %s", in, got, want)
		}
	}
	if got := hintFlags("", ""); got != "" {
		t.Errorf("flags without a reason: %s", got)
	}
}

// TestAsk: only yes is yes, and an interrupt ends the question.
func TestAsk(t *testing.T) {
	for answer, want := range map[string]int{"y\n": exitDone, " YES \n": exitDone, "n\n": exitUsage, "\n": exitUsage, "": exitUsage, "why?\n": exitUsage} {
		b := newBench(t)
		b.In = strings.NewReader(answer)
		if err := b.ask(t.Context(), "Apply?"); exitCode(err) != want {
			t.Errorf("%q: %v, want exit code %d", answer, err, want)
		}
	}
	b := newBench(t)
	in, stay := io.Pipe()
	defer stay.Close()
	b.In = in
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := b.ask(ctx, "Apply?"); exitCode(err) != exitInterrupted || b.err.String() != "Apply? [y/N] \n" {
		t.Errorf("%v after %q", err, b.err.String())
	}
}

// TestIdleAnswer: an answer to what evidence decides is said to change nothing.
func TestIdleAnswer(t *testing.T) {
	b := newBench(t)
	policy := "schema: plimsoll.policy/v1\nanswers:\n  %s: {status: pass, owner: ops, date: 2026-10-01}\n"
	for id, idle := range map[string]bool{"host-kernel-supported": true, "host-hardened": false} {
		if err := os.WriteFile(filepath.Join(b.Dir, "plimsoll.yaml"), fmt.Appendf(nil, policy, id), 0o600); err != nil {
			t.Fatal(err)
		}
		b.do(t, exitDone, "assess", b.state())
		if strings.Contains(b.err.String(), "changes nothing") != idle {
			t.Errorf("%s: %s", id, b.err.String())
		}
	}
}

// TestUnknownIsNotUnneeded: what is not known to need a measure is said to be so.
func TestUnknownIsNotUnneeded(t *testing.T) {
	b := newBench(t)
	b.withStub()
	b.collect = func(context.Context, survey.Options) (*snapshot.Snapshot, error) {
		s, _, err := checktest.Tweak([]byte(`{"spec": {"unread": ["resources.memory"]}, "runtime": {"cgroup": {"state": "denied", "reason": "denied"}}}`))
		return s, err
	}
	b.do(t, exitDone, "harden", "container-memory-limit", b.state())
	has(t, &b.out, "container-memory-limit: whether something needs it is not known of 1 subject\n  name/web  unknown (")
	b.do(t, exitDone, "harden", "container-pids-limit", b.state())
	has(t, &b.out, "container-pids-limit: nothing that was looked at needs it")
}
