package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// World is a state of the system as the logic sees it, real or simulated.
type World struct {
	Index    *snapshot.Index
	Findings []check.Finding
	Threats  []threat.Result
}

// Options limit what is chosen.
type Options struct {
	Max     int          // most measures; 0 is no limit
	Cover   bool         // first the best measure of each attack surface, then by risk
	Include []string     // measures that are chosen whatever they remove, first
	Exclude []string     // measures that are not chosen
	Allow   step.Disturb // the most a measure may disturb
}

// Planner holds what choosing needs.
type Planner struct {
	Suite    []*check.Check
	Measures []step.Measure
	Base     World
	Evaluate func(*snapshot.Index) World // decides a simulated snapshot

	// Focus, where set, says which subjects the plan is for: a threat then weighs
	// as much as on the worst of them, whatever it is elsewhere.
	Focus func(subject int) bool
}

// Choice is a chosen measure and what it does.
type Choice struct {
	Measure step.Measure
	Surface model.Surface
	Removes int     // risk that goes with it, on top of the choices before it
	Changes []Delta // threats whose status or risk it changes
	Fixes   int     // failures that pass after it, each subject counted
	With    string  // the measure that it was chosen together with, if any
	Lacks   string  // where it closes no threat: what the threat also needs
	Why     string
}

// Delta is what happens to one threat.
type Delta struct {
	Threat        *threat.Threat
	Before, After threat.Status
	From, To      threat.Score
}

// NotChosen says why a measure was not chosen.
type NotChosen struct {
	Measure step.Measure
	Why     string
}

// Uncovered is an attack surface with failing checks that no measure helps.
type Uncovered struct {
	Surface model.Surface
	Checks  []string // failing checks of it
	Why     string
}

// Plan is the outcome of choosing.
type Plan struct {
	Choices   []Choice
	NotChosen []NotChosen
	Uncovered []Uncovered
	Before    int // sum of current risk over the threats that are open now
	After     int // the same threats after all choices
	OpenNow   int // elements that threats are open on, summed over the threats
	OpenThen  int // the same after all choices
	Projected World
}

// Build chooses.
func (pl *Planner) Build(o Options) (*Plan, error) {
	for _, id := range slices.Concat(o.Include, o.Exclude) {
		if !slices.ContainsFunc(pl.Measures, func(m step.Measure) bool { return m.ID == id }) {
			return nil, fmt.Errorf("no measure %q is on offer; on offer are: %s", id, strings.Join(pl.ids(), ", "))
		}
	}
	r := &run{Planner: pl, o: o, now: pl.Base, left: make(map[string]string), overlay: snapshot.NewOverlay(pl.Base.Index.Snapshot)}
	r.plan = &Plan{Before: pl.risk(pl.Base.Threats)}
	candidates := r.candidates()
	candidates = r.include(candidates)
	if o.Cover {
		candidates = r.cover(candidates)
	}
	candidates = r.fill(candidates)
	r.explainRest(candidates)
	r.plan.After, r.plan.Projected = pl.risk(r.now.Threats), r.now
	r.plan.OpenNow, r.plan.OpenThen = pl.open(pl.Base.Threats), pl.open(r.now.Threats)
	r.plan.Uncovered = pl.uncovered()
	return r.plan, nil
}

func (pl *Planner) ids() []string {
	ids := make([]string, len(pl.Measures))
	for i, m := range pl.Measures {
		ids[i] = m.ID
	}
	return ids
}

// run is one building of a plan.
type run struct {
	*Planner
	o       Options
	plan    *Plan
	overlay *snapshot.Overlay
	now     World
	left    map[string]string // measure -> why it is out
}

func (r *run) candidates() []step.Measure {
	var out []step.Measure
	for _, m := range r.Measures {
		switch {
		case len(m.Steps)+len(m.Sourced) == 0:
			r.left[m.ID] = "no subject can be changed: " + m.Refused[0].Why
		case slices.Contains(r.o.Exclude, m.ID):
			r.left[m.ID] = "excluded"
		case m.Breaks && !slices.Contains(r.o.Include, m.ID):
			r.left[m.ID] = "it takes away what a container was given on purpose, so it is never chosen unless it is named: --include " + m.ID
		case m.Disturbs > r.o.Allow:
			r.left[m.ID] = fmt.Sprintf("it would %s, only %s is allowed", m.Disturbs, r.o.Allow)
		default:
			out = append(out, m)
			continue
		}
		r.plan.NotChosen = append(r.plan.NotChosen, NotChosen{Measure: m, Why: r.left[m.ID]})
	}
	return out
}

func (r *run) full() bool { return r.o.Max > 0 && len(r.plan.Choices) >= r.o.Max }

