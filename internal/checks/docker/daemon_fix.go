package docker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// wish is a value that a key of the engine's configuration file shall have, in
// JSON. A key in an object is written after the object's and a dot.
type wish struct{ key, value string }

// configure returns a fix that sets keys of the engine's configuration file. Note
// says what a person should know.
func configure(kind step.Kind, note string, wishes ...wish) func(*check.Probe, int) (step.Step, error) {
	return func(p *check.Probe, _ int) (step.Step, error) { return setKeys(p, kind, note, wishes...) }
}

func setKeys(p *check.Probe, kind step.Kind, note string, wishes ...wish) (step.Step, error) {
	refused := func(format string, args ...any) (step.Step, error) {
		return step.Step{}, &step.RefusedError{Why: fmt.Sprintf(format, args...)}
	}
	e := p.Engine()
	switch {
	case p.Scope.Kind == snapshot.ScopeFiles:
		return refused("it is a file that no engine was seen to run with; change it there")
	case e == nil || !e.Config.Known():
		return refused("the engine's configuration was not readable; collect as root on its machine")
	case e.Rootless || p.Scope.Remote:
		return refused("the engine is rootless or on another machine; change its configuration there")
	case len(e.Config.V.Twice) > 0 || len(e.Config.V.Unknown) > 0:
		return refused("the engine takes no change of %s before daemon-json-cli-conflict-free passes", e.Config.V.File)
	}
	c := &e.Config.V
	var set []step.Change
	for _, w := range wishes {
		x := snapshot.EngineSettings[w.key]
		if c.Origin(x.Path[0]) == "flag" {
			return refused("%s is set on the engine's command line, and the engine does not start with a key in both places; change it in the unit or what starts the engine", x.Path[0])
		}
		from, ok := x.Get(c)
		if !ok {
			return refused("the present value of %s was not kept, since it may hold a secret, or was not understood; change it by hand", x.Path[0])
		}
		if from != w.value {
			set = append(set, step.Change{Field: w.key, From: from, To: w.value})
		}
	}
	if len(set) == 0 {
		return refused("the configuration file has the value already, the engine runs with another: bring the file into force (SIGHUP for what reloads, else a restart)")
	}
	s := step.New(kind, p.Index.Subjects[p.Self()], set...)
	s.Note = note
	if kind == step.DaemonRestart && !e.LiveRestore && e.Swarm != "active" {
		s.Warnings = []string{"without live-restore every container stops with the engine: daemon-live-restore, which needs no restart, comes first"}
	}
	return s, nil
}

// quietDebug turns debugging off where nothing else is wrong with the log level.
func quietDebug(p *check.Probe, subject int) (step.Step, error) {
	e := p.Engine()
	if e != nil && e.Debug && (e.Config.V.String("log-level", "info") == "info") {
		return setKeys(p, step.DaemonReload, "", wish{"debug", "false"})
	}
	return step.Step{}, &step.RefusedError{Why: "the level takes a restart of the engine; see daemon-log-level-info:level"}
}

// levelInfo sets the level, and debugging where that is on too.
func levelInfo(p *check.Probe, _ int) (step.Step, error) {
	e := p.Engine()
	if e == nil || e.Config.V.String("log-level", "info") == "info" {
		return step.Step{}, &step.RefusedError{Why: "the level is info; see daemon-log-level-info"}
	}
	wishes := []wish{{"log-level", `"info"`}}
	if e.Debug {
		wishes = append(wishes, wish{"debug", "false"})
	}
	return setKeys(p, step.DaemonRestart, "", wishes...)
}

// trustNone takes the registries that are not on this machine off the list.
func trustNone(p *check.Probe, _ int) (step.Step, error) {
	e := p.Engine()
	if e == nil {
		return step.Step{}, &step.RefusedError{Why: "the engine did not describe itself"}
	}
	listed, _ := e.Config.V.Setting("insecure-registries")
	kept := slices.DeleteFunc(append([]string{}, listed...), func(r string) bool { return !loopback(r) })
	if kept == nil {
		kept = []string{}
	}
	list, err := json.Marshal(kept)
	if err != nil {
		return step.Step{}, err
	}
	s, err := setKeys(p, step.DaemonReload, "", wish{"insecure-registries", string(list)})
	s.Warnings = []string{"pulls from " + strings.Join(e.InsecureRegistries, ", ") + " fail from then on, unless the registry has a certificate that this machine trusts: put its authority into /etc/docker/certs.d first"}
	return s, err
}

// rotate bounds logs where the file driver keeps them.
func rotate(p *check.Probe, _ int) (step.Step, error) {
	wishes := []wish{{"log-opts.max-size", `"10m"`}}
	if e := p.Engine(); e != nil && e.Config.Known() {
		if v, ok := snapshot.EngineSettings["log-opts.max-file"].Get(&e.Config.V); ok && v == "" {
			wishes = append(wishes, wish{"log-opts.max-file", `"3"`})
		}
	}
	return setKeys(p, step.DaemonRestart, "Containers that exist keep their logs without bound until they are created anew.", wishes...)
}
