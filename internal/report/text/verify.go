package text

import (
	"cmp"
	"fmt"
	"io"

	"plimsoll/internal/report"
)

// Held is a value that a step set, and what it is now.
type Held struct {
	Key, Field     string
	Want, Got, Why string
	Holds          bool
}

// Verification prints what changed since the comparison's base, which may be
// nil, and whether values hold; word is what is said of those that do.
func Verification(w io.Writer, c *report.Comparison, values []Held, word string, o Options) error {
	p := newPage(w, o)
	if c != nil {
		p.comparison(c)
	}
	for _, v := range values {
		v.Got, v.Want = shortDigest(v.Got), shortDigest(v.Want)
		line := fmt.Sprintf("%s: %s %s = %s", word, v.Key, v.Field, v.Got)
		switch {
		case v.Holds:
		case v.Got == v.Want && v.Why != "":
			line = fmt.Sprintf("PENDING: %s %s = %s; %s", v.Key, v.Field, orNothing(v.Got), v.Why)
		default:
			line = fmt.Sprintf("NOT SO: %s %s is %s, the step says %s", v.Key, v.Field, orNothing(v.Got), orNothing(v.Want))
			if v.Why != "" {
				line += "; " + v.Why
			}
		}
		p.line(Clean(line))
	}
	return p.err
}

func (p *page) comparison(c *report.Comparison) {
	p.line(p.bold(fmt.Sprintf("THREATS THAT CHANGED (%d)", len(c.Threats))))
	for _, t := range c.Threats {
		p.linef("  %s %s → %s: %s", t.ID, stateText(t.Before), stateText(t.After), Clean(t.Title))
	}
	p.line(p.bold(fmt.Sprintf("FINDINGS THAT CHANGED OR WERE MEANT TO (%d)", len(c.Findings))))
	for _, f := range c.Findings {
		p.linef("  %s → %s %s on %s", orNothing(f.Before), orNothing(f.After), Clean(f.Check), Clean(f.Name))
	}
	p.linef("risk of open threats %d → %d", c.Risk[0], c.Risk[1])
}

func stateText(s report.State) string {
	if s.Status == "" {
		return orNothing("")
	}
	return Clean(s.Status + " " + s.Band)
}

func orNothing(s string) string { return cmp.Or(s, "(none)") }
