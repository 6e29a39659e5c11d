package threat

import (
	"cmp"
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
		if in.Index.Snapshot.Shows(catalogue[i].Platform) {
			out = append(out, e.threat(&catalogue[i]))
		}
	}
	return out
}

// Reevaluate is [Evaluate] after some checks were asked again: before is what
// was decided on the findings that the others still have. Threats that name none
// of those asked stay as they were.
func Reevaluate(in Inputs, before []Result, asked map[string]bool) []Result {
	named := make(map[string]bool) // checks that decide an affected threat
	affected := make([]bool, len(before))
	for i := range before {
		checks := slices.Concat(slices.Concat(before[i].Threat.Required...), slices.Concat(before[i].Threat.Supporting...))
		if slices.ContainsFunc(checks, func(c string) bool { return asked[c] }) {
			affected[i] = true
			for _, c := range checks {
				named[c] = true
			}
		}
	}
	runs, n := [][]check.Finding(nil), 0
	for rest := in.Findings; len(rest) > 0; rest = rest[n:] { // those of a check stand together
		for n = 1; n < len(rest) && rest[n].Check == rest[0].Check; n++ {
		}
		if named[rest[0].Check.ID] {
			runs = append(runs, rest[:n])
		}
	}
	in.Findings = slices.Concat(runs...)
	e := newEvaluator(in)
	out := slices.Clone(before)
	for i := range out {
		if affected[i] {
			out[i] = e.threat(out[i].Threat)
		}
	}
	return out
}

type evaluator struct {
	in       Inputs
	built    map[string]*check.Check
	findings map[string][]int   // check -> positions in Inputs.Findings
	cells    []cell             // subjects that are alike
	kinds    []snapshot.Kind    // that the cells have
	kindOf   []int              // cell -> position in kinds
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
	e.kindOf = make([]int, len(e.cells))
	for i := range e.cells {
		k := slices.Index(e.kinds, e.cells[i].kind)
		if k < 0 {
			k = len(e.kinds)
			e.kinds = append(e.kinds, e.cells[i].kind)
		}
		e.kindOf[i] = k
	}
	return e
}

func (e *evaluator) threat(t *Threat) Result {
	r := Result{Threat: t, Status: NotApplicable}
	elements := e.elements(t)
	clauses := make([][]Value, 0, len(t.Required)+len(t.Supporting))
	for _, cl := range slices.Concat(t.Required, t.Supporting) {
		clauses = append(clauses, e.clause(cl, elements))
	}
	waivable := slices.ContainsFunc(e.in.Waivers, func(w policy.Waiver) bool { return w.Threat == t.ID })
	groups := make(map[groupKey]int)
	values := make([]Value, len(clauses))
	for at, c := range elements {
		for i := range clauses {
			values[i] = clauses[i][at]
		}
		status := worst(values[:len(t.Required)]).status()
		parts := [1]decided{{status: status, members: e.cells[c].members}}
		decisions := parts[:]
		if status == Open && waivable {
			decisions = e.accepted(t, c)
		}
		for _, d := range decisions {
			key := keyOf(d, values)
			i, ok := groups[key]
			if !ok {
				i = len(r.Groups)
				groups[key] = i
				v := slices.Clone(values)
				g := Group{Status: d.status, Required: v[:len(t.Required)], Supporting: v[len(t.Required):], Waiver: d.waiver}
				g.Risk, g.Reasons = t.current(d.status, g.Supporting)
				r.Groups = append(r.Groups, g)
			}
			r.Groups[i].Members = append(r.Groups[i].Members, d.members...)
		}
	}
	r.settle()
	return r
}

// settle orders the groups, worst first; the threat is as bad as the first.
func (r *Result) settle() {
	for i := range r.Groups {
		slices.Sort(r.Groups[i].Members)
	}
	slices.SortStableFunc(r.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Status, a.Status), cmp.Compare(b.Risk.Value(), a.Risk.Value()), cmp.Compare(a.Members[0], b.Members[0]))
	})
	if len(r.Groups) > 0 {
		r.Status, r.Current, r.Reasons = r.Groups[0].Status, r.Groups[0].Risk, r.Groups[0].Reasons
	}
}

