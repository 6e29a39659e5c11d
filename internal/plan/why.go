package plan

import (
	"fmt"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// explainRest says of every measure that stayed out what it would have done.
func (r *run) explainRest(rest []step.Measure) {
	for _, m := range rest {
		t, ok := r.try(m)
		why := "its steps conflict with a chosen measure"
		switch {
		case ok && t.removes > 0:
			why = fmt.Sprintf("it would remove %d more, after the %d chosen", t.removes, len(r.plan.Choices))
		case ok && t.nearer > 1e-9:
			why = "it closes no threat by itself"
			if lacks, because := r.missing(t); lacks != "" {
				why += ": " + lacks + because
			}
		case ok:
			why = "it changes no threat's status or risk"
		}
		r.plan.NotChosen = append(r.plan.NotChosen, NotChosen{Measure: m, Why: why})
	}
}

// missing names the clause or the subject that keeps a threat open which a measure
// brought nearer to closing, and why the measure leaves that subject alone.
func (r *run) missing(t trial) (lacks, because string) {
	for i := range t.world.Threats {
		w := &t.world.Threats[i]
		worst := r.worst(w)
		if worst.Status != threat.Open || !slices.ContainsFunc(w.Threat.Required, func(c threat.Clause) bool { return slices.Contains(c, t.measure.Check) }) {
			continue
		}
		for j, v := range worst.Required {
			if v == threat.Fail && !slices.Contains(w.Threat.Required[j], t.measure.Check) {
				return fmt.Sprintf("%s also needs %s", w.Threat.ID, w.Threat.Required[j]), ""
			}
		}
		if len(t.measure.Refused) > 0 {
			return fmt.Sprintf("%s stays open for %s", w.Threat.ID, t.measure.Refused[0].Target.Name), ", " + t.measure.Refused[0].Why
		}
	}
	return "", ""
}

// uncovered lists the surfaces with failures that no measure can help.
func (pl *Planner) uncovered() []Uncovered {
	failing := make(map[model.Surface][]string)
	helped := make(map[model.Surface]bool)
	for _, f := range pl.Base.Findings {
		if f.Status == check.Fail && !slices.Contains(failing[f.Check.Surface], f.Check.ID) {
			failing[f.Check.Surface] = append(failing[f.Check.Surface], f.Check.ID)
		}
	}
	for _, m := range pl.Measures {
		for _, c := range pl.Suite {
			if c.ID == m.Check && len(m.Steps) > 0 {
				helped[c.Surface] = true
			}
		}
	}
	var out []Uncovered
	for _, s := range model.Surfaces {
		if len(failing[s]) == 0 || helped[s] {
			continue
		}
		out = append(out, Uncovered{Surface: s, Checks: failing[s], Why: "its failing checks are for a person to remedy: see explain"})
	}
	return out
}
