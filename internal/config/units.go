package config

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"

	"plimsoll/internal/check"
)

// unit is how the values of a parameter are written.
type unit struct {
	takes string // what would be right, after "it takes"
	many  bool   // a list; parse is for one item
	parse func(string) (string, bool)
}

// whole numbers by unit, with the largest that makes sense: a century for times,
// so that no check overflows when it computes with them.
var whole = map[string]struct {
	takes string
	max   int64
}{
	"count":     {"a whole number, such as 20", 1e15},
	"seconds":   {"a whole number of seconds, at most a century", 36_525 * 24 * 3600},
	"minutes":   {"a whole number of minutes, at most a century", 36_525 * 24 * 60},
	"hours":     {"a whole number of hours, at most a century", 36_525 * 24},
	"days":      {"a whole number of days, at most a century", 36_525},
	"percent":   {"a whole number of percent from 0 to 100", 100},
	"megabytes": {"a whole number of megabytes", math.MaxInt64 / 1_000_000},
	"gibibytes": {"a whole number of gibibytes", math.MaxInt64 >> 30},
}

// unitOf returns the rules of a unit by its name in the catalogue.
func unitOf(name string) (unit, error) {
	if w, ok := whole[name]; ok {
		return unit{takes: w.takes, parse: func(s string) (string, bool) { return parseWhole(s, w.max) }}, nil
	}
	switch name {
	case "bytes":
		return unit{takes: "a size: bytes, or a number with k, m, g or t (of 1024), such as 256m or 256Mi", parse: parseBytes}, nil
	case "fraction":
		return unit{takes: "a fraction from 0 to 1, such as 0.02", parse: parseFraction}, nil
	case "bool":
		return unit{takes: "true or false", parse: func(s string) (string, bool) { return s, s == "true" || s == "false" }}, nil
	case "severity":
		return unit{takes: "low, medium, high or critical", parse: parseSeverity}, nil
	case "selector":
		return unit{takes: "a selector: key=value, a key, or * for all", parse: parseSelector}, nil
	case "list":
		return unit{takes: "text without blanks around it or control characters", many: true, parse: func(s string) (string, bool) { return s, plain(s) }}, nil
	case "patterns":
		return unit{takes: "a pattern with * and ? in which every [ is closed", many: true, parse: parsePattern}, nil
	}
	return unit{}, fmt.Errorf("the unit %q is not known", name)
}

// longestValue is how many bytes one value may have: the longest path.
const longestValue = 4096

func plain(s string) bool {
	return s != "" && len(s) <= longestValue && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unsafe)
}

func parseWhole(s string, most int64) (string, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return s, err == nil && n >= 0 && n <= most && strconv.FormatInt(n, 10) == s
}

var bytesPattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,18})(?:([kmgt])i?b?|b)?$`)

// parseBytes reads a size and returns it in bytes.
func parseBytes(s string) (string, bool) {
	m := bytesPattern.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return "", false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	shift := map[string]uint{"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[m[2]]
	if err != nil || n > math.MaxInt64>>shift {
		return "", false
	}
	return strconv.FormatInt(n<<shift, 10), true
}

var fractionPattern = regexp.MustCompile(`^(0\.[0-9]{1,15}|[01](\.0{1,15})?)$`)

func parseFraction(s string) (string, bool) { return s, fractionPattern.MatchString(s) }

func parseSeverity(s string) (string, bool) {
	_, err := check.ParseSeverity(s)
	return s, err == nil
}

var selector = regexp.MustCompile(`^(\*|[^\s=*,;]+(=[^\s=,;]*)?)$`)

func parseSelector(s string) (string, bool) { return s, selector.MatchString(s) && plain(s) }

func parsePattern(s string) (string, bool) {
	_, err := path.Match(s, "")
	return s, err == nil && plain(s)
}

// octalLooking is a number that some readers of YAML take for octal.
var octalLooking = regexp.MustCompile(`^0+[0-9]+$`)

// refuse says why a value does not suit a unit.
func (u unit) refuse(value string) error {
	if octalLooking.MatchString(value) && strings.HasPrefix(u.takes, "a whole number") {
		return errors.New("a leading zero means octal to some readers; write the number in decimal without it")
	}
	return errors.New("it takes " + u.takes)
}

// CheckDefaults reports the parameters of a suite whose unit is not known or
// whose default is not written as its unit wants.
func CheckDefaults(suite []*check.Check) error {
	var errs []error
	for _, c := range suite {
		for _, p := range c.Params {
			u, err := unitOf(p.Unit)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s.%s: %w", c.ID, p.Name, err))
				continue
			}
			if !u.many && len(p.Default) != 1 {
				errs = append(errs, fmt.Errorf("%s.%s: a default of unit %s is one value", c.ID, p.Name, p.Unit))
			}
			for _, v := range p.Default {
				if got, ok := u.parse(v); !ok || got != v {
					errs = append(errs, fmt.Errorf("%s.%s: default %q: it takes %s", c.ID, p.Name, v, u.takes))
				}
			}
		}
	}
	return errors.Join(errs...)
}
