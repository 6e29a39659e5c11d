package docker

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonCgroupParent = &check.Check{
	ID:    "daemon-cgroup-parent-default",
	Title: "Containers are placed under the approved cgroup parent",
	Why: "The parent group is where limits for all containers together apply, and where other software looks for them. " +
		"Another parent moves every container out from under those limits, or under a slice of the system whose share it then eats.",
	Remedy:   "Remove cgroup-parent from the engine's configuration and restart it, or list the slice in the policy when it was chosen on purpose.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "D", Tier: 1,
	Refs:   check.CIS(2, "2.9", "2.10", ""),
	Forms:  []check.Form{check.Live, check.DaemonJSON},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineConfig},
	Params: []check.Param{{Name: "allowed_slices", Unit: "list", Meaning: "groups that may be the parent beside the default one"}},
	Run:    func(p *check.Probe) { judgeEngine(p, defaultParent) },
}

func defaultParent(d *daemon) check.Verdict {
	key := d.setting("cgroup-parent")
	if !key.known() {
		return key.undecided()
	}
	parent := key.str("")
	allowed, _ := d.p.List("allowed_slices")
	switch {
	case len(key.values) > 1:
		return check.Undecided(snapshot.ReasonUnparsable, "cgroup-parent has several values", key.ev())
	case parent == "":
		return check.Passed("containers are under the engine's default group", key.ev())
	case slices.Contains(allowed, parent):
		return check.Passed("containers are under a group that the policy allows", key.ev())
	}
	return check.Failed("containers are under "+parent+", which the policy does not list", key.ev())
}
