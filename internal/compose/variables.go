package compose

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/tree"

	"plimsoll/internal/yaml"
)

// What stands for a variable without a value, by the form its place requires,
// so that one such variable does not make the whole file invalid. The fields
// are marked afterwards and no verdict rests on these texts.
const (
	standInPort   = "65535"
	standInIP     = "127.0.0.1"
	standInNumber = "0"
	standInTime   = "0s"
	standInPath   = "/$unresolved"
)

type form uint8

const (
	formText form = iota // nothing, as docker compose puts it
	formPath
	formTime
	formNumber
	formPort
)

// maxNesting is how deep defaults stand within defaults.
const maxNesting = 16

// variables substitutes and remembers, by text, what had no value.
type variables struct {
	forms   map[string]form // text with a variable -> the strictest form it must take
	results map[string]outcome
	output  int // bytes that substitution made
	ports   int
}

// outcome says what became of the variables of one text.
type outcome struct{ unresolved, defaults []string }

func newVariables() *variables {
	return &variables{forms: make(map[string]form), results: make(map[string]outcome)}
}

// learn notes what form the values of a document must take.
func (v *variables) learn(doc *yaml.Node) {
	for _, section := range doc.Entries() {
		for _, item := range section.Value.Entries() {
			for _, f := range item.Value.Entries() {
				v.walk(f.Value, section.Key.Value, f.Key.Value, f.Key.Value)
			}
		}
	}
}

func (v *variables) walk(n *yaml.Node, section, key, leaf string) {
	if n.Kind == yaml.Scalar && strings.Contains(n.Value, "$") && section == "services" {
		v.forms[n.Value] = max(v.forms[n.Value], formOf(key, leaf))
	}
	for _, i := range n.Items {
		v.walk(i, section, key, leaf)
	}
	for _, p := range n.Pairs {
		v.walk(p.Value, section, key, p.Key.Value)
	}
}

// formOf returns the form of a value under a key of a service.
func formOf(key, leaf string) form {
	switch key {
	case "ports", "expose":
		return formPort
	case "volumes", "devices", "tmpfs":
		return formPath
	case "mem_limit", "memswap_limit", "mem_reservation", "mem_swappiness", "shm_size", "cpus", "cpu_count", "cpu_percent", "cpu_period",
		"cpu_quota", "cpu_shares", "pids_limit", "oom_score_adj", "ulimits", "scale":
		return formNumber
	case "stop_grace_period":
		return formTime
	case "healthcheck":
		switch leaf {
		case "interval", "timeout", "start_period", "start_interval":
			return formTime
		case "retries":
			return formNumber
		}
	case "deploy":
		switch leaf {
		case "memory", "pids", "replicas", "max_attempts", "parallelism", "count", "max_failure_ratio", "max_replicas_per_node":
			return formNumber
		case "cpus":
			return formNumber
		case "delay", "window", "monitor":
			return formTime
		}
	}
	return formText
}

// interpolation hands our substitution to the library.
func (s *sources) interpolation(o *loader.Options) {
	casts := make(map[tree.Path]interpolation.Cast, len(o.Interpolate.TypeCastMapping))
	for path, cast := range o.Interpolate.TypeCastMapping {
		casts[path] = func(value string) (any, error) {
			if value != "" {
				return cast(value)
			}
			if n, err := cast("0"); err == nil {
				return n, nil
			}
			return cast("false")
		}
	}
	o.Interpolate.TypeCastMapping = casts
	o.Interpolate.Substitute = s.vars.substitute
}

var errTooMuch = errors.New("its variables would make it larger than can be judged")

