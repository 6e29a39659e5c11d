package report

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/threat"
)

func score(s threat.Score) Score {
	return Score{Likelihood: s.Likelihood, Impact: s.Impact, Value: s.Value(), Band: s.Band().String()}
}

func (b *builder) threats() {
	projected := make(map[string]threat.Score)
	for _, t := range b.a.Plan.Projected.Threats {
		projected[t.Threat.ID] = t.Current
	}
	for i := range b.a.Threats {
		t := &b.a.Threats[i]
		out := Threat{
			ID: t.Threat.ID, Title: t.Threat.Title, Attack: t.Threat.Attack, Zone: t.Threat.Zone, STRIDE: string(t.Threat.Class),
			Surface: t.Threat.Surface, Surfaces: surfaces(t.Threat), Status: t.Status.String(), Techniques: t.Threat.Techniques,
			Risk: Risk{
				Inherent: score(t.Threat.Inherent()), Current: score(t.Current), Projected: score(projected[t.Threat.ID]), Reasons: t.Reasons,
			},
			Evidence: b.why(t), Blind: b.blind(t),
		}
		for _, g := range t.Groups {
			out.Elements = append(out.Elements, b.element(t.Threat, g))
		}
		b.r.Threats = append(b.r.Threats, out)
	}
}

func surfaces(t *threat.Threat) []string {
	var out []string
	for _, s := range t.Surfaces() {
		out = append(out, string(s))
	}
	return out
}

// element is a group of alike elements. Those that a person looks at are listed
// as subjects of their own too, so that they can be named.
func (b *builder) element(t *threat.Threat, g threat.Group) Element {
	e := Element{Status: g.Status.String(), Risk: score(g.Risk), Waiver: waiver(g.Waiver), Count: len(g.Members)}
	for i, c := range t.Required {
		e.Clauses = append(e.Clauses, Clause{Checks: c.String(), Status: g.Required[i].String()})
	}
	for i, c := range t.Supporting {
		e.Clauses = append(e.Clauses, Clause{Checks: c.String(), Status: g.Supporting[i].String(), Supporting: true})
	}
	if g.Status != threat.Mitigated && g.Status != threat.NotApplicable {
		for _, m := range g.Members {
			b.subject([]int{m})
		}
	}
	e.Subject = b.subject(g.Members)
	return e
}

// why words the first failing required clause of an open threat: what a
// screen shows beside it.
func (b *builder) why(t *threat.Result) string {
	if t.Status != threat.Open {
		return ""
	}
	element := t.Groups[0].Members[0]
	for i, v := range t.Groups[0].Required {
		if v != threat.Fail {
			continue
		}
		for _, key := range t.Threat.Required[i] {
			if f := b.failure(key, element); f != nil {
				if len(f.Evidence) > 0 {
					e := f.Evidence[0].Source + "=" + f.Evidence[0].Value
					if at := f.Evidence[0].Loc; at != nil {
						e += " at " + at.String()
					}
					return e
				}
				return f.Message
			}
		}
	}
	return ""
}

// failure is the failing finding of a check that counts for an element: its own
// or one of a subject around it.
func (b *builder) failure(key string, element int) *check.Finding {
	for i := range b.a.Findings {
		f := &b.a.Findings[i]
		if f.Check.ID == key && f.Status == check.Fail &&
			slices.ContainsFunc(f.Members, func(m int) bool { return b.a.Index.Encloses(m, element) }) {
			return f
		}
	}
	return nil
}

// blind reports whether an unknown threat could turn out open if a reader had
// more rights or luck: a required clause is unknown for denied, failed or
// partial evidence.
func (b *builder) blind(t *threat.Result) bool {
	if t.Status != threat.Unknown {
		return false
	}
	undecided := make(map[string]bool)
	for _, g := range t.Groups {
		for i, v := range g.Required {
			if v == threat.Undecided {
				for _, key := range t.Threat.Required[i] {
					undecided[key] = true
				}
			}
		}
	}
	return slices.ContainsFunc(b.a.Findings, func(f check.Finding) bool {
		return f.Status == check.Unknown && undecided[f.Check.ID] && slices.Contains(blindReasons, f.Reason)
	})
}

func (b *builder) plan() {
	p := b.a.Plan
	out := Plan{Choices: []Choice{}, Before: p.Before, After: p.After, OpenNow: p.OpenNow, OpenThen: p.OpenThen}
	for _, c := range p.Choices {
		ch := Choice{
			Measure: c.Measure.ID, Surface: c.Surface, Removes: c.Removes, Why: c.Why, Fixes: c.Fixes, With: c.With, Lacks: c.Lacks,
		}
		for _, d := range c.Changes {
			ch.Changes = append(ch.Changes, Change{
				Threat: d.Threat.ID, Before: d.Before.String(), After: d.After.String(), From: d.From.Value(), To: d.To.Value(),
			})
		}
		out.Choices = append(out.Choices, ch)
	}
	for _, n := range p.NotChosen {
		out.NotChosen = append(out.NotChosen, NotChosen{Measure: n.Measure.ID, Why: n.Why})
	}
	for _, u := range p.Uncovered {
		out.Uncovered = append(out.Uncovered, Uncovered{Surface: u.Surface, Checks: u.Checks, Why: u.Why})
	}
	b.r.Plan = out
}
