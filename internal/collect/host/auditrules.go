package host

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

const maxRules = 10_000 // audit rules that are kept

// auditFiles reads what the rule files ask for: those that augenrules joins, in
// its order, or where there are none, the file that it would write.
func (m *Machine) auditFiles(ctx context.Context) (snapshot.AuditState, string, error) {
	const dir, single = "/etc/audit/rules.d", "/etc/audit/audit.rules"
	names, err := m.list(dir)
	if err != nil && !gone(err) {
		return snapshot.AuditState{}, dir, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".rules") })
	slices.SortFunc(names, byVersion)
	files, source := []string{single}, single
	if len(names) > 0 {
		files, source = nil, dir+"/*.rules"
		for _, n := range names {
			files = append(files, path.Join(dir, n))
		}
	}
	r := auditRules{enabled: true}
	st := snapshot.AuditState{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return st, f, err
		}
		b, err := m.read(f, maxTable)
		if gone(err) {
			return st, source, err
		}
		if err != nil {
			return st, f, err
		}
		r.parse(string(b))
	}
	st.Enabled, st.Locked = r.enabled, r.locked
	for _, rule := range r.rules {
		m.canonical(&rule.AuditRule, rule.watch)
		st.Rules = append(st.Rules, rule.AuditRule)
	}
	return st, source, nil
}

// byVersion orders names as ls -v does: numbers in them by their value.
func byVersion(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			n, o := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := cmp.Or(cmp.Compare(len(n), len(o)), cmp.Compare(n, o)); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// canonical replaces the directory of a rule's path by where it really is, as
// the kernel resolves it. A watch on a directory is about all below it.
func (m *Machine) canonical(r *snapshot.AuditRule, watch bool) {
	if r.Dir != "" {
		if p, err := m.find(r.Dir); err == nil {
			r.Dir = text(p.real)
		}
		return
	}
	if r.Path == "" || r.Path == "/" {
		return
	}
	if dir, err := m.find(path.Dir(r.Path)); err == nil {
		r.Path = text(path.Join(dir.real, path.Base(r.Path)))
	}
	if p, err := m.find(r.Path); watch && err == nil && p.info.IsDir() {
		r.Dir, r.Path = text(p.real), ""
	}
}

// auditRules gathers the rules of files in auditctl's language.
type auditRules struct {
	enabled, locked bool
	rules           []fileRule
}

// fileRule is a rule of a file; watch says that it is written as one.
type fileRule struct {
	snapshot.AuditRule
	watch bool
}

// parse takes in one file: a command a line, # for comments. What is not
// understood is no rule.
func (r *auditRules) parse(file string) {
	for line := range strings.Lines(file) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") || len(line) > maxPath*2 {
			continue
		}
		r.command(words)
	}
}

// command takes in the options of one line.
func (r *auditRules) command(words []string) {
	rule := ruleLine{}
	for i := 0; i < len(words); i++ {
		option, value := words[i], ""
		if len(option) > 2 && option[0] == '-' && option[1] != '-' { // -pwa
			option, value = option[:2], option[2:]
		}
		if needsValue[option] && value == "" {
			if i++; i >= len(words) {
				return
			}
			value = words[i]
		}
		switch option {
		case "-D":
			r.rules = nil
		case "-e":
			r.enabled, r.locked = value != "0", value == "2"
		default:
			rule.option(option, value)
		}
	}
	made, ok := rule.rule()
	switch {
	case !ok:
	case rule.remove:
		r.rules = slices.DeleteFunc(r.rules, func(old fileRule) bool {
			return old.Filter == made.Filter && old.Action == made.Action && old.Path == made.Path && old.Dir == made.Dir
		})
	case len(r.rules) >= maxRules:
	case rule.first:
		r.rules = slices.Insert(r.rules, 0, fileRule{made, rule.watch != ""})
	default:
		r.rules = append(r.rules, fileRule{made, rule.watch != ""})
	}
}

// needsValue are auditctl's options that take a word.
var needsValue = words("-a -A -d -w -W -p -k -S -F -C -e -b -f -r -R -q --backlog_wait_time")

// ruleLine is a rule as it is written.
type ruleLine struct {
	filter, action string
	watch          string
	perm           string
	path, dir      string
	calls          bool
	narrow         []string
	remove, first  bool
	bad            bool
}

func (l *ruleLine) option(option, value string) {
	switch option {
	case "-a", "-A", "-d":
		l.first, l.remove = option == "-A", option == "-d"
		for w := range strings.SplitSeq(value, ",") {
			if w == "always" || w == "never" || w == "possible" {
				l.action = w
			} else {
				l.filter = w
			}
		}
	case "-w", "-W":
		l.remove = option == "-W"
		l.watch, l.filter, l.action = value, "exit", "always"
	case "-p":
		l.perm = value
	case "-S":
		l.calls = l.calls || value != "all"
	case "-C":
		l.narrow = append(l.narrow, "comparison")
	case "-F":
		l.field(value)
	case "-k", "-c", "-i":
	default:
		l.bad = true // no option of a rule
	}
}

// field takes in -F NAME OP VALUE.
func (l *ruleLine) field(expression string) {
	at := strings.IndexAny(expression, "=!<>&")
	if at <= 0 {
		l.bad = true
		return
	}
	name, op := expression[:at], strings.TrimLeft(expression[at:], "=!<>&")
	value, equal := op, expression[at:at+1] == "=" && len(expression)-at-1 == len(op)
	switch {
	case name == "key":
	case name == "path" && equal:
		l.path = value
	case name == "dir" && equal:
		l.dir = value
	case name == "perm" && equal:
		l.perm = value
	case name == "arch" && equal && strings.Contains(value, "64"):
		// Programs of 32 bits go past such a rule; the 64-bit one is the machine's own.
	default:
		l.narrow = append(l.narrow, text(name))
	}
}

// rule is what the line says; ok is false when it states no rule.
func (l *ruleLine) rule() (r snapshot.AuditRule, ok bool) {
	r = snapshot.AuditRule{Filter: text(l.filter), Action: l.action, Calls: l.calls, Perm: permissions(l.perm)}
	r.Path, r.Dir = cleanPath(l.path), cleanPath(l.dir)
	if l.watch != "" {
		r.Calls = false
		if r.Perm == "" {
			r.Perm = "rwxa"
		}
		if strings.HasSuffix(l.watch, "/") {
			r.Dir = cleanPath(l.watch)
		} else {
			r.Path = cleanPath(l.watch)
		}
	}
	slices.Sort(l.narrow)
	r.Narrow = slices.Compact(l.narrow)
	return r, !l.bad && r.Filter != "" && (r.Action == "always" || r.Action == "never") && len(l.narrow) <= 64
}

func cleanPath(p string) string {
	if p = strings.Trim(p, `"`); !path.IsAbs(p) || len(p) > maxPath {
		return ""
	}
	return text(path.Clean(p))
}

// permissions are the known letters of a rule's permissions, in the order rwxa.
func permissions(s string) string {
	return strings.Map(func(c rune) rune {
		if !strings.ContainsRune(s, c) {
			return -1
		}
		return c
	}, "rwxa")
}
