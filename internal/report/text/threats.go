package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll/internal/model"
	"plimsoll/internal/report"
	"plimsoll/internal/threat"
)

// ThreatFilter narrows the list of threats. An empty field takes all; several
// values are separated by commas.
type ThreatFilter struct {
	Zone, STRIDE, Status, Surface string

	Source bool // only threats that the source document names
}

// Takes reports whether the filter takes a threat.
func (f ThreatFilter) Takes(t *report.Threat) bool {
	if !takes(f.Zone, string(t.Zone)) || !takes(strings.ToUpper(f.STRIDE), t.STRIDE) || !takes(f.Status, t.Status) {
		return false
	}
	if f.Surface == "" && !f.Source {
		return true
	}
	return slices.ContainsFunc(threat.Catalogue(), func(c threat.Threat) bool {
		return c.ID == t.ID && (c.Source || !f.Source) &&
			slices.ContainsFunc(c.Surfaces(), func(s model.Surface) bool { return takes(f.Surface, string(s)) })
	})
}

func takes(list, v string) bool {
	if list == "" {
		return true
	}
	for want := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(want), v) {
			return true
		}
	}
	return false
}

// Threats prints the threats that the filter takes, by status and risk, each
// with its elements and clauses.
func Threats(w io.Writer, r *report.Result, f ThreatFilter, o Options) error {
	p := newPage(w, o)
	shown := 0
	for _, status := range threat.Statuses {
		var list []report.Threat
		for i := range r.Threats {
			if r.Threats[i].Status == status.String() && f.Takes(&r.Threats[i]) {
				list = append(list, r.Threats[i])
			}
		}
		if len(list) == 0 {
			continue
		}
		slices.SortStableFunc(list, func(a, b report.Threat) int { return b.Risk.Current.Value - a.Risk.Current.Value })
		p.line(p.bold(fmt.Sprintf("%s (%d)", strings.ToUpper(status.String()), len(list))))
		for _, t := range list {
			shown++
			p.line(p.threatRow(" ", &t))
			if status == threat.Open || status == threat.Unknown || status == threat.Accepted {
				p.elements(r, &t)
			}
		}
	}
	if shown == 0 {
		p.line("no threat matches")
	}
	return p.err
}

const maxElements = 4 // elements of one threat that a list shows

// elements prints the worst elements of a threat with what decides them.
func (p *page) elements(r *report.Result, t *report.Threat) {
	n := 0
	for _, e := range t.Elements {
		if e.Status != t.Status {
			continue
		}
		room := max(0, maxElements-n)
		n += e.Count
		var why []string
		for _, c := range e.Clauses {
			if !c.Supporting && c.Status != "pass" && c.Status != "not-applicable" {
				why = append(why, c.Checks+" "+c.Status)
			}
		}
		if e.Waiver != nil {
			why = append(why, waived(e.Waiver))
		}
		for _, name := range r.Names(e.Subject, room) {
			p.wrap("       ", Clean(name)+": "+strings.Join(why, ", "))
		}
	}
	if n > maxElements {
		p.line(p.dim(fmt.Sprintf("       and %d more", n-maxElements)))
	}
}
