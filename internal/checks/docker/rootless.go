package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonRootless = &check.Check{
	ID:    "daemon-rootless",
	Title: "The engine runs without host root",
	Why: "Whoever takes over an engine that runs as root, through its API, a plugin or a flaw, is root on the machine. " +
		"A rootless engine runs in a user namespace of an ordinary account: the same takeover yields that account. " +
		"The uid of the process as the kernel sees it decides; where it was not readable, the engine's own word in GET /info does. " +
		"User remapping shrinks the same risk for containers only, so that the risk is counted at daemon-userns-remap when both fail.",
	Remedy: "Set up a rootless engine for the account that owns the workloads (dockerd-rootless-setuptool.sh install), move the images and volumes over and stop the root engine. " +
		"It needs ranges in /etc/subuid and /etc/subgid; limits work with cgroup v2 and delegated controllers.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:    check.CIS(1, "", "2.1", "2.1"),
	Forms:   []check.Form{check.Live},
	Needs:   []snapshot.Part{snapshot.PartEngineInfo},
	Covered: []string{"daemon-userns-remap"},
	ByHand:  "A rootless engine is another engine, of another account, with data of its own: workloads move to it one by one, and some (low ports, host devices, cgroup v1 limits) cannot.",
	Run:     func(p *check.Probe) { judgeEngine(p, runsWithoutRoot) },
}

func runsWithoutRoot(d *daemon) check.Verdict {
	evidence := []check.Evidence{ev("GET /info SecurityOptions name=rootless", d.Rootless)}
	root := !d.Rootless
	if d.Process.Known() {
		root = d.Process.V.UID == 0
		evidence = append(evidence, ev("uid of the engine's process", d.Process.V.UID))
	}
	switch {
	case root && d.Rootless:
		return check.Failed("the engine calls itself rootless, but its process has uid 0 on the machine", evidence...)
	case root:
		return check.Failed("the engine runs as root of the machine", evidence...)
	}
	return check.Passed("the engine runs as an ordinary user", evidence...)
}
