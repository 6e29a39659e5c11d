package report

import (
	"cmp"

	"plimsoll/internal/check"
)

// Comparison is what changed between two results of one target.
type Comparison struct {
	Before   string          `json:"before"` // snapshot IDs
	After    string          `json:"after"`
	Risk     [2]int          `json:"risk"` // sums of current scores, before and after
	Threats  []ThreatChange  `json:"threats"`
	Findings []FindingChange `json:"findings"`
}

// ThreatChange is a threat whose status or current band differs.
type ThreatChange struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Before State  `json:"before"`
	After  State  `json:"after"`
}

// State is what a screen shows of a threat or finding; an empty Status says
// that the result does not have it.
type State struct {
	Status string `json:"status"`
	Band   string `json:"band,omitempty"`
	Score  int    `json:"score,omitempty"`
}

// FindingChange is a check on a subject whose status differs, or that a step
// was meant to change.
type FindingChange struct {
	Check   string `json:"check"`
	Scope   string `json:"scope"`
	Subject string `json:"subject"` // key
	Name    string `json:"name"`
	Before  string `json:"before"`
	After   string `json:"after"`
}

// SubjectCheck names a check on a subject.
type SubjectCheck struct{ Check, Scope, Key string }

// Compare lists the differences of two results. Findings named in targeted are
// listed even when they did not change. A subject that came or went with nothing
// to say against it is no difference.
func Compare(before, after *Result, targeted []SubjectCheck) *Comparison {
	c := &Comparison{
		Before: before.Snapshot.ID, After: after.Snapshot.ID, Risk: [2]int{before.Summary.Risk, after.Summary.Risk},
		Threats: []ThreatChange{}, Findings: []FindingChange{},
	}
	was := make(map[string]*Threat)
	for i := range before.Threats {
		was[before.Threats[i].ID] = &before.Threats[i]
	}
	for i := range after.Threats {
		a := &after.Threats[i]
		ch := ThreatChange{ID: a.ID, Title: a.Title, After: stateOf(a)}
		if b := was[a.ID]; b != nil {
			ch.Before = stateOf(b)
		}
		if ch.Before != ch.After {
			c.Threats = append(c.Threats, ch)
		}
	}
	c.findings(before, after, targeted)
	return c
}

func stateOf(t *Threat) State {
	return State{Status: t.Status, Band: t.Risk.Current.Band, Score: t.Risk.Current.Value}
}

func (c *Comparison) findings(before, after *Result, targeted []SubjectCheck) {
	was, is := statuses(before), statuses(after)
	wanted := make(map[SubjectCheck]bool, len(targeted))
	for _, k := range targeted {
		wanted[k] = true
	}
	seen := make(map[SubjectCheck]bool)
	for _, r := range []*Result{after, before} {
		names := namesOf(r)
		for i := range r.Findings {
			for _, k := range each(r, &r.Findings[i]) {
				if seen[k] {
					continue
				}
				seen[k] = true
				b, a := was.of(k), is.of(k)
				if news := b != a && b != unlisted && a != unlisted && (counts(b) || counts(a)); news || wanted[k] {
					name := cmp.Or(names[[2]string{k.Scope, k.Key}], k.Key)
					c.Findings = append(c.Findings, FindingChange{Check: k.Check, Scope: k.Scope, Subject: k.Key, Name: name, Before: b, After: a})
				}
			}
		}
	}
}

// namesOf maps scope and key of the subjects that are listed on their own, or
// first, to their names.
func namesOf(r *Result) map[[2]string]string {
	names := make(map[[2]string]string, len(r.Subjects))
	for _, s := range r.Subjects {
		names[[2]string{s.Scope, s.Key}] = s.Name
	}
	return names
}

// unlisted is the status of a subject that may be one of those that a folded
// finding of a saved result counts but does not list.
const unlisted = "not listed"

// counts reports whether a status is one that a person looks at.
func counts(status string) bool {
	return status != "" && status != check.Pass.String() && status != check.NotApplicable.String()
}

// said is what a result says of each check and subject.
type said struct {
	status map[SubjectCheck]string
	cut    map[[2]string]bool // check and scope with subjects that are not listed
}

func (s *said) of(k SubjectCheck) string {
	status, ok := s.status[k]
	if !ok && s.cut[[2]string{k.Check, k.Scope}] {
		return unlisted
	}
	return status
}

// statuses maps every check and subject to its status. A folded subject stands
// for the members it lists.
func statuses(r *Result) *said {
	out := &said{status: make(map[SubjectCheck]string), cut: make(map[[2]string]bool)}
	for i := range r.Findings {
		f := &r.Findings[i]
		keys := each(r, f)
		for _, k := range keys {
			out.status[k] = f.Status
		}
		if f.Count > len(keys) {
			out.cut[[2]string{f.Check, r.Subject(f).Scope}] = true
		}
	}
	return out
}

func each(r *Result, f *Finding) []SubjectCheck {
	s := r.Subject(f)
	var out []SubjectCheck
	for _, key := range keysOf(s) {
		out = append(out, SubjectCheck{Check: f.Check, Scope: s.Scope, Key: key})
	}
	return out
}
