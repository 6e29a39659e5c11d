package text

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/model"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

const (
	topThreats  = 5
	matrixWidth = 100 // columns from which the matrix has room for words
	matrixLeast = 77  // columns from which it has room for short ones; below, letters
)

// Assess prints the first screen of a result.
func Assess(w io.Writer, r *report.Result, o Options) error {
	p := newPage(w, o)
	p.header(r)
	p.systemMap(r)
	p.matrix(r)
	p.top(r)
	p.fixes(r)
	p.files(r)
	p.unknowns(r)
	p.gate(r)
	return p.err
}

func (p *page) header(r *report.Result) {
	var parts []string
	for _, sc := range r.Snapshot.Targets {
		if sc.Kind == snapshot.ScopeHost || sc.Host == "" {
			parts = append(parts, string(sc.Kind)+" "+Clean(sc.Name))
		}
	}
	if r.Model != nil {
		for _, e := range r.Model.Elements {
			switch {
			case strings.HasSuffix(e.ID, "dockerd") && len(e.Notes) > 0:
				parts = append(parts, "docker "+Clean(e.Notes[0]))
			case strings.HasPrefix(e.ID, model.KubePrefix) && strings.HasSuffix(e.ID, "kube-apiserver"):
				parts = append(parts, Clean(strings.Join(e.Notes, ", ")))
			}
		}
	}
	id := r.Snapshot.ID
	if len(id) > 8 {
		id = id[:8]
	}
	parts = append(parts, "snapshot "+id, r.Snapshot.Taken.UTC().Format("2006-01-02 15:04Z"))
	p.hang("", "  ", p.bold("plimsoll assess")+" · "+strings.Join(parts, " · "))
	p.inventory(r)
	if !r.Snapshot.Complete {
		p.line(p.band("high", "PARTIAL: the collection was cut short; what is missing is unknown below"))
	}
}

// zones lists the zones that the result has threats of.
func zones(r *report.Result) []model.Zone {
	return slices.DeleteFunc(slices.Clone(model.Zones), func(z model.Zone) bool {
		return !slices.ContainsFunc(r.Threats, func(t report.Threat) bool { return t.Zone == z })
	})
}

// matrix prints the STRIDE matrix: per zone and class the worst band of open
// threats and their number.
func (p *page) matrix(r *report.Result) {
	cell, label, counts, heads := 8, 15, "%4d  %9d  %8d  %7d", "open  mitigated  accepted  unknown"
	switch {
	case p.o.Width < matrixLeast:
		cell, label, counts, heads = 5, 10, "%4d %3d %3d %3d", "open mit acc unk"
	case p.o.Width < matrixWidth:
		cell, counts, heads = 7, "%4d  %3d  %3d  %3d", "open  mit  acc  unk"
	}
	var head strings.Builder
	head.WriteString(pad("STRIDE", label))
	for _, c := range model.Classes {
		if p.o.Width < matrixLeast {
			head.WriteString(pad(string(c), cell))
			continue
		}
		head.WriteString(pad(c.Short(), cell))
	}
	p.line(p.bold(head.String() + heads))
	for _, z := range zones(r) {
		var row strings.Builder
		row.WriteString(pad(string(z), label))
		for _, c := range model.Classes {
			row.WriteString(p.cell(r, z, string(c), cell))
		}
		n := make(map[string]int)
		for _, t := range r.Threats {
			if t.Zone == z {
				n[t.Status]++
			}
		}
		p.line(row.String() + fmt.Sprintf(counts, n["open"], n["mitigated"], n["accepted"], n["unknown"]))
	}
	s := r.Summary
	p.wrap(strings.Repeat(" ", label), fmt.Sprintf("cell = worst band (C/H/M/L) and number of open threats · ? = cannot tell · %d of %d questions answered (%d%%)", s.Answered, s.Questions, s.Coverage))
}

func (p *page) cell(r *report.Result, z model.Zone, class string, width int) string {
	var worst report.Score
	open, unknown := 0, 0
	for _, t := range r.Threats {
		if t.Zone != z || t.STRIDE != class {
			continue
		}
		switch t.Status {
		case "open":
			open++
			if t.Risk.Current.Value > worst.Value {
				worst = t.Risk.Current
			}
		case "unknown":
			unknown++
		}
	}
	switch {
	case open > 0:
		s := fmt.Sprintf("%s %d", letter(worst.Band), open)
		if width <= len("H 12?") {
			s = fmt.Sprintf("%s%d", letter(worst.Band), open)
		}
		if unknown > 0 {
			s += "?"
		}
		return p.band(worst.Band, s) + strings.Repeat(" ", max(1, width-columns(s)))
	case unknown > 0:
		return pad("?", width)
	}
	return pad("·", width)
}

