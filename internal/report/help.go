package report

import (
	"slices"
	"strings"

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
			helped := slices.ContainsFunc(r.Measures, func(m Measure) bool { return len(m.Steps)+m.AtSource() > 0 && slices.Contains(checks, m.Check) })
			if !helped {
				out = append(out, c.Checks)
			}
		}
	}
	return out
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
