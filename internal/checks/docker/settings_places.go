package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var settingsConflictFree = &check.Check{
	ID:    "daemon-json-cli-conflict-free",
	Title: "Engine settings are valid and set in one place",
	Why: "The engine refuses to start when a key stands on its command line and in its file, when the file holds a key it does not know, or when the file is no JSON. " +
		"A running engine does not notice: the host comes up without containers after its next restart, on a day nobody chose.",
	Remedy:   "Keep each setting in the file only, correct or remove the keys named here, and try the result with dockerd --validate.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "T", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Run: func(p *check.Probe) {
		if e := p.Engine(); e != nil && p.Scope.Kind == snapshot.ScopeFiles && e.Config.Reason == snapshot.ReasonUnparsable {
			p.Report(check.Failed("the file is not one that the engine understands", check.Evidence{Source: "file", Value: "not understood", Loc: e.Config.V.Broken}), p.Self())
			return
		}
		judgeEngine(p, setOnce)
	},
}

func setOnce(d *daemon) check.Verdict {
	c := &d.Config.V
	if c.FileSeen == snapshot.Failed && d.Config.Reason == snapshot.ReasonUnparsable {
		return check.Failed("the configuration file is not one that the engine understands", ev(c.File, "not understood"))
	}
	if !d.Config.Known() {
		s := d.setting("")
		return s.undecided()
	}
	if d.file {
		return validFile(c)
	}
	evidence := []check.Evidence{ev("on the command line and in "+c.File, firstFewOr(c.Twice)), ev("unknown keys in "+c.File, firstFewOr(c.Unknown))}
	switch {
	case len(c.Twice) > 0:
		return check.Failed("keys are set on the command line and in the file", evidence...)
	case len(c.Unknown) > 0:
		return check.Failed("the file holds keys that the engine does not know", evidence...)
	case c.FileSeen == snapshot.Absent:
		return check.Passed("there is no configuration file, the command line is all", ev(c.File, "absent"))
	}
	return check.Passed("every key is known and set in one place", evidence...)
}

// validFile judges a file by itself. Each key is shown where it stands.
func validFile(c *snapshot.DaemonConfig) check.Verdict {
	var h hits
	for _, s := range c.Settings {
		if slices.Contains(c.Unknown, s.Key) {
			h.take(check.Evidence{Source: "key", Value: s.Key + " is unknown to the engine", Loc: s.Loc})
		}
	}
	unknown := len(h.evidence) > 0
	for _, r := range c.Repeated {
		loc := r.Loc
		h.take(check.Evidence{Source: "key", Value: r.Key + " stands here and again below, where it wins", Loc: &loc})
	}
	switch {
	case unknown:
		return h.note(check.Failed("the file holds keys that the engine does not know", h.evidence...))
	case len(h.evidence) > 0:
		return h.note(check.Failed("the file holds a key twice", h.evidence...))
	}
	return check.Passed("every key of the file is known and stands there once")
}

var usernsExcludesStore = &check.Check{
	ID:    "userns-remap-blocks-containerd-store",
	Title: "User remapping and image store settings do not conflict",
	Why: "The containerd image store does not work with user remapping. An engine that is asked for both starts without one of them, or keeps its images in a store " +
		"that ignores the remapping; either way the protection that the file promises is not what runs.",
	Remedy:   "Decide for one: remove userns-remap, or set \"features\": {\"containerd-snapshotter\": false}, and restart the engine.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, remapsOrStores) },
}

func remapsOrStores(d *daemon) check.Verdict {
	remap, features := d.written("userns-remap"), d.written("features")
	wantsRemap, wantsStore := remap.str("") != "", false
	for _, f := range features.values {
		wantsStore = wantsStore || f == "containerd-snapshotter=true"
	}
	var evidence []check.Evidence
	if !d.file {
		evidence = append(evidence,
			ev("GET /info SecurityOptions name=userns", d.UsernsRemap), ev("GET /info DriverStatus, containerd image store", d.ContainerdStore))
	}
	for _, s := range []setting{remap, features} {
		if s.known() && s.set {
			evidence = append(evidence, s.ev())
		}
	}
	switch {
	case d.UsernsRemap && d.ContainerdStore:
		return check.Failed("the engine runs the containerd image store with user remapping", evidence...)
	case (wantsRemap || d.UsernsRemap) && wantsStore:
		return check.Failed("the configuration asks for user remapping and the containerd image store", evidence...)
	case !remap.known():
		return remap.undecided(evidence...)
	case !wantsRemap && !d.UsernsRemap && !wantsStore && !d.ContainerdStore:
		return check.Inapplicable("neither user remapping nor the containerd image store is in use", evidence...)
	}
	return check.Passed("only one of user remapping and the containerd image store is in use", evidence...)
}

var configBaseline = &check.Check{
	ID:    "daemon-config-matches-baseline",
	Title: "Engine settings equal the accepted baseline",
	Why: "A setting that changes without anybody having decided it is an accident or an intruder. The effective settings, command line and file together, are held against the ones that were accepted. " +
		"A unit or drop-in that changes the engine's flags shows here through them; one that changes its environment does not.",
	Remedy:   "Find out who changed the setting. Undo it, or accept it by declaring the baseline anew: one entry KEY=VALUE for each setting, lists separated by commas, the bare KEY for one whose value is concealed.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "T", Tier: 1,
	Forms:  []check.Form{check.Live, check.DaemonJSON},
	Params: []check.Param{{Name: "baseline", Unit: "list", Question: true, Meaning: "KEY=VALUE of every setting that was accepted, or KEY where the value is concealed"}},
	Run:    func(p *check.Probe) { judgeEngine(p, equalsBaseline) },
}

func equalsBaseline(d *daemon) check.Verdict {
	baseline, declared := d.p.List("baseline")
	if !declared {
		return check.Undecided(snapshot.ReasonUndeclared, "no baseline is declared")
	}
	if !d.Config.Known() {
		s := d.setting("")
		return s.undecided()
	}
	accepted := mentions(baseline)
	var h hits
	for i := range d.Config.V.Settings {
		s := d.written(d.Config.V.Settings[i].Key)
		entry := s.key
		if s.known() {
			entry += "=" + strings.Join(s.values, ",")
		}
		if !accepted[entry] {
			h.add(s.source, "not in the baseline: "+entry)
		}
		delete(accepted, entry)
	}
	for _, entry := range baseline {
		if accepted[entry] {
			h.add("policy baseline", "not in force: "+entry)
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("the settings differ from the accepted baseline", h.evidence...))
	}
	for i := range d.Config.V.Settings {
		key := d.Config.V.Settings[i].Key
		file, now := d.written(key), d.setting(key)
		if file.known() && !now.known() {
			return now.undecided()
		}
	}
	return check.Passed("the settings equal the accepted baseline", ev("settings", len(baseline)))
}
