package report

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

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
		Checks: checks(a.Suite),
	}, subjects: make(map[[sha256.Size]byte]int), measuresFor: make(map[checkOn][]string), evidence: make(map[string][]check.Evidence)}
	b.measures()
	b.findings()
	b.threats()
	b.plan()
	for _, pl := range a.Planned {
		if !b.shown(pl.Subject) {
			continue
		}
		b.r.NotJudged = append(b.r.NotJudged, NotJudged{Check: pl.ID, Title: pl.Title, Refs: pl.Refs})
	}
	b.summary()
	return b.r
}

type builder struct {
	a           *assess.Assessment
	r           *Result
	subjects    map[[sha256.Size]byte]int   // identity -> index in Subjects
	measuresFor map[checkOn][]string        // measures that fix a check on a subject
	evidence    map[string][]check.Evidence // equal evidence is kept once
}

// checkOn is a check on a subject, by its position in the index.
type checkOn struct {
	check   string
	subject int
}

// checks says of every check what its findings have in common.
func checks(suite []*check.Check) map[string]Check {
	threats := threatsByCheck()
	out := make(map[string]Check, len(suite))
	for _, c := range suite {
		out[c.ID] = Check{Title: c.Title, Zone: c.Zone, Surface: c.Surface, STRIDE: c.STRIDE, Refs: c.Refs, Threats: threats[c.ID]}
	}
	return out
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

// subject returns the index of the subject that stands for the members: their
// own for one, a folded one for several.
func (b *builder) subject(members []int) int {
	first := b.a.Index.Subjects[members[0]]
	s := Subject{Kind: first.Kind, Scope: first.Scope, Key: first.Key, Name: first.Name}
	if len(members) == 1 {
		s.UID, s.Location = first.UID, first.Loc
	} else {
		s.Members = make([]string, len(members))
		for i, m := range members {
			s.Members[i] = b.a.Index.Subjects[m].Key
		}
	}
	return b.list(s)
}

// list returns the index of a subject, which it lists once.
func (b *builder) list(s Subject) int {
	id := sha256.New()
	fmt.Fprintf(id, "%s\x00%s\x00%s", s.Kind, s.Scope, s.Key)
	for _, m := range s.Members {
		fmt.Fprintf(id, "\x00%s", m)
	}
	key := [sha256.Size]byte(id.Sum(nil))
	if i, ok := b.subjects[key]; ok {
		return i
	}
	b.r.Subjects = append(b.r.Subjects, s)
	b.subjects[key] = len(b.r.Subjects) - 1
	return len(b.r.Subjects) - 1
}

func (b *builder) measures() {
	at := make(map[step.Target]int)
	for i, s := range b.a.Index.Subjects {
		at[step.Target{Kind: s.Kind, Scope: s.Scope, Key: s.Key, Name: s.Name, UID: s.UID}] = i
	}
	listed := func(t step.Target) {
		if i, ok := at[t]; ok {
			b.subject([]int{i})
			return
		}
		b.list(Subject{Kind: t.Kind, Scope: t.Scope, Key: t.Key, Name: t.Name, UID: t.UID}) // nothing judges it, a step changes it
	}
	for _, m := range b.a.Measures {
		out := Measure{ID: m.ID, Check: m.Check, Title: m.Title, Disturbs: m.Disturbs, Breaks: m.Breaks, Warnings: m.Warnings, Refused: m.Refused, Steps: []string{}}
		for _, c := range b.a.Suite {
			if c.ID == m.Check {
				out.Surface = c.Surface
			}
		}
		for _, s := range m.Steps {
			out.Steps = append(out.Steps, s.ID)
			b.r.Steps[s.ID] = s
			listed(s.Target)
			for _, subject := range m.For[s.ID] {
				k := checkOn{m.Check, subject}
				b.measuresFor[k] = append(b.measuresFor[k], m.ID)
			}
		}
		for _, ref := range m.Refused {
			listed(ref.Target)
		}
		b.r.Measures = append(b.r.Measures, out)
	}
}

func (b *builder) findings() {
	type fold struct {
		check, message string
		status         check.Status
		dormant        bool
		severity       check.Severity
	}
	folded := make(map[fold][]int)
	var order []fold
	flush := func(f *check.Finding) {
		for _, k := range order {
			v := check.Verdict{Status: k.status, Message: k.message, Severity: k.severity}
			b.finding(&check.Finding{Check: f.Check, Verdict: v, Dormant: k.dormant}, folded[k])
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
			if len(f.Members) == 1 && len(f.Evidence)+len(f.Notes) > 0 || len(f.Members) > 1 {
				b.finding(f, f.Members)
				continue
			}
			k := fold{f.Check.ID, f.Message, f.Status, f.Dormant, f.Severity}
			if folded[k] == nil {
				order = append(order, k)
			}
			folded[k] = append(folded[k], f.Members...)
			continue
		}
		b.apart(f)
	}
	if last != nil {
		flush(last)
	}
}

// finding adds one finding for the members together.
func (b *builder) finding(f *check.Finding, members []int) {
	b.add(b.verdict(f), members)
}

func (b *builder) add(v *Verdict, members []int) {
	s := b.a.Index.Subjects[members[0]]
	b.r.Findings = append(b.r.Findings, Finding{
		Verdict: v, Subject: b.subject(members), Count: len(members),
		Fingerprint: snapshot.Fingerprint(v.Check, s, b.a.Snapshot.Scope(s.Scope).Kind),
	})
}

// apart adds one finding for each member. They share a verdict as far as the
// same measures help them.
func (b *builder) apart(f *check.Finding) {
	v := b.verdict(f)
	for _, m := range f.Members {
		if help := b.measuresFor[checkOn{v.Check, m}]; f.Status == check.Fail && !slices.Equal(help, v.Measures) {
			c := *v
			c.Measures = help
			v = &c
		}
		b.add(v, []int{m})
	}
}

func (b *builder) verdict(f *check.Finding) *Verdict {
	return &Verdict{
		Check: f.Check.ID, Status: f.Status.String(), Reason: f.Reason, Severity: f.Grade().String(), Dormant: f.Dormant,
		Message: f.Message, Evidence: b.shared(f.Evidence), Notes: f.Notes, Waiver: waiver(f.Waiver),
	}
}

// shared returns the first evidence that was equal.
func (b *builder) shared(ev []check.Evidence) []check.Evidence {
	if len(ev) == 0 {
		return nil
	}
	key := fmt.Sprintf("%q", ev)
	if b.evidence[key] == nil {
		b.evidence[key] = ev
	}
	return b.evidence[key]
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
	s.Answers = b.answers()
	if s.Questions > 0 {
		s.Coverage = s.Answered * 100 / s.Questions
	}
	for _, c := range b.a.Snapshot.Containers {
		if c.KeptFor != "" {
			s.Kept = append(s.Kept, c.Name)
		}
	}
}

// Subject returns the subject of a finding.
func (r *Result) Subject(f *Finding) *Subject { return &r.Subjects[f.Subject] }

// Check returns what all findings of the finding's check have in common.
func (r *Result) Check(f *Finding) Check { return r.Checks[f.Check] }

// Names returns the names of the first n subjects that one stands for: the keys
// of those that the result does not list on their own.
func (r *Result) Names(subject, n int) []string {
	s := &r.Subjects[subject]
	if len(s.Members) == 0 {
		return []string{s.Name}[:min(n, 1)]
	}
	names := slices.Clone(s.Members[:min(n, len(s.Members))])
	for i, key := range names {
		own := slices.IndexFunc(r.Subjects, func(o Subject) bool {
			return o.Key == key && o.Kind == s.Kind && o.Scope == s.Scope && len(o.Members) == 0
		})
		if own >= 0 {
			names[i] = r.Subjects[own].Name
		}
	}
	return names
}

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
