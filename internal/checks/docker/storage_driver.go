package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonNotAufs = &check.Check{
	ID:    "daemon-not-aufs",
	Title: "A maintained storage driver is in use",
	Why: "aufs, devicemapper and the first overlay driver were removed from the engine after years without care, and vfs copies every layer whole: " +
		"flaws in them stay, and a busy host runs out of space or inodes.",
	Remedy:   "Save what matters from images and containers, set \"storage-driver\": \"overlay2\" (or use the containerd image store with its overlayfs snapshotter), restart the engine and load it again.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "2.5", "2.6", "2.6"),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, maintainedStorage) },
}

func maintainedStorage(d *daemon) check.Verdict {
	evidence := d.observed("GET /info Driver", d.StorageDriver, "storage-driver")
	switch d.StorageDriver {
	case "":
		return check.Undecided(snapshot.ReasonPartial, "the engine did not name its storage driver", evidence...)
	case "aufs", "devicemapper", "overlay", "vfs":
		return check.Failed("the storage driver "+d.StorageDriver+" is not maintained, or not meant for use", evidence...)
	}
	return check.Passed("the storage driver is "+d.StorageDriver, evidence...)
}

var daemonDMBasesize = &check.Check{
	ID:    "daemon-dm-basesize",
	Title: "The storage base size is left at its default",
	Why: "With the devicemapper driver dm.basesize is the size of every container's root file system. It can only grow, and a large one lets one container fill the pool that all share. " +
		"No other driver has the option.",
	Remedy:   "Remove dm.basesize from storage-opts and restart the engine; better, move to overlay2, see daemon-not-aufs.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(2, "2.10", "2.11", ""),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, defaultBasesize) },
}

func defaultBasesize(d *daemon) check.Verdict {
	driver := d.observed("GET /info Driver", d.StorageDriver, "storage-driver")[0]
	switch d.StorageDriver {
	case "":
		if d.file {
			break // the option alone makes an engine refuse to start with another driver
		}
		return check.Undecided(snapshot.ReasonPartial, "the engine did not name its storage driver", driver)
	case "devicemapper":
	default:
		return check.Inapplicable("the storage driver is not devicemapper", driver)
	}
	opts := d.setting("storage-opts")
	if !opts.known() {
		return opts.undecided(driver)
	}
	for _, o := range opts.values {
		if strings.HasPrefix(o, "dm.basesize=") {
			return check.Failed("the base size of devicemapper was changed", driver, opts.ev())
		}
	}
	return check.Passed("the base size is the default", driver, opts.ev())
}
