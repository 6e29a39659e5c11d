package guard

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// quote writes a string so that YAML and JSON read it alike.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // of a string
	}
	return string(b)
}

// Levels lists the choices of guards: those that the Pod Security Standards ask
// for, and all.
var Levels = []string{"baseline", "restricted", "all"}

// Choose returns the guards of a level, or of the named checks.
func Choose(guards []check.Guard, level string, names []string) ([]check.Guard, error) {
	if len(names) > 0 {
		return named(guards, names)
	}
	i := slices.Index(Levels, level)
	if i < 0 {
		return nil, fmt.Errorf("there is no level %s; choose one of %s", quote(level), strings.Join(Levels, ", "))
	}
	return slices.DeleteFunc(slices.Clone(guards), func(g check.Guard) bool {
		at := slices.Index(Levels, g.Level)
		return level != "all" && (at < 0 || at > i)
	}), nil
}

func named(guards []check.Guard, names []string) ([]check.Guard, error) {
	var out []check.Guard
	for _, g := range guards {
		if slices.Contains(names, g.Check.ID) {
			out = append(out, g)
		}
	}
	var errs []error
	for _, n := range names {
		if !slices.ContainsFunc(guards, func(g check.Guard) bool { return g.Check.ID == n }) {
			errs = append(errs, fmt.Errorf("%s has no guard; those that have one: plimsoll guard k8s --list", quote(n)))
		}
	}
	return out, errors.Join(errs...)
}

var (
	labelKey   = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

// ParseSelector reads a selector of labels as kubectl takes it: KEY=VALUE, KEY!=VALUE,
// KEY, !KEY, divided by commas. "" selects everything.
func ParseSelector(s string) (snapshot.Selector, error) {
	var sel snapshot.Selector
	for term := range strings.SplitSeq(s, ",") {
		term = strings.TrimSpace(term)
		if term == "" {
			continue
		}
		key, value, equal := strings.Cut(term, "=")
		key, differs := strings.CutSuffix(key, "!")
		bare, absent := strings.CutPrefix(key, "!")
		if equal {
			value, bare, absent = strings.TrimPrefix(value, "="), key, false
		}
		if !labelKey.MatchString(bare) || !labelValue.MatchString(value) || differs && !equal {
			return sel, fmt.Errorf("%s is no selector of labels; write KEY=VALUE, KEY!=VALUE, KEY or !KEY", quote(term))
		}
		switch {
		case equal && !differs:
			sel.Labels = append(sel.Labels, snapshot.Pair{Key: bare, Value: value})
		case equal:
			sel.Exprs = append(sel.Exprs, snapshot.NodeDemand{Key: bare, Operator: "NotIn", Values: []string{value}})
		case absent:
			sel.Exprs = append(sel.Exprs, snapshot.NodeDemand{Key: bare, Operator: "DoesNotExist"})
		default:
			sel.Exprs = append(sel.Exprs, snapshot.NodeDemand{Key: bare, Operator: "Exists"})
		}
	}
	slices.SortFunc(sel.Labels, func(a, b snapshot.Pair) int { return strings.Compare(a.Key, b.Key) })
	return sel, nil
}
