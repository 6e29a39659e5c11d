package workload

import (
	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
)

// tally collects what fails in a pod: what it says that is wrong, and what it does
// not say.
type tally struct {
	shared.Hits
	b       *pod
	excuses []string
	wrong   int
	notes   []string
	depends []string // containers that hold what they do on some runtimes only
}

// tally begins one. Excuses are fields that may take back what another says wrong,
// by their path in [snapshot.PodSpec]: nothing fails where they were not understood.
func (b *pod) tally(excuses ...string) *tally { return &tally{b: b, excuses: excuses} }

// bad takes a field that has a wrong value.
func (t *tally) bad(source string, value any) {
	t.wrong++
	t.Add(ev(source, value))
}

// missing takes a field that should be there.
func (t *tally) missing(source string) { t.Add(ev(source, notSet)) }

// note takes a remark that goes with a failure, once.
func (t *tally) note(n string) {
	t.notes = appendNew(t.notes, n)
}

// verdict fails when anything was taken. What is missing is no evidence where the
// check's fields were not all understood.
func (t *tally) verdict(failed, passed string, ev ...check.Evidence) check.Verdict {
	if !t.Any() {
		return check.Passed(passed, ev...)
	}
	fields := t.excuses
	if t.wrong == 0 {
		fields = append(fields, t.b.p.Reads()...)
	}
	if path := t.b.FirstUnread(fields...); path != "" {
		return t.b.p.NotUnderstood(path)
	}
	v := t.Failed(failed)
	if len(t.depends) > 0 {
		v = v.Note("it depends on the runtime what is held by " + few(t.depends) + ": what is added and dropped contradict each other, or are written with CAP_")
	}
	for _, n := range t.notes {
		v = v.Note(n)
	}
	return v
}
