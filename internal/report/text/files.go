package text

import (
	"cmp"
	"fmt"
	"slices"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

const maxFileLines = 40

// inFile is a failure with its place in a file.
type inFile struct {
	at      snapshot.Location
	finding *report.Finding
}

// grades orders severities, the worst first.
var grades = []string{"critical", "high", "medium", "low"}

// files lists failures that have a place in a file, one a line, so that editors
// find it.
func (p *page) files(r *report.Result) {
	var list []inFile
	for i := range r.Findings {
		f := &r.Findings[i]
		if at := place(r, f); at != nil && f.Status == "fail" {
			list = append(list, inFile{*at, f})
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b inFile) int {
		return cmp.Or(
			cmp.Compare(slices.Index(grades, a.finding.Severity), slices.Index(grades, b.finding.Severity)),
			cmp.Compare(a.at.File, b.at.File), cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.finding.Check, b.finding.Check))
	})
	p.line(p.bold("IN FILES"))
	for _, l := range list[:min(maxFileLines, len(list))] {
		f := l.finding
		p.line(fmt.Sprintf("%s: %s %s: %s, %s", Clean(l.at.String()), p.band(f.Severity, f.Severity), f.Check, Clean(r.Subject(f).Name), Clean(f.Message)))
	}
	if more := len(list) - maxFileLines; more > 0 {
		p.line(p.dim(fmt.Sprintf("   %d more: --format json lists all, --only narrows them down", more)))
	}
}

// place is where a file says what a finding is about: that of its evidence, else
// that of its subject.
func place(r *report.Result, f *report.Finding) *snapshot.Location {
	for _, e := range f.Evidence {
		if e.Loc != nil {
			return e.Loc
		}
	}
	return r.Subject(f).Location
}
