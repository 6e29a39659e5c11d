package cluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// refs are the names that a question goes by elsewhere: CIS Kubernetes 1.11 and
// 1.12, and the tools that people come from, several divided by spaces.
func refs(n111, n112, kubescape, trivy, kubeLinter string) []check.Ref {
	out := check.CISK8s(0, n111, n112)
	for _, of := range [...]struct{ source, ids string }{{"kubescape", kubescape}, {"trivy", trivy}, {"kube-linter", kubeLinter}} {
		for id := range strings.FieldsSeq(of.ids) {
			out = append(out, check.Ref{Source: of.source, Edition: "checks", ID: id})
		}
	}
	return out
}

var (
	live       = []check.Form{check.Live}
	everywhere = []check.Form{check.Live, check.Manifest}
)

func parts(list ...snapshot.Part) []snapshot.Part { return list }

func words(list ...string) []string { return list }

func ev(source string, value any) check.Evidence {
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

// at is evidence with the place of an object of a file.
func at(e check.Evidence, loc *snapshot.Location) check.Evidence {
	e.Loc = loc
	return e
}

// inFiles reports whether the scope is manifests: what is not in them may be in the
// cluster.
func inFiles(p *check.Probe) bool { return p.Scope.Kind == snapshot.ScopeFiles }

// cluster returns the scope's cluster. A scope of such subjects has one.
func cluster(p *check.Probe) *snapshot.Cluster {
	if c := p.Snapshot.Cluster(p.Scope.ID); c != nil {
		return c
	}
	return &snapshot.Cluster{}
}

const (
	maxNamed    = 4
	maxEvidence = 8
)

// few joins the first names of a list.
func few(names []string) string {
	switch n := len(names); {
	case n > maxNamed+1:
		return fmt.Sprintf("%s and %d others", strings.Join(names[:maxNamed], ", "), n-maxNamed)
	case n > 1:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// some is the beginning of a list of evidence.
func some(list []check.Evidence) []check.Evidence { return list[:min(len(list), maxEvidence)] }

// label returns the value of a label or annotation.
func label(list []snapshot.Pair, key string) (string, bool) {
	for _, p := range list {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// selects reports whether labels have every pair of a service's selector.
func selects(selector, labels []snapshot.Pair) bool {
	return len(selector) > 0 && !slices.ContainsFunc(selector, func(p snapshot.Pair) bool { return !slices.Contains(labels, p) })
}

// listed reports whether a pattern of a list matches a name; * is any number of
// characters.
func listed(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, name) })
}

func glob(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, head)
	if !ok {
		return false
	}
	for i := 0; i <= len(name); i++ {
		if glob(rest, name[i:]) {
			return true
		}
		if !strings.Contains(rest, "*") && rest != "" {
			return strings.HasSuffix(name, rest)
		}
	}
	return false
}

// older reports whether a time of the API lies more than some days before the
// evidence was taken; ok is false where it is not said.
func older(p *check.Probe, stamp string, days int64) (old bool, age int64, ok bool) {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, stamp); err != nil {
			return false, 0, false
		}
	}
	age = int64(p.Scope.Taken.Sub(t).Hours()) / 24
	return age > days, age, true
}

// said gathers verdicts; subjects of which the same is said share a finding.
type said struct {
	p       *check.Probe
	at      map[string]int
	what    []check.Verdict
	members [][]int
}

func gather(p *check.Probe) *said { return &said{p: p, at: make(map[string]int)} }

// say takes a verdict of a subject.
func (s *said) say(v check.Verdict, subject int) {
	var key strings.Builder
	fmt.Fprintf(&key, "%v\x00%v\x00%v\x00%s\x00%q", v.Status, v.Reason, v.Severity, v.Message, v.Notes)
	for _, e := range v.Evidence {
		fmt.Fprintf(&key, "\x00%s\x00%s\x00%v", e.Source, e.Value, e.Loc)
	}
	i, ok := s.at[key.String()]
	if !ok {
		i = len(s.what)
		s.at[key.String()] = i
		s.what, s.members = append(s.what, v), append(s.members, nil)
	}
	s.members[i] = append(s.members[i], subject)
}

// report reports them.
func (s *said) report() {
	for i, v := range s.what {
		s.p.Report(v, s.members[i]...)
	}
}

// reasonOf is the reason of a part that was not observed.
func unseen(p *check.Probe, part snapshot.Part) (check.Verdict, bool) {
	v, ok := p.Need(part)
	return v, !ok && v.Status == check.Unknown
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// selector shows a label selector.
func selector(sel *snapshot.Selector) string {
	var out []string
	for _, p := range sel.Labels {
		out = append(out, p.Key+"="+p.Value)
	}
	for _, e := range sel.Exprs {
		out = append(out, strings.TrimSpace(e.Key+" "+e.Operator+" "+strings.Join(e.Values, ",")))
	}
	return strings.Join(out, "; ")
}