// openThreats returns the open threats, worst first.
func openThreats(r *report.Result) []report.Threat {
	open := slices.DeleteFunc(slices.Clone(r.Threats), func(t report.Threat) bool { return t.Status != "open" })
	slices.SortStableFunc(open, func(a, b report.Threat) int {
		return cmp.Or(cmp.Compare(b.Risk.Current.Value, a.Risk.Current.Value), cmp.Compare(b.Risk.Inherent.Value, a.Risk.Inherent.Value), cmp.Compare(a.ID, b.ID))
	})
	return open
}

func (p *page) top(r *report.Result) {
	open := openThreats(r)
	if len(open) == 0 {
		s := "  none is open"
		if n := r.Summary.Threats["unknown"]; n > 0 {
			s += ", " + count(n, "threat is unknown", "threats are unknown") + ": plimsoll threats --status unknown"
		}
		p.line(p.bold("TOP THREATS") + s)
		return
	}
	p.line(p.bold("TOP THREATS"))
	var alone []string // ranks of those that measures alone cannot close
	example := ""
	var taken, takes []string // ranks of those that only taking something away closes, and what does
	for i, t := range open[:min(topThreats, len(open))] {
		p.line(p.threatRow(fmt.Sprintf("%2d", i+1), &t))
		if len(r.Unhelped(&t)) > 0 {
			alone = append(alone, strconv.Itoa(i+1))
			example = cmp.Or(example, t.ID)
		} else if ids := r.Takes(&t); len(ids) > 0 {
			taken = append(taken, strconv.Itoa(i+1))
			takes = append(takes, ids...)
		}
	}
	if len(taken) > 0 {
		p.wrap("   ", fmt.Sprintf("%s: only taking away what a container was given closes it, which is chosen by name: plimsoll harden %s%s", strings.Join(taken, ", "), Clean(takes[0]), p.target(r, nil)))
	}
	if len(alone) > 0 {
		which := strings.Join(alone, ", ")
		if len(alone) == min(topThreats, len(open)) {
			which = "any of these"
		}
		p.wrap("   ", fmt.Sprintf("no measure closes %s, a person does: plimsoll explain %s says how", which, example))
	}
	if more := len(open) - topThreats; more > 0 {
		p.line(p.dim(fmt.Sprintf("   %d more: plimsoll threats", more)))
	}
}

// threatRow is one threat on one line: band, ID, title, evidence, elements.
func (p *page) threatRow(rank string, t *report.Threat) string {
	open, all := 0, 0
	for _, e := range t.Elements {
		all += e.Count
		if e.Status == t.Status {
			open += e.Count
		}
	}
	of := ""
	if all > 1 {
		of = fmt.Sprintf(" (%d of %d)", open, all)
	}
	band := t.Risk.Current.Band
	evidence := Clean(t.Evidence)
	room := p.o.Width - columns(rank) - 16
	title := t.Title
	if evidence != "" && room >= 80 {
		left := min(room/2, 52)
		return fmt.Sprintf("%s %s %s %s  %s", rank, p.band(band, letter(band)), pad(t.ID, 12), pad(title, left), cut(evidence, room-left-columns(of)-2)+of)
	}
	return fmt.Sprintf("%s %s %s %s", rank, p.band(band, letter(band)), pad(t.ID, 12), cut(title, max(10, room-columns(of)))+of)
}

// fixes prints the plan's choices as commands.
func (p *page) fixes(r *report.Result) {
	pl := r.Plan
	if len(pl.Choices) == 0 {
		p.line(p.bold("FIX FIRST") + "  nothing that Plimsoll can change for you: plimsoll plan" + map[bool]string{true: " "}[p.targets(r, nil)[0] != ""] + p.targets(r, nil)[0] + " says why")
		return
	}
	closed := 0
	for _, c := range pl.Choices {
		for _, d := range c.Changes {
			if d.Before == "open" && d.After == "mitigated" {
				closed++
			}
		}
	}
	head := p.bold(fmt.Sprintf("FIX THESE %d FIRST", len(pl.Choices)))
	if len(pl.Choices) == 1 {
		head = p.bold("FIX THIS FIRST")
	}
	p.hang("", "   ", head+" · "+fmt.Sprintf("closes %d of %s (%d of %d on single elements), removes %d of %d risk", closed,
		count(r.Summary.Threats["open"], "open threat", "open threats"), pl.OpenNow-pl.OpenThen, pl.OpenNow, pl.Before-pl.After, pl.Before))
	title, command, wide := 0, 0, 0
	for _, c := range pl.Choices {
		m := r.Measure(c.Measure)
		title, command = max(title, columns(m.Title)), max(command, columns(p.call(r, m)))
		wide = max(wide, columns(disturbance(r, m)))
	}
	for i, c := range pl.Choices {
		m := r.Measure(c.Measure)
		if 3+title+3+command+3+wide > p.o.Width {
			p.wrap(fmt.Sprintf("%2d ", i+1), m.Title+" · "+disturbance(r, m))
			p.wrap("      ", p.call(r, m))
		} else {
			p.line(fmt.Sprintf("%2d %s   %s   %s", i+1, pad(m.Title, title), pad(p.call(r, m), command), disturbance(r, m)))
		}
		if s := effect(&c); s != "" {
			p.wrap("      ", s)
		}
	}
}