func worst(required []Value) Value {
	w := None
	for _, v := range required {
		w = max(w, v)
	}
	return w
}

// maxClauses is the most that a threat may have: their values are packed.
const maxClauses = 42

// groupKey is what the elements of a group have in common. It is made for every
// cell of every threat, so it is cheap to make and to compare.
type groupKey struct {
	values [2]uint64 // three bits each
	status Status
	waiver int // its line; 0 is none
}

func keyOf(d decided, values []Value) groupKey {
	k := groupKey{status: d.status}
	for i, v := range values {
		k.values[i/21] = k.values[i/21]<<3 | uint64(v)
	}
	if d.waiver != nil {
		k.waiver = d.waiver.Line
	}
	return k
}

// decided is a part of a cell with its status on a threat.
type decided struct {
	status  Status
	waiver  *policy.Waiver
	members []int
}

// accepted splits a cell on which a threat is open: a waiver of the threat
// itself may accept it for some members.
func (e *evaluator) accepted(t *Threat, c int) []decided {
	open := decided{status: Open}
	parts := make(map[*policy.Waiver]*decided)
	for _, m := range e.cells[c].members {
		s := e.in.Index.Subjects[m]
		w := e.in.Waivers.ForThreat(t.ID, string(s.Kind), s.Key, s.Name, string(t.Zone), e.in.Now)
		if w == nil {
			open.members = append(open.members, m)
			continue
		}
		if parts[w] == nil {
			parts[w] = &decided{status: Accepted, waiver: w}
		}
		parts[w].members = append(parts[w].members, m)
	}
	var out []decided
	if len(open.members) > 0 {
		out = append(out, open)
	}
	for i := range e.in.Waivers { // in file order, so that the outcome does not depend on the map
		if d := parts[&e.in.Waivers[i]]; d != nil {
			out = append(out, *d)
		}
	}
	return out
}

// clause combines the values of a clause's members at each of some cells: the
// best that applies. A clause about something inside the cell's kind, such as containers
// at an image, leaves where there is none. A member about things that lie beside
// the cell, as kubelets beside pods, counts with what it comes to in what is around
// both, where another member is about the cell.
func (e *evaluator) clause(c Clause, cells []int) []Value {
	best := slices.Repeat([]Value{None}, len(cells))
	beside := make([]bool, len(e.kinds)) // kinds of cells that a member's subjects may lie in
	inner := make([]bool, len(cells))    // something inside the cell has a value
	for _, m := range c {
		inside := enclosing(Members()[m].Subject)
		around := make([]bool, len(e.kinds))
		for i, k := range e.kinds {
			around[i] = slices.Contains(inside, k)
			beside[i] = beside[i] || around[i]
		}
		values := e.values(m)
		for at, cell := range cells {
			v := values[cell]
			if v == None {
				continue
			}
			if best[at] == None || v < best[at] {
				best[at] = v
			}
			inner[at] = inner[at] || around[e.kindOf[cell]]
		}
	}
	for at, cell := range cells {
		if beside[e.kindOf[cell]] && !inner[at] {
			best[at] = None
		}
		if best[at] == None || len(c) == 1 {
			continue
		}
		for _, m := range c {
			if v := e.fromBeside(m, cell); v != None && v < best[at] {
				best[at] = v
			}
		}
	}
	return best
}

// fromBeside gives a check's value at the nearest cell around both a cell and the
// check's subjects, when these neither enclose the cell nor lie in it; else None.
func (e *evaluator) fromBeside(key string, cell int) Value {
	of, k := Members()[key].Subject, e.cells[cell].kind
	inside := snapshot.Kinds[of].Inside
	if of == k || slices.Contains(inside, k) || slices.Contains(snapshot.Kinds[k].Inside, of) {
		return None
	}
	for at := cell; len(e.cells[at].around) > 0; {
		if at = e.cells[at].around[0]; slices.Contains(inside, e.cells[at].kind) {
			return e.values(key)[at]
		}
	}
	return None
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
	asked := scopeMask(built.Subject)
	for i := range own {
		own[i] = max(own[i], inside[i])
		if own[i] == None && e.cells[i].scopes&asked == 0 {
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
