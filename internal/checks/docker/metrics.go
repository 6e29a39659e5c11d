package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var metricsNotExposed = &check.Check{
	ID:    "daemon-metrics-exposed",
	Title: "Engine metrics are not reachable from the network",
	Why: "The metrics address answers anyone who can reach it, without a password: how many containers run, what fails, which release the engine is. " +
		"An address on loopback is read by a collector on the machine only.",
	Remedy:   "Set \"metrics-addr\" to 127.0.0.1:9323 or remove it, and restart the engine.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Run:   func(p *check.Probe) { judgeEngine(p, metricsStayHere) },
	Fixes: []check.Fix{{
		Title: "serve metrics on loopback only", Kind: step.DaemonRestart,
		Step: configure(step.DaemonRestart, "A collector on another machine no longer reaches the metrics.", wish{"metrics-addr", `"127.0.0.1:9323"`}),
	}},
}

func metricsStayHere(d *daemon) check.Verdict {
	s := d.setting("metrics-addr")
	addr := s.str("")
	switch {
	case !s.known():
		return s.undecided()
	case addr == "":
		return check.Passed("the engine serves no metrics", s.ev())
	case loopback(addr):
		return check.Passed("metrics are served on loopback only", s.ev())
	}
	return check.Failed("metrics are served to the network", s.ev())
}
