package plan

import (
	"cmp"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/threat"
)

// risk is the sum of current risk over the threats that were open at first. One
// that turns unknown counts in full, so that losing sight of it is never a gain.
func (pl *Planner) risk(ts []threat.Result) int {
	sum := 0
	for i := range ts {
		if pl.worst(&pl.Base.Threats[i]).Status == threat.Open {
			sum += pl.worst(&ts[i]).Risk.Value()
		}
	}
	return sum
}

// open counts the elements that threats are open on.
func (pl *Planner) open(ts []threat.Result) int {
	n := 0
	for i := range ts {
		for j := range ts[i].Groups {
			if g := &ts[i].Groups[j]; g.Status == threat.Open {
				n += pl.members(g)
			}
		}
	}
	return n
}

// worst is a threat on the worst of the subjects that the plan is for.
// Groups come worst first.
func (pl *Planner) worst(r *threat.Result) *threat.Group {
	for i := range r.Groups {
		if g := &r.Groups[i]; pl.members(g) > 0 {
			return g
		}
	}
	return &threat.Group{Status: threat.NotApplicable}
}

// members counts the elements of a group that the plan is for.
func (pl *Planner) members(g *threat.Group) int {
	if pl.Focus == nil {
		return len(g.Members)
	}
	n := 0
	for _, m := range g.Members {
		if pl.Focus(m) {
			n++
		}
	}
	return n
}

// toGo is how much of the open threats' risk still stands on failing clauses,
// over all elements: it ranks measures that close no threat by themselves.
func (pl *Planner) toGo(ts []threat.Result) float64 {
	var sum float64
	for i := range ts {
		t := &ts[i]
		worst := pl.worst(t)
		if worst.Status != threat.Open {
			continue
		}
		var failing, members float64
		for j := range t.Groups {
			g, n := &t.Groups[j], 0
			for _, v := range g.Required {
				if v == threat.Fail {
					n++
				}
			}
			count := float64(pl.members(g))
			failing += count * float64(n) / float64(max(1, len(g.Required)))
			members += count
		}
		if members > 0 {
			sum += float64(worst.Risk.Value()) * failing / members
		}
	}
	return sum
}

// failures counts the subjects that fail, once for each check.
func failures(findings []check.Finding) int {
	n := 0
	for i := range findings {
		if findings[i].Status == check.Fail {
			n += len(findings[i].Members)
		}
	}
	return n
}

// deltas lists the threats that differ between two decisions of one catalogue on
// the same subjects.
func (pl *Planner) deltas(before, after []threat.Result) []Delta {
	var out []Delta
	for i := range before {
		b, a := pl.worst(&before[i]), pl.worst(&after[i])
		if b.Status != a.Status || b.Risk != a.Risk {
			out = append(out, Delta{Threat: before[i].Threat, Before: b.Status, After: a.Status, From: b.Risk, To: a.Risk})
		}
	}
	slices.SortStableFunc(out, func(a, b Delta) int {
		return cmp.Compare(b.From.Value()-b.To.Value(), a.From.Value()-a.To.Value())
	})
	return out
}
