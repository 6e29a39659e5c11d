// Package checktest proves a suite of checks from its fixtures: that each check
// passes, fails and stays unknown where it should, that its findings are what
// the golden files say, that every fix fixes, that none passes a container on
// configuration that was not understood, and that no snapshot, however broken,
// makes a check panic.
//
// A fixture file testdata/CHECK-ID.txtar holds pairs of archive members. A
// member pass/NAME, fail/NAME, unknown/NAME, na/NAME or manual/NAME is a JSON
// tweak of the minimal snapshot, see [Tweak]; NAME's verdict is what the folder
// says. The member STATUS/NAME.want, written with -update, holds the findings.
package checktest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/check"
	"plimsoll/internal/golden"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// now is the clock of all fixtures: a month after the minimal snapshot.
var now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

var folders = map[string]check.Status{
	"pass": check.Pass, "fail": check.Fail, "unknown": check.Unknown, "na": check.NotApplicable, "manual": check.Manual,
}

// Run proves the suite from the fixtures in dir.
func Run(t *testing.T, suite []*check.Check, dir string) {
	t.Helper()
	if err := check.Validate(suite); err != nil {
		t.Fatal(err)
	}
	orphans(t, suite, dir)
	for _, c := range suite {
		beside(t, c.ID, func(t *testing.T) { runFixtures(t, c, dir) })
		if c.Subject == snapshot.KindContainer {
			beside(t, c.ID+"/unread", func(t *testing.T) { unread(t, c, dir) })
		}
		if c.Subject == snapshot.KindPodSpec {
			beside(t, c.ID+"/unread", func(t *testing.T) { unreadPods(t, c, dir) })
		}
	}
	beside(t, "mutations", func(t *testing.T) { mutate(t, suite) })
	beside(t, "mutations of nodes", func(t *testing.T) { mutateNodes(t, suite) })
}

// beside runs a subtest at the same time as others: checks are pure, and each has
// a fixture file of its own.
func beside(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		f(t)
	})
}

func orphans(t *testing.T, suite []*check.Check, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		id := strings.TrimSuffix(filepath.Base(f), ".txtar")
		if !slices.ContainsFunc(suite, func(c *check.Check) bool { return c.ID == id }) {
			t.Errorf("%s belongs to no check of the suite", f)
		}
	}
}

func runFixtures(t *testing.T, c *check.Check, dir string) {
	path := filepath.Join(dir, c.ID+".txtar")
	ar, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatalf("every check has a fixture file: %v", err)
	}
	wants := make(map[string]string)
	for _, f := range ar.Files {
		if name, ok := strings.CutSuffix(f.Name, ".want"); ok {
			wants[name] = string(f.Data)
		}
	}
	seen := make(map[string]int)
	fixed := make(map[int]bool)
	out := &txtar.Archive{Comment: ar.Comment}
	for _, f := range ar.Files {
		if strings.HasSuffix(f.Name, ".want") {
			continue
		}
		folder, _, _ := strings.Cut(f.Name, "/")
		want, ok := folders[folder]
		if !ok {
			t.Fatalf("%s: the member %s is in none of the folders pass, fail, unknown, na, manual", path, f.Name)
		}
		seen[folder]++
		got := runFixture(t, c, f, want, fixed)
		if !golden.Updating() && wants[f.Name] != got {
			t.Errorf("%s %s (-want +got, go test -update writes it):\n%s", path, f.Name, cmp.Diff(wants[f.Name], got))
		}
		out.Files = append(out.Files, f, txtar.File{Name: f.Name + ".want", Data: []byte(got)})
	}
	for _, must := range []string{"pass", "fail", "unknown"} {
		if seen[must] == 0 {
			t.Errorf("%s has no %s fixture", path, must)
		}
	}
	for i := range c.Fixes {
		if !fixed[i] {
			t.Errorf("%s: no failing fixture exercises the fix %q", path, c.MeasureID(&c.Fixes[i]))
		}
	}
	if golden.Updating() {
		golden.Write(t, path, txtar.Format(out))
	}
}

