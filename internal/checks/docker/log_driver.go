package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var keepsLogs = &check.Check{
	ID:    "container-log-driver-not-none",
	Title: "The container keeps its logs",
	Why: "With the log driver none everything the container prints is lost: what happened in it cannot be told afterwards, and docker logs shows nothing. " +
		"The engine writes the driver in force into each container when it is made, so that a later change of the engine's default does not show here.",
	Remedy:   "Start it without --log-driver none; a program that prints too much is bounded with the log option max-size.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "R", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"logDriver"},
	Run:   func(p *check.Probe) { judge(p, logsSomewhere) },
	Fixes: []check.Fix{{Title: "keep what it prints, in bounded files", Kind: step.ContainerRecreate, Step: keepLogs}},
}

func logsSomewhere(b *box) check.Verdict {
	driver := b.spec.LogDriver
	if driver == "none" {
		return check.Failed("what it prints is not kept", ev("HostConfig.LogConfig.Type", driver))
	}
	switch {
	case driver == "" && b.at.file:
		return check.Undecided(snapshot.ReasonStatic, "it names no log driver; the engine's default shows on a running engine only")
	case driver == "":
		return check.Undecided(snapshot.ReasonPartial, "the engine did not name its log driver")
	}
	return check.Passed("what it prints goes to a log driver", ev("HostConfig.LogConfig.Type", driver))
}
