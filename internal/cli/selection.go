package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/harden"
	"plimsoll/internal/plan"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// selection is what harden is about to do.
type selection struct {
	measures []step.Measure
	steps    []step.Step // those that can be performed
	stale    int         // planned steps whose target changed since

	folder string            // absolute, of steps that edit files
	diffs  []harden.FileDiff // what they make of the files
}

// digests are of the files as they were shown.
func (sel *selection) digests() map[string]string {
	m := make(map[string]string)
	for _, d := range sel.diffs {
		m[d.Path] = d.Digest()
	}
	return m
}

// choose takes the steps of the named measures that are allowed, with the
// values of the saved plan where there is one.
func (a *app) choose(as *assess.Assessment, ids []string, planned *document, allow step.Disturb) *selection {
	sel := &selection{}
	for _, m := range as.Measures {
		if !contains(ids, m.ID) {
			continue
		}
		m.Refused = slices.Clone(m.Refused)
		if planned != nil {
			for _, pm := range planned.plan.Measures {
				if pm.ID == m.ID {
					m = sel.withPlanned(as, m, pm.Steps, planned)
				}
			}
		}
		m.Steps = slices.DeleteFunc(slices.Clone(m.Steps), func(s step.Step) bool {
			if s.Disturbs <= allow {
				return false
			}
			m.Refused = append(m.Refused, step.Refusal{Target: s.Target, Why: fmt.Sprintf("it would %s, only %s is allowed", s.Disturbs, allow)})
			return true
		})
		sel.measures = append(sel.measures, m)
	}
	return sel
}

// withPlanned takes the values of a saved plan. What changed since it was made is
// refused; what is as planned already needs no step.
func (sel *selection) withPlanned(as *assess.Assessment, m step.Measure, ids []string, planned *document) step.Measure {
	var saved []step.Step
	now := snapshot.NewOverlay(as.Snapshot)
	for _, id := range ids {
		if s := planned.plan.Steps[id]; !reached(now, s) {
			saved = append(saved, s)
		}
	}
	steps, refused := as.FromPlan(m, saved)
	m.Steps, m.Refused = steps, append(m.Refused, refused...)
	sel.stale += len(refused)
	return m
}

// reached reports whether the evidence shows all values of a step already.
func reached(now *snapshot.Overlay, s step.Step) bool {
	return !slices.ContainsFunc(s.Set, func(c step.Change) bool {
		got, err := now.Get(s.Target.Kind, s.Target.Scope, s.Target.Key, c.Field)
		return err != nil || got != c.To
	})
}

// refusals counts the changes that are not made.
func (sel *selection) refusals() int {
	n := 0
	for _, m := range sel.measures {
		n += len(m.Refused)
	}
	return n
}

// preview asks the engines whether the steps could be performed now, and moves
// those that could not to the refusals. Nothing is changed.
func (a *app) preview(ctx context.Context, f *hardenFlags, before *snapshot.Snapshot, sel *selection) error {
	byScope := make(map[string][]*step.Step)
	refused := make(map[*step.Step]string)
	for _, m := range sel.measures {
		for i := range m.Steps {
			byScope[m.Steps[i].Target.Scope] = append(byScope[m.Steps[i].Target.Scope], &m.Steps[i])
		}
	}
	for _, scope := range slices.Sorted(maps.Keys(byScope)) {
		if err := a.previewScope(ctx, f, engineOf(before, []step.Step{*byScope[scope][0]}), byScope[scope], refused, sel); err != nil {
			return err
		}
	}
	sel.steps = nil
	for i := range sel.measures {
		m := &sel.measures[i]
		var kept []step.Step
		for k := range m.Steps {
			if why, is := refused[&m.Steps[k]]; is {
				m.Refused = append(m.Refused, step.Refusal{Target: m.Steps[k].Target, Why: why})
				continue
			}
			kept = append(kept, m.Steps[k])
		}
		m.Steps = kept
		sel.steps = append(sel.steps, kept...)
	}
	return nil
}

