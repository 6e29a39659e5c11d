package text

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

// Row is one number of an edition with the checks that carry it.
type Row struct {
	Number   string `json:"number,omitempty"` // empty for checks without one
	Word     string `json:"word"`             // PASS, FAIL, UNKNOWN, MANUAL, N/A, HIDDEN
	Title    string `json:"title"`
	Checks   []string
	Level    int
	findings []report.Finding
	unjudged []string // checks that this version does not have
	missing  string   // what was not looked at that they are about, and how it is
	unasked  []string // checks that nothing which was looked at has subjects for
	hidden   []string // checks whose findings a filter took out of the result
}

// benchWords are the words of findings, the worst first: a number that several
// checks or subjects carry takes the worst.
var benchWords = []struct{ status, word string }{
	{"fail", "FAIL"}, {"accepted", "FAIL"}, {"unknown", "UNKNOWN"}, {"manual", "MANUAL"}, {"pass", "PASS"}, {"not-applicable", "N/A"},
}

// Pick says which rows of a benchmark are wanted.
type Pick struct {
	Edition  string
	All      bool     // append the checks without a number in the edition, by key
	Sections []string // numbers, and those below them; empty is every section
	Level    int      // the profile: 1, or 2, which includes 1; 0 is both
}

// takes reports whether a number is wanted. One whose level is not known is of
// every profile.
func (p Pick) takes(number string, level int) bool {
	if p.Level > 0 && level > p.Level {
		return false
	}
	return len(p.Sections) == 0 || slices.ContainsFunc(p.Sections, func(s string) bool { return number == s || strings.HasPrefix(number, s+".") })
}

// BenchRows returns the rows of an edition in its order, those without a check
// included.
func BenchRows(r *report.Result, suite []*check.Check, pick Pick) []Row {
	byNumber := make(map[string]*Row)
	var numbers []string
	var rest []Row
	number := func(ref check.Ref, title string) *Row {
		row := byNumber[ref.ID]
		if row == nil {
			row = &Row{Number: ref.ID, Title: title, Level: ref.Level}
			byNumber[ref.ID] = row
			numbers = append(numbers, ref.ID)
		}
		return row
	}
	for _, c := range suite {
		numbered := false
		for _, ref := range c.Refs {
			if ref.Source+"-"+ref.Edition != pick.Edition {
				continue
			}
			numbered = true
			number(ref, c.Title).add(r, c)
		}
		if pick.All && !numbered {
			row := Row{Title: c.Title}
			row.add(r, c)
			rest = append(rest, row)
		}
	}
	for _, nj := range r.NotJudged {
		for _, ref := range nj.Refs {
			if ref.Source+"-"+ref.Edition == pick.Edition {
				number(ref, nj.Title).addUnjudged(nj.Check)
			}
		}
	}
	slices.SortFunc(numbers, compareNumbers)
	rows := make([]Row, 0, len(numbers)+len(rest))
	for _, n := range numbers {
		if row := byNumber[n]; pick.takes(n, row.Level) {
			rows = append(rows, *row)
		}
	}
	slices.SortFunc(rest, func(a, b Row) int { return cmp.Compare(a.Checks[0], b.Checks[0]) })
	return append(rows, rest...)
}

func (row *Row) add(r *report.Result, c *check.Check) {
	id := c.ID
	row.Checks = append(row.Checks, id)
	n := len(row.findings)
	for _, f := range r.Findings {
		if f.Check == id {
			row.findings = append(row.findings, f)
		}
	}
	switch {
	case len(row.findings) > n:
	case r.Summary.Hidden > 0:
		row.hidden = append(row.hidden, id)
	default:
		row.unasked = append(row.unasked, id)
		row.missing = notLookedAt(c.Subject)
	}
	row.decide()
}

// addUnjudged adds a check that this version does not have.
func (row *Row) addUnjudged(id string) {
	row.Checks = append(row.Checks, id)
	row.unjudged = append(row.unjudged, id)
	row.decide()
}

// decide takes the worst word. Silence is unknown.
func (row *Row) decide() {
	silent := len(row.unjudged)+len(row.unasked) > 0
	for _, w := range benchWords {
		if slices.ContainsFunc(row.findings, func(f report.Finding) bool { return f.Status == w.status }) || w.status == "unknown" && silent {
			row.Word = w.word
			return
		}
	}
	row.Word = hiddenWord
}

