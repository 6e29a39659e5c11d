package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// inFile reports whether the probe's containers are services of compose files.
func inFile(p *check.Probe) bool { return p.Scope.Kind == snapshot.ScopeFiles }

// edited returns a step that changes what a compose file says of a service. It is
// refused where a variable decides, since the same file serves other values.
func edited(p *check.Probe, subject int, set ...step.Change) (step.Step, error) {
	c := p.Index.Container(subject)
	spec := &p.Snapshot.ContainerSpecs[c.Spec]
	for _, ch := range set {
		f := setBy(c, ch.Field)
		vars := ""
		if f != nil {
			vars = firstFew(slices.Concat(f.Unresolved, f.Defaults))
		}
		switch {
		case vars != "":
			return step.Step{}, &step.RefusedError{Why: f.Loc.String() + " takes it from " + vars + "; change the value or the default of that variable"}
		case unreadField(spec, ch.Field):
			return step.Step{}, &step.RefusedError{Why: "what its file says of " + ch.Field + " was not understood; change it by hand"}
		}
	}
	if !slices.ContainsFunc(set, func(c step.Change) bool { return c.From != c.To }) {
		return step.Step{}, &step.RefusedError{Why: "its file states this already; find out what else decides"}
	}
	s := step.New(step.FileEdit, p.Index.Subjects[subject], set...)
	s.Note = "It takes effect with docker compose up -d."
	return s, nil
}

// setBy returns where a file sets a property, nil when it does not.
func setBy(c *snapshot.Container, field string) *snapshot.FieldLoc {
	for i, f := range c.Fields {
		if f.Field == field || strings.HasPrefix(field, f.Field+".") {
			return &c.Fields[i]
		}
	}
	return nil
}

// setByHand refuses a value that is chosen by what was observed, of which a file
// shows nothing.
func setByHand(p *check.Probe, param, form string) error {
	return &step.RefusedError{Why: "a file does not show what it uses; give a value with --set " + p.CheckID() + "." + param + "=" + form}
}

// editable reports whether an edit of a compose file can make a change that an
// engine makes by creating the container anew: a mode, or taking away a part.
func editable(field string) bool {
	of, _, _ := strings.Cut(field, "[")
	return slices.Contains([]string{
		"HostConfig.PidMode", "HostConfig.IpcMode", "HostConfig.UTSMode", "HostConfig.CgroupParent", "HostConfig.OomKillDisable", "HostConfig.OomScoreAdj",
		"HostConfig.CapAdd", "HostConfig.GroupAdd", "HostConfig.DeviceCgroupRules", "HostConfig.Sysctls", "HostConfig.Devices",
	}, of)
}

func unreadField(spec *snapshot.ContainerSpec, field string) bool {
	f, ok := snapshot.ContainerField(field)
	return ok && spec.FirstUnread(f.Path) != ""
}
