// Package plan chooses the few measures that remove the most risk, by
// simulating each on the snapshot and deciding the threats again.
package plan

import (
	"errors"
	"path"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Measures returns every measure that the failing findings offer, in the order
// of the suite: one per fix, over all subjects that fail its check. On, when not
// empty, keeps only subjects whose key or name matches one of its patterns.
func Measures(suite []*check.Check, in check.Inputs, findings []check.Finding, on []string) []step.Measure {
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
			if m := measure(c, &c.Fixes[i], in, failing[c.ID], on); len(m.Steps)+len(m.Refused) > 0 {
				out = append(out, m)
			}
		}
	}
	return out
}

func measure(c *check.Check, fix *check.Fix, in check.Inputs, subjects []int, on []string) step.Measure {
	m := step.Measure{ID: c.MeasureID(fix), Check: c.ID, Title: fix.Title, Disturbs: fix.Disturbs}
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
		if err != nil {
			m.Refused = append(m.Refused, refusal(s, err))
			continue
		}
		byScope[s.Scope] = append(byScope[s.Scope], st)
	}
	for _, sc := range scopes {
		m.Steps = append(m.Steps, byScope[sc]...)
		if fix.Review != nil && len(byScope[sc]) > 0 {
			m.Warnings = append(m.Warnings, fix.Review(probes[sc], byScope[sc])...)
		}
	}
	return m
}

func refusal(s snapshot.Subject, err error) step.Refusal {
	why := err.Error()
	var r *step.Refuse
	if errors.As(err, &r) {
		why = r.Why
	}
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
