package edit

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// SetService returns a compose file with one property of a service set, by the
// name and in the form that [plimsoll/internal/snapshot.ContainerFields] has for
// it. Where the file uses deploy, which overrides the older keys, it is set
// there. The error is an [*Error] when the property cannot be set by an edit.
func SetService(doc []byte, service, field, value string) ([]byte, error) {
	s := composeService{doc: doc, path: []string{"services", service}}
	set, ok := composeField(field)
	if !ok {
		return nil, &Error{Why: field + " is no property that can be set in a compose file; change it by hand"}
	}
	if !s.has() {
		return nil, &Error{Why: fmt.Sprintf("the service %.60q is not in this file", service)}
	}
	if err := set(&s, value); err != nil {
		return nil, err
	}
	return s.doc, nil
}

// ServiceFields are the properties that [SetService] can set.
func ServiceFields() []string {
	var names []string
	for f := range composeFields {
		names = append(names, f)
	}
	for f := range composeParts {
		names = append(names, f)
	}
	slices.Sort(names)
	return names
}

var composeFields = map[string]func(*composeService, string) error{
	"HostConfig.Memory": func(s *composeService, v string) error {
		return s.limit("memory", "mem_limit", v, size)
	},
	"HostConfig.MemorySwap": func(s *composeService, v string) error { return s.converted(v, size, "memswap_limit") },
	"HostConfig.PidsLimit": func(s *composeService, v string) error {
		return s.limit("pids", "pids_limit", v, whole)
	},
	"HostConfig.CpuShares":                     func(s *composeService, v string) error { return s.converted(v, whole, "cpu_shares") },
	"HostConfig.RestartPolicy":                 (*composeService).restart,
	"HostConfig.ReadonlyRootfs":                func(s *composeService, v string) error { return s.converted(v, truth, "read_only") },
	"HostConfig.Privileged":                    func(s *composeService, v string) error { return s.converted(v, truth, "privileged") },
	"HostConfig.CapDrop":                       (*composeService).dropCaps,
	"HostConfig.SecurityOpt.no-new-privileges": (*composeService).noNewPrivileges,
	"Config.Image":                             func(s *composeService, v string) error { return s.set(v, "image") },
	"HostConfig.PidMode":                       func(s *composeService, v string) error { return s.mode(v, "pid") },
	"HostConfig.IpcMode":                       func(s *composeService, v string) error { return s.mode(v, "ipc") },
	"HostConfig.UTSMode":                       func(s *composeService, v string) error { return s.mode(v, "uts") },
	"HostConfig.CgroupParent":                  func(s *composeService, v string) error { return s.mode(v, "cgroup_parent") },
	"HostConfig.OomKillDisable":                func(s *composeService, v string) error { return s.converted(v, truth, "oom_kill_disable") },
	"HostConfig.OomScoreAdj":                   func(s *composeService, v string) error { return s.converted(v, whole, "oom_score_adj") },
}

// composeParts are properties of which one part is taken away, by the list or
// mapping that has it: an item, or a key.
var composeParts = map[string]struct {
	key   string
	named func(item, part string) bool
}{
	"HostConfig.CapAdd[]":            {"cap_add", func(item, part string) bool { return strings.TrimPrefix(strings.ToUpper(item), "CAP_") == part }},
	"HostConfig.GroupAdd[]":          {"group_add", func(item, part string) bool { return item == part }},
	"HostConfig.DeviceCgroupRules[]": {"device_cgroup_rules", func(item, part string) bool { return item == part }},
	"HostConfig.Sysctls[]": {"sysctls", func(item, part string) bool {
		name, _, _ := strings.Cut(item, "=")
		return name == part
	}},
	"HostConfig.Devices[]": {"devices", func(item, part string) bool {
		host, _, _ := strings.Cut(item, ":")
		return host == part
	}},
}

// composeField finds how a property, or a part of one, is set.
func composeField(name string) (func(*composeService, string) error, bool) {
	if set, ok := composeFields[name]; ok {
		return set, true
	}
	of, rest, _ := strings.Cut(name, "[")
	part, tail, _ := strings.Cut(rest, "]")
	p, ok := composeParts[of+"[]"]
	if !ok || part == "" || tail != "" {
		return nil, false
	}
	return func(s *composeService, v string) error {
		if v != "" && v != "false" {
			return &Error{Why: name + " can be taken away by an edit, not added; change it by hand"}
		}
		return s.take(p.key, func(item string) bool { return p.named(item, part) }, part)
	}, true
}

// take takes an item, or a key, out.
func (s *composeService) take(key string, is func(string) bool, part string) error {
	was, ok, err := LookYAML(s.doc, s.at(key))
	if err != nil || !ok {
		return err
	}
	path := s.at(key, part)
	if was.List {
		i := slices.IndexFunc(was.Items, is)
		if i < 0 {
			return nil
		}
		path = s.at(key, strconv.Itoa(i))
		if s.flow(key) {
			left := slices.DeleteFunc(slices.Clone(was.Items), is)
			return s.replaced(SetListYAML(s.doc, s.at(key), left))
		}
	}
	return s.replaced(RemoveYAML(s.doc, path))
}

