package assess

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// FromPlan holds steps of a saved plan, which may come from a stranger, against
// this assessment. A step is taken when the measure offers one for the same
// target that changes the same fields, when its From still holds, and when the
// check passes after it. Of the saved step only the values are taken; everything
// that is shown comes from the measure. The others are refused with the reason.
func (a *Assessment) FromPlan(m step.Measure, planned []step.Step) (steps []step.Step, refused []step.Refusal) {
	for _, p := range planned {
		s, why := a.recheck(m, p)
		if why != "" {
			refused = append(refused, step.Refusal{Target: p.Target, Why: why})
			continue
		}
		steps = append(steps, s)
	}
	return steps, refused
}

func (a *Assessment) recheck(m step.Measure, p step.Step) (step.Step, string) {
	i := slices.IndexFunc(m.Steps, func(f step.Step) bool { return f.Kind == p.Kind && f.Target == p.Target })
	if i < 0 {
		return p, "the measure no longer offers this step: its target is fixed, gone or another; plan again"
	}
	fresh := m.Steps[i]
	if !slices.EqualFunc(fresh.Set, p.Set, func(x, y step.Change) bool { return x.Field == y.Field }) {
		return p, "it changes other fields than the measure does; plan again"
	}
	t := fresh.Target
	s := step.New(fresh.Kind, snapshot.Subject{Kind: t.Kind, Scope: t.Scope, Key: t.Key, Name: t.Name, UID: t.UID}, p.Set...)
	s.Undo, s.Note, s.Warnings = fresh.Undo, fresh.Note, fresh.Warnings
	o := snapshot.NewOverlay(a.Snapshot)
	if err := s.Simulate(o); err != nil {
		return p, "it changed since the plan was made; plan again"
	}
	if !a.passes(m.Check, m.For[fresh.ID], o) {
		return p, "its values would not make the check pass; plan again"
	}
	return s, ""
}

// passes reports whether a check passes for all of the subjects on the overlay.
func (a *Assessment) passes(id string, subjects []int, o *snapshot.Overlay) bool {
	i := slices.IndexFunc(a.Suite, func(c *check.Check) bool { return c.ID == id })
	if i < 0 || len(subjects) == 0 {
		return false
	}
	passed := make(map[int]bool)
	for _, f := range check.RunOne(a.Suite[i], a.checkInputs(a.Index.With(o.Snapshot()))) {
		if f.Status == check.Pass {
			for _, m := range f.Members {
				passed[m] = true
			}
		}
	}
	return !slices.ContainsFunc(subjects, func(s int) bool { return !passed[s] })
}
