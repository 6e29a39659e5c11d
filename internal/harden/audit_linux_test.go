package harden

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/test/testbed"
)

// audited is this machine with its real rules, as if its audit system were on.
type audited struct {
	*host.Machine
	locked, off bool
}

func (a audited) AuditRules(ctx context.Context) (snapshot.AuditState, error) {
	st, err := a.Machine.AuditRules(ctx)
	st.Enabled, st.Locked = !a.off, a.locked
	return st, err
}

func auditBed(t *testing.T) (o Options, s step.Step) {
	t.Helper()
	testbed.Mutable(t)
	o = testOptions(t, newFake())
	o.Machine = func() Machine { return audited{Machine: host.Open("")} }
	o.auditRules = t.TempDir()
	dir := t.TempDir()
	file := filepath.Join(dir, "watched")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	on := snapshot.Subject{Kind: snapshot.KindHost, Scope: thisMachine().ScopeID(), Key: "host", Name: "here"}
	s = step.New(step.AuditRule, on, set(snapshot.AuditField(file), "", snapshot.AuditPerm), set(snapshot.AuditField(dir), "", snapshot.AuditPerm))
	if err := sendAudit(auditAdd, watchRule(file, false)); err != nil {
		testbed.Skip(t, "the kernel takes no audit rule: "+err.Error())
	}
	if err := sendAudit(auditDelete, watchRule(file, false)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = auditRule{runner: newRunner(o)}.undo(context.Background(), s, nil) })
	return o, s
}

// TestRealAuditRules loads watches of a file and a folder into the kernel: what
// is then collected is what was simulated, and the way back leaves no trace.
func TestRealAuditRules(t *testing.T) {
	o, s := auditBed(t)
	before, err := o.Machine().AuditRules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	world := &snapshot.Snapshot{Hosts: []snapshot.Host{{Scope: s.Target.Scope, Audit: snapshot.Audit{Kernel: snapshot.Seen(before, "")}}}}
	dir, _ := snapshot.AuditPath(s.Set[1].Field)
	world.Files = []snapshot.File{{Scope: s.Target.Scope, Path: dir, Type: "dir"}}
	overlay := snapshot.NewOverlay(world)
	if err := s.Simulate(overlay); err != nil {
		t.Fatal(err)
	}
	rep, err := Apply(t.Context(), o, []step.Step{s})
	if err != nil {
		t.Fatal(err)
	}
	after, err := o.Machine().AuditRules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rulesOf(overlay.Snapshot().Hosts[0].Audit.Kernel.V), rulesOf(after)); d != "" {
		t.Errorf("applied (-simulated +collected):\n%s", d)
	}
	text, err := os.ReadFile(filepath.Join(o.auditRules, auditName))
	if err != nil || strings.Count(string(text), "-p wa -k plimsoll\n") != 2 {
		t.Errorf("the rule file is %q, %v", text, err)
	}
	if checks, err := Verify(t.Context(), o, rep.ID); err != nil || len(checks) != 2 || !checks[0].Holds || !checks[1].Holds {
		t.Errorf("Verify = %+v, %v", checks, err)
	}
	if back, err := Rollback(t.Context(), o, rep.ID); err != nil || back.Steps[0].Undo != step.UndoExact {
		t.Errorf("Rollback = %+v, %v", back, err)
	}
	restored, err := o.Machine().AuditRules(t.Context())
	if d := cmp.Diff(rulesOf(before), rulesOf(restored)); err != nil || d != "" {
		t.Errorf("rolled back, %v (-before +after):\n%s", err, d)
	}
	if left, _ := os.ReadDir(o.auditRules); len(left) > 0 {
		t.Errorf("left in the folder of rules: %v", left)
	}
}

// rulesOf counts rules; their order among ours is the kernel's.
func rulesOf(st snapshot.AuditState) map[string]int {
	out := make(map[string]int)
	for _, r := range st.Rules {
		out[strings.Join([]string{r.Filter, r.Action, r.Path, r.Dir, r.Perm}, " ")]++
	}
	return out
}

func TestRealAuditRulesKilled(t *testing.T) {
	var o Options
	var s step.Step
	killEverywhere(t, func() (Options, step.Step) {
		o, s = auditBed(t)
		return o, s
	}, func(point string, e *Entry) {
		now, err := auditRule{runner: newRunner(o)}.read(t.Context(), s)
		side := from
		if e.InForce() {
			side = to
		}
		if diff := unlike(now, s.Set, side); err != nil || len(diff) > 0 {
			t.Errorf("%s, phase %s: %v, %v", point, e.Phase, diff, err)
		}
	})
}

func TestAuditRefusals(t *testing.T) {
	for want, spoil := range map[string]func(o *Options, s *step.Step){
		"are locked until": func(o *Options, _ *step.Step) {
			o.Machine = func() Machine { return audited{Machine: host.Open(""), locked: true} }
		},
		"is off": func(o *Options, _ *step.Step) {
			o.Machine = func() Machine { return audited{Machine: host.Open(""), off: true} }
		},
		"without auditd":          func(o *Options, _ *step.Step) { o.auditRules = "/nowhere" },
		"is not an audit rule":    func(_ *Options, s *step.Step) { s.Set[0].Field = "mode" },
		"cannot be written into":  func(_ *Options, s *step.Step) { s.Set[0].Field = snapshot.AuditField("/a b") },
		"the step is for machine": func(_ *Options, s *step.Step) { s.Target.Scope = "host:other" },
	} {
		t.Run(want, func(t *testing.T) {
			o, s := auditBed(t)
			spoil(&o, &s)
			_, err := Apply(t.Context(), o, []step.Step{s})
			if e := refusal(err); e == nil || !strings.Contains(e.reason(), want) {
				t.Errorf("Apply: %v, want a refusal with %q", err, want)
			}
		})
	}
}

// TestWatchRule holds the kernel's structure against one that auditctl sent.
func TestWatchRule(t *testing.T) {
	b := watchRule("/etc/docker", true)
	if want := 4*260 + len("/etc/docker") + len("plimsoll"); len(b) != want {
		t.Errorf("%d bytes, want %d", len(b), want)
	}
	if !strings.HasSuffix(string(b), "/etc/dockerplimsoll") {
		t.Errorf("texts %q", b[4*260:])
	}
}