// flow reports whether a list is written in brackets.
func (s *composeService) flow(key string) bool {
	d, err := readYAML(s.doc)
	return err == nil && d.walk(s.at(key)).node.Flow
}

func (s *composeService) replaced(doc []byte, err error) error {
	if err == nil {
		s.doc = doc
	}
	return err
}

// mode sets a single value, or takes it away.
func (s *composeService) mode(v, key string) error {
	if v == "" {
		return s.replaced(RemoveYAML(s.doc, s.at(key)))
	}
	return s.set(v, key)
}

// composeService is a service in a document that is being edited.
type composeService struct {
	doc  []byte
	path []string
}

func (s *composeService) at(key ...string) []string { return slices.Concat(s.path, key) }

func (s *composeService) has(key ...string) bool {
	_, ok, err := LookYAML(s.doc, s.at(key...))
	return ok && err == nil
}

// set sets a single value, unless a variable decides it.
func (s *composeService) set(v any, key ...string) error {
	was, ok, err := LookYAML(s.doc, s.at(key...))
	if err != nil {
		return err
	}
	if name := variable(was.Text); ok && name != "" {
		return &Error{
			Line: was.Line, Var: name,
			Why: fmt.Sprintf("%s is set by the variable %s; change that, or write the value here by hand", key[len(key)-1], name),
		}
	}
	out, err := SetYAML(s.doc, s.at(key...), v)
	if err == nil {
		s.doc = out
	}
	return err
}

var variableName = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// variable returns the name of the first variable in a value, or "". Two dollars
// are one that is meant.
func variable(text string) string {
	if m := variableName.FindStringSubmatch(strings.ReplaceAll(text, "$$", "")); m != nil {
		return m[1]
	}
	return ""
}

func (s *composeService) converted(v string, convert func(string) (any, error), key ...string) error {
	value, err := convert(v)
	if err != nil {
		return err
	}
	return s.set(value, key...)
}

// limit sets what deploy has a name for, and a key of the service an older one.
func (s *composeService) limit(name, old, v string, convert func(string) (any, error)) error {
	deploy := []string{"deploy", "resources", "limits", name}
	if s.has(deploy...) || s.has("deploy") && !s.has(old) {
		return s.converted(v, convert, deploy...)
	}
	return s.converted(v, convert, old)
}

func (s *composeService) restart(v string) error {
	if !s.has("deploy", "restart_policy") {
		return s.set(v, "restart")
	}
	condition, count, _ := strings.Cut(v, ":")
	if condition == "no" {
		condition = "none"
	}
	if err := s.set(condition, "deploy", "restart_policy", "condition"); err != nil || count == "" {
		return err
	}
	return s.converted(count, whole, "deploy", "restart_policy", "max_attempts")
}

// dropCaps adds the capabilities that the file does not drop yet. None is taken
// out.
func (s *composeService) dropCaps(v string) error {
	was, _, err := LookYAML(s.doc, s.at("cap_drop"))
	if err != nil {
		return err
	}
	dropped := make(map[string]bool)
	for _, i := range was.Items {
		dropped[strings.TrimPrefix(strings.ToUpper(i), "CAP_")] = true
	}
	for c := range strings.SplitSeq(v, ",") {
		if c == "" || dropped[c] {
			continue
		}
		out, err := AddYAML(s.doc, s.at("cap_drop"), c)
		if err != nil {
			return err
		}
		s.doc = out
	}
	return nil
}

func (s *composeService) noNewPrivileges(v string) error {
	item := "no-new-privileges:" + v
	was, _, err := LookYAML(s.doc, s.at("security_opt"))
	if err != nil {
		return err
	}
	for i, o := range was.Items {
		if name, _, _ := strings.Cut(strings.Replace(o, "=", ":", 1), ":"); name == "no-new-privileges" {
			return s.set(item, "security_opt", strconv.Itoa(i))
		}
	}
	out, err := AddYAML(s.doc, s.at("security_opt"), item)
	if err == nil {
		s.doc = out
	}
	return err
}

// size writes bytes as people do, in the largest unit that loses nothing.
func size(v string) (any, error) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 {
		return nil, &Error{Why: fmt.Sprintf("%.40q is no number of bytes above 0", v)}
	}
	for _, u := range []struct {
		name string
		of   int64
	}{{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}} {
		if n%u.of == 0 {
			return strconv.FormatInt(n/u.of, 10) + u.name, nil
		}
	}
	return strconv.FormatInt(n, 10) + "b", nil
}

func whole(v string) (any, error) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return nil, &Error{Why: fmt.Sprintf("%.40q is no whole number", v)}
	}
	return n, nil
}

func truth(v string) (any, error) {
	b, err := strconv.ParseBool(v)
	if err != nil {
		return nil, &Error{Why: fmt.Sprintf("%.40q is neither true nor false", v)}
	}
	return b, nil
}