// runFixture runs the check on one fixture and returns its findings as text.
func runFixture(t *testing.T, c *check.Check, f txtar.File, want check.Status, fixed map[int]bool) string {
	t.Helper()
	s, pol, err := Tweak(f.Data)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	in := check.Inputs{Index: snapshot.NewIndex(s), Policy: pol, Now: now}
	findings := check.RunOne(c, in)
	if worst := Worst(findings); worst != want {
		t.Errorf("%s: the verdict is %v, the folder says %v", f.Name, worst, want)
	}
	text := Format(in.Index, findings)
	if want == check.Fail {
		text += tryFixes(t, f.Name, c, in, findings, fixed)
	}
	return text
}

// tryFixes simulates each fix of every failing subject: afterwards the subject
// must pass.
func tryFixes(t *testing.T, name string, c *check.Check, in check.Inputs, findings []check.Finding, fixed map[int]bool) string {
	t.Helper()
	var sb strings.Builder
	for i := range c.Fixes {
		fix := &c.Fixes[i]
		for _, f := range findings {
			if f.Status != check.Fail {
				continue
			}
			for _, m := range f.Members {
				sc := in.Index.Snapshot.Scope(in.Index.Subjects[m].Scope)
				st, err := fix.Step(check.NewProbe(c, in, sc), m)
				if err != nil {
					fmt.Fprintf(&sb, "fix %s %s refused: %v\n", c.MeasureID(fix), in.Index.Subjects[m].Key, err)
					continue
				}
				fmt.Fprintf(&sb, "fix %s %s %s %v\n", c.MeasureID(fix), in.Index.Subjects[m].Key, st.Kind, st.Set)
				if st.Source != "" {
					fmt.Fprintf(&sb, "  at the source: %s\n", st.Source)
				}
				if st.Kind != fix.Kind && st.Kind != step.FileEdit {
					t.Errorf("%s: the fix %s states the kind %s, its step is %s", name, c.MeasureID(fix), fix.Kind, st.Kind)
				}
				o := snapshot.NewOverlay(in.Index.Snapshot)
				if err := st.Simulate(o); err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				after := in
				after.Index = in.Index.With(o.Snapshot())
				verdicts := 0
				for _, g := range check.RunOne(c, after) {
					if !slices.Contains(g.Members, m) {
						continue
					}
					verdicts++
					if g.Status != check.Pass {
						t.Errorf("%s: the fix %s does not fix %s: %v, %s", name, c.MeasureID(fix), in.Index.Subjects[m].Key, g.Status, g.Message)
					}
				}
				if verdicts != 1 {
					t.Errorf("%s: after the fix %s there are %d verdicts on %s", name, c.MeasureID(fix), verdicts, in.Index.Subjects[m].Key)
				}
				fixed[i] = true
			}
		}
	}
	return sb.String()
}

// Worst is the status that decides for the check as a whole.
func Worst(findings []check.Finding) check.Status {
	for _, s := range []check.Status{check.Fail, check.Unknown, check.Manual, check.Pass} {
		if slices.ContainsFunc(findings, func(f check.Finding) bool { return f.Status == s }) {
			return s
		}
	}
	return check.NotApplicable
}

// Format prints findings one a line, with evidence and notes below.
func Format(x *snapshot.Index, findings []check.Finding) string {
	var sb strings.Builder
	for _, f := range findings {
		keys := make([]string, len(f.Members))
		for i, m := range f.Members {
			keys[i] = x.Subjects[m].Key
		}
		fmt.Fprintf(&sb, "%v", f.Status)
		if f.Reason != "" {
			fmt.Fprintf(&sb, "(%s)", f.Reason)
		}
		if f.Severity != 0 {
			fmt.Fprintf(&sb, " at %v", f.Severity)
		}
		if f.Dormant {
			sb.WriteString(" dormant")
		}
		fmt.Fprintf(&sb, " %s: %s\n", strings.Join(keys, " "), f.Message)
		for _, e := range f.Evidence {
			fmt.Fprintf(&sb, "  %s = %s", e.Source, e.Value)
			if e.Loc != nil {
				fmt.Fprintf(&sb, " at %v", e.Loc)
			}
			sb.WriteByte('\n')
		}
		for _, n := range f.Notes {
			fmt.Fprintf(&sb, "  note: %s\n", n)
		}
	}
	return sb.String()
}