// hiddenWord is of a row whose findings were filtered out when the result was
// saved.
const hiddenWord = "HIDDEN"

// Bench prints the result in the order of a benchmark edition.
func Bench(w io.Writer, r *report.Result, suite []*check.Check, pick Pick, o Options) error {
	p := newPage(w, o)
	n := make(map[string]int)
	for _, row := range BenchRows(r, suite, pick) {
		n[row.Word]++
		label := row.Number
		if label == "" {
			label = row.Checks[0]
		}
		weak := ""
		if row.Word == "PASS" && slices.ContainsFunc(row.findings, func(f report.Finding) bool { return f.Status == "pass" && check.IsConfigured(f.Message) }) {
			weak = " (configured)"
		}
		p.hang("", "       ", p.word(row.Word)+" "+label+" "+row.Title+weak)
		p.benchSubjects(r, &row)
	}
	p.line("")
	sum := fmt.Sprintf("%s: %d FAIL, %d UNKNOWN, %d MANUAL, %d PASS, %d N/A", pick.Edition, n["FAIL"], n["UNKNOWN"], n["MANUAL"], n["PASS"], n["N/A"])
	if n[hiddenWord] > 0 {
		sum += fmt.Sprintf(", %d HIDDEN", n[hiddenWord])
	}
	p.wrap("", sum)
	if r.Summary.Hidden > 0 {
		p.wrap("", fmt.Sprintf("%s were left out of this result by --only or --skip when it was saved; the words above are of the rest", count(r.Summary.Hidden, "finding", "findings")))
	}
	return p.err
}

func (p *page) word(word string) string {
	s := "[" + word + "]"
	switch word {
	case "FAIL":
		return p.style("31", s)
	case "PASS":
		return p.style("32", s)
	case "UNKNOWN", "MANUAL":
		return p.style("33", s)
	}
	return s
}

// benchSubjects prints the subjects that decide the row.
func (p *page) benchSubjects(r *report.Result, row *Row) {
	if row.Word == "PASS" || row.Word == "N/A" || row.Word == hiddenWord {
		return
	}
	for _, f := range row.findings {
		if benchWord(f.Status) != row.Word {
			continue
		}
		s := Clean(r.Subject(&f).Name) + ": " + Clean(f.Message)
		if f.Reason != "" {
			s += " (" + string(f.Reason) + ")"
		}
		if f.Dormant {
			s += " (not running)"
		}
		if f.Waiver != nil {
			s += " (" + waived(f.Waiver) + ")"
		}
		p.wrap("       ", s)
	}
	if row.Word == "UNKNOWN" && len(row.unjudged) > 0 {
		p.wrap("       ", "not judged by this version: "+strings.Join(row.unjudged, ", "))
	}
	if row.Word == "UNKNOWN" && len(row.unasked) > 0 {
		p.wrap("       ", "not asked, since "+row.missing+": "+strings.Join(row.unasked, ", "))
	}
}

// notLookedAt says of a kind of subject that there was none, and what has some.
func notLookedAt(k snapshot.Kind) string {
	switch info := snapshot.Kinds[k]; {
	case slices.Contains(info.Scopes, snapshot.ScopeEngine):
		return "no engine was looked at that has any; name one: docker"
	case slices.Contains(info.Scopes, snapshot.ScopeHost):
		return "no machine was looked at that has any; name it: host"
	case slices.Contains(info.Scopes, snapshot.ScopeRegistry):
		return "no registry was looked at; name one: registry:HOST[:PORT]"
	case slices.Contains(info.Scopes, snapshot.ScopeFiles):
		return "no folder was looked at that has any; name it"
	}
	return "nothing like it was looked at"
}

// waived says who decided what of a failure.
func waived(w *report.Waiver) string {
	what := "accepted"
	switch w.Decision {
	case "false-positive":
		what = "called a false positive"
	case "mitigated-elsewhere":
		what = "called mitigated elsewhere"
	case "not-applicable":
		what = "called not applicable"
	}
	return fmt.Sprintf("%s by %s until %s", what, Clean(w.Owner), w.Expires)
}

func benchWord(status string) string {
	for _, w := range benchWords {
		if w.status == status {
			return w.word
		}
	}
	return "N/A"
}
