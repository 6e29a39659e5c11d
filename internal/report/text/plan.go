package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll/internal/report"
	"plimsoll/internal/step"
)

// Plan prints the chosen measures, what each does and disturbs, and why the
// others stayed out.
func Plan(w io.Writer, r *report.Result, o Options) error {
	p := newPage(w, o)
	pl := r.Plan
	p.line(p.bold("PLAN") + fmt.Sprintf("  %s; risk %d now, %d after", count(len(pl.Choices), "measure", "measures"), pl.Before, pl.After))
	p.unanswered(r.Summary.Answers)
	for i, c := range pl.Choices {
		m := r.Measure(c.Measure)
		p.line("")
		p.hang("", "   ", p.bold(fmt.Sprintf("%d. %s:", i+1, m.ID))+" "+m.Title)
		p.wrap("   ", fmt.Sprintf("surface %s; removes %d risk; fixes %s; %s", c.Surface, c.Removes, count(c.Fixes, "failing finding", "failing findings"), disturbance(r, m)))
		p.wrap("   ", "why: "+c.Why)
		if c.Lacks != "" {
			p.wrap("   ", "closes no threat by itself: "+Clean(c.Lacks))
		}
		for _, d := range c.Changes {
			p.wrap("   ", fmt.Sprintf("%s %s → %s, risk %d → %d", d.Threat, d.Before, d.After, d.From, d.To))
		}
		p.steps(r, m)
		for _, warn := range m.Warnings {
			p.wrap("   ", p.band("medium", "warning:")+" "+Clean(warn))
		}
		for _, ref := range m.Refused {
			p.wrap("   ", map[bool]string{true: "at its source ", false: "not "}[ref.AtSource]+Clean(ref.Target.Name)+": "+Clean(ref.Why))
		}
	}
	p.notChosen(r)
	if len(pl.Choices) > 0 {
		var ids []string // of what harden performs
		for _, c := range pl.Choices {
			if len(r.Measure(c.Measure).Steps) > 0 {
				ids = append(ids, c.Measure)
			}
		}
		if len(ids) == 0 {
			return p.err
		}
		p.commands(r, ids)
	}
	return p.err
}

// unanswered says what the plan could not weigh, and what would let it.
func (p *page) unanswered(a report.Answers) {
	open := a.Questions - a.Answered
	if open == 0 {
		return
	}
	s := fmt.Sprintf("%d of %d questions are unknown, and no measure is chosen for what nobody knows", open, a.Questions)
	if len(a.Asks) > 0 {
		s += fmt.Sprintf("; what would answer most (%d): %s", a.Asks[0].Questions, Clean(a.Asks[0].How))
	}
	p.hang("", "   ", p.bold("UNKNOWN")+" · "+s)
}

// commands prints how to look at what measures change and how to do it, for each
// engine by itself, since a run of harden changes one.
func (p *page) commands(r *report.Result, ids []string) {
	var steps []step.Step
	for _, id := range ids {
		steps = append(steps, stepsOf(r, r.Measure(id))...)
	}
	for _, target := range p.targets(r, steps) {
		args := slices.Clone(ids)
		if target != "" {
			args = append(args, "--target "+target) // on one line
		}
		p.line("")
		p.command("look: ", args...)
		p.command("do it:", append(args, "--apply")...)
	}
}

// command prints a call of harden that can be copied, on several lines if it must.
func (p *page) command(label string, args ...string) {
	line := label + " plimsoll harden"
	for i, arg := range args {
		last := i == len(args)-1
		if tail := map[bool]int{true: 0, false: len(" \\")}[last]; columns(line)+1+columns(arg)+tail > p.o.Width {
			p.line(line + " \\")
			line = strings.Repeat(" ", columns(label))
		}
		line += " " + arg
	}
	p.line(line)
}

// steps prints what changes on each target, then once what holds for all.
func (p *page) steps(r *report.Result, m *report.Measure) {
	var notes []string
	once := func(s string) {
		if s != "" && !slices.Contains(notes, s) {
			notes = append(notes, s)
		}
	}
	for _, s := range m.Steps {
		st := r.Steps[s]
		for _, ch := range st.Set {
			p.wrap("     ", fmt.Sprintf("%s: %s %s → %s", Clean(st.Target.Name), ch.Field, orNone(shortDigest(Clean(ch.From))), shortDigest(Clean(ch.To))))
		}
		once(st.Note)
		for _, warn := range st.Warnings {
			once(warn)
		}
	}
	for _, n := range notes {
		p.wrap("       ", "note: "+Clean(n))
	}
}

// shortDigest cuts a sha256 digest to what a person compares by eye.
func shortDigest(s string) string {
	const shown = 12
	i := strings.Index(s, "@sha256:")
	if i < 0 || len(s) < i+len("@sha256:")+shown {
		return s
	}
	return s[:i+len("@sha256:")+shown] + "…"
}

func (p *page) notChosen(r *report.Result) {
	if len(r.Plan.NotChosen) > 0 {
		p.line("")
		p.line(p.bold("NOT CHOSEN"))
		for _, why := range reasons(r.Plan.NotChosen) {
			p.wrap("  ", strings.Join(why.measures, ", ")+": "+Clean(why.text))
		}
	}
	if len(r.Plan.Uncovered) > 0 {
		p.line("")
		p.line(p.bold("SURFACES WITHOUT A MEASURE"))
		for _, u := range r.Plan.Uncovered {
			p.wrap("  ", fmt.Sprintf("%s: %s (%s)", u.Surface, u.Why, strings.Join(u.Checks, ", ")))
		}
	}
}

type reason struct {
	text     string
	measures []string
}

// reasons joins the measures that one reason keeps out, in the order of the first.
func reasons(all []report.NotChosen) (out []reason) {
	for _, n := range all {
		i := slices.IndexFunc(out, func(r reason) bool { return r.text == n.Why })
		if i < 0 {
			out = append(out, reason{text: n.Why})
			i = len(out) - 1
		}
		out[i].measures = append(out[i].measures, n.Measure)
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "(not set)"
	}
	return s
}
