package report

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
)

// Filter says which findings are shown. It never changes what is decided of
// threats or what a gate sees.
type Filter struct {
	Only []Terms // a finding is shown when one of them holds; none: all
	Skip []Terms // and when none of these does
}

// Terms is one value of --only or --skip: for every key, one of the patterns
// must match.
type Terms map[string][]string

// FilterKeys lists the keys of a term.
var FilterKeys = []string{"check", "severity", "zone", "surface", "subject", "project"}

// ParseTerms reads KEY=PATTERN[,KEY=PATTERN…]. Terms of one key are
// alternatives, terms of different keys must all hold. Patterns are those of
// path.Match; a severity may end in + for "or above".
func ParseTerms(s string) (Terms, error) {
	out := make(Terms)
	for part := range strings.SplitSeq(s, ",") {
		key, pattern, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || pattern == "" {
			return nil, fmt.Errorf("%q is not KEY=PATTERN, for example severity=high+", part)
		}
		if !slices.Contains(FilterKeys, key) {
			return nil, fmt.Errorf("key %q is not one of %s", key, strings.Join(FilterKeys, ", "))
		}
		if err := checkPattern(key, pattern); err != nil {
			return nil, err
		}
		out[key] = append(out[key], pattern)
	}
	return out, nil
}

func checkPattern(key, pattern string) error {
	switch key {
	case "severity":
		_, err := check.ParseSeverity(strings.TrimSuffix(pattern, "+"))
		return err
	case "zone":
		if !slices.Contains(model.Zones, model.Zone(pattern)) {
			return fmt.Errorf("zone %q is not one of %v", pattern, model.Zones)
		}
	case "surface":
		if !slices.Contains(model.Surfaces, model.Surface(pattern)) {
			return fmt.Errorf("surface %q is not one of %v", pattern, model.Surfaces)
		}
	default:
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// Apply takes the findings that the filter hides out of the result and counts
// their subjects in Summary.Hidden.
func (f Filter) Apply(r *Result) {
	if f.Empty() {
		return
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(g Finding) bool {
		if f.Shows(r, &g) {
			return false
		}
		r.Summary.Hidden += g.Count
		return true
	})
}

// Empty reports whether the filter shows everything.
func (f Filter) Empty() bool { return len(f.Only)+len(f.Skip) == 0 }

// Shows reports whether a finding of the result is shown.
func (f Filter) Shows(r *Result, g *Finding) bool {
	holds := func(t Terms) bool { return t.hold(r, g) }
	if len(f.Only) > 0 && !slices.ContainsFunc(f.Only, holds) {
		return false
	}
	return !slices.ContainsFunc(f.Skip, holds)
}

func (t Terms) hold(r *Result, g *Finding) bool {
	for key, patterns := range t {
		if !slices.ContainsFunc(patterns, func(p string) bool { return matches(key, p, r, g) }) {
			return false
		}
	}
	return true
}

func matches(key, pattern string, r *Result, g *Finding) bool {
	s := r.Subject(g)
	switch key {
	case "severity":
		name, above := strings.CutSuffix(pattern, "+")
		if !above {
			return g.Severity == name
		}
		floor, err := check.ParseSeverity(name)
		have, err2 := check.ParseSeverity(g.Severity)
		return err == nil && err2 == nil && have >= floor
	case "zone":
		return string(r.Check(g).Zone) == pattern
	case "surface":
		return string(r.Check(g).Surface) == pattern
	case "check":
		return glob(pattern, g.Check)
	case "project":
		return slices.ContainsFunc(keysOf(s), func(k string) bool {
			rest, ok := strings.CutPrefix(k, "compose/")
			project, _, _ := strings.Cut(rest, "/")
			return ok && glob(pattern, project)
		})
	case "subject":
		return glob(pattern, s.Name) || slices.ContainsFunc(keysOf(s), func(k string) bool { return glob(pattern, k) })
	}
	return false
}

func keysOf(s *Subject) []string {
	if len(s.Members) > 0 {
		return s.Members
	}
	return []string{s.Key}
}

func glob(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}
