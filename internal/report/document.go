package report

import (
	"fmt"
	"reflect"
	"slices"

	"plimsoll/internal/step"
)

// maxMembers bounds the keys that a folded finding's subject lists.
const maxMembers = 1000

// Document is a [Result] as it is published. Its size follows what differs:
// findings with the same verdict and steps with the same changes stand together.
type Document struct {
	Result
	Findings []Findings    `json:"findings"`
	Measures []MeasureForm `json:"measures"`
}

// Findings is a verdict with everything it was said of. Subjects are indices in
// the document's subjects, and each has its fingerprint. Pass and not-applicable
// have one subject, folded where it stands for several.
type Findings struct {
	Verdict
	Count        int      `json:"count"` // subjects in all
	Subjects     []int    `json:"subjects"`
	Fingerprints []string `json:"fingerprints"`
}

// MeasureForm is a [Measure] with its steps.
type MeasureForm struct {
	Measure
	Steps   []Steps    `json:"steps"`
	Refused []Refusals `json:"refused,omitempty"`
}

// Steps is a step with everything it can be done to. Each subject, an index in
// the document's subjects, makes a step of its own, with its ID.
type Steps struct {
	Kind     step.Kind     `json:"kind"`
	Set      []step.Change `json:"set"`
	Disturbs step.Disturb  `json:"disturbs"`
	Undo     step.Undo     `json:"undo"`
	Note     string        `json:"note,omitempty"`
	Warnings []string      `json:"warnings,omitempty"`
	UID      string        `json:"uid,omitempty"` // of the target, where it is not the subject's
	Subjects []int         `json:"subjects"`
	IDs      []string      `json:"ids"`
}

// Refusals says why a measure leaves subjects alone.
type Refusals struct {
	Why      string `json:"why"`
	AtSource bool   `json:"atSource,omitempty"`
	Instead  string `json:"instead,omitempty"` // the measure that helps them
	Subjects []int  `json:"subjects"`
}

// NewDocument makes the published form of a result.
func NewDocument(r *Result) (*Document, error) {
	d := &Document{Result: *r, Findings: []Findings{}, Measures: []MeasureForm{}}
	d.Subjects = shortened(r)
	for i := range r.Findings {
		d.addFinding(&r.Findings[i])
	}
	at := make(map[step.Target]int, len(r.Subjects))
	for i := range r.Subjects {
		if s := &r.Subjects[i]; len(s.Members) == 0 {
			at[spot(s.target())] = i
		}
	}
	for _, m := range r.Measures {
		f, err := formOf(r, m, at)
		if err != nil {
			return nil, err
		}
		d.Measures = append(d.Measures, f)
	}
	return d, nil
}

func (s *Subject) target() step.Target {
	return step.Target{Kind: s.Kind, Scope: s.Scope, Key: s.Key, Name: s.Name, UID: s.UID}
}

// shortened returns the subjects. Those of folded findings list no more than
// maxMembers; those of threats list all.
func shortened(r *Result) []Subject {
	whole := make(map[int]bool)
	for _, t := range r.Threats {
		for _, e := range t.Elements {
			whole[e.Subject] = true
		}
	}
	out := slices.Clone(r.Subjects)
	for i := range out {
		if len(out[i].Members) > maxMembers && !whole[i] {
			out[i].Members = out[i].Members[:maxMembers]
		}
	}
	return out
}

// addFinding puts a finding beside the last one when their verdicts are equal.
func (d *Document) addFinding(f *Finding) {
	if n := len(d.Findings); n > 0 && f.Count == 1 {
		last := &d.Findings[n-1]
		if last.Count == len(last.Subjects) && reflect.DeepEqual(last.Verdict, *f.Verdict) {
			last.Subjects, last.Fingerprints = append(last.Subjects, f.Subject), append(last.Fingerprints, f.Fingerprint)
			last.Count++
			return
		}
	}
	d.Findings = append(d.Findings, Findings{Verdict: *f.Verdict, Count: f.Count, Subjects: []int{f.Subject}, Fingerprints: []string{f.Fingerprint}})
}

func formOf(r *Result, m Measure, at map[step.Target]int) (MeasureForm, error) {
	f := MeasureForm{Measure: m, Steps: []Steps{}}
	for _, id := range m.Steps {
		s := r.Steps[id]
		i, ok := at[spot(s.Target)]
		if !ok {
			return f, fmt.Errorf("step %s changes %q, which is no subject of the result", id, s.Target.Key)
		}
		g := Steps{Kind: s.Kind, Set: s.Set, Disturbs: s.Disturbs, Undo: s.Undo, Note: s.Note, Warnings: s.Warnings, Subjects: []int{i}, IDs: []string{id}}
		if s.Target.UID != r.Subjects[i].UID {
			g.UID = s.Target.UID
		}
		if n := len(f.Steps); n > 0 && f.Steps[n-1].alike(&g) {
			f.Steps[n-1].Subjects, f.Steps[n-1].IDs = append(f.Steps[n-1].Subjects, i), append(f.Steps[n-1].IDs, id)
			continue
		}
		f.Steps = append(f.Steps, g)
	}
	for _, ref := range m.Refused {
		i, ok := at[spot(ref.Target)]
		if !ok {
			return f, fmt.Errorf("measure %s leaves out %q, which is no subject of the result", m.ID, ref.Target.Key)
		}
		if n := len(f.Refused); n > 0 && f.Refused[n-1].Why == ref.Why && f.Refused[n-1].AtSource == ref.AtSource && f.Refused[n-1].Instead == ref.Instead {
			f.Refused[n-1].Subjects = append(f.Refused[n-1].Subjects, i)
			continue
		}
		f.Refused = append(f.Refused, Refusals{Why: ref.Why, AtSource: ref.AtSource, Instead: ref.Instead, Subjects: []int{i}})
	}
	return f, nil
}

// spot is a target without the identity of what is there now: a step on a file
// names its inode, its subject does not.
func spot(t step.Target) step.Target {
	t.UID = ""
	return t
}

// alike reports whether two steps differ in their targets only.
func (s *Steps) alike(o *Steps) bool {
	return s.Kind == o.Kind && s.UID == o.UID && s.Disturbs == o.Disturbs && s.Undo == o.Undo && s.Note == o.Note &&
		slices.Equal(s.Set, o.Set) && slices.Equal(s.Warnings, o.Warnings)
}
