package text

import (
	"slices"
	"strings"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// usualSockets are where commands look that no engine is named to.
var usualSockets = []string{"", "unix:///var/run/docker.sock", "unix:///run/docker.sock"}

// targets are what --target must name so that a printed command acts on what the
// evidence is of, as arguments of a shell, one for each engine that steps are for.
// An empty one needs no flag.
func (p *page) targets(r *report.Result, steps []step.Step) []string {
	var engines []snapshot.Scope
	for _, sc := range r.Snapshot.Targets {
		if sc.Kind == snapshot.ScopeEngine {
			engines = append(engines, sc)
		}
	}
	switch {
	case len(engines) == 0:
		return []string{folderOf(r)}
	case len(engines) == 1 && p.o.Target != "":
		return []string{ShellWord(p.o.Target)}
	case len(engines) == 1 && slices.Contains(usualSockets, engines[0].Target):
		return []string{""}
	}
	var out []string
	for _, sc := range engines {
		if len(engines) == 1 || slices.ContainsFunc(steps, func(s step.Step) bool { return s.Target.Scope == sc.ID || s.Target.Scope == sc.Host }) {
			out = append(out, ShellWord("docker:"+sc.Target))
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// target is the flag by which a command for people acts on what the evidence is
// of; of several engines it is the first.
func (p *page) target(r *report.Result, steps []step.Step) string {
	if t := p.targets(r, steps)[0]; t != "" {
		return " --target " + t
	}
	return ""
}

// cluster is the target by which the cluster of the evidence is asked again.
func (p *page) cluster() string {
	if strings.HasPrefix(p.o.Target, "k8s:") {
		return ShellWord(p.o.Target)
	}
	return "k8s"
}

// stepsOf are the steps of a measure.
func stepsOf(r *report.Result, m *report.Measure) []step.Step {
	out := make([]step.Step, len(m.Steps))
	for i, id := range m.Steps {
		out[i] = r.Steps[id]
	}
	return out
}

// folderOf is the folder or file that the evidence is of, as an argument of a
// shell; "" when there is none.
func folderOf(r *report.Result) string {
	name := ""
	for _, sc := range r.Snapshot.Targets {
		if sc.Kind == snapshot.ScopeFiles && (name == "" || len(sc.Name) < len(name)) {
			name = sc.Name
		}
	}
	if name == "" {
		return ""
	}
	return ShellWord(name)
}

// ShellWord writes an argument as a shell takes it, without control characters
// and without the password of a URL.
func ShellWord(s string) string {
	if prefix, rest, ok := strings.Cut(s, "://"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			user, _, secret := strings.Cut(rest[:at], ":")
			if secret {
				s = prefix + "://" + user + ":xxxxx" + rest[at:]
			}
		}
	}
	return step.Shell(Clean(s))
}
