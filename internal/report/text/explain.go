package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/report"
	"plimsoll/internal/threat"
)

// ExplainCheck prints what a check asks, why, how it decides, how to remedy a
// failure, and, with a result, what it found.
func ExplainCheck(w io.Writer, c *check.Check, r *report.Result, o Options) error {
	p := newPage(w, o)
	p.line(p.bold(c.ID) + "  " + c.Title)
	p.wrap("  ", fmt.Sprintf("severity %s · zone %s · surface %s · STRIDE %s · judges %s", c.Severity, c.Zone, c.Surface, strings.Join(strings.Split(c.STRIDE, ""), " "), c.Subject))
	if len(c.Refs) > 0 {
		refs := make([]string, len(c.Refs))
		for i, ref := range c.Refs {
			refs[i] = ref.Alias()
			if ref.Level > 0 {
				refs[i] += fmt.Sprintf(" (level %d)", ref.Level)
			}
		}
		p.wrap("  ", "numbers: "+strings.Join(refs, ", "))
	}
	if len(c.Covered) > 0 {
		p.wrap("  ", "counted at: "+strings.Join(c.Covered, ", ")+", when both fail for one cause")
	}
	p.section("Why", c.Why)
	if len(c.Needs) > 0 {
		parts := make([]string, len(c.Needs))
		for i, part := range c.Needs {
			parts[i] = string(part) + " (" + part.Meaning() + ")"
		}
		p.section("Evidence", strings.Join(parts, "; "))
	}
	p.section("Remedy", c.Remedy)
	if c.ByHand != "" {
		p.section("Why by hand", c.ByHand)
	}
	for _, pa := range c.Params {
		def := strings.Join(pa.Default, ", ")
		switch {
		case pa.Question:
			def = "none; the check is unknown until it is declared"
		case def == "":
			def = "empty"
		}
		p.section("Parameter "+pa.Name, fmt.Sprintf("%s (%s; default: %s)", pa.Meaning, pa.Unit, def))
	}
	on := ""
	if r != nil {
		on = p.target(r, nil)
	}
	for i := range c.Fixes {
		p.section("Fix", fmt.Sprintf("%s: plimsoll harden %s%s (%s)", c.Fixes[i].Title, c.MeasureID(&c.Fixes[i]), on, c.Fixes[i].Kind.Touches()))
	}
	p.checkThreats(c, r)
	p.section("More", "every case and its verdict: docs/checks/"+c.ID+".md in the source")
	p.found(c, r)
	p.section("Accept", "a failure that you decide to live with goes into .plimsoll/waivers.yaml with scope, reason, owner and an expiry date; it is then shown as accepted.")
	return p.err
}

// ExplainPlanned prints what is known of a row of the catalogue that no check
// answers yet.
func ExplainPlanned(w io.Writer, c check.Planned, o Options) error {
	p := newPage(w, o)
	p.line(p.bold(c.ID) + "  " + c.Title)
	p.linef("  judges %s", c.Subject)
	for _, r := range c.Refs {
		p.linef("  number %s", r.Alias())
	}
	fate := "This version does not decide it"
	need, support := naming(c.ID)
	if len(need) > 0 {
		fate += ", so threats that need it stay unknown unless another check of the same clause decides: " + strings.Join(need, ", ")
	}
	if len(support) > 0 {
		fate += "; it would only move the likelihood of " + strings.Join(support, ", ")
	}
	p.wrap("  ", fate+".")
	return p.err
}

// naming lists the threats that a check decides, and those whose likelihood it
// moves.
func naming(check string) (need, support []string) {
	names := func(c threat.Clause) bool { return slices.Contains(c, check) }
	for _, t := range threat.Catalogue() {
		switch {
		case slices.ContainsFunc(t.Required, names):
			need = append(need, t.ID)
		case slices.ContainsFunc(t.Supporting, names):
			support = append(support, t.ID)
		}
	}
	return need, support
}

func (p *page) section(head, body string) {
	p.line("")
	p.line(p.bold(head))
	p.wrap("  ", body)
}

// checkThreats lists the threats that a check decides or moves.
func (p *page) checkThreats(c *check.Check, r *report.Result) {
	var lines []string
	for _, t := range threat.Catalogue() {
		role := ""
		for _, cl := range t.Supporting {
			if slices.Contains(cl, c.ID) {
				role = "moves its likelihood"
			}
		}
		for _, cl := range t.Required {
			if slices.Contains(cl, c.ID) {
				role = "decides it"
				if len(cl) > 1 {
					role = "decides it, or " + strings.Join(slices.DeleteFunc(slices.Clone(cl), func(m string) bool { return m == c.ID }), " or ")
				}
			}
		}
		if role != "" {
			s := t.ID + " " + t.Title + ": " + role
			if rt := findThreat(r, t.ID); rt != nil {
				s += "; it is " + rt.Status
			}
			lines = append(lines, s)
		}
	}
	if len(lines) == 0 {
		return
	}
	p.line("")
	p.line(p.bold("Threats"))
	for _, l := range lines {
		p.wrap("  ", l)
	}
}

