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
		case len(m.Steps) == 0:
			r.left[m.ID] = "no subject can be changed: " + m.Refused[0].Why
		case slices.Contains(r.o.Exclude, m.ID):
			r.left[m.ID] = "excluded"
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
// the most risk first.
func (r *run) cover(candidates []step.Measure) []step.Measure {
	done := make(map[model.Surface]bool)
	for _, c := range r.plan.Choices {
		done[c.Surface] = true
	}
	for !r.full() {
		open := slices.DeleteFunc(slices.Clone(candidates), func(m step.Measure) bool { return done[r.surface(m)] })
		best, ok := r.best(open)
		if !ok {
			return candidates
		}
		s := r.surface(best.measure)
		done[s] = true
		r.take(best, "the best measure of the attack surface "+string(s))
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(m step.Measure) bool { return m.ID == best.measure.ID })
	}
	return candidates
}

func (r *run) fill(candidates []step.Measure) []step.Measure {
	for !r.full() {
		best, ok := r.best(candidates)
		if !ok {
			break
		}
		why := "it removes the most risk of what is left"
		if best.removes == 0 {
			why = "no measure closes a threat by itself; this one goes furthest"
		}
		r.take(best, why)
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(m step.Measure) bool { return m.ID == best.measure.ID })
	}
	return candidates
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

// try simulates a measure; false when its steps do not fit the choices before.
func (r *run) try(m step.Measure) (trial, bool) {
	o := r.overlay.Clone()
	for _, s := range m.Steps {
		if s.Simulate(o) != nil {
			return trial{}, false
		}
	}
	w := r.Evaluate(r.Base.Index.Over(o))
	return trial{
		measure: m, world: w,
		removes: r.risk(r.now.Threats) - r.risk(w.Threats), nearer: r.toGo(r.now.Threats) - r.toGo(w.Threats),
	}, true
}

// best returns the measure that removes most; of equals the one that brings
// open threats nearer to closing, then the one that disturbs less.
func (r *run) best(candidates []step.Measure) (trial, bool) {
	var best trial
	found := false
	for _, m := range candidates {
		t, ok := r.try(m)
		if !ok || t.removes < 0 || (t.removes == 0 && t.nearer <= 1e-9) {
			continue
		}
		if !found || compare(t, best) < 0 {
			best, found = t, true
		}
	}
	return best, found
}

func compare(a, b trial) int {
	return cmp.Or(
		cmp.Compare(b.removes, a.removes),
		cmp.Compare(int64(b.nearer*1e6), int64(a.nearer*1e6)),
		cmp.Compare(a.measure.Disturbs, b.measure.Disturbs),
		cmp.Compare(a.measure.ID, b.measure.ID),
	)
}

func (r *run) take(t trial, why string) {
	for _, s := range t.measure.Steps {
		_ = s.Simulate(r.overlay) // it succeeded on a clone of this overlay
	}
	r.plan.Choices = append(r.plan.Choices, Choice{
		Measure: t.measure, Surface: r.surface(t.measure), Removes: t.removes, Why: why,
		Changes: r.deltas(r.now.Threats, t.world.Threats),
	})
	r.now = t.world
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
