package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var daemonLogLevel = &check.Check{
	ID:    "daemon-log-level-info",
	Title: "The engine logs at info level",
	Why: "Above info the engine drops the lines that tell afterwards who did what; at debug it writes so much that they drown, and request bodies with secrets may land in the log. " +
		"The debug switch can be flipped in a running engine, so GET /info decides it; the level is read from the command line and the configuration file.",
	Remedy:   "Remove log-level and debug from the engine's configuration (info is the default), or set \"log-level\": \"info\" and \"debug\": false. Debug follows a reload (SIGHUP), the level a restart.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "R", Tier: 1,
	Refs:  check.CIS(1, "2.2", "2.3", "2.3"),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, logsAtInfo) },
	Fixes: []check.Fix{
		{Title: "turn debug logging off", Kind: step.DaemonReload, Step: quietDebug},
		{Suffix: "level", Title: "log at info level", Kind: step.DaemonRestart, Step: levelInfo},
	},
}

func logsAtInfo(d *daemon) check.Verdict {
	evidence := d.observed("GET /info Debug", d.Debug, "debug")
	level := d.setting("log-level")
	if level.known() {
		evidence = append(evidence, level.ev())
	}
	switch {
	case d.Debug:
		return d.drifted(check.Failed("debug logging is on", evidence...), d.Debug, "debug")
	case !level.known():
		return level.undecided(evidence...)
	case level.str("info") != "info":
		return check.Failed("the engine logs at level "+level.str("info"), evidence...)
	}
	return d.drifted(check.Passed("the engine logs at level info", evidence...), d.Debug, "debug")
}
