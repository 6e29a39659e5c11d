package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonUsernsRemap = &check.Check{
	ID:    "daemon-userns-remap",
	Title: "Container root maps to an unprivileged host user",
	Why: "Without remapping, uid 0 in a container is uid 0 of the machine: one flaw in the kernel or the runtime, one writable mount, and the container is root outside. " +
		"With it, root in a container is a user that owns nothing. The engine states in GET /info whether remapping is on; " +
		"containers started with userns=host opt out and are judged by container-userns-not-host, which has nothing to say while remapping is off.",
	Remedy: "Set \"userns-remap\": \"default\" in the engine's configuration file and restart it. Plan for it: the engine then uses another data directory, so that " +
		"images, containers and volumes must be pulled or moved again, and shared files change owner. It excludes the containerd image store.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(2, "2.8", "2.9", ""),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, remapsRoot) },
	ByHand: "With remapping the engine starts on an empty data directory: every image, container and volume is gone from its sight, and files shared with the machine belong to the wrong users. " +
		"Only who knows the workloads can say when, and what must move.",
}

func remapsRoot(d *daemon) check.Verdict {
	if d.Rootless {
		return check.Inapplicable("the engine is rootless, which daemon-rootless judges", ev("GET /info SecurityOptions name=rootless", true))
	}
	evidence := d.observed("GET /info SecurityOptions name=userns", d.UsernsRemap, "userns-remap")
	if d.UsernsRemap {
		return check.Passed("root in a container is an unprivileged user of the machine", evidence...)
	}
	v := check.Failed("root in a container is root of the machine", evidence...)
	if len(evidence) > 1 {
		v = v.Note(disagrees)
	}
	return v
}
