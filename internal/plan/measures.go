// Package plan chooses the few measures that remove the most risk, by
// simulating each on the snapshot and deciding the threats again.
package plan

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// DefectError reports a fix that failed otherwise than by refusing: a fault of
// the program, not of what it looked at.
type DefectError struct {
	Measure, Subject string
	Err              error
}

// Error implements error.
func (e *DefectError) Error() string {
	return fmt.Sprintf("measure %s has a defect, at %.100q: %v", e.Measure, e.Subject, e.Err)
}

// Unwrap returns the cause.
func (e *DefectError) Unwrap() error { return e.Err }

// Measures returns every measure that the failing findings offer, in the order
// of the suite: one per fix, over all subjects that fail its check. On, when not
// empty, keeps only subjects whose key or name matches one of its patterns. The
// error, if any, is a [*DefectError].
func Measures(suite []*check.Check, in check.Inputs, findings []check.Finding, on []string) ([]step.Measure, error) {
	failing := make(map[string][]int)
	for i := range findings {
		if findings[i].Status == check.Fail {
			failing[findings[i].Check.ID] = append(failing[findings[i].Check.ID], findings[i].Members...)
		}
	}
	var out []step.Measure
	for _, c := range suite {
		if len(failing[c.ID]) == 0 {
			continue
		}
		for i := range c.Fixes {
			m, err := measure(c, &c.Fixes[i], in, failing[c.ID], on)
			if err != nil {
				return nil, err
			}
			if len(m.Steps)+len(m.Refused) > 0 {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

func measure(c *check.Check, fix *check.Fix, in check.Inputs, subjects []int, on []string) (step.Measure, error) {
	m := step.Measure{ID: c.MeasureID(fix), Check: c.ID, Title: fix.Title, Disturbs: fix.Kind.Disturbs(), Breaks: fix.Breaks, For: make(map[string][]int)}
	probes := make(map[string]*check.Probe)
	byScope := make(map[string][]step.Step)
	var scopes []string
	for _, id := range subjects {
		s := in.Index.Subjects[id]
		if !Selects(on, s) {
			continue
		}
		p := probes[s.Scope]
		if p == nil {
			p = check.NewProbe(c, in, in.Index.Snapshot.Scope(s.Scope))
			probes[s.Scope] = p
			scopes = append(scopes, s.Scope)
		}
		st, err := fix.Step(p, id)
		var refused *step.RefusedError
		switch {
		case errors.As(err, &refused):
			out := refusal(s, refused.Why)
			out.Instead = refused.Instead
			m.Refused = append(m.Refused, out)
		case err != nil:
			return m, &DefectError{Measure: m.ID, Subject: s.Key, Err: err}
		case st.Source != "":
			m.Sourced = append(m.Sourced, st)
			out := refusal(s, st.Source)
			out.AtSource = true
			m.Refused = append(m.Refused, out)
		case m.For[st.ID] == nil:
			byScope[s.Scope] = append(byScope[s.Scope], st)
			fallthrough
		default: // one step may help several subjects
			m.For[st.ID] = append(m.For[st.ID], id)
		}
	}
	for _, sc := range scopes {
		m.Steps = append(m.Steps, byScope[sc]...)
		if fix.Review != nil && len(byScope[sc]) > 0 {
			m.Warnings = append(m.Warnings, fix.Review(probes[sc], byScope[sc])...)
		}
	}
	if len(m.Steps) > 0 { // of a fix, subjects in files disturb nothing that runs
		m.Disturbs = slices.MaxFunc(m.Steps, func(a, b step.Step) int { return cmp.Compare(a.Disturbs, b.Disturbs) }).Disturbs
	}
	return m, nil
}

func refusal(s snapshot.Subject, why string) step.Refusal {
	return step.Refusal{Target: step.Target{Kind: s.Kind, Scope: s.Scope, Key: s.Key, Name: s.Name, UID: s.UID}, Why: why}
}

// Selects reports whether one of the patterns matches the subject's key or
// name. No pattern selects all.
func Selects(patterns []string, s snapshot.Subject) bool {
	for _, p := range patterns {
		if p == s.Key || p == s.Name {
			return true
		}
		if ok, err := path.Match(p, s.Key); err == nil && ok {
			return true
		}
		if ok, err := path.Match(p, s.Name); err == nil && ok {
			return true
		}
	}
	return len(patterns) == 0
}
