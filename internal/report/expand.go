package report

import (
	"cmp"
	"fmt"

	"plimsoll/internal/step"
)

// expand returns the result that a document publishes, or what is wrong with
// the document: it may come from a stranger.
func (d *Document) expand() (*Result, error) {
	r := d.Result
	for i := range d.Findings {
		if err := d.Findings[i].expand(i, &r); err != nil {
			return nil, err
		}
	}
	for i, t := range r.Threats {
		for _, e := range t.Elements {
			if e.Subject < 0 || e.Subject >= len(r.Subjects) {
				return nil, fmt.Errorf("result: an element of threats[%d] names subject %d, there are %d subjects", i, e.Subject, len(r.Subjects))
			}
			if e.Count < 1 {
				return nil, fmt.Errorf("result: an element of threats[%d] has the count %d", i, e.Count)
			}
		}
	}
	r.Steps = make(map[string]step.Step)
	for i := range d.Measures {
		if err := d.Measures[i].expand(i, &r); err != nil {
			return nil, err
		}
	}
	for i, c := range r.Plan.Choices {
		if r.Measure(c.Measure) == nil {
			return nil, fmt.Errorf("result: plan.choices[%d] names the unknown measure %.60q", i, c.Measure)
		}
	}
	return &r, nil
}

func (g *Findings) expand(i int, r *Result) error {
	n := len(g.Subjects)
	switch {
	case n == 0 || n != len(g.Fingerprints):
		return fmt.Errorf("result: findings[%d] has %d subjects and %d fingerprints, want one of each or more", i, n, len(g.Fingerprints))
	case n > 1 && g.Count != n || g.Count < 1:
		return fmt.Errorf("result: findings[%d].count is %d for %d subjects", i, g.Count, n)
	}
	if _, ok := r.Checks[g.Check]; !ok {
		return fmt.Errorf("result: findings[%d] names the check %.60q, which is not in checks", i, g.Check)
	}
	g.Evidence, g.Notes, g.Measures = orNil(g.Evidence), orNil(g.Notes), orNil(g.Measures)
	for j, s := range g.Subjects {
		if s < 0 || s >= len(r.Subjects) {
			return fmt.Errorf("result: findings[%d].subjects names %d, there are %d subjects", i, s, len(r.Subjects))
		}
		r.Findings = append(r.Findings, Finding{Verdict: &g.Verdict, Subject: s, Fingerprint: g.Fingerprints[j], Count: g.Count / n})
	}
	return nil
}

// orNil makes an empty list what it is when it is left out, so that verdicts
// that read alike are equal.
func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func (f *MeasureForm) expand(i int, r *Result) error {
	m := f.Measure
	m.Steps = []string{}
	single := func(s int) (step.Target, error) {
		if s < 0 || s >= len(r.Subjects) || len(r.Subjects[s].Members) > 0 {
			return step.Target{}, fmt.Errorf("result: measures[%d] names subject %d, which is not one of the %d subjects, or a folded one", i, s, len(r.Subjects))
		}
		return r.Subjects[s].target(), nil
	}
	for _, g := range f.Steps {
		if len(g.Subjects) != len(g.IDs) {
			return fmt.Errorf("result: steps of measures[%d] have %d subjects and %d ids", i, len(g.Subjects), len(g.IDs))
		}
		for j, s := range g.Subjects {
			target, err := single(s)
			if err != nil {
				return err
			}
			target.UID = cmp.Or(g.UID, target.UID)
			m.Steps = append(m.Steps, g.IDs[j])
			r.Steps[g.IDs[j]] = step.Step{
				ID: g.IDs[j], Kind: g.Kind, Target: target, Set: g.Set, Disturbs: g.Disturbs, Undo: g.Undo, Note: g.Note, Warnings: g.Warnings,
			}
		}
	}
	for _, g := range f.Refused {
		for _, s := range g.Subjects {
			target, err := single(s)
			if err != nil {
				return err
			}
			m.Refused = append(m.Refused, step.Refusal{Target: target, Why: g.Why, AtSource: g.AtSource, Instead: g.Instead})
		}
	}
	r.Measures = append(r.Measures, m)
	return nil
}