func (r *run) include(candidates []step.Measure) []step.Measure {
	for _, id := range r.o.Include {
		i := slices.IndexFunc(candidates, func(m step.Measure) bool { return m.ID == id })
		if i < 0 || r.full() {
			continue
		}
		if t, ok := r.try(candidates[i]); ok {
			r.take(t, "you asked for it")
			candidates = slices.Delete(slices.Clone(candidates), i, i+1)
		}
	}
	return candidates
}

// cover takes the best measure of each attack surface, the surface that loses
// the most risk first. Two that a threat needs together count for both of theirs.
func (r *run) cover(candidates []step.Measure) []step.Measure {
	done := make(map[model.Surface]bool)
	for _, c := range r.plan.Choices {
		done[c.Surface] = true
	}
	for !r.full() {
		open := slices.DeleteFunc(slices.Clone(candidates), func(m step.Measure) bool { return done[r.surface(m)] })
		taken := r.takeBest(open, func(t trial) string {
			return "the best measure of the attack surface " + string(r.surface(t.measure))
		})
		if len(taken) == 0 {
			return candidates
		}
		for _, c := range taken {
			done[c.Surface] = true
		}
		candidates = without(candidates, taken)
	}
	return candidates
}

func (r *run) fill(candidates []step.Measure) []step.Measure {
	for !r.full() {
		taken := r.takeBest(candidates, func(t trial) string {
			if t.removes == 0 {
				return "no measure closes a threat by itself; this one goes furthest"
			}
			return "it removes the most risk of what is left"
		})
		if len(taken) == 0 {
			break
		}
		candidates = without(candidates, taken)
	}
	return candidates
}

// takeBest takes the best candidate, or two where they remove more together than
// the best two do alone, and returns what it took.
func (r *run) takeBest(candidates []step.Measure, why func(trial) string) []Choice {
	n := len(r.plan.Choices)
	best, alone, ok := r.best(candidates)
	if two, both := r.bestPair(candidates, alone); both {
		r.takePair(two)
	} else if ok {
		r.take(best, why(best))
	}
	return r.plan.Choices[n:]
}

func without(candidates []step.Measure, taken []Choice) []step.Measure {
	return slices.DeleteFunc(slices.Clone(candidates), func(m step.Measure) bool {
		return slices.ContainsFunc(taken, func(c Choice) bool { return c.Measure.ID == m.ID })
	})
}

func (r *run) surface(m step.Measure) model.Surface {
	for _, c := range r.Suite {
		if c.ID == m.Check {
			return c.Surface
		}
	}
	return ""
}

// trial is a measure simulated on the present world.
type trial struct {
	measure step.Measure
	world   World
	removes int
	nearer  float64
}

// try simulates measures together; false when their steps do not fit each other
// or the choices before. The trial names the first.
func (r *run) try(ms ...step.Measure) (trial, bool) {
	o := r.overlay.Clone()
	for _, m := range ms {
		for _, s := range slices.Concat(m.Steps, m.Sourced) {
			if s.Simulate(o) != nil {
				return trial{}, false
			}
		}
	}
	w := r.Evaluate(r.Base.Index.Over(o))
	return trial{
		measure: ms[0], world: w,
		removes: r.risk(r.now.Threats) - r.risk(w.Threats), nearer: r.toGo(r.now.Threats) - r.toGo(w.Threats),
	}, true
}

// best returns the measure that removes most; of equals the one that brings
// open threats nearer to closing, then the one that disturbs less, then the one
// whose check comes first in the suite: what several ask for is named by the
// question that is about it. It also says
// what each one removes alone.
func (r *run) best(candidates []step.Measure) (best trial, alone map[string]int, found bool) {
	alone = make(map[string]int)
	for _, m := range candidates {
		t, ok := r.try(m)
		if ok {
			alone[m.ID] = t.removes
		}
		if !ok || t.removes < 0 || (t.removes == 0 && t.nearer <= 1e-9) {
			continue
		}
		if !found || compare(t, best) < 0 {
			best, found = t, true
		}
	}
	return best, alone, found
}

func compare(a, b trial) int {
	return cmp.Or(
		cmp.Compare(b.removes, a.removes),
		cmp.Compare(int64(b.nearer*1e6), int64(a.nearer*1e6)),
		cmp.Compare(a.measure.Disturbs, b.measure.Disturbs),
	)
}

func (r *run) take(t trial, why string) {
	for _, s := range slices.Concat(t.measure.Steps, t.measure.Sourced) {
		_ = s.Simulate(r.overlay) // it succeeded on a clone of this overlay
	}
	c := Choice{
		Measure: t.measure, Surface: r.surface(t.measure), Removes: t.removes, Why: why,
		Changes: r.deltas(r.now.Threats, t.world.Threats), Fixes: failures(r.now.Findings) - failures(t.world.Findings),
	}
	if len(c.Changes) == 0 {
		c.Lacks, _ = r.missing(t)
	}
	r.plan.Choices = append(r.plan.Choices, c)
	r.now = t.world
}