// substitute is called for every text of every file.
func (v *variables) substitute(text string, lookup template.Mapping) (string, error) {
	out := text
	if strings.Contains(text, "$") {
		x := expansion{lookup: lookup, form: v.forms[text], colons: strings.Count(braces.ReplaceAllString(text, ""), ":")}
		var err error
		if out, err = x.text(text, 0); err != nil {
			return "", err
		}
		if len(x.unresolved)+len(x.defaults) > 0 {
			r := v.results[text]
			v.results[text] = outcome{union(r.unresolved, x.unresolved), union(r.defaults, x.defaults)}
		}
		if v.output += len(out); v.output > maxOutput || len(out) > maxText {
			return "", errTooMuch
		}
	}
	if v.ports += rangeSize(out); v.ports > maxPorts {
		return "", errors.New("ranges of ports hold more than " + strconv.Itoa(maxPorts) + " ports together")
	}
	return out, nil
}

var (
	braces    = regexp.MustCompile(`\$\{[^}]*\}`)
	portRange = regexp.MustCompile(`(?:^|:)([0-9]{1,5})-([0-9]{1,5})(?:$|[:/])`)
)

// rangeSize is the number of ports that a text stands for, should it be one of
// ports.
func rangeSize(s string) int {
	if len(s) > 128 || !strings.Contains(s, "-") {
		return 0
	}
	n := 0
	for _, m := range portRange.FindAllStringSubmatch(s, -1) {
		lo, _ := strconv.Atoi(m[1])
		hi, _ := strconv.Atoi(m[2])
		n = max(n, hi-lo+1)
	}
	return n
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// expansion replaces the variables of one text, by the grammar of compose:
// $NAME, ${NAME}, ${NAME:-default}, -, :+, +, :?, ? and $$.
type expansion struct {
	lookup               template.Mapping
	form                 form
	colons               int // in the text, outside of variables
	unresolved, defaults []string
	size                 int
}

var varName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)

func (x *expansion) text(s string, depth int) (string, error) {
	if depth > maxNesting {
		return "", errTooMuch
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		var value string
		var err error
		switch name := varName.FindString(s); {
		case strings.HasPrefix(s, "$"):
			value, s = "$", s[1:]
		case name != "":
			value, s = x.plain(name, b.Len() == 0), s[len(name):]
		case strings.HasPrefix(s, "{"):
			end := closing(s)
			if end < 0 {
				return "", &template.InvalidTemplateError{Template: "${"}
			}
			value, err = x.braced(s[1:end], b.Len() == 0, depth)
			s = s[end+1:]
		default:
			return "", &template.InvalidTemplateError{Template: "$"}
		}
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		if x.size += len(value); x.size > maxOutput {
			return "", errTooMuch
		}
	}
	return b.String(), nil
}

// closing finds the brace that closes the one s begins with.
func closing(s string) int {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

func (x *expansion) plain(name string, first bool) string {
	if v, ok := x.lookup(name); ok {
		return v
	}
	return x.missing(name, first)
}

// missing notes a variable without a value and returns what stands for it.
func (x *expansion) missing(name string, first bool) string {
	x.unresolved = append(x.unresolved, "${"+name+"}")
	switch x.form {
	case formPort:
		if first && x.colons >= 2 {
			return standInIP
		}
		return standInPort
	case formNumber:
		return standInNumber
	case formTime:
		return standInTime
	case formPath:
		return standInPath
	case formText:
	}
	return ""
}

func (x *expansion) braced(inner string, first bool, depth int) (string, error) {
	name := varName.FindString(inner)
	rest := inner[len(name):]
	if name == "" || strings.Contains(rest, "\n") {
		return "", &template.InvalidTemplateError{Template: "${…}"}
	}
	if rest == "" {
		return x.plain(name, first), nil
	}
	op := rest[:1]
	if op == ":" && len(rest) > 1 {
		op = rest[:2]
	}
	value, ok := x.lookup(name)
	set := ok && (op[0] != ':' || value != "")
	word := rest[len(op):]
	switch op {
	case "-", ":-":
		if set {
			return value, nil
		}
		x.defaults = append(x.defaults, "${"+name+"}")
		return x.text(word, depth+1)
	case "+", ":+":
		if set {
			return x.text(word, depth+1)
		}
		return value, nil
	case "?", ":?":
		if set {
			return value, nil
		}
		return x.missing(name, first), nil
	}
	return "", &template.InvalidTemplateError{Template: "${" + name + "…}"}
}
