// Package assess runs the pure half of the loop: from a snapshot and the user's
// decisions to findings, threats, measures and a plan.
package assess

import (
	"slices"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/plan"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// Inputs is everything that a result depends on.
type Inputs struct {
	Snapshot *snapshot.Snapshot
	Suite    []*check.Check
	Planned  []check.Planned // rows of the catalogue without a check yet
	Policy   *policy.Policy
	Waivers  policy.Waivers
	Now      time.Time
	Digests  map[string]string // of the files that policy and waivers came from, by name

	On   []string     // subjects that measures may change; empty is all
	Plan plan.Options // how to choose measures
}

// Assessment is the outcome, in memory.
type Assessment struct {
	Inputs
	plan.World
	Model    *model.Model
	Measures []step.Measure
	Plan     *plan.Plan
}

// Assess decides everything. It fails when the plan's options name a measure
// that is not on offer, or with a [*plan.DefectError].
func Assess(in Inputs) (*Assessment, error) {
	a := &Assessment{Inputs: in}
	a.World = Evaluate(in, snapshot.NewIndex(in.Snapshot))
	a.Model = model.Build(a.Index)
	var err error
	if a.Measures, err = plan.Measures(in.Suite, in.checkInputs(a.Index), a.Findings, in.On); err != nil {
		return nil, err
	}
	pl := &plan.Planner{
		Suite: in.Suite, Measures: a.Measures, Base: a.World,
		Evaluate: func(x *snapshot.Index) plan.World { return reevaluate(in, a.World, x) },
	}
	if len(in.On) > 0 {
		focus := make([]bool, len(a.Index.Subjects))
		for i, s := range a.Index.Subjects {
			focus[i] = plan.Selects(in.On, s)
		}
		pl.Focus = func(s int) bool { return focus[s] }
	}
	a.Plan, err = pl.Build(in.Plan)
	return a, err
}

func (in *Inputs) checkInputs(x *snapshot.Index) check.Inputs {
	return check.Inputs{Index: x, Policy: in.Policy, Now: in.Now}
}

// Evaluate decides findings and threats of one state of the system.
func Evaluate(in Inputs, x *snapshot.Index) plan.World {
	findings := check.Run(in.Suite, in.checkInputs(x))
	findings = accept(x, findings, in.Waivers, in.Now)
	return plan.World{
		Index: x, Findings: findings,
		Threats: threat.Evaluate(threat.Inputs{Index: x, Suite: in.Suite, Findings: findings, Waivers: in.Waivers, Now: in.Now}),
	}
}

// reevaluate is Evaluate for a simulation of a decided state.
func reevaluate(in Inputs, before plan.World, x *snapshot.Index) plan.World {
	findings, asked := check.Rerun(in.Suite, in.checkInputs(x), before.Findings)
	findings = accept(x, findings, in.Waivers, in.Now)
	ti := threat.Inputs{Index: x, Suite: in.Suite, Findings: findings, Waivers: in.Waivers, Now: in.Now}
	return plan.World{Index: x, Findings: findings, Threats: threat.Reevaluate(ti, before.Threats, asked)}
}

// accept turns failures that a waiver covers into accepted ones. A finding with
// some members covered is split.
func accept(x *snapshot.Index, findings []check.Finding, ws policy.Waivers, now time.Time) []check.Finding {
	if len(ws) == 0 {
		return findings
	}
	out := make([]check.Finding, 0, len(findings))
	for _, f := range findings {
		if f.Status != check.Fail {
			out = append(out, f)
			continue
		}
		out = append(out, split(x, f, ws, now)...)
	}
	return out
}

func split(x *snapshot.Index, f check.Finding, ws policy.Waivers, now time.Time) []check.Finding {
	var parts []check.Finding
	for _, m := range f.Members {
		s := x.Subjects[m]
		w := ws.ForCheck(f.Check.ID, string(s.Kind), s.Key, s.Name, string(f.Check.Zone), now)
		i := slices.IndexFunc(parts, func(p check.Finding) bool { return p.Waiver == w })
		if i < 0 {
			p := f
			p.Members, p.Waiver = nil, w
			if w != nil {
				p.Status = check.Accepted
			}
			parts = append(parts, p)
			i = len(parts) - 1
		}
		parts[i].Members = append(parts[i].Members, m)
	}
	return parts
}
