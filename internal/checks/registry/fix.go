package registry

import (
	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// configure returns a step that sets a key of the configuration file. A registry
// that runs is changed in its file too, which is then named: it takes the file at
// its start only, and whoever runs it decides when that is.
func configure(p *check.Probe, key, value string) (step.Step, error) {
	r := p.Snapshot.Registry(p.Scope.ID)
	switch {
	case r == nil || !r.Config.Known():
		return step.Step{}, &step.RefusedError{Why: "its configuration was not seen; collect as root on its machine"}
	case p.Scope.Kind != snapshot.ScopeFiles && len(r.Config.V.Overrides) > 0:
		return step.Step{}, &step.RefusedError{Why: "variables of its process change its configuration; change it where it is started"}
	case p.Scope.Kind != snapshot.ScopeFiles:
		return step.Step{}, &step.RefusedError{
			Why: "it takes its configuration at its start: plimsoll harden " + p.CheckID() + " --target " + r.Config.V.Path + " edits the file, then restart the registry",
		}
	}
	s := step.New(step.FileEdit, p.Index.Subjects[p.Self()], step.Change{Field: key, From: snapshot.RegistryFields[key].Get(&r.Config.V), To: value})
	s.Note = "It takes effect when the registry is restarted."
	return s, nil
}
