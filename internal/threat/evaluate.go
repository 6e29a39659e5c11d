package threat

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

// Inputs is what threats are decided on.
type Inputs struct {
	Index    *snapshot.Index
	Suite    []*check.Check // the checks that exist
	Findings []check.Finding
	Waivers  policy.Waivers
	Now      time.Time
}

// Group is a set of elements that are alike to a threat: same clause values.
type Group struct {
	Members    []int // positions in Index.Subjects, ascending
	Status     Status
	Required   []Value // one per Threat.Required
	Supporting []Value // one per Threat.Supporting
	Risk       Score   // current
	Reasons    []string
	Waiver     *policy.Waiver // set when a waiver of the threat itself accepts it
}

// Result is one threat, decided.
type Result struct {
	Threat  *Threat
	Status  Status
	Groups  []Group // worst first
	Current Score   // of the worst group
	Reasons []string
}

// Evaluate decides every threat of the platforms that the snapshot shows.
func Evaluate(in Inputs) []Result {
	e := newEvaluator(in)
	catalogue := Catalogue()
	var out []Result
	for i := range catalogue {
		if e.platform(catalogue[i].Platform) {
			out = append(out, e.threat(&catalogue[i]))
		}
	}
	return out
}

type evaluator struct {
	in       Inputs
	built    map[string]*check.Check
	findings map[string][]int   // check -> positions in Inputs.Findings
	cells    []cell             // subjects that are alike
	about    [][]int            // finding -> cells
	at       map[string][]Value // check -> value at each cell
}

func newEvaluator(in Inputs) *evaluator {
	e := &evaluator{in: in, built: make(map[string]*check.Check), findings: make(map[string][]int), at: make(map[string][]Value)}
	for _, c := range in.Suite {
		e.built[c.ID] = c
	}
	for i := range in.Findings {
		id := in.Findings[i].Check.ID
		e.findings[id] = append(e.findings[id], i)
	}
	e.cells, e.about = partition(in.Index, in.Findings)
	return e
}

// platform reports whether the snapshot shows anything of a platform.
func (e *evaluator) platform(p string) bool {
	for k, info := range snapshot.Kinds {
		if info.Platform == p && e.holds(k) {
			return true
		}
	}
	return false
}

func (e *evaluator) threat(t *Threat) Result {
	r := Result{Threat: t, Status: NotApplicable}
	groups := make(map[string]int)
	values := make([]Value, 0, 8)
	for _, c := range e.elements(t) {
		values = values[:0]
		for _, cl := range t.Required {
			values = append(values, e.clause(cl, c))
		}
		for _, cl := range t.Supporting {
			values = append(values, e.clause(cl, c))
		}
		for _, part := range e.accepted(t, c, values[:len(t.Required)]) {
			key := part.key + string(valueBytes(values))
			i, ok := groups[key]
			if !ok {
				i = len(r.Groups)
				groups[key] = i
				v := slices.Clone(values)
				g := Group{Status: part.status, Required: v[:len(t.Required)], Supporting: v[len(t.Required):], Waiver: part.waiver}
				g.Risk, g.Reasons = t.current(part.status, g.Supporting)
				r.Groups = append(r.Groups, g)
			}
			r.Groups[i].Members = append(r.Groups[i].Members, part.members...)
		}
	}
	for i := range r.Groups {
		slices.Sort(r.Groups[i].Members)
	}
	slices.SortStableFunc(r.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Status, a.Status), cmp.Compare(b.Risk.Value(), a.Risk.Value()), cmp.Compare(a.Members[0], b.Members[0]))
	})
	if len(r.Groups) > 0 {
		r.Status, r.Current, r.Reasons = r.Groups[0].Status, r.Groups[0].Risk, r.Groups[0].Reasons
	}
	return r
}

func valueBytes(vs []Value) []byte {
	b := make([]byte, len(vs))
	for i, v := range vs {
		b[i] = byte('0' + v)
	}
	return b
}

// decided is a part of a cell with its status on a threat.
type decided struct {
	status  Status
	waiver  *policy.Waiver
	members []int
	key     string // status and waiver, to group by
}

// accepted gives a cell its status on a threat; a waiver of the threat itself
// may accept it for some members.
func (e *evaluator) accepted(t *Threat, c int, required []Value) []decided {
	worst := None
	for _, v := range required {
		worst = max(worst, v)
	}
	status := worst.status()
	whole := decided{status: status, members: e.cells[c].members, key: status.String()}
	if status != Open || !slices.ContainsFunc(e.in.Waivers, func(w policy.Waiver) bool { return w.Threat == t.ID }) {
		return []decided{whole}
	}
	whole.members = nil
	parts := make(map[*policy.Waiver]*decided)
	for _, m := range e.cells[c].members {
		s := e.in.Index.Subjects[m]
		w := e.in.Waivers.ForThreat(t.ID, string(s.Kind), s.Key, s.Name, string(t.Zone), e.in.Now)
		if w == nil {
			whole.members = append(whole.members, m)
			continue
		}
		if parts[w] == nil {
			parts[w] = &decided{status: Accepted, waiver: w, key: fmt.Sprintf("accepted at line %d", w.Line)}
		}
		parts[w].members = append(parts[w].members, m)
	}
	var out []decided
	if len(whole.members) > 0 {
		out = append(out, whole)
	}
	for i := range e.in.Waivers { // in file order, so that the outcome does not depend on the map
		if d := parts[&e.in.Waivers[i]]; d != nil {
			out = append(out, *d)
		}
	}
	return out
}

// clause combines the values of a clause's members at a cell: the best that
// applies. A clause about something inside the cell's kind, such as containers
// at an image, leaves where there is none.
func (e *evaluator) clause(c Clause, at int) Value {
	best, inner, beside := None, false, false
	for _, m := range c {
		v := e.values(m)[at]
		if kind := Members()[m].Subject; slices.Contains(snapshot.Kinds[kind].Inside, e.cells[at].kind) {
			inner = inner || v != None
			beside = true
		}
		if v != None && (best == None || v < best) {
			best = v
		}
	}
	if beside && !inner {
		return None
	}
	return best
}

// values gives a check's value at every cell: the worst of what it said of the
// cell, of those around it and of those inside it. Where it was asked of none of
// them, it is undecided.
func (e *evaluator) values(key string) []Value {
	if v, ok := e.at[key]; ok {
		return v
	}
	own := make([]Value, len(e.cells))
	e.at[key] = own
	built := e.built[key]
	for i := range own {
		own[i] = None
		if built == nil {
			own[i] = Undecided // no check answers yet: not collected
		}
	}
	if built == nil {
		return own
	}
	for _, i := range e.findings[key] {
		v := valueOf(e.in.Findings[i].Status)
		for _, c := range e.about[i] {
			own[c] = max(own[c], v)
		}
	}
	inside := slices.Clone(own)
	for i, c := range slices.Backward(e.cells) { // what is inside comes later
		for _, a := range c.around {
			inside[a] = max(inside[a], inside[i])
		}
	}
	for i := range own {
		for _, a := range e.cells[i].around {
			own[i] = max(own[i], own[a])
		}
	}
	for i := range own {
		own[i] = max(own[i], inside[i])
		if own[i] == None && !e.cells[i].asked(built.Subject) {
			own[i] = Undecided
		}
	}
	return own
}

func valueOf(s check.Status) Value {
	switch s {
	case check.Pass:
		return Pass
	case check.Accepted:
		return AcceptedFail
	case check.Unknown, check.Manual:
		return Undecided
	case check.Fail:
		return Fail
	case check.NotApplicable:
	}
	return None
}
