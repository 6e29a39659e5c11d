package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var logRotation = &check.Check{
	ID:    "daemon-log-rotation",
	Title: "Container logs are rotated",
	Why: "The default log driver json-file keeps what containers print forever, on the disk that the engine and all containers share: one talkative container stops the machine. " +
		"The drivers local and journald bound what they keep, the others keep it elsewhere. The engine's default is judged; it goes into each container when that is made.",
	Remedy:   "Set \"log-driver\": \"local\", or \"log-opts\": {\"max-size\": \"10m\", \"max-file\": \"3\"}, restart the engine and create the containers anew.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, rotatesLogs) },
	Fixes: []check.Fix{{Title: "rotate logs at 10 MB", Kind: step.DaemonRestart, Step: rotate}},
}

func rotatesLogs(d *daemon) check.Verdict {
	e := d.observed("GET /info LoggingDriver", orDefault(d.LoggingDriver), "log-driver")[0]
	switch d.LoggingDriver {
	case "json-file":
	case "":
		return check.Undecided(snapshot.ReasonPartial, "the engine did not name its log driver")
	case "local", "journald":
		return check.Passed("the log driver bounds what it keeps", e)
	default:
		return check.Passed("the log driver keeps no logs on this machine", e)
	}
	opts := d.setting("log-opts")
	if !opts.known() {
		return opts.undecided(e)
	}
	for _, o := range opts.values {
		size, ok := strings.CutPrefix(o, "max-size=")
		if !ok {
			continue
		}
		if size == "" || strings.HasPrefix(size, "-") {
			return check.Failed("the size of logs is without bound", e, opts.part(o))
		}
		return check.Passed("logs are rotated", e, opts.part(o))
	}
	return check.Failed("logs grow without bound", e, ev("log-opts max-size", "not set"))
}
