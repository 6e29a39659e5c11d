package threat

import (
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
	findings map[string][]*check.Finding
	at       map[string][]Value // check -> value at each subject, enclosing and enclosed taken in
}

func newEvaluator(in Inputs) *evaluator {
	e := &evaluator{in: in, built: make(map[string]*check.Check), findings: make(map[string][]*check.Finding), at: make(map[string][]Value)}
	for _, c := range in.Suite {
		e.built[c.ID] = c
	}
	for i := range in.Findings {
		f := &in.Findings[i]
		e.findings[f.Check.ID] = append(e.findings[f.Check.ID], f)
	}
	return e
}

func (e *evaluator) platform(p string) bool {
	for _, sc := range e.in.Index.Snapshot.Scopes {
		switch sc.Kind {
		case snapshot.ScopeEngine, snapshot.ScopeHost, snapshot.ScopeRegistry, snapshot.ScopeFiles:
			if p == "docker" {
				return true
			}
		case snapshot.ScopeCluster:
			if p == "kubernetes" {
				return true
			}
		}
	}
	return false
}

func (e *evaluator) threat(t *Threat) Result {
	r := Result{Threat: t}
	groups := make(map[string]int)
	values := make([]Value, 0, 8)
	for _, el := range e.elements(t) {
		values = values[:0]
		for _, c := range t.Required {
			values = append(values, e.clause(c, el))
		}
		for _, c := range t.Supporting {
			values = append(values, e.clause(c, el))
		}
		status, waiver := e.elementStatus(t, el, values[:len(t.Required)])
		key := string(rune(status)) + string(valueBytes(values))
		if waiver != nil {
			key += waiver.Owner + "\x00" + waiver.Name
		}
		i, ok := groups[key]
		if !ok {
			i = len(r.Groups)
			groups[key] = i
			v := slices.Clone(values)
			g := Group{Status: status, Required: v[:len(t.Required)], Supporting: v[len(t.Required):], Waiver: waiver}
			g.Risk, g.Reasons = t.current(status, g.Supporting)
			r.Groups = append(r.Groups, g)
		}
		r.Groups[i].Members = append(r.Groups[i].Members, el)
	}
	slices.SortStableFunc(r.Groups, func(a, b Group) int {
		if a.Status != b.Status {
			return int(b.Status) - int(a.Status)
		}
		return b.Risk.Value() - a.Risk.Value()
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

func (e *evaluator) elementStatus(t *Threat, el int, required []Value) (Status, *policy.Waiver) {
	worst := None
	for _, v := range required {
		worst = max(worst, v)
	}
	status := worst.status()
	if status != Open || len(e.in.Waivers) == 0 {
		return status, nil
	}
	s := e.in.Index.Subjects[el]
	if w := e.in.Waivers.ForThreat(t.ID, string(s.Kind), s.Key, s.Name, string(t.Zone), e.in.Now); w != nil {
		return Accepted, w
	}
	return status, nil
}

func (e *evaluator) clause(c Clause, el int) Value {
	best := None
	for _, m := range c {
		if v := e.values(m)[el]; v != None && (best == None || v < best) {
			best = v
		}
	}
	return best
}

// values gives a check's value at every subject: the worst of what it said of
// the subject, of those around it and of those inside it.
func (e *evaluator) values(key string) []Value {
	if v, ok := e.at[key]; ok {
		return v
	}
	x := e.in.Index
	own := make([]Value, len(x.Subjects))
	if e.built[key] == nil {
		for i := range own {
			own[i] = Undecided // no check answers yet: not collected
		}
		e.at[key] = own
		return own
	}
	for _, f := range e.findings[key] {
		v := valueOf(f.Status)
		for _, m := range f.Members {
			own[m] = max(own[m], v)
		}
	}
	inside := slices.Clone(own)
	for i := len(own) - 1; i >= 0; i-- { // children come after parents
		if p := x.Parents[i]; p >= 0 {
			inside[p] = max(inside[p], inside[i])
		}
	}
	for i := range own {
		if p := x.Parents[i]; p >= 0 {
			own[i] = max(own[i], own[p])
		}
	}
	for i := range own {
		own[i] = max(own[i], inside[i])
	}
	e.at[key] = own
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
