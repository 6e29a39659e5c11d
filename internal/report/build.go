package report

import (
	"maps"
	"slices"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// maxMembers bounds the keys that a folded subject lists.
const maxMembers = 1000

// Build makes the published form of an assessment. The gate is left open; see
// [Result.Judge].
func Build(a *assess.Assessment, tool, catalogue string) *Result {
	b := &builder{a: a, r: &Result{
		Schema: Schema, Tool: tool, Catalogue: catalogue, Assessed: a.Now.UTC(), Inputs: a.Digests,
		Gate: Gate{Met: true}, Model: a.Model, Steps: make(map[string]step.Step),
		Snapshot: SnapshotInfo{
			ID: a.Snapshot.ID, Taken: a.Snapshot.Taken, Complete: a.Snapshot.Complete,
			Targets: a.Snapshot.Scopes, Coverage: a.Snapshot.Parts,
		},
	}, subjects: make(map[string]int), measuresFor: make(map[[2]string][]string), threatsOf: threatsByCheck()}
	b.measures()
	b.findings()
	b.threats()
	b.plan()
	b.summary()
	for _, pl := range a.Planned {
		b.r.NotJudged = append(b.r.NotJudged, NotJudged{Check: pl.ID, Title: pl.Title, Refs: pl.Refs})
	}
	return b.r
}

type builder struct {
	a           *assess.Assessment
	r           *Result
	subjects    map[string]int         // joined keys -> index in Subjects
	measuresFor map[[2]string][]string // check, subject key -> measures
	threatsOf   map[string][]string
}

// threatsByCheck maps a check to the threats whose clauses name it.
func threatsByCheck() map[string][]string {
	out := make(map[string][]string)
	for _, t := range threat.Catalogue() {
		for _, c := range slices.Concat(t.Required, t.Supporting) {
			for _, key := range c {
				if !slices.Contains(out[key], t.ID) {
					out[key] = append(out[key], t.ID)
				}
			}
		}
	}
	return out
}

// subject returns the index of the subject that stands for the members.
func (b *builder) subject(members []int) int {
	first := b.a.Index.Subjects[members[0]]
	id := first.Scope + "\x00" + string(first.Kind) + "\x00" + first.Key
	if len(members) > 1 {
		keys := make([]string, 0, min(len(members), maxMembers))
		for _, m := range members[:min(len(members), maxMembers)] {
			keys = append(keys, b.a.Index.Subjects[m].Key)
			id += "\x00" + b.a.Index.Subjects[m].Key
		}
		if i, ok := b.subjects[id]; ok {
			return i
		}
		return b.add(id, Subject{Kind: first.Kind, Scope: first.Scope, Key: first.Key, Name: first.Name, Members: keys})
	}
	if i, ok := b.subjects[id]; ok {
		return i
	}
	return b.add(id, Subject{Kind: first.Kind, Scope: first.Scope, Key: first.Key, Name: first.Name, Location: first.Loc})
}

func (b *builder) add(id string, s Subject) int {
	b.r.Subjects = append(b.r.Subjects, s)
	b.subjects[id] = len(b.r.Subjects) - 1
	return len(b.r.Subjects) - 1
}

func (b *builder) measures() {
	for _, m := range b.a.Measures {
		out := Measure{ID: m.ID, Check: m.Check, Title: m.Title, Disturbs: m.Disturbs, Warnings: m.Warnings, Refused: m.Refused, Steps: []string{}}
		for _, c := range b.a.Suite {
			if c.ID == m.Check {
				out.Surface = c.Surface
			}
		}
		for _, s := range m.Steps {
			out.Steps = append(out.Steps, s.ID)
			b.r.Steps[s.ID] = s
			k := [2]string{m.Check, s.Target.Scope + "\x00" + s.Target.Key}
			b.measuresFor[k] = append(b.measuresFor[k], m.ID)
		}
		b.r.Measures = append(b.r.Measures, out)
	}
}

func (b *builder) findings() {
	type fold struct {
		check, message string
		status         check.Status
		dormant        bool
	}
	folded := make(map[fold][]int)
	var order []fold
	flush := func(f *check.Finding) {
		for _, k := range order {
			g := *f
			g.Status, g.Message, g.Dormant = k.status, k.message, k.dormant
			b.finding(&g, folded[k])
		}
		order, folded = order[:0], make(map[fold][]int)
	}
	var last *check.Finding
	for i := range b.a.Findings {
		f := &b.a.Findings[i]
		if last != nil && last.Check != f.Check {
			flush(last)
		}
		last = f
		if f.Status == check.Pass || f.Status == check.NotApplicable {
			if len(f.Members) == 1 && len(f.Evidence) > 0 || len(f.Members) > 1 {
				b.finding(f, f.Members)
				continue
			}
			k := fold{f.Check.ID, f.Message, f.Status, f.Dormant}
			if folded[k] == nil {
				order = append(order, k)
			}
			folded[k] = append(folded[k], f.Members...)
			continue
		}
		for _, m := range f.Members {
			b.finding(f, []int{m})
		}
	}
	if last != nil {
		flush(last)
	}
}

// finding adds one published finding for the members together.
func (b *builder) finding(f *check.Finding, members []int) {
	s := b.a.Index.Subjects[members[0]]
	sc := b.a.Snapshot.Scope(s.Scope)
	out := Finding{
		Check: f.Check.ID, Title: f.Check.Title, Subject: b.subject(members), Fingerprint: snapshot.Fingerprint(f.Check.ID, s, sc.Kind),
		Status: f.Status.String(), Reason: f.Reason, Severity: f.Grade().String(), Zone: f.Check.Zone, Surface: f.Check.Surface,
		Dormant: f.Dormant, Count: len(members), Message: f.Message, Evidence: f.Evidence, Notes: f.Notes, Refs: f.Check.Refs,
		Threats: b.threatsOf[f.Check.ID], Waiver: waiver(f.Waiver),
	}
	if f.Status == check.Fail {
		out.Measures = b.measuresFor[[2]string{f.Check.ID, s.Scope + "\x00" + s.Key}]
	}
	b.r.Findings = append(b.r.Findings, out)
}

func waiver(w *policy.Waiver) *Waiver {
	if w == nil {
		return nil
	}
	return &Waiver{Decision: string(w.Decision), Owner: w.Owner, Reason: w.Reason, Expires: w.Expires.Format("2006-01-02")}
}

func (b *builder) summary() {
	s := &b.r.Summary
	s.Findings, s.Threats = make(map[string]int), make(map[string]int)
	for _, f := range b.a.Findings {
		s.Findings[f.Status.String()] += len(f.Members)
	}
	for _, t := range b.a.Threats {
		s.Threats[t.Status.String()]++
		switch t.Status {
		case threat.Open:
			s.Risk += t.Current.Value()
		case threat.Unknown:
			s.UnknownRisk += t.Current.Value()
		case threat.Accepted:
			s.AcceptedRisk += t.Current.Value()
		case threat.Mitigated, threat.NotApplicable:
		}
	}
	decided := s.Findings["pass"] + s.Findings["fail"] + s.Findings["accepted"]
	if all := decided + s.Findings["unknown"] + s.Findings["manual"]; all > 0 {
		s.Coverage = decided * 100 / all
	}
	for _, c := range b.a.Snapshot.Containers {
		if c.KeptFor != "" {
			s.Kept = append(s.Kept, c.Name)
		}
	}
}

// Subject returns the subject of a finding.
func (r *Result) Subject(f *Finding) *Subject { return &r.Subjects[f.Subject] }

// Statuses returns the statuses that findings have, sorted.
func (r *Result) Statuses() []string { return slices.Sorted(maps.Keys(r.Summary.Findings)) }

// Measure returns a measure by ID, or nil.
func (r *Result) Measure(id string) *Measure {
	i := slices.IndexFunc(r.Measures, func(m Measure) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Measures[i]
}
