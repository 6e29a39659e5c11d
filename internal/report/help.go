package report

import (
	"slices"
	"strings"

	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// Unhelped returns the clauses that keep a threat open and that no measure of the
// result can make hold on any subject. Measures alone cannot close such a threat.
func (r *Result) Unhelped(t *Threat) []string {
	var out []string
	for _, e := range t.Elements {
		for _, c := range e.Clauses {
			if e.Status != threat.Open.String() || c.Supporting || c.Status != threat.Fail.String() || slices.Contains(out, c.Checks) {
				continue
			}
			checks := strings.Split(c.Checks, "|")
			helped := slices.ContainsFunc(r.Measures, func(m Measure) bool { return m.helps() && slices.Contains(checks, m.Check) })
			if !helped {
				out = append(out, c.Checks)
			}
		}
	}
	return out
}

// Takes returns the measures that a threat cannot be closed without and that no
// plan chooses by itself, since they take away what was given on purpose.
func (r *Result) Takes(t *Threat) []string {
	var out []string
	for _, e := range t.Elements {
		for _, c := range e.Clauses {
			if e.Status != threat.Open.String() || c.Supporting || c.Status != threat.Fail.String() {
				continue
			}
			checks := strings.Split(c.Checks, "|")
			taking, other := "", false
			for i := range r.Measures {
				m := &r.Measures[i]
				if !m.helps() || !slices.Contains(checks, m.Check) {
					continue
				}
				other = other || !m.Breaks
				if m.Breaks && taking == "" {
					taking = m.ID
				}
			}
			if taking != "" && !other && !slices.Contains(out, taking) {
				out = append(out, taking)
			}
		}
	}
	return out
}

// helps reports whether the measure, or one that it names instead, changes
// something.
func (m *Measure) helps() bool {
	return len(m.Steps)+m.AtSource() > 0 || slices.ContainsFunc(m.Refused, func(r step.Refusal) bool { return r.Instead != "" })
}

// AtSource counts the subjects that the measure helps only where they are
// defined: something owns them and would undo a change of theirs.
func (m *Measure) AtSource() int {
	n := 0
	for _, r := range m.Refused {
		if r.AtSource {
			n++
		}
	}
	return n
}
