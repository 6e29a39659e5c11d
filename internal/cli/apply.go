package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/internal/assess"
	"plimsoll/internal/atomicfile"
	"plimsoll/internal/config"
	"plimsoll/internal/harden"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// selection is what harden is about to do.
type selection struct {
	measures []step.Measure
	steps    []step.Step
}

// harden shows the changes and, with --apply, makes them.
func (a *app) harden(cmd *cobra.Command, f *hardenFlags, ids []string) error {
	ctx := cmd.Context()
	planned, digest, err := a.savedPlan(f)
	if err != nil {
		return err
	}
	if planned != nil {
		for _, m := range planned.plan.Measures {
			ids = append(ids, m.ID)
		}
	}
	if err := a.checkMeasures(ids); err != nil {
		return err
	}
	src, err := a.engineEvidence(ctx, cmd, &f.collectFlags, f.target)
	if err != nil {
		return err
	}
	_, as, err := a.decide(cmd, src, &f.decisionFlags, shortPlan(), f.on)
	if err != nil {
		return err
	}
	allow, err := f.disturb()
	if err != nil {
		return err
	}
	sel := a.choose(as, ids, planned, allow)
	if err := a.showSelection(sel, ids); err != nil {
		return failure(err)
	}
	switch {
	case len(sel.steps) == 0:
		a.log.note("there is nothing to change")
		return nil
	case !f.apply:
		a.log.note("nothing was changed; add --apply to make these changes")
		return nil
	}
	if err := a.confirm(fmt.Sprintf("Apply %d changes to %d containers?", len(sel.steps), targetsOf(sel.steps)), f.yes); err != nil {
		return err
	}
	return a.perform(ctx, f, src.snapshot, sel, digest)
}

// savedPlan reads the plan that --plan names.
func (a *app) savedPlan(f *hardenFlags) (*document, string, error) {
	if f.plan == "" {
		return nil, "", nil
	}
	d, err := a.readDocument(f.plan)
	switch {
	case err != nil:
		return nil, "", err
	case d.plan == nil:
		return nil, "", usage("--plan %s is a %s; save a plan with plimsoll plan -o FILE", f.plan, d.kind())
	case len(d.plan.Measures) == 0:
		return nil, "", usage("--plan %s has no measures; there is nothing to do", f.plan)
	case f.target == "" && !strings.HasPrefix(d.plan.Endpoint, "unix://"):
		return nil, "", usage("the plan was made for the engine %s, which is not asked unless it is named; give --target docker:URL", quote(d.plan.Endpoint))
	}
	b, err := readBounded(a.path(f.plan))
	if err != nil {
		return nil, "", usage("%s cannot be read: %v", f.plan, err)
	}
	return d, config.Digest(b), nil
}

// choose takes the steps of the named measures that are allowed, with the
// values of the saved plan where there is one.
func (a *app) choose(as *assess.Assessment, ids []string, planned *document, allow step.Disturb) selection {
	var sel selection
	for _, m := range as.Measures {
		if !contains(ids, m.ID) {
			continue
		}
		if planned != nil {
			for _, pm := range planned.plan.Measures {
				if pm.ID == m.ID {
					m = withPlanned(as, m, pm.Steps, planned)
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
		sel.steps = append(sel.steps, m.Steps...)
	}
	return sel
}

func withPlanned(as *assess.Assessment, m step.Measure, ids []string, planned *document) step.Measure {
	saved := make([]step.Step, len(ids))
	for i, id := range ids {
		saved[i] = planned.plan.Steps[id]
	}
	steps, refused := as.FromPlan(m, saved)
	m.Steps, m.Refused = steps, append(slices.Clone(m.Refused), refused...)
	return m
}

// showSelection prints the changes, what they disturb, what is refused and what
// a person should know.
func (a *app) showSelection(sel selection, ids []string) error {
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
			fmt.Fprintf(&b, "%s: nothing that was looked at needs it\n", id)
		}
	}
	_, err := io.WriteString(a.Out, b.String())
	return err
}

func targetsOf(steps []step.Step) int {
	seen := make(map[step.Target]bool)
	for _, s := range steps {
		seen[s.Target] = true
	}
	return len(seen)
}

// perform applies the steps to the one engine that they concern.
func (a *app) perform(ctx context.Context, f *hardenFlags, before *snapshot.Snapshot, sel selection, digest string) error {
	scope := before.Scope(sel.steps[0].Target.Scope)
	for _, s := range sel.steps {
		if s.Target.Scope != sel.steps[0].Target.Scope {
			return usage("the changes concern several engines; name one with --target docker:URL")
		}
	}
	eng, done, err := a.engine(ctx, f.target, scope.Target)
	if err != nil {
		return err
	}
	defer done()
	dir, err := f.stateDir(a)
	if err != nil {
		return err
	}
	name, err := storeBefore(dir, before)
	if err != nil {
		return failure(err)
	}
	p := a.progress()
	rep, err := harden.Apply(ctx, harden.Options{
		Engine: eng, State: dir, Tool: toolName(), Before: name, Plan: digest, Wait: f.wait, Now: a.now, AfterPhase: p.phase(sel.steps),
	}, sel.steps)
	p.end()
	if rep.ID == "" { // no journal refers to it
		err = joined(err, removeBefore(dir, name))
	}
	return joined(failureUnlessKnown(err), failure(a.showReport(rep)))
}

// storeBefore keeps the snapshot that the steps were planned on, for verify.
func storeBefore(state string, s *snapshot.Snapshot) (string, error) {
	dir := filepath.Join(state, "journal")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the state folder: %w", err)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, s); err != nil {
		return "", err
	}
	name := "before-" + s.ID[:min(16, len(s.ID))] + ".snapshot.json"
	return name, atomicfile.Write(filepath.Join(dir, name), privateMode, func(w io.Writer) error { _, err := b.WriteTo(w); return err })
}

func removeBefore(state, name string) error {
	err := os.Remove(filepath.Join(state, "journal", name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return failure(err)
}

// failureUnlessKnown gives an error of harden without a kind of its own the
// code of a run without result.
func failureUnlessKnown(err error) error {
	var known *harden.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return failure(err)
}

// showReport prints what a run did and what can be done next.
func (a *app) showReport(rep harden.Report) error {
	var b strings.Builder
	for _, o := range rep.Recovered {
		b.WriteString("earlier run: " + outcome(o))
	}
	applied, kept := 0, false
	for _, o := range rep.Steps {
		b.WriteString(outcome(o))
		if o.State == harden.StateApplied {
			applied++
			kept = kept || o.Step.Kind == step.ContainerRecreate
		}
	}
	if rep.ID != "" {
		fmt.Fprintf(&b, "\njournal %s\n", rep.ID)
	}
	if applied > 0 {
		fmt.Fprintf(&b, "  plimsoll verify %s           proves the result\n  plimsoll rollback %s         takes it back\n", rep.ID, rep.ID)
	}
	if kept {
		fmt.Fprintf(&b, "  plimsoll harden --commit %s  removes the replaced containers, which are kept until then\n", rep.ID)
	}
	_, err := io.WriteString(a.Out, b.String())
	return err
}

// outcome is the line of one step.
func outcome(o harden.Outcome) string {
	var fields []string
	for _, c := range o.Step.Set {
		fields = append(fields, c.Field)
	}
	s := fmt.Sprintf("%s  %s  %s", o.State, o.Step.Target.Key, strings.Join(fields, ", "))
	if o.Undo != "" {
		s += ", " + string(o.Undo)
	}
	if o.Why != "" {
		s += ": " + o.Why
	}
	return text.Clean(s) + "\n"
}
