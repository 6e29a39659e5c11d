package check

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

// Inputs is what checks are run on.
type Inputs struct {
	Index  *snapshot.Index
	Policy *policy.Policy
	Now    time.Time
}

// Run asks every check of every scope it concerns, some at a time: they are pure
// functions. Findings come in the order of the suite; their members are ascending.
func Run(suite []*Check, in Inputs) []Finding {
	each, all := rooms(suite, in.Index)
	room := slices.Clone(each)
	var next atomic.Int64
	var defect atomic.Pointer[string]
	var wg sync.WaitGroup
	work := func() {
		defer func() {
			if v := recover(); v != nil {
				why := fmt.Sprintf("%v\n%s", v, debug.Stack())
				defect.CompareAndSwap(nil, &why)
			}
		}()
		for i := next.Add(1) - 1; i < int64(len(suite)); i = next.Add(1) - 1 {
			each[i] = runOne(suite[i], in, room[i])
		}
	}
	for range min(runtime.GOMAXPROCS(0), len(suite)) {
		wg.Go(work)
	}
	wg.Wait()
	if why := defect.Load(); why != nil {
		panic(*why) // a check's panic is its caller's, as if it had been called here
	}
	return closeUp(each, room, all)
}

// rooms divides one list among the checks, each with room for what it mostly
// finds: one finding for each class of containers or pods, or a few. Findings may be many,
// and lists of their own would have to be copied.
func rooms(suite []*Check, x *snapshot.Index) (each [][]Finding, all []Finding) {
	const few = 4
	size := func(c *Check) int {
		switch c.Subject {
		case snapshot.KindContainer:
			return max(few, len(x.Classes()))
		case snapshot.KindPodSpec:
			return max(few, len(x.PodClasses()))
		default:
			return few
		}
	}
	total := 0
	for _, c := range suite {
		total += size(c)
	}
	each, all = make([][]Finding, len(suite)), make([]Finding, total)
	rest := all
	for i, c := range suite {
		n := size(c)
		each[i], rest = rest[:0:n], rest[n:]
	}
	return each, all
}

// closeUp moves the findings of each check behind those of the one before.
func closeUp(each, room [][]Finding, all []Finding) []Finding {
	for i := range each {
		if len(each[i]) > cap(room[i]) { // it found more, in a list of its own
			return slices.Concat(each...)
		}
	}
	n := 0
	for _, found := range each {
		n += copy(all[n:], found)
	}
	clear(all[n:])
	return all[:n:n]
}

// RunOne asks one check of every scope it concerns.
func RunOne(c *Check, in Inputs) []Finding { return runOne(c, in, nil) }

// runOne is RunOne with room for the findings.
func runOne(c *Check, in Inputs, room []Finding) []Finding {
	var out []Finding
	s := in.Index.Snapshot
	for i := range s.Scopes {
		sc := &s.Scopes[i]
		if !s.Holds(sc, c.Subject) {
			continue
		}
		p := NewProbe(c, in, sc)
		if out == nil {
			p.out = room
		}
		found := runScope(c, p)
		if out == nil {
			out = found // mostly the only scope; findings may be many
		} else {
			out = append(out, found...)
		}
	}
	return out
}

// NewProbe returns the probe that a check gets for one scope. Fixes get one too.
func NewProbe(c *Check, in Inputs, sc *snapshot.Scope) *Probe {
	return &Probe{Snapshot: in.Index.Snapshot, Index: in.Index, Scope: sc, Now: in.Now, check: c, policy: in.Policy}
}

func runScope(c *Check, p *Probe) []Finding {
	if why, off := disabled(p.policy, c.ID); off {
		// Not asking is not knowing: a threat that hangs on it must not look closed.
		p.Report(Undecided(snapshot.ReasonDisabled, "switched off by policy: "+why), p.Self())
		return p.out
	}
	if p.Scope.Kind == snapshot.ScopeFiles && !slices.ContainsFunc(c.Forms, Form.static) {
		p.Report(Undecided(snapshot.ReasonStatic, "only a running system shows it"), p.Self())
		return p.out
	}
	if v, ok := gate(c, p); !ok {
		p.Report(v, p.Self())
		return p.out
	}
	if c.Subject == snapshot.KindContainer && cap(p.out) == 0 {
		p.out = make([]Finding, 0, len(p.Index.Classes()))
	}
	c.Run(p)
	p.complete(c)
	p.partly(c)
	for i := range p.out {
		slices.Sort(p.out[i].Members)
		p.doubt(&p.out[i])
	}
	p.locate()
	for i := range p.out {
		declare(&p.out[i])
		answer(p.policy, &p.out[i])
		regrade(p.policy, &p.out[i])
	}
	byFirst := func(a, b Finding) int { return cmp.Compare(a.Members[0], b.Members[0]) }
	if !slices.IsSortedFunc(p.out, byFirst) { // classes mostly come in order, and findings are costly to move
		slices.SortStableFunc(p.out, byFirst)
	}
	return p.out
}