// effect words what a choice does when it does not show in the risk it removes.
func effect(c *report.Choice) string {
	fixes := "fixes " + count(c.Fixes, "failing finding", "failing findings")
	switch {
	case c.Removes > 0:
		return ""
	case c.With != "":
		return fixes + "; closes a threat together with " + Clean(c.With)
	case len(c.Changes) > 0:
		return fmt.Sprintf("%s; %s %s → %s, risk %d → %d", fixes, Clean(c.Changes[0].Threat), c.Changes[0].Before, c.Changes[0].After, c.Changes[0].From, c.Changes[0].To)
	case c.Lacks != "":
		return fixes + "; " + Clean(c.Lacks)
	}
	return fixes + " and closes no threat"
}

// call is the command that goes on with a measure: the one that performs it, or
// that says what a person does.
func (p *page) call(r *report.Result, m *report.Measure) string {
	if len(m.Steps) > 0 {
		return "plimsoll harden " + m.ID + p.target(r, stepsOf(r, m))
	}
	if ofWorkloads(m) {
		return "plimsoll plan " + p.cluster() + " --include " + m.ID
	}
	if t := p.targets(r, nil)[0]; t != "" {
		return "plimsoll plan " + t + " --include " + m.ID
	}
	return "plimsoll plan --include " + m.ID
}

// unknowns says what could not be seen and the command that would show it.
func (p *page) unknowns(r *report.Result) {
	if n := r.Summary.Questions - r.Summary.Answered; n > 0 {
		p.hang("", "   ", p.bold(count(n, "UNKNOWN", "UNKNOWN"))+" · "+unknownReasons(r))
	}
	shown := 0
	seen := make(map[string]bool)
	for _, c := range r.Snapshot.Coverage {
		if c.State == snapshot.Observed || c.State == snapshot.Absent || seen[c.Detail+c.Grant] {
			continue
		}
		seen[c.Detail+c.Grant] = true
		if shown++; shown > 3 {
			continue
		}
		s := "   " + string(c.Part) + " " + c.State.String()
		if c.Detail != "" {
			s += ": " + Clean(c.Detail)
		}
		if c.Grant != "" {
			s += " → " + Clean(c.Grant)
		}
		p.wrap("   ", strings.TrimSpace(s))
	}
	if shown > 0 {
		of := ""
		if slices.ContainsFunc(r.Snapshot.Targets, func(sc snapshot.Scope) bool { return sc.Kind == snapshot.ScopeCluster && sc.Host == "" }) {
			of = " k8s"
		}
		p.line(p.dim("   all of them: plimsoll doctor" + of))
	}
	if len(r.Summary.Kept) > 0 {
		names := make([]string, len(r.Summary.Kept))
		for i, k := range r.Summary.Kept {
			names[i] = Clean(k)
		}
		p.wrap("   ", "kept for rollback and not judged: "+strings.Join(names, ", ")+" → plimsoll harden --commit"+p.target(r, nil)+" drops them")
	}
}

// openWords are the reasons that are not those of a finding, for people.
var openWords = map[string]string{
	report.OpenManual: "a person answers", report.OpenNoSuch: "about what was not looked at", report.OpenUnjudged: "not judged by this version",
}

// unknownReasons lists why questions are open, the most first. The numbers add up
// to all of them.
func unknownReasons(r *report.Result) string {
	open := slices.Clone(r.Summary.Open)
	slices.SortStableFunc(open, func(x, y report.Open) int { return cmp.Compare(y.Questions, x.Questions) })
	parts := make([]string, len(open))
	for i, o := range open {
		parts[i] = fmt.Sprintf("%d %s", o.Questions, cmp.Or(openWords[o.Reason], Clean(o.Reason)))
	}
	return strings.Join(parts, ", ")
}

func (p *page) gate(r *report.Result) {
	switch {
	case r.Gate.FailOn == "" && r.Gate.MinCoverage == 0:
		p.line(p.dim("no gate set: the exit code is 0 whatever is open (--fail-on high sets one)"))
	case r.Gate.Met:
		p.line("gate met")
	default:
		p.line(p.band("high", fmt.Sprintf("gate not met, exit %d:", r.Gate.Exit)) + " " + strings.Join(r.Gate.Why[:min(3, len(r.Gate.Why))], "; "))
	}
}
