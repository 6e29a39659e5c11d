package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var daemonLiveRestore = &check.Check{
	ID:    "daemon-live-restore",
	Title: "Containers survive an engine restart",
	Why: "Without live-restore every container stops when the engine does: a crash of the engine takes down all services, and its updates are put off because they do too. " +
		"The engine states in GET /info what is in force.",
	Remedy:   "Set \"live-restore\": true in the engine's configuration file and reload it (SIGHUP, no restart). Do it before any change that needs a restart.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "2.13", "2.15", ""),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, survivesRestart) },
	Fixes: []check.Fix{{Title: "keep containers running without the engine", Kind: step.DaemonReload, Step: configure(step.DaemonReload, "", wish{"live-restore", "true"})}},
}

func survivesRestart(d *daemon) check.Verdict {
	if d.Swarm != "" && d.Swarm != "inactive" {
		return check.Inapplicable("swarm mode excludes live-restore and restarts tasks elsewhere", ev("GET /info Swarm.LocalNodeState", d.Swarm))
	}
	evidence := d.observed("GET /info LiveRestoreEnabled", d.LiveRestore, "live-restore")
	v := check.Passed("containers run on while the engine restarts", evidence...)
	if !d.LiveRestore {
		v = check.Failed("containers stop when the engine does", evidence...)
	}
	return d.drifted(v, d.LiveRestore, "live-restore")
}

var daemonNotExperimental = &check.Check{
	ID:    "daemon-not-experimental",
	Title: "Experimental engine features are off",
	Why: "Experimental features are neither complete nor reviewed like the rest, and may change or vanish with a patch release. " +
		"On an engine that others rely on each is attack surface without a promise. GET /version states whether they are on.",
	Remedy:   "Remove \"experimental\": true from the engine's configuration and restart it.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "2.16", "2.18", ""),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, noExperiments) },
	Fixes: []check.Fix{{Title: "turn experimental features off", Kind: step.DaemonRestart, Step: configure(step.DaemonRestart, "What uses an experimental feature stops working.", wish{"experimental", "false"})}},
}

func noExperiments(d *daemon) check.Verdict {
	evidence := d.observed("GET /version Experimental", d.Experimental, "experimental")
	v := check.Passed("experimental features are off", evidence...)
	if d.Experimental {
		v = check.Failed("experimental features are on", evidence...)
	}
	return d.drifted(v, d.Experimental, "experimental")
}

var daemonNoNewPrivileges = &check.Check{
	ID:    "daemon-no-new-privileges",
	Title: "New containers cannot gain privileges by default",
	Why: "With this default a setuid program in a container no longer raises the rights of whoever runs it, unless the container asks for that. " +
		"Engines from 25 on list it in GET /info, which decides; of older ones the command line and the configuration file are read. " +
		"What each container has is judged by container-no-new-privileges.",
	Remedy:   "Set \"no-new-privileges\": true in the engine's configuration file and restart it; a container that needs sudo or ping with file capabilities must then state no-new-privileges=false.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "2.17", "2.14", ""),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, forbidsByDefault) },
	Fixes: []check.Fix{{
		Title: "forbid new privileges by default", Kind: step.DaemonRestart,
		Step: configure(step.DaemonRestart, "Containers made from then on need no-new-privileges=false for sudo, or ping with file capabilities.", wish{"no-new-privileges", "true"}),
	}},
}

func forbidsByDefault(d *daemon) check.Verdict {
	key := d.setting("no-new-privileges")
	configured := key.boolean(false)
	listed, stated := d.noNewPrivileges()
	var evidence []check.Evidence
	if stated {
		evidence = d.observed("GET /info SecurityOptions name=no-new-privileges", listed, key.key)
	} else if key.known() {
		evidence = []check.Evidence{key.ev()}
		listed = configured
	} else {
		return key.undecided()
	}
	v := check.Failed("new containers can gain privileges unless they forbid it themselves", evidence...)
	if listed {
		v = check.Passed("new containers cannot gain privileges unless they ask for it", evidence...)
	}
	return d.drifted(v, listed, key.key)
}

// defaultNoNewPrivileges returns the default in force: what /info states, else what
// is configured.
func (d *daemon) defaultNoNewPrivileges() (on, known bool) {
	if on, stated := d.noNewPrivileges(); stated && d.p.Part(snapshot.PartEngineInfo).State == snapshot.Observed {
		return on, true
	}
	s := d.setting("no-new-privileges")
	on = s.boolean(false)
	return on, s.known()
}

// noNewPrivileges returns what /info says of the default, and whether it says
// anything: an older engine lists nothing either way (moby pull request 45320,
// in every release from 25.0).
func (d *daemon) noNewPrivileges() (on, stated bool) {
	_, on = d.securityOption("no-new-privileges")
	v, ok := parseVersion(d.Version)
	return on, on || ok && v.atLeast(25, 0, 0)
}