func (a *app) previewScope(ctx context.Context, f *hardenFlags, scope *snapshot.Scope, steps []*step.Step, refused map[*step.Step]string, sel *selection) error {
	asked := make([]step.Step, len(steps))
	for i, s := range steps {
		asked[i] = *s
	}
	verdicts, err := a.verdicts(ctx, f, scope, asked, sel)
	if err != nil {
		return err
	}
	for i, v := range verdicts {
		if v.Refused != "" {
			refused[steps[i]] = v.Refused
		}
		known := slices.DeleteFunc(slices.Clone(steps[i].Warnings), func(w string) bool { return w == step.LayerUnread })
		steps[i].Warnings = append(known, v.Warnings...)
	}
	return nil
}

// verdicts asks whether steps of one scope could be performed now.
func (a *app) verdicts(ctx context.Context, f *hardenFlags, scope *snapshot.Scope, steps []step.Step, sel *selection) ([]harden.Verdict, error) {
	o := harden.Options{Wait: time.Duration(f.wait)}
	if scope.Kind == snapshot.ScopeFiles {
		var err error
		if o.Folder, err = a.folder(f.target); err != nil {
			return nil, err
		}
		o.Files = a.readFiles
		verdicts, diffs, err := harden.PreviewFiles(ctx, o, steps)
		if err != nil {
			return nil, failure(fmt.Errorf("look whether the files can be edited: %w", err))
		}
		sel.folder, sel.diffs = o.Folder, append(sel.diffs, diffs...)
		return verdicts, nil
	}
	eng, done, err := a.engine(ctx, &f.collectFlags, f.target, scope.Target)
	if err != nil {
		return nil, err
	}
	defer done()
	o.Engine, o.Machine = eng, a.machine
	verdicts, err := harden.Preview(ctx, o, steps)
	if err != nil {
		return nil, failure(fmt.Errorf("ask the engine whether the changes can be made: %w", err))
	}
	return verdicts, nil
}

// showSelection prints the changes, what they disturb, what is refused and what
// a person should know.
func (a *app) showSelection(as *assess.Assessment, sel *selection, ids, on []string, target string) error {
	var b strings.Builder
	b.WriteString(harden.Diff(sel.steps, sel.measures))
	for _, m := range sel.measures {
		if len(m.Steps) == 0 { // Diff shows refusals beside steps
			fmt.Fprintf(&b, "%s: %s\n", m.ID, m.Title)
			for _, r := range m.Refused {
				fmt.Fprintf(&b, "  %s  not changed: %s\n", text.Clean(r.Target.Key), text.Clean(r.Why))
			}
		}
		for _, w := range m.Warnings {
			fmt.Fprintf(&b, "warning: %s: %s\n", m.ID, text.Clean(w))
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(sel.measures, func(m step.Measure) bool { return m.ID == id }) {
			b.WriteString(a.unneeded(as, id, on))
		}
	}
	if sel.folder != "" {
		fi, err := os.Stat(sel.folder)
		b.WriteString(fileDiffs(target, sel.diffs, err == nil && !fi.IsDir()))
	}
	_, err := io.WriteString(a.Out, b.String())
	return err
}

// unneeded says why a measure changes nothing: nothing needs it, or nobody knows
// whether something does.
func (a *app) unneeded(as *assess.Assessment, id string, on []string) string {
	const most = 3 // subjects by name
	var b strings.Builder
	n := 0
	for i := range as.Findings {
		f := &as.Findings[i]
		if f.Status != check.Unknown || !slices.ContainsFunc(f.Check.Fixes, func(x check.Fix) bool { return f.Check.MeasureID(&x) == id }) {
			continue
		}
		for _, m := range f.Members {
			s := as.Index.Subjects[m]
			if len(on) > 0 && !plan.Selects(on, s) {
				continue
			}
			if n++; n <= most {
				fmt.Fprintf(&b, "  %s  unknown (%s): %s\n", text.Clean(s.Key), f.Reason, text.Clean(f.Message))
			}
		}
	}
	if n == 0 {
		return id + ": nothing that was looked at needs it\n"
	}
	if n > most {
		fmt.Fprintf(&b, "  and %d more\n", n-most)
	}
	return fmt.Sprintf("%s: whether something needs it is not known of %s\n%s", id, counted(n, "subject"), b.String())
}

func targetsOf(steps []step.Step) int {
	seen := make(map[step.Target]bool)
	for _, s := range steps {
		seen[s.Target] = true
	}
	return len(seen)
}