// complete turns silence into words: a subject that the check passed over is
// unknown, which is never a pass, and a scope without subjects says so.
func (p *Probe) complete(c *Check) {
	all := p.Index.Of(p.Scope.ID, c.Subject)
	if snapshot.Kinds[c.Subject].Whole && len(all) > 0 {
		if silent := p.silent(all); len(silent) > 0 {
			p.Report(Undecided(snapshot.ReasonFailed, "the check gave no verdict, which is a defect"), silent...)
		}
	}
	if len(p.out) == 0 {
		p.Report(Inapplicable("there is none to judge"), p.Self())
	}
}

// silent returns those of the subjects that no finding is about. A finding on
// the scope is about all of them.
func (p *Probe) silent(all []int) []int {
	judged := make([]bool, len(p.Index.Subjects))
	for i := range p.out {
		for _, m := range p.out[i].Members {
			judged[m] = true
		}
	}
	if judged[p.Self()] {
		return nil
	}
	var silent []int
	for _, s := range all {
		if !judged[s] {
			silent = append(silent, s)
		}
	}
	return silent
}

// gate decides from the coverage whether the check can be asked at all.
func gate(c *Check, p *Probe) (Verdict, bool) {
	if p.Scope.Kind == snapshot.ScopeFiles && c.Subject == snapshot.KindEngine {
		return p.Need(snapshot.PartEngineConfig) // the file is all there is
	}
	if p.Scope.Kind == snapshot.ScopeFiles && c.Subject == snapshot.KindRegistry {
		return p.Need(snapshot.PartRegistryConfig)
	}
	return p.Need(c.Needs...)
}

// Need reports whether parts were observed, and the verdict if one was not: for
// checks that need other parts in scopes of other kinds.
func (p *Probe) Need(parts ...snapshot.Part) (Verdict, bool) {
	for _, part := range parts {
		st := p.Index.Part(p.Scope.ID, part)
		switch st.State {
		case snapshot.Observed:
		case snapshot.Absent:
			return Inapplicable(cmp.Or(st.Detail, "there is no "+string(part))), false
		case snapshot.Denied, snapshot.Failed, snapshot.Skipped:
			reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State))
			return Undecided(reason, cmp.Or(st.Detail, string(part)+" was "+st.State.String())), false
		}
	}
	return Verdict{}, true
}

// declare adds to a question that hangs on the user where the answer goes.
func declare(f *Finding) {
	if f.Status != Unknown || f.Reason != snapshot.ReasonUndeclared {
		return
	}
	for _, p := range f.Check.Params {
		if p.Question {
			f.Message += "; declare it in plimsoll.yaml as parameters." + f.Check.ID + "." + p.Name
			return
		}
	}
	f.Message += "; answer it in plimsoll.yaml as answers." + f.Check.ID
}

func disabled(p *policy.Policy, id string) (string, bool) {
	if p == nil {
		return "", false
	}
	why, off := p.Disabled[id]
	return why, off
}

func regrade(p *policy.Policy, f *Finding) {
	if p == nil {
		return
	}
	name, ok := p.Severity[f.Check.ID]
	if !ok {
		return
	}
	if s, err := ParseSeverity(name); err == nil {
		f.Severity = s
	}
}

// answer puts a person's answer in the place of a manual verdict.
func answer(p *policy.Policy, f *Finding) {
	if p == nil || f.Status != Manual {
		return
	}
	a, ok := p.Answers[f.Check.ID]
	if !ok {
		return
	}
	switch a.Status {
	case Pass.String():
		f.Status = Pass
	case Fail.String():
		f.Status = Fail
	case NotApplicable.String():
		f.Status = NotApplicable
	default:
		return
	}
	f.Evidence = append(slices.Clip(f.Evidence),
		Evidence{Source: "answered by " + a.Owner + " on " + a.Date.Format("2006-01-02"), Value: cmp.Or(a.Note, a.Status)})
}