func findThreat(r *report.Result, id string) *report.Threat {
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Threats, func(t report.Threat) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Threats[i]
}

// found prints what the check said of each subject.
func (p *page) found(c *check.Check, r *report.Result) {
	if r == nil {
		return
	}
	p.line("")
	p.line(p.bold("Found"))
	for _, f := range r.Findings {
		if f.Check != c.ID {
			continue
		}
		s := f.Status + " " + Clean(r.Subject(&f).Name)
		if f.Count > 1 {
			s += fmt.Sprintf(" and %d alike", f.Count-1)
		}
		s += ": " + Clean(f.Message)
		if f.Reason != "" {
			s += " (" + string(f.Reason) + ")"
		}
		if f.Waiver != nil {
			s += fmt.Sprintf(" (accepted by %s until %s: %s)", Clean(f.Waiver.Owner), f.Waiver.Expires, Clean(f.Waiver.Reason))
		}
		p.wrap("  ", s)
		for _, e := range f.Evidence {
			at := ""
			if e.Loc != nil {
				at = Clean(e.Loc.String()) + ": "
			}
			p.wrap("      ", at+Clean(e.Source)+" = "+Clean(e.Value))
		}
		for _, n := range f.Notes {
			p.wrap("      ", "note: "+Clean(n))
		}
	}
}

// ExplainThreat prints a threat, its clauses and the arithmetic of its risk.
func ExplainThreat(w io.Writer, t *threat.Threat, r *report.Result, o Options) error {
	p := newPage(w, o)
	p.line(p.bold(t.ID) + "  " + t.Title)
	surfaces := make([]string, 0, len(t.Surfaces()))
	for _, s := range t.Surfaces() {
		surfaces = append(surfaces, string(s))
	}
	p.wrap("  ", fmt.Sprintf("%s · zone %s · component %s · surface %s (%s)", t.Class, t.Zone, t.Component, strings.Join(surfaces, ", "), t.Surface))
	p.section("Attack", t.Attack)
	if len(t.Techniques) > 0 {
		p.section("ATT&CK", strings.Join(t.Techniques, "; "))
	}
	p.section("Mitigations", t.Mitigations)
	rt := findThreat(r, t.ID)
	p.line("")
	p.line(p.bold("Every one of these must hold"))
	p.clauses(t.Required)
	if len(t.Supporting) > 0 {
		p.line(p.bold("Half of these lower the likelihood by one"))
		p.clauses(t.Supporting)
	}
	p.risk(t, rt)
	if rt != nil {
		p.line("")
		p.line(p.bold("Elements"))
		for _, e := range rt.Elements {
			s := r.Subjects[e.Subject]
			p.line("  " + Clean(s.Name) + more(e.Count) + ": " + e.Status)
			for _, c := range e.Clauses {
				role := "required"
				if c.Supporting {
					role = "supporting"
				}
				p.wrap("      ", c.Status+" "+c.Checks+" ("+role+")")
			}
		}
	}
	if len(t.Refs) > 0 {
		p.section("References", strings.Join(t.Refs, "; "))
	}
	return p.err
}

func more(n int) string {
	if n > 1 {
		return fmt.Sprintf(" and %d alike", n-1)
	}
	return ""
}

func (p *page) clauses(cs []threat.Clause) {
	for _, c := range cs {
		p.wrap("  - ", strings.Join(c, " or "))
	}
}

// risk replays the arithmetic.
func (p *page) risk(t *threat.Threat, rt *report.Threat) {
	in := t.Inherent()
	p.line("")
	p.line(p.bold("Risk"))
	p.linef("  inherent   L %d x I %d = %d, %s", in.Likelihood, in.Impact, in.Value(), in.Band())
	if rt == nil {
		return
	}
	p.linef("  status     %s", rt.Status)
	for _, why := range rt.Risk.Reasons {
		p.wrap("             ", Clean(why))
	}
	p.linef("  current    L %d x I %d = %d, %s", rt.Risk.Current.Likelihood, rt.Risk.Current.Impact, rt.Risk.Current.Value, rt.Risk.Current.Band)
	p.linef("  projected  L %d x I %d = %d, %s (after the plan of that result)", rt.Risk.Projected.Likelihood, rt.Risk.Projected.Impact, rt.Risk.Projected.Value, rt.Risk.Projected.Band)
}
