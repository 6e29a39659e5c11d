package report

import (
	"cmp"
	"maps"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// What a person does where no right is missing.
const (
	howDeclare = "plimsoll policy show lists what can be declared and answered"
	howTarget  = "plimsoll assess docker looks at an engine"
)

// answers counts what was decided and says what would answer the rest.
func (b *builder) answers() Answers {
	var out Answers
	waiting := make(map[string]int)
	open := make(map[string]int)
	asked := make(map[string]bool)
	for i := range b.a.Findings {
		f := &b.a.Findings[i]
		asked[f.Check.ID] = true
		n := len(f.Members)
		switch f.Status {
		case check.Pass, check.Fail, check.Accepted:
			out.Answered += n
			out.Questions += n
		case check.Unknown, check.Manual:
			out.Questions += n
			waiting[b.how(f)] += n
			open[b.open(f)] += n
		case check.NotApplicable:
		}
	}
	for _, c := range b.a.Suite {
		if !asked[c.ID] && b.shown(c.Subject) { // nothing that was looked at has such subjects
			out.Questions++
			open[OpenNoSuch]++
			if slices.Contains(snapshot.Kinds[c.Subject].Scopes, snapshot.ScopeEngine) {
				waiting[howTarget]++
			}
		}
	}
	out.Questions += len(b.r.NotJudged)
	open[OpenUnjudged] = len(b.r.NotJudged)
	for _, reason := range slices.Sorted(maps.Keys(open)) {
		if open[reason] > 0 {
			out.Open = append(out.Open, Open{reason, open[reason]})
		}
	}
	delete(waiting, "")
	for how, n := range waiting {
		out.Asks = append(out.Asks, Ask{how, n})
	}
	slices.SortFunc(out.Asks, func(x, y Ask) int {
		return cmp.Or(cmp.Compare(y.Questions, x.Questions), cmp.Compare(x.How, y.How))
	})
	return out
}

// shown reports whether anything of the platform of a kind was looked at: a machine
// without a cluster leaves no question about clusters open.
func (b *builder) shown(k snapshot.Kind) bool { return b.a.Snapshot.Shows(snapshot.Kinds[k].Platform) }

// open is the reason that an undecided finding is counted under.
func (b *builder) open(f *check.Finding) string {
	if f.Status == check.Manual {
		return OpenManual
	}
	return string(f.Reason)
}

// how says what would answer an undecided finding: what grants the first part
// that its check needs and did not get. Empty: nothing that is known.
func (b *builder) how(f *check.Finding) string {
	if f.Status == check.Manual || f.Reason == snapshot.ReasonUndeclared {
		return howDeclare
	}
	scope := b.a.Index.Subjects[f.Members[0]].Scope
	for _, part := range f.Check.Needs {
		st := b.a.Index.Part(scope, part)
		if st.State != snapshot.Observed && st.State != snapshot.Absent && st.Grant != "" {
			return st.Grant
		}
	}
	return ""
}
