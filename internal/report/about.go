package report

import (
	"slices"
	"strings"

	"plimsoll/internal/threat"
)

// About returns the result as it concerns some subjects, each given by name or
// key in any case: threats keep the elements that are such subjects, and are what
// they are on the worst of those. A threat without one is left out. What is not
// said of an element (findings, measures, counts, risk after the plan where a
// threat stays open) stays that of the whole. It also returns the names that no
// subject has.
func (r *Result) About(names []string) (about *Result, unknown []string) {
	wanted, unknown := r.named(names)
	out := *r
	out.Subjects = slices.Clone(r.Subjects)
	out.Threats = nil
	for i := range r.Threats {
		t := r.Threats[i]
		t.Elements = nil
		for _, e := range r.Threats[i].Elements {
			if part, ok := out.part(e, wanted); ok {
				t.Elements = append(t.Elements, part)
			}
		}
		if len(t.Elements) > 0 {
			out.narrow(&t, &r.Threats[i])
			out.Threats = append(out.Threats, t)
		}
	}
	return &out, unknown
}

// place is a subject by scope and key.
type place struct{ scope, key string }

// named finds the subjects of the names, alone or in a folded one.
func (r *Result) named(names []string) (wanted map[place]bool, unknown []string) {
	wanted = make(map[place]bool)
	for _, name := range names {
		n := len(wanted)
		for i := range r.Subjects {
			s := &r.Subjects[i]
			if len(s.Members) == 0 && (strings.EqualFold(s.Name, name) || strings.EqualFold(s.Key, name)) {
				wanted[place{s.Scope, s.Key}] = true
			}
			for _, key := range s.Members {
				if strings.EqualFold(key, name) || key == s.Key && strings.EqualFold(s.Name, name) {
					wanted[place{s.Scope, key}] = true
				}
			}
		}
		if len(wanted) == n {
			unknown = append(unknown, name)
		}
	}
	return wanted, unknown
}

// part is an element without the subjects that are not wanted.
func (r *Result) part(e Element, wanted map[place]bool) (Element, bool) {
	s := r.Subjects[e.Subject]
	if len(s.Members) == 0 {
		return e, wanted[place{s.Scope, s.Key}]
	}
	kept := slices.DeleteFunc(slices.Clone(s.Members), func(key string) bool { return !wanted[place{s.Scope, key}] })
	if len(kept) == 0 || len(kept) == len(s.Members) {
		return e, len(kept) > 0
	}
	e.Count = len(kept)
	own := slices.IndexFunc(r.Subjects, func(o Subject) bool {
		return o.Kind == s.Kind && o.Scope == s.Scope && o.Key == kept[0] && len(o.Members) == 0
	})
	switch {
	case len(kept) == 1 && own >= 0:
		e.Subject = own
		return e, true
	case len(kept) > 1:
		s.Members = kept
	default:
		s.Members = nil
	}
	if s.Key != kept[0] {
		s.Key, s.Name = kept[0], kept[0]
	}
	if own >= 0 {
		s.Name = r.Subjects[own].Name
	}
	r.Subjects = append(r.Subjects, s)
	e.Subject = len(r.Subjects) - 1
	return e, true
}

// narrow makes a threat what it is on its elements, the worst of which is first.
func (r *Result) narrow(t, whole *Threat) {
	first := &t.Elements[0]
	if t.Status != first.Status || t.Risk.Current != first.Risk {
		t.Risk.Reasons = nil // they are of another element
	}
	t.Status = first.Status
	if first.Risk.Value > 0 || t.Status == threat.NotApplicable.String() { // a result of an early version has none
		t.Risk.Current = first.Risk
	}
	if t.Status != threat.Open.String() {
		t.Risk.Projected = t.Risk.Current
	}
	t.Blind = t.Blind && t.Status == threat.Unknown.String()
	s, was := r.Subjects[first.Subject], r.Subjects[whole.Elements[0].Subject]
	if s.Scope != was.Scope || s.Key != was.Key {
		t.Evidence = r.ownEvidence(first, &s)
	}
}

// ownEvidence words a failure that keeps a threat open on an element, as far as
// it is one of the element itself.
func (r *Result) ownEvidence(e *Element, s *Subject) string {
	for _, c := range e.Clauses {
		if c.Supporting || c.Status != threat.Fail.String() {
			continue
		}
		for i := range r.Findings {
			f := &r.Findings[i]
			if at := r.Subject(f); f.Status == "fail" && at.Scope == s.Scope && at.Key == s.Key && slices.Contains(strings.Split(c.Checks, "|"), f.Check) {
				if len(f.Evidence) > 0 {
					return f.Evidence[0].Source + "=" + f.Evidence[0].Value
				}
				return f.Message
			}
		}
	}
	return ""
}
